"""The endpoints of the Ticket API over the desk's use cases."""

import logging
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import BaseModel

from app.ticket_api.answers import ticket_answer, whole_ticket_answer
from app.ticket_api.models import (
    Health,
    Message,
    NewTicket,
    TicketChange,
    TicketList,
    TicketRead,
    TicketWritten,
)
from app.ticket_api.openapi import described
from app.ticket_api.problems import Refused
from msp_core import __version__
from msp_core.bootstrap import Services
from msp_core.errors import Conflict, InvalidInput, MspError
from msp_core.scope import SLUG, Permission, Scope
from msp_core.tickets.requests import NewNote, TicketUpdate
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import Category, Priority, Status, Ticket
from msp_core.tickets.values import MAX_NAME, TICKET_ID

MAX_PAGE = 100
logger = logging.getLogger(__name__)
router = Router()  # type: ignore[no-untyped-call]

TicketId = Annotated[str, Path(alias="ticketId", pattern=f"^{TICKET_ID.pattern}$")]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^(\*|"[1-9][0-9]{0,8}")$',
        description="An ETag that was answered, or *.",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="Makes a repeated request count once, for seven days.",
    ),
]


@router.post("/tickets", **described("create_ticket", TicketWritten, status=201))
def create_ticket(body: NewTicket, idempotency_key: IdempotencyKey = None) -> Response[Any]:
    """Create a ticket."""
    desk = _services().desk
    ticket = desk.create(
        _writing_for(body.customer_id),
        title=body.title,
        description=body.description,
        priority=body.priority,
        category=body.category,
        status=body.status,
        assigned_to=body.assigned_to or None,
        team=_known_team(body.team) or None,
        tags=body.tags,
        note=_note(body),
        key=idempotency_key,
    )
    answer = TicketWritten(
        message="Ticket created successfully", ticket=ticket_answer(ticket, desk)
    )
    place = {"Location": f"/tickets/{ticket.ticket_id}"}
    return _answered(answer, HTTPStatus.CREATED, headers=place | _etag(ticket))


