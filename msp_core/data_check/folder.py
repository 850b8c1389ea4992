"""A data folder read row by row, each with its line; what cannot be read is a problem."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from msp_core.customers import Customer, Team, read_customers, read_teams
from msp_core.data_check.findings import Check, Problem
from msp_core.errors import ConfigurationError, UsageError
from msp_core.knowledge.article import Article, read_articles
from msp_core.tickets.file import read_tickets
from msp_core.tickets.ticket import Ticket

TICKETS = "tickets.jsonl"


@dataclass(frozen=True)
class Folder:
    """What a data folder holds.

    Attributes:
        lines: line of each ticket in `tickets.jsonl`, by id.
    """

    path: Path
    customers: dict[str, Customer]
    teams: dict[str, Team]
    articles: tuple[Article, ...]
    tickets: tuple[Ticket, ...]
    lines: dict[str, int]

    def at(self, ticket: Ticket) -> tuple[str, int]:
        """File and line of a ticket."""
        return TICKETS, self.lines.get(ticket.ticket_id, 0)

    def error(self, ticket: Ticket, reason: str) -> Problem:
        """An error in a ticket."""
        return Problem("error", *self.at(ticket), f"{ticket.ticket_id}: {reason}")


def article_file(article: Article) -> str:
    """The article's file, relative to the folder."""
    return f"kb/{article.article_id}.md"


def read_folder(path: Path) -> tuple[Folder, Check]:
    """The folder, and the check of its rows' form.

    Raises:
        UsageError: it holds neither tickets nor articles.
    """
    file, kb = path / TICKETS, path / "kb"
    if not file.is_file() and not kb.is_dir():
        raise UsageError(f"{path} holds neither {TICKETS} nor kb/. Name a data folder.")
    problems: list[Problem] = []
    customers: dict[str, Customer] = {}
    teams: dict[str, Team] = {}
    try:
        customers = read_customers(path / "customers.json")
    except ConfigurationError as error:
        problems.append(Problem("error", "customers.json", 0, str(error)))
    try:
        teams = read_teams(path / "teams.json")
    except ConfigurationError as error:
        problems.append(Problem("error", "teams.json", 0, str(error)))
    tickets, rejected = read_tickets(file) if file.is_file() else ([], [])
    problems += [Problem("error", TICKETS, row.line, row.reason) for row in rejected]
    articles, aside = read_articles(kb) if kb.is_dir() else ([], [])
    problems += [
        Problem("error", f"kb/{Path(row.path).name}", 0, row.reason.replace(f"{path}/", ""))
        for row in aside
    ]
    folder = Folder(path, customers, teams, tuple(articles), tuple(tickets), _lines(file))
    rows = len(tickets) + len(rejected) + len(articles) + len(aside) + len(customers) + len(teams)
    return folder, Check("form of every row", "rows", rows, tuple(problems))


_ID = re.compile(rb'"ticket_id"\s*:\s*("[^"]*")')


def _lines(file: Path) -> dict[str, int]:
    """Line of each ticket by id; of two with one id the first, which is the one that counts."""
    found: dict[str, int] = {}
    if file.is_file():
        with file.open("rb") as rows:
            for number, row in enumerate(rows, start=1):
                match = _ID.search(row)
                if match:
                    found.setdefault(json.loads(match[1]), number)
    return found
