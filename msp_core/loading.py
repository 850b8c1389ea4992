"""Brings a data folder (layout of `data/`) into the stores; what is unreadable is set aside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.bootstrap import CUSTOMERS_FILE, TEAMS_FILE
from msp_core.customers import read_customers
from msp_core.errors import ConfigurationError, UsageError
from msp_core.files import whole_file
from msp_core.incoming import Incoming, load
from msp_core.knowledge.article import Article, Quarantined, read_articles
from msp_core.knowledge.document import Document, knowledge_documents
from msp_core.knowledge.sources.file_source import is_of_files
from msp_core.tickets.file import read_tickets
from msp_core.tickets.ticket import Ticket

if TYPE_CHECKING:
    from msp_core.bootstrap import Services
    from msp_core.knowledge.ingestion import IngestReport, Progress

DATA_SOURCE = "data folder"


@dataclass(frozen=True)
class DataFolder:
    """What a data folder holds; `quarantined` lists what could not be read, with reasons."""

    articles: tuple[Article, ...]
    tickets: tuple[Ticket, ...]
    quarantined: tuple[Quarantined, ...]

    def documents(self) -> list[Document]:
        """The searchable documents: every article and every solved ticket."""
        return knowledge_documents(self.articles, self.tickets)


@dataclass(frozen=True)
class TicketLoadReport:
    """How many tickets were new, and how many were there already."""

    added: int
    present: int
    quarantined: tuple[Quarantined, ...]


def read_data(folder: Path, customers: Sequence[str]) -> DataFolder:
    """The articles and tickets of a folder; those of unknown customers are set aside.

    Raises:
        ConfigurationError: the folder has neither `kb/` nor `tickets.jsonl`.
    """
    kb, tickets_file = folder / "kb", folder / "tickets.jsonl"
    if not kb.is_dir() and not tickets_file.is_file():
        raise ConfigurationError(
            f"{folder} holds neither kb/ nor tickets.jsonl. data/README.md describes the layout."
        )
    articles, aside = read_articles(kb) if kb.is_dir() else ([], [])
    tickets, rejected = read_tickets(tickets_file) if tickets_file.is_file() else ([], [])
    aside += [Quarantined(f"{row.path}:{row.line}", row.reason) for row in rejected]
    known = set(customers)
    for ticket in tickets:
        if ticket.customer_id not in known:
            aside.append(
                Quarantined(
                    ticket.ticket_id, f"customer {ticket.customer_id!r} is not in customers.json"
                )
            )
    for article in articles:
        if article.customer_id is not None and article.customer_id not in known:
            aside.append(
                Quarantined(
                    article.article_id, f"customer {article.customer_id!r} is not in customers.json"
                )
            )
    return DataFolder(
        tuple(row for row in articles if row.customer_id is None or row.customer_id in known),
        tuple(row for row in tickets if row.customer_id in known),
        tuple(aside),
    )


def check_same_desk(services: "Services") -> None:
    """Pass when the state folder is empty or holds tickets of one of this data's customers.

    Raises:
        UsageError: it holds another desk's, which this data would hide.
    """
    loaded = services.settings.state_dir / CUSTOMERS_FILE
    if not loaded.is_file():
        return
    there, coming = read_customers(loaded), services.customers
    if there and coming and not there.keys() & coming.keys():
        raise UsageError(
            f"{services.settings.state_dir} holds another desk: customers {_some(there)}; this data"
            f" has {_some(coming)}. Keep them apart with a folder of its own, MSP_STATE_DIR=DIR "
            "(for `msp ask` and `./dev app` too), or let this data take its place with --replace: "
            "the other's articles go, its tickets stay but are hidden."
        )


def load_tickets(services: "Services") -> TicketLoadReport:
    """Put the data folder's tickets, customers and teams into the state folder.

    Tickets that are there already stay as they are; customers and teams are replaced.
    """
    for name in (CUSTOMERS_FILE, TEAMS_FILE):
        _copy((services.desk_dir or services.data_dir) / name, services.settings.state_dir / name)
    data = read_data(services.data_dir, tuple(services.customers))
    added = services.tickets.load(data.tickets)
    return TicketLoadReport(added, len(data.tickets) - added, data.quarantined)


def incoming_data(services: "Services") -> Incoming:
    """The data folder's articles and solved tickets."""
    data = read_data(services.data_dir, tuple(services.customers))
    return Incoming(
        DATA_SOURCE,
        tuple(data.documents()),
        data.quarantined,
        owns=lambda document_id: not is_of_files(document_id),
    )


def load_knowledge(services: "Services", *, progress: "Progress | None" = None) -> "IngestReport":
    """Make the tiers hold exactly the data folder's articles and solved tickets, beside files."""
    return load(services, incoming_data(services), progress=progress)


def _some(names: Iterable[str], most: int = 3) -> str:
    """The first names, and that there are more."""
    listed = sorted(names)
    return ", ".join(listed[:most]) + (", ..." if len(listed) > most else "")


def _copy(source: Path, target: Path) -> None:
    """Replace a file as a whole; a missing source leaves the target as it is."""
    if source == target or not source.is_file():
        return
    content = source.read_bytes()
    with whole_file(target, advice="Set MSP_STATE_DIR to a folder that you may write.") as file:
        file.write(content)
