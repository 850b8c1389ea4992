"""`msp tickets sla` and `escalate`: the service level in the terminal."""

from datetime import timedelta
from typing import Any

import click

from msp_core.cli.common import customer_option, json_option, print_json, services_from_env
from msp_core.clock import to_iso
from msp_core.tickets.record import ticket_to_record
from msp_core.tickets.sla import ClockState, Sla, SlaClock
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import DONE, Status

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


@click.command("sla", help="Active tickets by the time that is left; UTC.")
@customer_option
@click.option("--breached", is_flag=True, help="Only those whose time ran out.")
@click.option("--limit", type=int, default=100, show_default=True, help="Of the newest, 1 to 500.")
@json_option
def list_sla(customer: str | None, breached: bool, limit: int, as_json: bool) -> None:
    """Run it."""
    services = services_from_env()
    page = services.desk.find(services.local_scope(customer), _ACTIVE, limit=limit)
    rows = [(ticket, services.desk.sla(ticket)) for ticket in page.tickets]
    known = [(ticket, sla) for ticket, sla in rows if sla and (sla.breached or not breached)]
    known.sort(key=lambda pair: pair[1].resolve.target - pair[1].resolve.used)
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
        print_json({"tickets": shown})
        return
    for ticket, sla in known:
        click.echo(
            f"{ticket.ticket_id}  {ticket.status:<11}  {ticket.priority:<8}  respond"
            f" {_left(sla.respond):<16} resolve {_left(sla.resolve):<16} {ticket.title}"
        )
    late = sum(bool(sla.breached) for _, sla in known)
    click.echo(f"{len(known)} active tickets, {late} breached", err=True)


@click.command("escalate", help="Raise the priority of active tickets whose SLA ran out; once.")
@customer_option
@click.option("--team", metavar="ID", help="Hand them to this team as well.")
@json_option
def escalate(customer: str | None, team: str | None, as_json: bool) -> None:
    """Run it."""
    services = services_from_env()
    done = services.desk.escalate_breached(services.local_scope(customer), team=team)
    if as_json:
        print_json({"tickets": [ticket_to_record(ticket) for ticket in done]})
        return
    for ticket in done:
        click.echo(f"{ticket.ticket_id}  {ticket.priority:<8}  {ticket.title}")
    click.echo(f"{len(done)} tickets escalated", err=True)


def _clock(clock: SlaClock) -> dict[str, Any]:
    return {
        "state": str(clock.state),
        "due": clock.due and to_iso(clock.due),
        "target_minutes": clock.target // timedelta(minutes=1),
        "used_minutes": clock.used // timedelta(minutes=1),
    }


def _left(clock: SlaClock) -> str:
    """The state, and the working time that is left or was too much."""
    minutes = (clock.target - clock.used) // timedelta(minutes=1)
    if clock.state is ClockState.MET:
        return "met"
    hours, rest = divmod(abs(minutes), 60)
    return f"{clock.state} {'-' if minutes < 0 else ''}{hours}:{rest:02d}"
