"""The service level: what time is left to respond to a ticket and to resolve it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from msp_core.customers import Customer
from msp_core.tickets.ticket import DONE, Status, Ticket, TicketRow
from msp_core.tickets.working_time import Span, WorkingTime


class ClockState(StrEnum):
    """Where an SLA clock stands. Breached stays breached, also when it was met late."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


@dataclass(frozen=True)
class SlaClock:
    """One clock, in the customer's working time.

    Attributes:
        due: when the target is or was used up (UTC); of a paused clock as if it went on now; None
            when the customer has no working time at all.
    """

    target: timedelta
    used: timedelta
    due: datetime | None
    state: ClockState


@dataclass(frozen=True)
class Sla:
    """Both clocks of a ticket: until the first response, and until the resolution."""

    respond: SlaClock
    resolve: SlaClock

    @property
    def breached(self) -> tuple[str, ...]:
        """The names of the clocks that ran out."""
        clocks = {"respond": self.respond, "resolve": self.resolve}
        return tuple(name for name, c in clocks.items() if c.state is ClockState.BREACHED)


class SlaRules:
    """What was agreed with each customer.

    Both clocks start when the ticket is made and run while it is Open or In Progress. On Hold
    pauses them. Resolving or closing stops the second; a reopened ticket goes on where it stopped.
    The first stops at the first response (`Timeline.responded_at`), or when the ticket is done. The
    targets are those of the ticket's priority as it is now.

    Args:
        customers: by id.
    """

    def __init__(self, customers: Mapping[str, Customer]) -> None:
        self._customers = customers
        self._working: dict[str, WorkingTime] = {}

    def of(self, ticket: Ticket | TicketRow, now: datetime) -> Sla | None:
        """The ticket's clocks; None when nothing was agreed for its customer and priority."""
        customer = self._customers.get(ticket.customer_id)
        target = None if customer is None else customer.targets_minutes.get(ticket.priority)
        if customer is None or target is None:
            return None
        if ticket.customer_id not in self._working:
            self._working[ticket.customer_id] = WorkingTime(customer)
        working = self._working[ticket.customer_id]
        pauses, done_at = _pauses(ticket, now)
        responded = ticket.timeline.responded_at
        stops = [at for at in (responded, done_at) if at is not None]
        paused = ticket.status is Status.ON_HOLD

        def clock(minutes: int, stopped: datetime | None) -> SlaClock:
            limit = timedelta(minutes=minutes)
            end = now if stopped is None else stopped
            before = [span for span in pauses if span[0] < end]
            used = working.passed(ticket.created_at, end, before)
            if used > limit:
                state = ClockState.BREACHED
            elif stopped is not None:
                state = ClockState.MET
            else:
                state = ClockState.PAUSED if paused else ClockState.RUNNING
            return SlaClock(limit, used, working.after(ticket.created_at, limit, before), state)

        return Sla(
            respond=clock(target.respond, min(stops, default=None)),
            resolve=clock(target.resolve, done_at),
        )


def _pauses(ticket: Ticket | TicketRow, now: datetime) -> tuple[list[Span], datetime | None]:
    """When the clocks stood still, and since when the ticket is done (None: it is not).

    A ticket that came without its history counts as open until its resolution, and one On Hold as
    held since its last change.
    """
    moves = list(ticket.timeline.moves)
    if not moves or moves[-1][1] is not ticket.status:
        ended = ticket.resolution.at if ticket.resolution else ticket.updated_at
        moves.append((ended if ticket.status in DONE else ticket.updated_at, ticket.status))
    pauses: list[Span] = []
    since: datetime | None = None
    done_at: datetime | None = None
    for at, status in moves:
        if status not in DONE:
            done_at = None
        elif done_at is None:  # closing what is resolved moves nothing
            done_at = at
        if status in {Status.OPEN, Status.IN_PROGRESS}:
            if since is not None and at > since:
                pauses.append((since, at))
            since = None
        elif since is None:
            since = at
    if since is not None and done_at is None and now > since:
        pauses.append((since, now))
    if since is not None and done_at is not None and done_at > since:
        pauses.append((since, done_at))  # resolved while On Hold
    return pauses, done_at
