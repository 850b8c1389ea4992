"""`msp tickets`: the desk in the terminal."""

from typing import Any

import click

from msp_core.cli.common import customer_option, json_option, print_json, services_from_env
from msp_core.cli.tickets_sla import check_team, clock_text, due_text, escalate, list_sla
from msp_core.cli.tickets_triage import train, triage
from msp_core.clock import to_iso
from msp_core.errors import InvalidInput, UsageError
from msp_core.tickets.desk import MAX_LIMIT
from msp_core.tickets.record import row_to_record, ticket_to_record
from msp_core.tickets.requests import TicketUpdate
from msp_core.tickets.sla import Sla
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import DONE, Category, Priority, Status, Ticket
from msp_core.tickets.values import check_ticket_id

_STATUSES = [status.value for status in Status]
_STATUS = click.Choice(_STATUSES, case_sensitive=False)
_PRIORITY = click.Choice([priority.value for priority in Priority], case_sensitive=False)
_CATEGORY = click.Choice([category.value for category in Category], case_sensitive=False)
COUNTED = 10_000
"""Matching tickets are counted up to here."""


def _ticket_id(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The id, of any case; what is none is wrong usage."""
    try:
        return check_ticket_id(value)
    except InvalidInput as error:
        raise click.BadParameter(str(error), ctx, param) from error


@click.group("tickets", help="List, show, create, update, note, triage tickets; SLA clocks.")
def command() -> None:
    """The group."""


command.add_command(list_sla)
command.add_command(escalate)
command.add_command(triage)
command.add_command(train)


@command.command("list", help="The newest tickets.")
@customer_option
@click.option(
    "--status",
    type=click.Choice(["active", *_STATUSES], case_sensitive=False),
    help='"active": not resolved or closed.',
)
@click.option("--priority", type=_PRIORITY)
@click.option("--category", type=_CATEGORY)
@click.option("--assigned-to", metavar="ID")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=20, show_default=True)
@click.option("--cursor", metavar="TEXT", help="`next_cursor` of the page before (--json).")
@json_option
def list_tickets(
    customer: str | None,
    status: str | None,
    priority: str | None,
    category: str | None,
    assigned_to: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """Run it."""
    services = services_from_env()
    statuses = (
        frozenset(Status) - DONE
        if status == "active"
        else frozenset({Status(status)}) if status else None
    )
    wanted = TicketFilter(
        statuses=statuses,
        priority=Priority(priority) if priority else None,
        category=Category(category) if category else None,
        assigned_to=assigned_to,
    )
    scope = services.local_scope(customer)
    try:
        page = services.desk.find(scope, wanted, limit=limit, cursor=cursor)
    except InvalidInput as error:
        if error.field != "cursor":
            raise
        raise UsageError(str(error)) from error
    total = services.desk.count(scope, wanted, at_most=COUNTED)
    if as_json:
        rows = [row_to_record(row) for row in page.tickets]
        print_json({"total": total, "tickets": rows, "next_cursor": page.next_cursor})
        return
    for row in page.tickets:
        click.echo(
            f"{row.ticket_id}  {row.status:<11}  {row.priority:<8}  {row.customer_id:<14} "
            f" {due_text(services.desk.sla(row)):<17}  {row.title}"
        )
    more = "+" if total == COUNTED else ""
    click.echo(f"{len(page.tickets)} of {total}{more} tickets", err=True)


@command.command("show", help="One ticket with its notes and history.")
@click.argument("ticket_id", callback=_ticket_id)
@json_option
def show(ticket_id: str, as_json: bool) -> None:
    """Run it."""
    services = services_from_env()
    ticket = services.desk.read(ticket_id, services.local_scope())
    _print(ticket, services.desk.sla(ticket), as_json=as_json)


@command.command("create", help="A new ticket.")
@click.option("--title", required=True)
@click.option("--description", required=True)
@click.option("--priority", type=_PRIORITY, default=Priority.MEDIUM.value, show_default=True)
@click.option("--category", type=_CATEGORY, default=Category.GENERAL.value, show_default=True)
@customer_option
@json_option
def create(
    title: str, description: str, priority: str, category: str, customer: str | None, as_json: bool
) -> None:
    """Run it."""
    services = services_from_env()
    ticket = services.desk.create(
        services.local_scope(customer),
        title=title,
        description=description,
        priority=Priority(priority),
        category=Category(category),
    )
    _print(ticket, services.desk.sla(ticket), as_json=as_json)


@command.command("update", help="Change fields of a ticket.")
@click.argument("ticket_id", callback=_ticket_id)
@click.option("--status", type=_STATUS)
@click.option("--priority", type=_PRIORITY)
@click.option("--category", type=_CATEGORY)
@click.option("--assigned-to", metavar="ID")
@click.option("--team", metavar="ID")
@click.option("--resolution", help="What was done; needed to resolve or close.")
@json_option
def update(
    ticket_id: str,
    status: str | None,
    priority: str | None,
    category: str | None,
    assigned_to: str | None,
    team: str | None,
    resolution: str | None,
    as_json: bool,
) -> None:
    """Run it."""
    services = services_from_env()
    check_team(team, services.teams)
    change = TicketUpdate(
        status=Status(status) if status else None,
        priority=Priority(priority) if priority else None,
        category=Category(category) if category else None,
        assigned_to=assigned_to,
        team=team,
        resolution=resolution,
    )
    ticket = services.desk.update(ticket_id, change, services.local_scope())
    _print(ticket, services.desk.sla(ticket), as_json=as_json)


@command.command("note", help="Add a note.")
@click.argument("ticket_id", callback=_ticket_id)
@click.argument("text")
@click.option("--internal", is_flag=True, help="Not shown to the customer.")
@json_option
def add_note(ticket_id: str, text: str, internal: bool, as_json: bool) -> None:
    """Run it."""
    services = services_from_env()
    visibility: Any = "internal" if internal else "public"
    ticket = services.desk.add_note(ticket_id, text, services.local_scope(), visibility=visibility)
    _print(ticket, services.desk.sla(ticket), as_json=as_json)


def _print(ticket: Ticket, sla: Sla | None, *, as_json: bool) -> None:
    if as_json:
        print_json(ticket_to_record(ticket))
        return
    click.echo(f"{ticket.ticket_id}  {ticket.title}")
    click.echo(
        f"{ticket.status}, {ticket.priority}, {ticket.category}; customer {ticket.customer_id}, "
        f"requester {ticket.requester}, assigned to {ticket.assigned_to or 'nobody'}"
    )
    click.echo(f"team {ticket.team or 'none'}; tags {', '.join(ticket.tags) or 'none'}")
    if sla is None:
        click.echo("no SLA")
    else:
        click.echo(
            f"SLA, in business hours that are left: respond {clock_text(sla.respond)}, "
            f"resolve {clock_text(sla.resolve)}"
        )
    click.echo(f"created {to_iso(ticket.created_at)}, changed {to_iso(ticket.updated_at)}\n")
    click.echo(ticket.description)
    for item in ticket.notes:
        click.echo(f"\n[{to_iso(item.at)} {item.author}, {item.visibility}] {item.text}")
    if ticket.resolution:
        sources = ", ".join(ticket.resolution.article_ids)
        click.echo(f"\nResolution: {ticket.resolution.text}" + (f" ({sources})" if sources else ""))
    click.echo("\nHistory:")
    for line in ticket.history:
        moved = f"{line.from_} -> {line.to}" if line.from_ is not None else str(line.to)
        click.echo(f"  {to_iso(line.at)} {line.actor}: {line.field} {moved}")
