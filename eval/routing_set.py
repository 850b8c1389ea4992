"""What both models did, or would have done, on the same turns: labels or recorded outcomes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from eval.dataset import (
    Problems,
    Row,
    Said,
    check_manifest,
    choose_split,
    json_rows,
    user_messages,
)
from eval.files import digest
from eval.outcome_rows import Id, read_outcome_rows
from eval.result import Kind
from msp_core.errors import ConfigurationError, InvalidInput, UsageError
from msp_core.routing.catalog import Catalog
from msp_core.routing.floor_patterns import Floor
from msp_core.routing.price import Price
from msp_core.routing.request import RouteRequest

LABELS_FILE = "turns.jsonl"
OUTCOME_FILES = ("outcomes.csv", "outcomes.csv.gz", "outcomes.jsonl")
FLOOR_SPLIT = "floor"
MAX_OUTCOMES = 1_000_000
_NO_SPLIT = "all"
_LABEL_GROUPS = ("ticket_id", "customer_id", "category", "priority")


@dataclass(frozen=True)
class Prices:
    """The two models that a comparison is priced for; a price is None when it is not known."""

    weak_model: str
    strong_model: str
    weak: Price | None
    strong: Price | None
    read_on: date

    @classmethod
    def of(cls, weak_model: str, strong_model: str, catalog: Catalog) -> "Prices":
        """The catalogue's prices of the two."""
        return cls(
            weak_model,
            strong_model,
            catalog.price(weak_model),
            catalog.price(strong_model),
            catalog.read_on,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn, with what each model is worth on it.

    Attributes:
        group: turns of one group are resampled together: a label's ticket, or what was asked for.
        weak_score, strong_score: quality of each model's answer, 0 to 1.
        weak_cost_usd, strong_cost_usd: None when not known.
        router_score: of the user's own router, or None; higher = strong.
        weak_response: the weak model's answer, or None when it was not recorded.
        passages: what that answer was given to read.
        floor: the floor the turn falls under, by its label.
        note: why it was labelled so; may be empty.
    """

    turn_id: str
    request: RouteRequest
    group: str
    weak_score: float
    strong_score: float
    weak_cost_usd: float | None
    strong_cost_usd: float | None
    router_score: float | None = None
    weak_response: str | None = None
    passages: tuple[str, ...] = ()
    floor: Floor | None = None
    slices: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class RoutingSet:
    """The turns of one split.

    Attributes:
        kind: `simulated` when the scores come from labels, `recorded` when from real answers.
        turns: what the curves are drawn from, never those of the split `floor`.
        floor_split: those of the split `floor`.
        ignored: columns of the file that nobody reads, sorted.
    """

    name: str
    split: str
    sha256: str
    kind: Kind
    turns: tuple[Turn, ...]
    floor_split: tuple[Turn, ...]
    ignored: tuple[str, ...] = ()

    @property
    def ignored_note(self) -> str | None:
        """A sentence on the ignored columns; None when there are none."""
        if not self.ignored:
            return None
        return (
            f"{self.name} has columns that nobody reads, and they are ignored:"
            f" {', '.join(self.ignored)}. docs/outcomes.md lists those that count."
        )

    @property
    def floor_turns(self) -> tuple[Turn, ...]:
        """Every turn that must go strong, of this split and of the split `floor`."""
        return tuple(turn for turn in (*self.turns, *self.floor_split) if turn.floor is not None)

    @property
    def priced(self) -> bool:
        """Whether the costs of both models are known on every turn."""
        return all(
            turn.weak_cost_usd is not None and turn.strong_cost_usd is not None
            for turn in self.turns
        )


class _Tokens(Row):
    prefix: Annotated[int, Field(ge=0)] = 0
    input: Annotated[int, Field(ge=0)]
    output: Annotated[int, Field(ge=0)]


class _LabelRow(Row):
    id: Id
    split: Literal["train", "dev", "test", "floor"]
    ticket_id: str | None = None
    customer_id: str
    history: tuple[Said, ...] = ()
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    category: str | None = None
    priority: str | None = None
    required_model: Literal["weak", "strong"]
    reason: str = ""
    floor: Floor | None = None
    tokens: _Tokens


def read_routing_set(
    path: Path,
    *,
    split: str | None = None,
    default_split: str | None = None,
    prices: Prices,
    group: str | None = None,
) -> RoutingSet:
    """The labels (`turns.jsonl`) or the outcomes (CSV, CSV.gz or JSONL) at a path.

    Args:
        path: an outcome file, or a folder with `turns.jsonl` or `outcomes.<csv|csv.gz|jsonl>`.
        split: default see `choose_split`; a file without splits has one, `all`.
        default_split: taken where it is there and none is asked for.
        prices: what a label's tokens are priced with; outcomes bring their own costs.
        group: the column whose rows of one value belong together; default `group` of outcomes,
            `ticket_id` of labels; without it each turn stands alone.

    Raises:
        UsageError: nothing of the kind is there, or there is no such split.
        ConfigurationError: the file cannot be read, or has more than a million rows.
        InvalidInput: names each malformed or repeated row and each wrong hash.
    """
    file = _find(path)
    problems = Problems()
    if path.is_dir():
        check_manifest(path, problems, kind="routing")
    name = path.name if path.is_dir() else path.name.partition(".")[0]
    rows = _label_turns(file, prices, problems, group)
    kind: Kind = "simulated"
    ignored: set[str] = set()
    if file.name != LABELS_FILE:
        rows, kind = _outcome_turns(file, problems, group, ignored), "recorded"
    by_split: dict[str, list[Turn]] = {}
    seen: set[str] = set()
    for line, turn_split, turn in rows:
        if turn.turn_id in seen:
            problems.add(file, line, f"id: {turn.turn_id!r} stands here for the second time")
        if len(seen) == MAX_OUTCOMES:
            raise ConfigurationError(
                f"{file} has more than {MAX_OUTCOMES:,} rows, the most that is read. Take a sample."
            )
        seen.add(turn.turn_id)
        by_split.setdefault(turn_split, []).append(turn)
    if not seen and not problems:
        problems.add(file, None, "it holds no row")
    problems.refuse(name)
    if split is None and default_split in by_split:
        split = default_split
    chosen = choose_split(split, by_split.keys() - {FLOOR_SPLIT}, name=name)
    turns = by_split[chosen]
    return RoutingSet(
        name=name,
        split=chosen,
        sha256=digest([file], root=file.parent),
        kind=kind,
        turns=tuple(turns),
        floor_split=tuple(turn for turn in by_split.get(FLOOR_SPLIT, ()) if turn.floor),
        ignored=tuple(sorted(ignored)),
    )


def join_sets(sets: Sequence[RoutingSet]) -> RoutingSet:
    """One or more sets as one, in their order; `simulated` when any is.

    Raises:
        InvalidInput: an id stands in two of them.
    """
    if len(sets) == 1:
        return sets[0]
    seen: dict[str, str] = {}
    for one in sets:
        for turn in one.turns:
            if turn.turn_id in seen:
                raise InvalidInput(
                    f"The turn {turn.turn_id!r} stands in {seen[turn.turn_id]} and in {one.name},"
                    " and would count twice. Give each set once, and each turn an id of its own."
                )
            seen[turn.turn_id] = one.name
    hashes = "".join(one.sha256 for one in sets)
    return RoutingSet(
        name="+".join(one.name for one in sets),
        split="+".join(dict.fromkeys(one.split for one in sets)),
        sha256=hashlib.sha256(hashes.encode()).hexdigest(),
        kind="simulated" if any(one.kind == "simulated" for one in sets) else "recorded",
        turns=tuple(turn for one in sets for turn in one.turns),
        floor_split=tuple(turn for one in sets for turn in one.floor_split),
        ignored=tuple(sorted({name for one in sets for name in one.ignored})),
    )


_Rows = Iterator[tuple[int, str, Turn]]


def _find(path: Path) -> Path:
    if path.is_file():
        return path
    for name in (LABELS_FILE, *OUTCOME_FILES):
        if (path / name).is_file():
            return path / name
    raise UsageError(
        f"{path} is no routing data set: it needs {LABELS_FILE} or one of "
        f"{', '.join(OUTCOME_FILES)}."
    )


def _label_turns(path: Path, prices: Prices, problems: Problems, group: str | None) -> _Rows:
    if group is not None and group not in _LABEL_GROUPS:
        raise UsageError(
            f"Labels cannot be grouped by {group!r}. They have: {', '.join(_LABEL_GROUPS)}."
        )

    def cost(price: Price | None, tokens: _Tokens) -> float | None:
        if price is None:
            return None
        return price.cost_usd(
            input_tokens=tokens.prefix + tokens.input, output_tokens=tokens.output
        )

    for line, row in json_rows(path, _LabelRow, problems):
        slices = {
            "category": row.category,
            "customer": row.customer_id,
            "priority": row.priority,
        }
        last = row.history[-1] if row.history else None
        yield line, row.split, Turn(
            turn_id=row.id,
            request=RouteRequest(
                row.text,
                user_messages(row.history),
                row.tokens.prefix,
                asked=last.text if last is not None and last.role == "assistant" else "",
                category=row.category,
                priority=row.priority,
            ),
            group=getattr(row, group or "ticket_id") or f"turn {row.id}",
            weak_score=float(row.required_model == "weak"),
            strong_score=1.0,
            weak_cost_usd=cost(prices.weak, row.tokens),
            strong_cost_usd=cost(prices.strong, row.tokens),
            floor=row.floor,
            slices={name: value for name, value in slices.items() if value is not None},
            note=row.reason,
        )


def _outcome_turns(path: Path, problems: Problems, group: str | None, ignored: set[str]) -> _Rows:
    rows = read_outcome_rows(path, problems, group_column=group, ignored=ignored)
    for line, row in rows:
        yield line, row.split or _NO_SPLIT, Turn(
            turn_id=row.id,
            request=RouteRequest(row.query),
            group=row.group or f"turn {row.id}",
            weak_score=row.weak_score,
            strong_score=row.strong_score,
            weak_cost_usd=row.weak_cost,
            strong_cost_usd=row.strong_cost,
            router_score=row.router_score,
            weak_response=row.weak_response,
            passages=row.passages,
            slices={} if row.category is None else {"category": row.category},
        )
