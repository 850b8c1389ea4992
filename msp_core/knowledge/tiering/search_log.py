"""Logs of past searches: read, made up with a seed, and searched again on the cold tier."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, StringConstraints, ValidationError

from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.retriever import Retriever
from msp_core.knowledge.tiering.simulation import LoggedSearch
from msp_core.knowledge.tiers import Tiers
from msp_core.scope import Role, Scope

FOUND_TOGETHER = 5
SEED = 7
_SHOWN_PROBLEMS = 10
_SEEDED_DAYS = 30
_SEEDED_MOST = 500
_DRIFT = 8  # places that popularity moves on in that time


class Asked(BaseModel):
    """A line of a log: when something was asked, and by whose people (None: the desk)."""

    at: AwareDatetime
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    customer_id: str | None = None


@dataclass(frozen=True)
class _Title:
    text: str
    customer_id: str | None


def read_log(path: Path) -> list[Asked]:
    """The searches of a JSON lines file.

    Raises:
        ConfigurationError: it cannot be read.
        InvalidInput: names the malformed lines.
    """
    asked, problems = [], []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    asked.append(Asked.model_validate_json(line))
                except ValidationError as error:
                    first = error.errors()[0]
                    problems.append(f"line {number}: {first['msg']}")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error}). Name a JSON lines file."
        ) from error
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        shown = problems[:_SHOWN_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
        raise InvalidInput(
            f"{path} is no log of searches: {'; '.join(shown)}. Each line is a JSON object with "
            "at (a time with zone), text, and customer_id or null."
        )
    return asked


def seeded_log(tiers: Tiers, until: datetime) -> list[Asked]:
    """A made-up log of the 30 days before `until`: titles, a few asked often (Zipf's law).

    What is popular drifts over the days, as it does at a desk.
    """
    titles = sorted(
        {
            _Title(record.chunk.title, record.chunk.customer_id)
            for record in tiers.cold.export()
            if record.chunk.title.strip()
        },
        key=lambda title: (title.text, title.customer_id or ""),
    )
    if not titles:
        return []
    generator = random.Random(SEED)
    generator.shuffle(titles)
    weights = [1 / rank for rank in range(1, len(titles) + 1)]
    count = min(_SEEDED_MOST, 3 * len(titles))
    asked = []
    for number in range(count):
        drift = number * _DRIFT // count
        (place,) = generator.choices(range(len(titles)), weights)
        title = titles[(place + drift) % len(titles)]
        at = until - timedelta(days=_SEEDED_DAYS) * (1 - number / count)
        asked.append(Asked(at=at, text=title.text, customer_id=title.customer_id))
    return asked


def search_again(
    asked: Sequence[Asked], tiers: Tiers, embedder: Embedder, customers: frozenset[str]
) -> list[LoggedSearch]:
    """What each search finds in everything there is; those that find nothing are left out."""
    retriever = Retriever(tiers, embedder, mode="cold")
    found: dict[tuple[str, str | None], tuple[str, ...]] = {}
    log = []
    for entry in asked:
        key = (entry.text, entry.customer_id)
        if key not in found:
            own = customers if entry.customer_id is None else frozenset({entry.customer_id})
            scope = Scope("simulation", Role.TECHNICIAN, own)
            passages = retriever.search(entry.text, scope, k=FOUND_TOGETHER).passages
            found[key] = tuple(passage.document_id for passage in passages)
        if found[key]:
            log.append(LoggedSearch(entry.at, found[key]))
    return log
