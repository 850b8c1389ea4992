"""A triage data set: what each ticket really is, beside what people first chose."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from eval.dataset import Problems, Row, check_manifest, choose_split, json_rows
from eval.files import digest
from msp_core.errors import UsageError
from msp_core.tickets.ticket import Category, Priority, Ticket

TRIAGE_FILE = "labels.jsonl"
Field = Literal["category", "priority", "team"]
_Id = Annotated[str, StringConstraints(min_length=1)]


@dataclass(frozen=True)
class TriageLabel:
    """The truth about a ticket.

    Attributes:
        ticket: as it stands, with what people chose.
        duplicate_of: the earlier ticket of the same event.
        team: whose work resolves it.
    """

    ticket: Ticket
    category: Category
    priority: Priority
    team: str
    duplicate_of: str | None

    def value(self, field: Field) -> str:
        """The true value of a field."""
        values: dict[Field, str] = {
            "category": self.category.value,
            "priority": self.priority.value,
            "team": self.team,
        }
        return values[field]


@dataclass(frozen=True)
class TriageSet:
    """The labels of one split, and of all others to learn from.

    Attributes:
        labels: of the split.
        others: of every other split, in the order of the file.
    """

    name: str
    split: str
    sha256: str
    labels: tuple[TriageLabel, ...]
    others: tuple[TriageLabel, ...]


class _LabelRow(Row):
    ticket_id: _Id
    split: Literal["train", "dev", "test"]
    category: Category
    priority: Priority
    team: _Id
    duplicate_of: _Id | None = None


def read_triage_set(
    folder: Path, tickets: Mapping[str, Ticket], *, split: str | None = None
) -> TriageSet:
    """The labels in a folder; a manifest is checked if there is one.

    Args:
        folder: with `labels.jsonl`.
        tickets: those that the labels are about, by id.
        split: default see `choose_split`.

    Raises:
        UsageError: it is no such folder, or there is no such split.
        ConfigurationError: the file cannot be read.
        InvalidInput: names each malformed or repeated row, each unknown ticket, each duplicate
            that is none, and each wrong hash.
    """
    path = folder / TRIAGE_FILE
    if not path.is_file():
        raise UsageError(f"{folder} is no triage data set: it needs {TRIAGE_FILE}.")
    problems = Problems()
    check_manifest(folder, problems, kind="triage")
    by_split: dict[str, list[TriageLabel]] = {}
    seen: set[str] = set()
    for line, row in json_rows(path, _LabelRow, problems):
        if row.ticket_id in seen:
            problems.add(path, line, f"ticket_id: {row.ticket_id!r} stands here a second time")
        seen.add(row.ticket_id)
        ticket = tickets.get(row.ticket_id)
        if ticket is None:
            problems.add(path, line, f"ticket_id: there is no ticket {row.ticket_id!r}")
            continue
        wrong = _wrong_original(ticket, row.duplicate_of, tickets)
        if wrong is not None:
            problems.add(path, line, f"duplicate_of: {wrong}")
        label = TriageLabel(ticket, row.category, row.priority, row.team, row.duplicate_of)
        by_split.setdefault(row.split, []).append(label)
    if not seen:
        problems.add(path, None, "it holds no row")
    problems.refuse(folder.name)
    chosen = choose_split(split, by_split.keys(), name=folder.name)
    return TriageSet(
        name=folder.name,
        split=chosen,
        sha256=digest([path], root=folder),
        labels=tuple(by_split[chosen]),
        others=tuple(
            label for name, labels in by_split.items() if name != chosen for label in labels
        ),
    )


def _wrong_original(
    ticket: Ticket, original_id: str | None, tickets: Mapping[str, Ticket]
) -> str | None:
    """What is wrong with the ticket that another is said to repeat, or None."""
    if original_id is None:
        return None
    original = tickets.get(original_id)
    if original is None:
        return f"there is no ticket {original_id!r}"
    if original.customer_id != ticket.customer_id:
        return f"{original_id} is of another customer ({original.customer_id})"
    if (original.created_at, original.ticket_id) >= (ticket.created_at, ticket.ticket_id):
        return f"{original_id} is not older"
    return None
