"""Makes the datasheet blocks of sets, and the page over the shipped ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.agreement import Agreement, read_agreement
from eval.datasheets.counts import Counts, count_set
from eval.datasheets.hardness import set_hardness
from eval.datasheets.overview import overview
from eval.datasheets.sheet import README, block
from eval.files import write_lines
from msp_core.knowledge.embedding import Embedder
from msp_core.tickets.file import read_tickets
from msp_core.tickets.ticket import Ticket

TICKETS_FILE = "tickets.jsonl"


def sheet_of(folder: Path, tickets: Mapping[str, Ticket], embedder: Embedder) -> str:
    """The block of a set, hardness included.

    Args:
        tickets: those that triage labels are about.

    Raises:
        UsageError: it is no set that a datasheet is made for.
        MspError: the set is malformed.
    """
    counts, agreement = _described(folder, tickets)
    return block(counts, agreement, set_hardness(folder, counts, tickets, embedder))


def write_overview(folder: Path, tickets: Mapping[str, Ticket]) -> Path:
    """Write the README over all sets in a folder; returns its path.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    path = folder / README
    write_lines(path, [overview_of(sets_in(folder), tickets)])
    return path


def overview_of(sets: Sequence[Path], tickets: Mapping[str, Ticket]) -> str:
    """The page over these sets."""
    return overview([(path.name, *_described(path, tickets)) for path in sets])


def sets_in(folder: Path) -> list[Path]:
    """The sets of a folder."""
    return sorted(path for path in folder.iterdir() if path.is_dir())


def tickets_by_id(data: Path) -> dict[str, Ticket]:
    """The tickets of a data folder; none where it has no file of them."""
    path = data / TICKETS_FILE
    found = read_tickets(path)[0] if path.is_file() else []
    return {ticket.ticket_id: ticket for ticket in found}


def _described(folder: Path, tickets: Mapping[str, Ticket]) -> tuple[Counts, Agreement | None]:
    return count_set(folder, tickets), read_agreement(folder)
