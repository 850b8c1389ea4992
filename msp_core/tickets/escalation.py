"""What happens to a ticket whose SLA ran out."""

from datetime import datetime

from msp_core.tickets.sla import Sla
from msp_core.tickets.ticket import Priority, Ticket


def escalated(
    ticket: Ticket, sla: Sla, *, at: datetime, actor: str, team: str | None
) -> Ticket | None:
    """The ticket one step higher in priority, with a line in its history for each clock.

    Args:
        team: it goes to this team as well; None leaves it where it is.

    Returns:
        None when every clock that ran out was escalated before, or none did.
    """
    clocks = sorted(set(sla.breached) - ticket.escalated_clocks)
    if not clocks:
        return None
    steps = list(Priority)
    higher = steps[min(steps.index(ticket.priority) + 1, len(steps) - 1)]
    return ticket.escalated(
        clocks, at=at, actor=actor, priority=higher, team=ticket.team if team is None else team
    )
