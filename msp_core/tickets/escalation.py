"""What happens to a ticket whose SLA ran out."""

from datetime import datetime

from msp_core.tickets.sla import Sla
from msp_core.tickets.ticket import Priority, Ticket


def escalated(
    ticket: Ticket, sla: Sla, *, at: datetime, actor: str, team: str | None
) -> Ticket | None:
    """The ticket one step higher in priority, with a line in its history for each clock.

    Once for a ticket: its new priority allows less time, so the other clock often runs out at once.

    Args:
        team: it goes to this team as well; None leaves it where it is.

    Returns:
        None when it was escalated before, or no clock ran out.
    """
    if ticket.escalated_clocks or not sla.breached:
        return None
    steps = list(Priority)
    higher = steps[min(steps.index(ticket.priority) + 1, len(steps) - 1)]
    return ticket.escalated(
        sorted(sla.breached),
        at=at,
        actor=actor,
        priority=higher,
        team=ticket.team if team is None else team,
    )
