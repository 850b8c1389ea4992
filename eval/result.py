"""The result file: what every evaluation and benchmark leaves behind."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from eval.files import remove, write_lines
from eval.provenance import Provenance
from msp_core.errors import ConfigurationError, CorruptData

SCHEMA = "msp.result/1"
RESULT_FILE = "result.json"
ITEMS_FILE = "items.jsonl"
WEAK_LABELS_SPLIT = "weak"
"""Name of a split whose judgements nobody made as such: the articles that solved tickets name."""

Kind = Literal["live", "recorded", "simulated"]
"""Measured in this run; computed from answers recorded before; or from labels or a stand-in."""
Status = Literal["ok", "failed", "refused"]


@dataclass(frozen=True)
class DatasetInfo:
    """Which data a suite ran on; `n` is the number of judged items of the split."""

    name: str
    split: str
    sha256: str
    n: int


@dataclass(frozen=True)
class Metric:
    """One figure.

    Attributes:
        slice: `all`, or `<what>=<value>` such as `category=Network`.
        low, high: 95% interval, or None.
        unit: `ratio` (0 to 1), `score`, `usd` and the like.
        n_scored: items that the figure is the mean of, the failed ones included.
    """

    name: str
    system: str
    slice: str
    value: float
    low: float | None
    high: float | None
    unit: str
    higher_is_better: bool
    n_scored: int
    n_failed: int
    n_refused: int
    kind: Kind

    def __post_init__(self) -> None:
        figures = {"value": self.value, "low": self.low, "high": self.high}
        _refuse_nan(f"{self.name} of {self.system}", figures)


@dataclass(frozen=True)
class Result:
    """The head of a result: what ran, on what, and its figures.

    Attributes:
        notes: what was left out and why, and what the figures say in words; a sentence each.
    """

    suite: str
    dataset: DatasetInfo
    provenance: Provenance
    metrics: tuple[Metric, ...]
    notes: tuple[str, ...] = ()
    schema: str = SCHEMA

    def find(self, name: str, system: str, slice_: str = "all") -> Metric | None:
        """The figure of that name, or None."""
        for metric in self.metrics:
            if (metric.name, metric.system, metric.slice) == (name, system, slice_):
                return metric
        return None


@dataclass(frozen=True)
class Item:
    """What one system did with one item.

    A failed item carries the worst value of each quality score, so that failing never pays, and
    neither cost nor latency.

    Attributes:
        group: items of one group are resampled together.
        slices: value by slice name, such as category.
        raw: what a reader needs to judge the scores; JSON values.
        error: why it failed or was refused; None when ok.
    """

    id: str
    system: str
    group: str
    status: Status
    scores: Mapping[str, float]
    slices: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, object] = field(default_factory=dict)
    output: str | None = None
    cost_usd: float | None = None
    latency_ms: float | None = None
    error: str | None = None

    def __post_init__(self) -> None:
        measured = {"cost_usd": self.cost_usd, "latency_ms": self.latency_ms}
        _refuse_nan(f"item {self.id} of {self.system}", {**self.scores, **measured})
        if self.status == "failed" and any(value is not None for value in measured.values()):
            raise ValueError(f"failed item {self.id} of {self.system} has a cost or a latency")
        if (self.status == "ok") != (self.error is None):
            raise ValueError(f"item {self.id} of {self.system} is {self.status}: {self.error}")


@dataclass(frozen=True)
class SuiteRun:
    """A result with its items, and further files of the suite (text by relative path)."""

    result: Result
    items: Sequence[Item]
    files: Mapping[str, str] = field(default_factory=dict)


def count_status(items: Iterable[Item]) -> tuple[int, int, int]:
    """How many of the items are scored (the failed ones included), failed and refused."""
    statuses = [item.status for item in items]
    failed, refused = statuses.count("failed"), statuses.count("refused")
    return len(statuses) - refused, failed, refused


def write_result(
    folder: Path,
    result: Result,
    items: Iterable[Item],
    *,
    files: Mapping[str, str] | None = None,
) -> None:
    """Write `result.json`, `items.jsonl` and the files; `result.json` goes first and comes last.

    So a folder whose writing was cut short holds no result, rather than a mixed one.

    Raises:
        ConfigurationError: the folder cannot be written.
        ValueError: a value in `raw` that JSON cannot carry.
    """
    text = result_json(result)
    remove(folder / RESULT_FILE)
    write_lines(folder / ITEMS_FILE, (_json(asdict(item)) + "\n" for item in items))
    for name, content in (files or {}).items():
        write_lines(folder / name, [content])
    write_lines(folder / RESULT_FILE, [text])


def result_json(result: Result) -> str:
    """The text of `result.json`, also what `--json` prints."""
    return json.dumps(asdict(result), indent=1, sort_keys=True, allow_nan=False) + "\n"


def read_result(folder: Path) -> SuiteRun:
    """A result and its items, checked; other files of the suite are not read.

    Raises:
        ConfigurationError: there is no result in the folder.
        CorruptData: another schema, a damaged file, or a figure that is not a finite number.
    """
    path = folder / RESULT_FILE
    if not path.is_file() or not (folder / ITEMS_FILE).is_file():
        raise ConfigurationError(
            f"{folder} holds no {RESULT_FILE} with {ITEMS_FILE} beside it. Make one: "
            f"msp eval retrieval --out {folder}"
        )
    try:
        head = json.loads(path.read_bytes())
        schema = head.get("schema") if isinstance(head, dict) else None
        if schema != SCHEMA:
            raise CorruptData(
                f"{path} has the schema {schema!r}, and this version reads {SCHEMA!r}. Run the "
                "evaluation again with this version."
            )
        result = TypeAdapter(Result).validate_python(head)
    except ValueError as error:
        raise _damaged(str(path), error) from error
    items = []
    adapter = TypeAdapter(Item)
    with (folder / ITEMS_FILE).open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                items.append(adapter.validate_json(line))
            except ValueError as error:
                raise _damaged(f"{folder / ITEMS_FILE}, line {number}", error) from error
    return SuiteRun(result, items)


def _damaged(where: str, error: ValueError) -> CorruptData:
    reason = str(error)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc'])) or 'whole'}: {first['msg']}"
    return CorruptData(f"{where} cannot be used ({reason}). Run the evaluation again.")


def _refuse_nan(of: str, figures: Mapping[str, float | None]) -> None:
    for name, figure in figures.items():
        if figure is not None and not math.isfinite(figure):
            raise ValueError(f"{name} of {of} is {figure}, not a finite number")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
