"""How many of what a data set holds, by split."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from eval.datasheets.table import Table
from eval.retrieval_set import NO_ANSWER, QRELS_FOLDER, QUERIES_FILE
from eval.routing_set import LABELS_FILE
from eval.triage_set import TRIAGE_FILE
from msp_core.errors import UsageError
from msp_core.tickets.ticket import Ticket

Row = Mapping[str, Any]
_PLAIN_FILES = ("texts.jsonl", "scenarios.jsonl")
_SPLITS = ("train", "dev", "test", "floor")


@dataclass(frozen=True)
class Counts:
    """What is counted of a set.

    Attributes:
        items: judged items by split, in the order in which splits are used.
        what: what an item is.
    """

    kind: str
    what: str
    items: Mapping[str, int]
    tables: Sequence[Table]


def count_set(folder: Path, tickets: Mapping[str, Ticket]) -> Counts:
    """The counts of a set that its reader accepts.

    Args:
        tickets: those that triage labels are about.

    Raises:
        UsageError: it is no set of a kind that is counted.
    """
    if (folder / LABELS_FILE).is_file():
        return _routing(_rows(folder / LABELS_FILE))
    if (folder / TRIAGE_FILE).is_file():
        return _triage(_rows(folder / TRIAGE_FILE), tickets)
    if (folder / QUERIES_FILE).is_file():
        return _retrieval(folder)
    for name in _PLAIN_FILES:
        if (folder / name).is_file():
            return _plain(name.removesuffix(".jsonl"), _rows(folder / name))
    known = ", ".join((LABELS_FILE, TRIAGE_FILE, QUERIES_FILE, *_PLAIN_FILES))
    raise UsageError(
        f"{folder} is no data set that a datasheet is made for: it has none of {known}."
    )


def _rows(path: Path) -> list[Row]:
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def _routing(rows: Sequence[Row]) -> Counts:
    by_split = _by_split(rows)
    table = Table(
        "Turns",
        ("split", "turns", "conversations", "customers", "weak", "strong", "floor", "median words"),
        [
            (
                split,
                f"{len(own):,}",
                f"{len({str(row['id']).rpartition('-')[0] for row in own}):,}",
                f"{len({row['customer_id'] for row in own}):,}",
                f"{sum(row['required_model'] == 'weak' for row in own):,}",
                f"{sum(row['required_model'] == 'strong' for row in own):,}",
                f"{sum(row.get('floor') is not None for row in own):,}",
                f"{median(len(str(row['text']).split()) for row in own):g}",
            )
            for split, own in by_split.items()
        ],
    )
    return Counts(
        "routing",
        "turns",
        {split: len(own) for split, own in by_split.items()},
        (
            table,
            _crossed("Reasons", by_split, lambda row: f"{row['required_model']}: {row['reason']}"),
            _crossed("Floors", by_split, lambda row: row.get("floor") or ""),
        ),
    )


def _retrieval(folder: Path) -> Counts:
    queries = {str(row["_id"]): row for row in _rows(folder / QUERIES_FILE)}
    types: dict[str, list[Row]] = {}
    grades: dict[str, list[Row]] = {}
    for path in sorted((folder / QRELS_FOLDER).glob("*.tsv")):
        cells = [line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines()]
        judged = [row for row in cells if len(row) == 3 and row[0] != "query-id"]
        grades[path.stem] = [{"grade": row[2].strip()} for row in judged]
        types[path.stem] = [queries[id_] for id_ in dict.fromkeys(row[0] for row in judged)]
    named = {id(row) for rows in types.values() for row in rows}
    rest = [row for row in queries.values() if id(row) not in named]
    table = Table(
        "Queries",
        ("split", "queries", "customers", "with history", "judgements", "judged per query"),
        [
            (
                split,
                f"{len(own):,}",
                f"{len({row.get('customer_id') for row in own}):,}",
                f"{sum(bool(row.get('history')) for row in own):,}",
                f"{len(grades[split]):,}",
                f"{len(grades[split]) / len(own):.1f}" if own else "-",
            )
            for split, own in types.items()
        ],
    )
    tables = [
        table,
        _crossed("Types of queries", types, lambda row: str(row.get("type") or "none")),
        _crossed("Grades", grades, lambda row: str(row["grade"])),
    ]
    if rest:
        count = Counter(str(row.get("type") or "none") for row in rest)
        tables.append(
            Table(
                f"Queries that no split judges ({NO_ANSWER} ones count in every split)",
                ("type", "queries"),
                [(name, str(n)) for name, n in sorted(count.items())],
            )
        )
    return Counts("retrieval", "queries", {name: len(own) for name, own in types.items()}, tables)


def _triage(rows: Sequence[Row], tickets: Mapping[str, Ticket]) -> Counts:
    by_split = _by_split(rows)

    def differs(row: Row, field: str) -> bool:
        ticket = tickets.get(str(row["ticket_id"]))
        return ticket is not None and row.get(field) != getattr(ticket, field)

    table = Table(
        "Tickets",
        ("split", "tickets", "duplicates", *(f"{name} differs" for name in _CHOSEN)),
        [
            (
                split,
                f"{len(own):,}",
                f"{sum(row.get('duplicate_of') is not None for row in own):,}",
                *(f"{sum(differs(row, name) for row in own):,}" for name in _CHOSEN),
            )
            for split, own in by_split.items()
        ],
    )
    return Counts(
        "triage",
        "tickets",
        {split: len(own) for split, own in by_split.items()},
        (
            table,
            *(
                _crossed(name.capitalize(), by_split, lambda row, name=name: str(row[name]))
                for name in _CHOSEN
            ),
        ),
    )


def _plain(what: str, rows: Sequence[Row]) -> Counts:
    items = {split: len(own) for split, own in _by_split(rows).items()}
    table = Table(
        what.capitalize(), ("split", what), [(split, f"{n:,}") for split, n in items.items()]
    )
    return Counts(what, what, items, (table,))


_CHOSEN = ("category", "priority", "team")


def _by_split(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["split"])].append(row)
    known = [split for split in _SPLITS if split in found]
    return {split: found[split] for split in (*known, *sorted(found.keys() - set(known)))}


def _crossed(title: str, by_split: Mapping[str, Sequence[Row]], key: Any) -> Table:
    """A row for each value, a column for each split; rows without a value are not counted."""
    counts = {split: Counter(map(key, rows)) for split, rows in by_split.items()}
    values = sorted({value for count in counts.values() for value in count if value})
    rows = [(value, *(f"{counts[split][value]:,}" for split in counts)) for value in values]
    return Table(title, (title.lower(), *counts), rows)
