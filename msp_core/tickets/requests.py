"""What can be asked of the desk, and the page that a list gives."""

from dataclasses import dataclass, field

from msp_core.tickets.ticket import Category, Priority, Status, TicketRow, Visibility


@dataclass(frozen=True)
class NewNote:
    """A note to be added."""

    text: str
    visibility: Visibility = "public"


@dataclass(frozen=True)
class TicketUpdate:
    """What is to change; None leaves a field as it is.

    Attributes:
        assigned_to: an empty text takes the assignee away.
        team: likewise.
        note: added in the same write.
    """

    status: Status | None = None
    priority: Priority | None = None
    category: Category | None = None
    assigned_to: str | None = None
    team: str | None = None
    resolution: str | None = None
    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    note: NewNote | None = None

    def fields(self) -> dict[str, str]:
        """The fields that are given, but the note."""
        return {
            name: ", ".join(value) if isinstance(value, tuple) else str(value)
            for name, value in vars(self).items()
            if value is not None and name != "note"
        }


@dataclass(frozen=True)
class TicketPage:
    """The newest tickets that match; `next_cursor` asks for those after them, None at the end."""

    tickets: tuple[TicketRow, ...]
    next_cursor: str | None = field(default=None, repr=False)
