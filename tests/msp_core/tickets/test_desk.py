from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from msp_core.errors import Conflict, InvalidInput, NotAllowed, NotFound, UsageError
from msp_core.scope import Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.requests import TicketUpdate
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import Category, Priority, Resolution, Status, Ticket
from tests.msp_core.tickets.conftest import (
    CUSTOMER,
    ELSEWHERE,
    MANAGER,
    NOW,
    TECHNICIAN,
    UNKNOWN,
)


def test_a_new_ticket(desk: Desk) -> None:
    ticket = desk.create(TECHNICIAN, title=" VPN ", description="down", category=Category.NETWORK)
    assert (ticket.title, ticket.status, ticket.version) == ("VPN", Status.OPEN, 1)
    assert (ticket.customer_id, ticket.requester) == ("northwind", "tom")
    assert (ticket.created_at, ticket.updated_at) == (NOW, NOW)
    assert [(line.field, line.to) for line in ticket.history] == [("status", "Open")]
    assert desk.read(ticket.ticket_id, TECHNICIAN) == ticket


def test_a_new_ticket_needs_a_customer_and_texts(desk: Desk) -> None:
    with pytest.raises(UsageError):
        desk.create(replace(MANAGER, active_customer=None), title="a", description="b")
    with pytest.raises(InvalidInput, match="title is empty"):
        desk.create(MANAGER, title=" ", description="b")
    with pytest.raises(InvalidInput, match="title has 201"):
        desk.create(MANAGER, title="a" * 201, description="b")
    with pytest.raises(InvalidInput, match="control character"):
        desk.create(MANAGER, title="a", description="\x00")
    assert desk.count(MANAGER) == 0


def test_a_customer_never_gets_the_inside_of_a_ticket(desk: Desk, ticket: Ticket) -> None:
    """Whatever a customer calls, the answer has no internal note and no assignee."""
    id_ = ticket.ticket_id
    (row,) = desk.find(CUSTOMER).tickets
    assert row.assigned_to is None
    answers = [
        desk.read(id_, CUSTOMER),
        desk.update(id_, TicketUpdate(status=Status.OPEN), CUSTOMER),
        desk.add_note(id_, "still broken", CUSTOMER),
    ]
    assert len(answers) == 3
    for answer in answers:
        assert "rude" not in repr(answer)
        assert "tom" not in (answer.assigned_to, *(line.to for line in answer.history))
    inside = desk.read(id_, TECHNICIAN)
    assert inside.assigned_to == "tom"
    assert [note.visibility for note in inside.notes] == ["internal", "public", "public"]


def test_what_a_customer_may_not_do(desk: Desk, ticket: Ticket) -> None:
    id_ = ticket.ticket_id
    refused: list[Callable[[], object]] = [
        lambda: desk.update(id_, TicketUpdate(priority=Priority.CRITICAL), CUSTOMER),
        lambda: desk.update(id_, TicketUpdate(status=Status.CLOSED), CUSTOMER),
        lambda: desk.update(id_, TicketUpdate(status=Status.IN_PROGRESS), CUSTOMER),
        lambda: desk.update(id_, TicketUpdate(assigned_to="carla"), CUSTOMER),
        lambda: desk.update(id_, TicketUpdate(status=Status.OPEN, team="net"), CUSTOMER),
        lambda: desk.update(id_, TicketUpdate(resolution="mine"), CUSTOMER),
        lambda: desk.add_note(id_, "psst", CUSTOMER, visibility="internal"),
        lambda: desk.delete(id_, CUSTOMER),
        lambda: desk.find(CUSTOMER, TicketFilter(assigned_to="tom")),
    ]
    for act in refused:
        with pytest.raises(NotAllowed):
            act()
    assert desk.read(id_, MANAGER) == ticket


def test_a_customer_reopens_only_what_is_done(desk: Desk, ticket: Ticket) -> None:
    reopened = desk.update(ticket.ticket_id, TicketUpdate(status=Status.OPEN), CUSTOMER)
    assert (reopened.status, reopened.resolution) == (Status.OPEN, None)
    with pytest.raises(NotAllowed):
        desk.update(ticket.ticket_id, TicketUpdate(status=Status.OPEN), CUSTOMER)


def test_only_a_manager_deletes(desk: Desk, ticket: Ticket) -> None:
    with pytest.raises(NotAllowed, match="'technician' may not delete"):
        desk.delete(ticket.ticket_id, TECHNICIAN)
    assert desk.delete(ticket.ticket_id.lower(), MANAGER) == ticket.ticket_id
    with pytest.raises(NotFound):
        desk.read(ticket.ticket_id, MANAGER)


@pytest.mark.parametrize("who", [ELSEWHERE, replace(MANAGER, active_customer="keller")])
def test_a_foreign_ticket_is_told_apart_from_none_by_nothing(
    desk: Desk, ticket: Ticket, who: Scope
) -> None:
    def answers(id_: str) -> list[str]:
        found = []
        actions: list[Callable[[], object]] = [
            lambda: desk.read(id_, who),
            lambda: desk.update(id_, TicketUpdate(status=Status.CLOSED), who),
            lambda: desk.update(id_, TicketUpdate(status=Status.CLOSED), who, expected_version=1),
            lambda: desk.add_note(id_, "hi", who),
            lambda: desk.delete(id_, who),
        ]
        for act in actions:
            with pytest.raises(NotFound) as caught:
                act()
            found.append(str(caught.value).replace(id_, "ID"))
        return found

    assert answers(ticket.ticket_id) == answers(UNKNOWN)
    assert desk.count(who) == 0
    assert desk.read(ticket.ticket_id, MANAGER) == ticket


