"""`msp tickets sla` and `escalate`: the service level in the terminal."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

import click

from msp_core.cli.common import customer_option, json_option, note, print_json, services_from_env
from msp_core.clock import to_iso
from msp_core.errors import UsageError
from msp_core.scope import Scope
from msp_core.tickets.desk import MAX_LIMIT, Desk
from msp_core.tickets.record import ticket_to_record
from msp_core.tickets.sla import ClockState, Sla, SlaClock
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import DONE, Status, Ticket, TicketRow

_ACTIVE = TicketFilter(statuses=frozenset(Status) - DONE)
_OPEN_STATES = {ClockState.RUNNING, ClockState.PAUSED}


def due_text(sla: Sla | None) -> str:
    """When the next clock runs out, or what is there to say instead; 17 characters at most."""
    if sla is None:
        return "no SLA"
    if sla.breached:
        return "breached: " + ("both" if len(sla.breached) == 2 else sla.breached[0])
    clocks = [clock for clock in (sla.respond, sla.resolve) if clock.state in _OPEN_STATES]
    due = min((clock.due for clock in clocks if clock.due), default=None)
    if any(clock.state is ClockState.PAUSED for clock in clocks):
        return "paused"
    return "met" if due is None else f"{due:%Y-%m-%d %H:%M}Z"


@click.command("sla", help="Active tickets, the latest first: business hours that are left.")
@customer_option
@click.option("--breached", is_flag=True, help="Only those whose time ran out.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=100, show_default=True)
@json_option
def list_sla(customer: str | None, breached: bool, limit: int, as_json: bool) -> None:
    """Run it."""
    services = services_from_env()
    rows = [
        (ticket, services.desk.sla(ticket))
        for ticket in _active(services.desk, services.local_scope(customer))
    ]
    known = [(ticket, sla) for ticket, sla in rows if sla and (sla.breached or not breached)]
    late = sum(bool(sla.breached) for _, sla in known)
    total = len(known)
    known = sorted(known, key=lambda pair: _least_left(pair[1]))[:limit]
    if as_json:
        shown = [
            {
                "ticket_id": ticket.ticket_id,
                "customer_id": ticket.customer_id,
                "status": str(ticket.status),
                "priority": str(ticket.priority),
                "respond": _clock(sla.respond),
                "resolve": _clock(sla.resolve),
            }
            for ticket, sla in known
        ]
        print_json({"total": total, "breached": late, "tickets": shown})
        return
    for ticket, sla in known:
        click.echo(
            f"{ticket.ticket_id}  {ticket.status:<11}  {ticket.priority:<8}  respond"
            f" {clock_text(sla.respond):<16} resolve {clock_text(sla.resolve):<16} {ticket.title}"
        )
    note(f"{len(known)} of {total} active tickets, {late} breached; in business hours, h:mm")


@click.command("escalate", help="Raise active tickets whose SLA ran out by a priority, once each.")
@customer_option
@click.option("--team", metavar="ID", help="Hand them to this team as well.")
@click.option("--dry-run", is_flag=True, help="Only say which, and change nothing.")
@json_option
def escalate(customer: str | None, team: str | None, dry_run: bool, as_json: bool) -> None:
    """Run it."""
    services = services_from_env()
    check_team(team, services.teams)
    scope = services.local_scope(customer)
    done = services.desk.escalate_breached(scope, team=team, dry_run=dry_run)
    if as_json:
        print_json({"tickets": [ticket_to_record(ticket) for ticket in done]})
        return
    for ticket in done:
        click.echo(
            f"{ticket.ticket_id}  {_raise(ticket):<18}  {ticket.customer_id:<14}  {ticket.title}"
        )
    if dry_run:
        note(f"{len(done)} tickets would be escalated; nothing was changed")
    else:
        note(f"{len(done)} tickets escalated")


def check_team(team: str | None, known: Collection[str]) -> None:
    """Pass when the desk has this team; none and an empty text, which takes it away, pass too.

    Raises:
        UsageError: names the teams that there are.
    """
    if team and team not in known:
        raise UsageError(f"There is no team {team!r}. There are: {', '.join(sorted(known))}.")


def clock_text(clock: SlaClock) -> str:
    """The state, and the working time that is left or was too much."""
    minutes = _left(clock) // timedelta(minutes=1)
    if clock.state is ClockState.MET:
        return "met"
    hours, rest = divmod(abs(minutes), 60)
    return f"{clock.state} {'-' if minutes < 0 else ''}{hours}:{rest:02d}"


def _active(desk: Desk, scope: Scope) -> Iterator[TicketRow]:
    """All of them: the latest may be the oldest."""
    cursor = None
    while True:
        page = desk.find(scope, _ACTIVE, limit=MAX_LIMIT, cursor=cursor)
        yield from page.tickets
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _least_left(sla: Sla) -> timedelta:
    """Of the clock that is latest, of those not met."""
    left = [_left(clock) for clock in (sla.respond, sla.resolve) if clock.state != ClockState.MET]
    return min(left, default=timedelta.max)


def _left(clock: SlaClock) -> timedelta:
    return clock.target - clock.used


def _raise(ticket: Ticket) -> str:
    """What its escalation made of the priority, such as `High -> Critical`."""
    last = next((line for line in reversed(ticket.history) if line.field == "priority"), None)
    if last is None or last.at != ticket.history[-1].at:
        return f"{ticket.priority} as before"
    return f"{last.from_} -> {last.to}"


def _clock(clock: SlaClock) -> dict[str, Any]:
    return {
        "state": str(clock.state),
        "due": clock.due and to_iso(clock.due),
        "target_minutes": clock.target // timedelta(minutes=1),
        "used_minutes": clock.used // timedelta(minutes=1),
    }
