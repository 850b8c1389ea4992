"""What the desk's use cases need of every ticket store."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from msp_core.errors import InvalidInput
from msp_core.tickets.cursor import CURSOR_LIFE
from msp_core.tickets.desk import Desk
from msp_core.tickets.requests import TicketUpdate
from msp_core.tickets.store import Position, TicketFilter
from msp_core.tickets.ticket import Priority, Status
from tests.contract.stores.making import ANY, DESK, KELLER, NOW, number, ticket

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend

SAME = TicketUpdate(priority=Priority.MEDIUM)


@pytest.fixture
def desk(backend: "Backend") -> Desk:
    return Desk(backend.tickets(), backend.clock)


def test_a_write_that_changes_nothing_keeps_its_key(backend: "Backend", desk: Desk) -> None:
    made = backend.tickets().add(ticket(1))
    assert desk.update(made.ticket_id, SAME, DESK, key="k") == made
    raised = desk.update(made.ticket_id, TicketUpdate(priority=Priority.HIGH), DESK)
    assert desk.update(made.ticket_id, SAME, DESK, key="k") == made, "what it returned at first"
    assert desk.read(made.ticket_id, DESK) == raised
    with pytest.raises(InvalidInput, match="another request"):
        desk.update(made.ticket_id, TicketUpdate(priority=Priority.LOW), DESK, key="k")


def test_pages_follow_each_other_also_for_another_process(backend: "Backend", desk: Desk) -> None:
    backend.tickets().load([ticket(n) for n in range(1, 6)])
    first = desk.find(DESK, ANY, limit=3)
    backend.tickets().add(ticket(9))
    other = Desk(backend.tickets(), backend.clock)
    second = other.find(DESK, ANY, limit=3, cursor=first.next_cursor)
    assert [number(row) for row in first.tickets] == [5, 4, 3]
    assert [number(row) for row in second.tickets] == [2, 1]
    assert second.next_cursor is None


def test_what_came_before_a_ticket(backend: "Backend", desk: Desk) -> None:
    backend.tickets().load([ticket(n, customer="keller", assigned_to="tom") for n in range(1, 7)])
    position = Position(ticket(5).created_at, ticket(5).ticket_id)
    rows = desk.before(position, KELLER, limit=3)
    assert [number(row) for row in rows] == [4, 3, 2]
    assert {row.assigned_to for row in rows} == {None}, "a customer sees no assignee"
    assert {row.assigned_to for row in desk.before(position, DESK, limit=3)} == {"tom"}


def test_a_cursor_is_of_its_customers_and_filter_and_ends(backend: "Backend", desk: Desk) -> None:
    backend.tickets().load([ticket(n, customer="keller") for n in range(1, 4)])
    wanted = TicketFilter(statuses=frozenset({Status.OPEN}))
    cursor = desk.find(DESK, wanted, limit=1).next_cursor
    assert cursor is not None
    middle = len(cursor) // 2
    forged = cursor[:middle] + ("B" if cursor[middle] == "A" else "A") + cursor[middle + 1 :]
    for scope, other, text in (
        (KELLER, wanted, cursor),
        (replace(DESK, active_customer="keller"), wanted, cursor),
        (DESK, ANY, cursor),
        (DESK, wanted, forged),
    ):
        with pytest.raises(InvalidInput, match="not valid for this list") as caught:
            desk.find(scope, other, limit=1, cursor=text)
        assert caught.value.field == "cursor"
    backend.time = NOW + CURSOR_LIFE - timedelta(seconds=1)
    assert [number(row) for row in desk.find(DESK, wanted, limit=1, cursor=cursor).tickets] == [2]
    backend.time = NOW + CURSOR_LIFE
    with pytest.raises(InvalidInput, match="has expired"):
        desk.find(DESK, wanted, limit=1, cursor=cursor)
