"""Tickets as the Ticket API shows them."""

from datetime import datetime

from app.ticket_api.models import (
    NoteAnswer,
    ResolutionAnswer,
    SlaDue,
    TicketAnswer,
    WholeTicketAnswer,
)
from msp_core.clock import to_iso
from msp_core.tickets.desk import Desk
from msp_core.tickets.ticket import Ticket, TicketRow


def ticket_answer(ticket: Ticket | TicketRow, desk: Desk) -> TicketAnswer:
    """The ticket without notes. What the asking role may not see is left out by the desk."""
    sla, done = desk.sla(ticket), ticket.resolution
    due = None if sla is None else SlaDue(
        respond=_time(sla.respond.due), resolve=_time(sla.resolve.due)
    )  # fmt: skip
    resolution = None if done is None else ResolutionAnswer(
        at=to_iso(done.at), text=done.text, article_ids=list(done.article_ids)
    )  # fmt: skip
    return TicketAnswer(
        ticket_id=ticket.ticket_id,
        customer_id=ticket.customer_id,
        title=ticket.title,
        description=ticket.description,
        status=ticket.status,
        priority=ticket.priority,
        category=ticket.category,
        requester=ticket.requester,
        assigned_to=ticket.assigned_to,
        team=ticket.team,
        tags=list(ticket.tags),
        created_at=to_iso(ticket.created_at),
        updated_at=to_iso(ticket.updated_at),
        version=ticket.version,
        sla_due=due,
        resolution=resolution,
        duplicate_of=ticket.duplicate_of,
    )


def whole_ticket_answer(ticket: Ticket, desk: Desk) -> WholeTicketAnswer:
    """The ticket with its notes."""
    notes = [
        NoteAnswer(
            id=note.id,
            at=to_iso(note.at),
            author=note.author,
            text=note.text,
            visibility=note.visibility,
        )
        for note in ticket.notes
    ]
    return WholeTicketAnswer(**dict(ticket_answer(ticket, desk)), notes=notes)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else to_iso(moment)
