"""The rows of a judged set, each with its place, and what its checks share."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msp_core.data_check.findings import Problem, Severity
from msp_core.data_check.folder import Folder
from msp_core.knowledge.article import Article
from msp_core.tickets.ticket import Ticket

Row = dict[str, Any]


@dataclass(frozen=True)
class Placed:
    """A row and where it stands, `file` relative to the set."""

    file: str
    line: int
    row: Row


class SetRows:
    """A set on disk beside the data that it is about.

    Attributes:
        problems: what was found so far.
        count: rows read so far.
    """

    def __init__(self, path: Path, folder: Folder) -> None:
        self.path = path
        self.folder = folder
        self.tickets: Mapping[str, Ticket] = {t.ticket_id: t for t in folder.tickets}
        self.articles: Mapping[str, Article] = {a.article_id: a for a in folder.articles}
        self.problems: list[Problem] = []
        self.count = 0

    def note(self, file: str, line: int, reason: str, *, severity: Severity = "error") -> None:
        """Note a problem; line 0 is the file as a whole."""
        self.problems.append(Problem(severity, f"{self.path.name}/{file}", line, reason))

    def json_rows(self, name: str) -> Iterator[Placed]:
        """The objects of a JSONL file; other lines are noted."""
        for number, line in enumerate((self.path / name).read_bytes().split(b"\n"), start=1):
            if not line.strip():
                continue
            self.count += 1
            try:
                row = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
            except ValueError as error:
                self.note(name, number, f"not JSON ({error})")
                continue
            if isinstance(row, dict):
                yield Placed(name, number, row)
            else:
                self.note(name, number, "not an object")

    def unique(self, rows: Sequence[Placed], key: str) -> dict[str, Placed]:
        """The rows by id; a missing or repeated one is noted."""
        found: dict[str, Placed] = {}
        for placed in rows:
            id_ = str(placed.row.get(key, ""))
            if not id_:
                self.note(placed.file, placed.line, f"it has no {key}")
            elif found.setdefault(id_, placed) is not placed:
                self.note(placed.file, placed.line, f"{key} {id_} stands there for the second time")
        return found

    def check_customer(self, placed: Placed) -> None:
        """Note a customer whom nobody knows."""
        customer, known = placed.row.get("customer_id"), self.folder.customers
        if customer is not None and known and customer not in known:
            self.note(placed.file, placed.line, f"there is no customer {customer}")

    def check_customers_apart(self, splits: Mapping[str, set[str]], file: str) -> None:
        """Note each customer in two splits; the data of one customer are split by ticket."""
        if len({ticket.customer_id for ticket in self.folder.tickets}) > 1:
            self.check_apart(splits, file, "customer")

    def check_apart(self, splits: Mapping[str, set[str]], file: str, what: str) -> None:
        """Note each name that stands in two splits."""
        for name, found in sorted(splits.items()):
            if len(found) > 1:
                among = ", ".join(sorted(found))
                self.note(file, 0, f"{what} {name} is in several splits: {among}")

    def outage(self, ticket_id: str) -> str:
        """The first ticket of the same outage, or the ticket itself."""
        ticket = self.tickets.get(ticket_id)
        return ticket_id if ticket is None else ticket.duplicate_of or ticket_id
