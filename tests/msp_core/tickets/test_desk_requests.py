"""What a request may hold besides the bare fields, and lists that go on."""

from typing import Any

import pytest

from msp_core.errors import InvalidInput, NotAllowed
from msp_core.tickets.desk import Desk
from msp_core.tickets.requests import NewNote, TicketUpdate
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import Priority, Status, Ticket
from tests.msp_core.tickets.conftest import (
    CUSTOMER,
    ELSEWHERE,
    MANAGER,
    TECHNICIAN,
)


def test_a_ticket_can_be_made_with_all_that_a_request_may_say(desk: Desk) -> None:
    ticket = desk.create(
        TECHNICIAN,
        title="a",
        description="b",
        status=Status.ON_HOLD,
        assigned_to="tom",
        team="net",
        tags=["vpn", " vpn ", "wifi"],
        note=NewNote("waits for parts", "internal"),
    )
    assert (ticket.status, ticket.assigned_to, ticket.team) == (Status.ON_HOLD, "tom", "net")
    assert ticket.tags == ("vpn", "wifi")
    assert [(note.text, note.visibility) for note in ticket.notes] == [
        ("waits for parts", "internal")
    ]
    assert desk.read(ticket.ticket_id, TECHNICIAN) == ticket


@pytest.mark.parametrize(
    "values",
    [
        {"status": Status.IN_PROGRESS},
        {"team": "net"},
        {"assigned_to": "tom"},
        {"note": NewNote("x", "internal")},
    ],
)
def test_a_customer_makes_no_ticket_with_what_belongs_to_the_desk(
    desk: Desk, values: dict[str, Any]
) -> None:
    with pytest.raises(NotAllowed):
        desk.create(CUSTOMER, title="a", description="b", **values)
    assert desk.count(MANAGER) == 0
    assert desk.create(CUSTOMER, title="a", description="b", note=NewNote("x")).notes


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"status": Status.CLOSED}, "status"),
        ({"team": "Net Ops"}, "team"),
        ({"assigned_to": "x" * 65}, "assigned_to"),
        ({"tags": ["x"] * 21}, "tags"),
        ({"tags": [""]}, "tags"),
        ({"tags": ["x" * 65]}, "tags"),
        ({"note": NewNote(" ")}, "note"),
    ],
)
def test_what_a_new_ticket_cannot_hold(desk: Desk, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        desk.create(MANAGER, title="a", description="b", **values)
    assert caught.value.field == field


def test_fields_and_a_note_change_in_one_write(desk: Desk, ticket: Ticket) -> None:
    update = TicketUpdate(
        title="Printer 2", description="new", tags=("x",), team="net", note=NewNote("moved")
    )
    changed = desk.update(ticket.ticket_id, update, TECHNICIAN)
    assert (changed.title, changed.description, changed.tags) == ("Printer 2", "new", ("x",))
    assert changed.version == ticket.version + 1
    assert changed.notes[-1].text == "moved"
    assert [line.field for line in changed.history[len(ticket.history) :]] == [
        "team",
        "title",
        "description",
        "tags",
    ]


def test_an_empty_text_takes_assignee_and_team_away(desk: Desk, ticket: Ticket) -> None:
    desk.update(ticket.ticket_id, TicketUpdate(team="net"), TECHNICIAN)
    freed = desk.update(ticket.ticket_id, TicketUpdate(assigned_to="", team=""), TECHNICIAN)
    assert (freed.assigned_to, freed.team) == (None, None)


def test_a_customer_reopens_with_a_note_but_not_an_internal_one(desk: Desk, ticket: Ticket) -> None:
    internal = TicketUpdate(status=Status.OPEN, note=NewNote("x", "internal"))
    with pytest.raises(NotAllowed):
        desk.update(ticket.ticket_id, internal, CUSTOMER)
    public = TicketUpdate(status=Status.OPEN, note=NewNote("it is back"))
    reopened = desk.update(ticket.ticket_id, public, CUSTOMER)
    assert (reopened.status, reopened.notes[-1].text) == (Status.OPEN, "it is back")


def test_a_repeated_write_answers_as_it_did_at_first(desk: Desk, ticket: Ticket) -> None:
    """Also when the ticket has moved on, and the same change would be illegal by now."""
    id_ = ticket.ticket_id
    reopen = TicketUpdate(status=Status.OPEN)
    first = desk.update(id_, reopen, CUSTOMER, key="k1")
    desk.update(id_, TicketUpdate(status=Status.IN_PROGRESS), TECHNICIAN)
    assert desk.update(id_, reopen, CUSTOMER, key="k1") == first
    assert desk.read(id_, CUSTOMER).status is Status.IN_PROGRESS
    with pytest.raises(InvalidInput, match="used for another request"):
        desk.update(id_, TicketUpdate(status=Status.OPEN, note=NewNote("x")), CUSTOMER, key="k1")


def test_pages_follow_each_other(desk: Desk) -> None:
    made = {desk.create(MANAGER, title=str(n), description="b").ticket_id for n in range(5)}
    first = desk.find(MANAGER, limit=2)
    second = desk.find(MANAGER, limit=2, cursor=first.next_cursor)
    third = desk.find(MANAGER, limit=2, cursor=second.next_cursor)
    assert third.next_cursor is None
    pages = [page.tickets for page in (first, second, third)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {row.ticket_id for page in pages for row in page} == made


def test_a_cursor_of_another_list_is_refused(desk: Desk) -> None:
    for _ in range(2):
        desk.create(MANAGER, title="a", description="b")
    cursor = desk.find(MANAGER, limit=1).next_cursor
    assert cursor is not None
    assert desk.find(MANAGER, limit=1).next_cursor
    for scope, wanted in (
        (ELSEWHERE, TicketFilter()),
        (MANAGER, TicketFilter(priority=Priority.LOW)),
    ):
        with pytest.raises(InvalidInput) as caught:
            desk.find(scope, wanted, cursor=cursor)
        assert caught.value.field == "cursor"