@router.get("/tickets", **described("list_tickets", TicketList))
def list_tickets(
    status: Annotated[Status | None, Query()] = None,
    priority: Annotated[Priority | None, Query()] = None,
    category: Annotated[Category | None, Query()] = None,
    assigned_to: Annotated[str | None, Query(min_length=1, max_length=MAX_NAME)] = None,
    customer_id: Annotated[str | None, Query(pattern=f"^{SLUG.pattern}$")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    cursor: Annotated[str | None, Query(min_length=1, max_length=1000)] = None,
) -> Response[Any]:
    """List the newest tickets of the caller's customers."""
    desk = _services().desk
    wanted = TicketFilter(
        statuses=None if status is None else frozenset({status}),
        priority=priority,
        category=category,
        assigned_to=assigned_to,
    )
    page = desk.find(_narrowed(customer_id), wanted, limit=limit, cursor=cursor)
    rows = [ticket_answer(row, desk) for row in page.tickets]
    return _answered(TicketList(tickets=rows, next_cursor=page.next_cursor))


@router.get("/tickets/<ticketId>", **described("read_ticket", TicketRead))
def read_ticket(ticketId: TicketId) -> Response[Any]:  # noqa: N803  # as the path has it
    """Read a ticket with its notes."""
    desk = _services().desk
    ticket = desk.read(ticketId, _scope())
    answer = TicketRead(ticket=whole_ticket_answer(ticket, desk))
    return _answered(answer, headers=_etag(ticket))


@router.patch("/tickets/<ticketId>", **described("update_ticket", TicketWritten))
def update_ticket(
    ticketId: TicketId,  # noqa: N803
    body: TicketChange,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Any]:
    """Change a ticket, or add a note to it."""
    desk = _services().desk
    given = body.model_dump(exclude_unset=True, exclude={"note", "note_visibility"})
    if "tags" in given:
        given["tags"] = tuple(given["tags"])
    _known_team(body.team)
    update = TicketUpdate(**given, note=_note(body))
    version = _version(if_match)
    try:
        ticket = desk.update(
            ticketId, update, _scope(), expected_version=version, key=idempotency_key
        )
    except Conflict as conflict:
        raise _failed_precondition(conflict, version) from conflict
    answer = TicketWritten(
        message="Ticket updated successfully", ticket=ticket_answer(ticket, desk)
    )
    return _answered(answer, headers=_etag(ticket))


@router.delete("/tickets/<ticketId>", **described("delete_ticket", Message))
def delete_ticket(ticketId: TicketId, if_match: IfMatch = None) -> Response[Any]:  # noqa: N803
    """Delete a ticket; a tombstone stays."""
    version = _version(if_match)
    try:
        _services().desk.delete(ticketId, _scope(), expected_version=version)
    except Conflict as conflict:
        raise _failed_precondition(conflict, version) from conflict
    return _answered(Message(message="Ticket deleted successfully"))


@router.get("/health", **described("health", Health, public=True))
def health() -> Response[Any]:
    """Say whether everything works. Open to all, so it names parts and no reasons."""
    services = _services()
    working = {
        "tickets": _works("tickets", services.tickets.secret),  # the cheapest read
        "customers": _works("customers", lambda: services.customers),
        "teams": _works("teams", lambda: services.teams),
    }
    well = all(working.values())
    answer = Health(
        status="ok" if well else "degraded",
        version=__version__,
        parts={name: "ok" if works else "unavailable" for name, works in working.items()},
    )
    return _answered(answer, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)


def _works(name: str, probe: Callable[[], object]) -> bool:
    try:
        probe()
    except MspError as error:
        logger.warning("%s: %s", name, error)
        return False
    return True


def _services() -> Services:
    services: Services = router.context["services"]
    return services


def _scope() -> Scope:
    scope: Scope = router.context["scope"]
    return scope


def _narrowed(customer_id: str | None) -> Scope:
    """The caller's scope for one of its customers; one that is foreign or unknown is neither."""
    scope = _scope()
    if customer_id is None:
        return scope
    if customer_id not in scope.customer_ids:
        known = ", ".join(sorted(scope.customer_ids))
        raise InvalidInput(
            f"You cannot work for {customer_id!r}. You can for: {known}.", field="customer_id"
        )
    return replace(scope, active_customer=customer_id)


def _writing_for(customer_id: str | None) -> Scope:
    scope = _narrowed(customer_id)
    if customer_id is None and len(scope.customer_ids) > 1:
        raise InvalidInput(
            "You work for several customers. Name the one that the ticket is of: "
            f"{', '.join(sorted(scope.customer_ids))}.",
            field="customer_id",
        )
    customer = scope.require_customer()
    if customer not in _services().customers:
        raise InvalidInput(
            f"The desk has no customer {customer!r}, though your token names it. Let an "
            "administrator mend that.",
            field="customer_id",
        )
    return scope


def _known_team(team: str | None) -> str | None:
    """The team, if it is none or one of the desk's."""
    if not team:
        return team
    _scope().require(Permission.UPDATE_TICKET)  # others learn nothing of the desk's teams
    teams = _services().teams
    if team not in teams:
        raise InvalidInput(
            f"There is no team {team!r}. There is: {', '.join(sorted(teams))}.", field="team"
        )
    return team


def _note(body: NewTicket | TicketChange) -> NewNote | None:
    chosen = "note_visibility" in body.model_fields_set
    if "note" in body.model_fields_set:
        return NewNote(body.note, body.note_visibility if chosen else "public")
    if chosen:
        raise InvalidInput("There is no note to be seen. Add one.", field="note_visibility")
    return None


def _version(if_match: str | None) -> int | None:
    """The version that an ETag of ours names; None for any."""
    return None if if_match is None or if_match == "*" else int(if_match.strip('"'))


def _failed_precondition(conflict: Conflict, version: int | None) -> Exception:
    """Asked for a version, the answer is 412; else two changes met by chance: 409."""
    if version is None:
        return conflict
    return Refused(HTTPStatus.PRECONDITION_FAILED, str(conflict), [("If-Match", str(conflict))])


def _etag(ticket: Ticket) -> dict[str, str]:
    return {"ETag": f'"{ticket.version}"'}


def _answered(
    answer: BaseModel,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    text = answer.model_dump_json(by_alias=True)
    return Response(status.value, "application/json", text, headers=headers)
