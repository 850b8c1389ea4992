"""Which changes a role may make to a ticket, and the values they come to."""

from datetime import datetime

from msp_core.errors import InvalidInput, NotAllowed
from msp_core.scope import Permission, Role, Scope
from msp_core.tickets.requests import TicketUpdate
from msp_core.tickets.ticket import DONE, Resolution, Status, Ticket
from msp_core.tickets.values import MAX_NAME, MAX_TITLE, check_slug, check_tags, check_text


def require_update(ticket: Ticket, update: TicketUpdate, scope: Scope) -> None:
    """Pass when the role may make these changes to the ticket.

    Raises:
        NotAllowed: it may not.
    """
    fields = update.fields()
    if scope.role is Role.CUSTOMER:
        reopens = ticket.status in DONE and fields == {"status": Status.OPEN}
        if fields and not reopens:
            raise NotAllowed(
                "A customer can reopen a resolved ticket (status Open) and add notes, nothing else."
                " Add a note that says what you need."
            )
        if fields:
            scope.require(Permission.REOPEN_TICKET)
        return
    scope.require(Permission.UPDATE_TICKET)
    if "assigned_to" in fields:
        scope.require(Permission.ASSIGN_TICKET)


def checked_values(ticket: Ticket, update: TicketUpdate, now: datetime) -> dict[str, object]:
    """The values that an update gives to a ticket, by field, without its note.

    Raises:
        InvalidInput: names the field that is wrong; done without a resolution, or the reverse.
    """
    given = {name: value for name, value in vars(update).items() if value is not None}
    given.pop("note", None)
    given.pop("resolution", None)
    if update.title is not None:
        given["title"] = check_text(update.title, field="title", limit=MAX_TITLE)
    if update.description is not None:
        given["description"] = check_text(update.description, field="description")
    if update.tags is not None:
        given["tags"] = check_tags(update.tags)
    if update.assigned_to is not None:
        given["assigned_to"] = person(update.assigned_to)
    if update.team is not None:
        given["team"] = team_id(update.team)
    return given | _resolution(ticket, update, now)


def _resolution(ticket: Ticket, update: TicketUpdate, now: datetime) -> dict[str, object]:
    after = update.status or ticket.status
    if after not in DONE and update.resolution is not None:
        raise InvalidInput(
            f"A ticket that is {after} has no resolution yet. Resolve it with the same change, or "
            "add the text as a note.",
            field="resolution",
        )
    if after not in DONE and update.status is not None:
        return {"resolution": None}
    if update.resolution is not None:
        return {"resolution": Resolution(now, check_text(update.resolution, field="resolution"))}
    if update.status in DONE and ticket.resolution is None:
        raise InvalidInput(
            f"A ticket needs a resolution to become {update.status}. Say what was done.",
            field="resolution",
        )
    return {}


def person(text: str | None) -> str | None:
    """The id of an assignee; None for none or an empty text."""
    return check_text(text, field="assigned_to", limit=MAX_NAME) if text else None


def team_id(text: str | None) -> str | None:
    """The id of a team; None for none or an empty text."""
    return check_slug(text, field="team") if text else None
