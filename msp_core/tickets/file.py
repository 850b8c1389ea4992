"""Tickets in a file: JSON Lines of canonical records."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from msp_core.errors import ConfigurationError, InvalidInput, MspError
from msp_core.tickets.record import ticket_from_record, ticket_to_record
from msp_core.tickets.ticket import Ticket


@dataclass(frozen=True)
class RejectedRow:
    """A row of a file that could not be read, and why."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


def read_tickets(path: Path) -> tuple[list[Ticket], list[RejectedRow]]:
    """The tickets of a JSON Lines file, and the rows that could not be read.

    A byte order mark and CRLF line ends are accepted. An id that comes twice keeps its first row.

    Raises:
        ConfigurationError: no such file, or it cannot be opened.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The tickets file {path} cannot be read ({error.strerror}). Check the path."
        ) from error
    tickets: dict[str, Ticket] = {}
    rejected: list[RejectedRow] = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            ticket = ticket_from_record(json.loads(line.decode("utf-8")))
            if ticket.ticket_id in tickets:
                raise InvalidInput(f"ticket_id: {ticket.ticket_id} stands in the file twice")
            tickets[ticket.ticket_id] = ticket
        except UnicodeDecodeError as error:
            rejected.append(
                RejectedRow(path, number, f"not UTF-8 (byte {error.start} of the line)")
            )
        except json.JSONDecodeError as error:
            rejected.append(
                RejectedRow(path, number, f"not JSON ({error.msg}, column {error.colno})")
            )
        except MspError as error:
            rejected.append(RejectedRow(path, number, str(error)))
        except (ValueError, RecursionError):
            # A number of thousands of digits, or brackets without end.
            rejected.append(RejectedRow(path, number, "not JSON that can be read"))
    return list(tickets.values()), rejected


def tickets_to_lines(tickets: Iterable[Ticket]) -> str:
    """JSON Lines of the tickets, oldest first, as `read_tickets` reads them."""
    rows = sorted(tickets, key=lambda ticket: (ticket.created_at, ticket.ticket_id))
    return "".join(json.dumps(ticket_to_record(row), ensure_ascii=False) + "\n" for row in rows)