def test_done_needs_a_resolution(desk: Desk) -> None:
    ticket = desk.create(MANAGER, title="a", description="b")
    for status in (Status.RESOLVED, Status.CLOSED):
        with pytest.raises(InvalidInput, match="needs a resolution"):
            desk.update(ticket.ticket_id, TicketUpdate(status=status), TECHNICIAN)
    done = desk.update(
        ticket.ticket_id, TicketUpdate(status=Status.RESOLVED, resolution="fixed"), TECHNICIAN
    )
    assert done.resolution is not None
    closed = desk.update(ticket.ticket_id, TicketUpdate(status=Status.CLOSED), TECHNICIAN)
    assert closed.resolution == done.resolution


def test_a_resolution_for_a_ticket_that_goes_on_is_refused(desk: Desk, ticket: Ticket) -> None:
    update = TicketUpdate(status=Status.IN_PROGRESS, resolution="half of it is done")
    with pytest.raises(InvalidInput, match="resolution"):
        desk.update(ticket.ticket_id, update, TECHNICIAN)
    active = desk.create(MANAGER, title="a", description="b")
    for status in (None, Status.OPEN, Status.ON_HOLD):
        with pytest.raises(InvalidInput, match="has no resolution yet") as caught:
            desk.update(
                active.ticket_id, TicketUpdate(status=status, resolution="done"), TECHNICIAN
            )
        assert caught.value.field == "resolution"
    assert desk.read(active.ticket_id, TECHNICIAN) == active


def test_the_resolution_of_a_ticket_that_is_done_can_be_corrected(
    desk: Desk, ticket: Ticket
) -> None:
    mended = desk.update(ticket.ticket_id, TicketUpdate(resolution="New fuser"), TECHNICIAN)
    assert (mended.status, mended.resolution) == (
        Status.RESOLVED,
        Resolution(NOW, "New fuser"),
    )


def test_nothing_to_change(desk: Desk, ticket: Ticket) -> None:
    with pytest.raises(InvalidInput, match="Nothing to change"):
        desk.update(ticket.ticket_id, TicketUpdate(), TECHNICIAN)
    same = desk.update(ticket.ticket_id, TicketUpdate(priority=Priority.HIGH), TECHNICIAN)
    assert same == ticket


def test_a_change_based_on_an_old_version_is_refused(desk: Desk, ticket: Ticket) -> None:
    update = TicketUpdate(priority=Priority.LOW)
    with pytest.raises(Conflict, match=r"version 5, you had 4"):
        desk.update(ticket.ticket_id, update, TECHNICIAN, expected_version=4)
    with pytest.raises(Conflict):
        desk.add_note(ticket.ticket_id, "x", TECHNICIAN, expected_version=4)
    with pytest.raises(Conflict):
        desk.delete(ticket.ticket_id, MANAGER, expected_version=4)
    assert desk.update(ticket.ticket_id, update, TECHNICIAN, expected_version=5).version == 6


def test_a_repeated_write_counts_once(desk: Desk) -> None:
    first = desk.create(MANAGER, title="a", description="b", key="k1")
    again = desk.create(MANAGER, title="a", description="b", key="k1")
    assert again == first
    for _ in range(2):
        noted = desk.add_note(first.ticket_id, "once", TECHNICIAN, key="k2")
        changed = desk.update(
            first.ticket_id, TicketUpdate(status=Status.ON_HOLD), TECHNICIAN, key="k3"
        )
    assert desk.count(MANAGER) == 1
    assert len(noted.notes) == 1
    assert (changed.version, changed.status) == (3, Status.ON_HOLD)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "c"},
        {"description": "c"},
        {"priority": Priority.LOW},
        {"category": Category.NETWORK},
    ],
)
def test_a_key_used_for_something_else_is_refused(desk: Desk, changes: dict[str, str]) -> None:
    desk.create(MANAGER, title="a", description="b", key="k1")
    values: dict[str, Any] = {"title": "a", "description": "b", "key": "k1"} | changes
    with pytest.raises(InvalidInput, match="used for another request"):
        desk.create(MANAGER, **values)
    with pytest.raises(InvalidInput):
        desk.create(
            replace(MANAGER, active_customer="keller"), title="a", description="b", key="k1"
        )


def test_a_key_belongs_to_its_actor(desk: Desk) -> None:
    for who in (MANAGER, TECHNICIAN, CUSTOMER):
        desk.create(who, title="a", description="b", key="k1")
    assert desk.count(MANAGER) == 3


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_list_has_a_sensible_length(desk: Desk, limit: int) -> None:
    with pytest.raises(InvalidInput, match="must be 1 to 500"):
        desk.find(MANAGER, limit=limit)


def test_what_is_no_id_says_so(desk: Desk) -> None:
    for act in (
        lambda: desk.read("42", MANAGER),
        lambda: desk.update("42", TicketUpdate(team="net"), MANAGER),
        lambda: desk.add_note("42", "x", MANAGER),
        lambda: desk.delete("42", MANAGER),
    ):
        with pytest.raises(InvalidInput, match="not a ticket id"):
            act()
