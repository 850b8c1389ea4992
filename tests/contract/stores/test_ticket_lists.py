"""What every ticket store lists, counts and pages."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from threading import Event
from typing import TYPE_CHECKING

import pytest

from msp_core.errors import NotFound
from msp_core.scope import Role, Scope
from msp_core.tickets.store import Position, TicketFilter, TicketStore
from msp_core.tickets.ticket import DONE, Category, Priority, Resolution, Status
from tests.contract.stores.making import ANY, DESK, KELLER, NOW, delete, number, numbers, ticket

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend


@pytest.fixture
def store(backend: "Backend") -> TicketStore:
    return backend.tickets()


def test_a_scope_without_customers_sees_nothing(store: TicketStore) -> None:
    store.add(ticket())
    nobody = Scope("x", Role.MANAGER, frozenset())
    assert store.find(nobody, ANY, limit=5) == []
    assert store.count(nobody, ANY, at_most=5) == 0
    with pytest.raises(NotFound):
        store.get(ticket().ticket_id, nobody)


def test_lists_are_newest_first_then_by_id_and_count_all(store: TicketStore) -> None:
    for n in (3, 1, 2):
        store.add(ticket(n))
    for n in (10, 12, 11):
        store.add(ticket(n, customer="keller", created_at=NOW))
    assert numbers(store) == [3, 2, 1, 12, 11, 10]
    assert numbers(store, limit=2) == [3, 2]
    assert [store.count(DESK, ANY, at_most=most) for most in (1, 6, 9)] == [1, 6, 6]
    active = replace(DESK, active_customer="keller")
    assert store.count(active, ANY, at_most=9) == 3


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TicketFilter(), [4, 3, 2, 1]),
        (TicketFilter(statuses=frozenset({Status.ON_HOLD, Status.OPEN})), [4, 2, 1]),
        (TicketFilter(statuses=frozenset()), []),
        (TicketFilter(priority=Priority.HIGH), [3, 2]),
        (TicketFilter(category=Category.NETWORK), [3]),
        (TicketFilter(assigned_to="tom"), [4, 3]),
        (TicketFilter(requester="kurt"), [4]),
        (TicketFilter(priority=Priority.HIGH, assigned_to="tom"), [3]),
        (TicketFilter(assigned_to="' OR 1=1 --"), []),
    ],
)
def test_filters(store: TicketStore, wanted: TicketFilter, expected: list[int]) -> None:
    store.add(ticket(1))
    store.add(ticket(2, priority=Priority.HIGH))
    store.add(
        ticket(
            3,
            status=Status.IN_PROGRESS,
            priority=Priority.HIGH,
            category=Category.NETWORK,
            assigned_to="tom",
        )
    )
    store.add(ticket(4, status=Status.ON_HOLD, assigned_to="tom", requester="kurt"))
    assert numbers(store, wanted) == expected


def pages(store: TicketStore, scope: Scope, wanted: TicketFilter, limit: int) -> list[int]:
    """The numbers of all pages in turn."""
    found: list[int] = []
    after = None
    while rows := store.find(scope, wanted, limit=limit, after=after):
        assert len(found) < 1000, "the pages go on for ever"
        found += [number(row) for row in rows]
        after = Position(rows[-1].created_at, rows[-1].ticket_id)
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_show_every_ticket_once_and_in_order(store: TicketStore, limit: int) -> None:
    store.load(
        [ticket(n, customer=["northwind", "keller"][n % 3 > 0]) for n in range(1, 8)]
        + [ticket(n, customer=["northwind", "keller"][n % 2], created_at=NOW) for n in (20, 21, 22)]
        + [ticket(30, customer="medora")]
    )
    expected = [7, 6, 5, 4, 3, 2, 1, 22, 21, 20]
    assert pages(store, DESK, ANY, limit) == expected
    assert pages(store, replace(DESK, active_customer="keller"), ANY, limit) == [
        n for n in expected if n in {1, 2, 4, 5, 7, 21}
    ]
    wanted = TicketFilter(statuses=frozenset({Status.OPEN, Status.ON_HOLD}))
    assert pages(store, DESK, wanted, limit) == expected


def test_what_is_created_or_deleted_while_paging_moves_no_page(store: TicketStore) -> None:
    store.load([ticket(n) for n in range(1, 7)])
    first = store.find(DESK, ANY, limit=2)
    store.add(ticket(9))
    store.add(ticket(10, customer="keller"))
    delete(store, ticket(5).ticket_id, version=1)
    delete(store, ticket(3).ticket_id, version=1)
    after = Position(first[-1].created_at, first[-1].ticket_id)
    assert [number(row) for row in first] == [6, 5]
    assert numbers(store, after=after) == [4, 2, 1]


def test_paging_while_others_create_shows_each_earlier_ticket_once(backend: "Backend") -> None:
    store = backend.tickets()
    store.load([ticket(n) for n in range(1, 31)])
    stop = Event()

    def create() -> None:
        for n in count(100):
            if stop.is_set():
                return
            backend.tickets().add(ticket(n, customer=["northwind", "keller"][n % 2]))

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(create)
        try:
            found = [n for n in pages(store, DESK, ANY, 4) if n <= 30]
        finally:
            stop.set()
        writing.result()
    assert found == list(range(30, 0, -1))


def test_a_rare_match_is_found_below_many_others(store: TicketStore) -> None:
    rare = ticket(1, priority=Priority.CRITICAL, customer="keller")
    store.load([rare, *(ticket(n, customer=["northwind", "keller"][n % 2]) for n in range(2, 60))])
    wanted = TicketFilter(priority=Priority.CRITICAL)
    assert numbers(store, wanted, 5) == [1]
    assert store.count(DESK, wanted, at_most=5) == 1


def test_an_assignees_list_keeps_to_the_scope(store: TicketStore) -> None:
    store.load(
        [
            ticket(1, assigned_to="tom"),
            ticket(2, assigned_to="tom", customer="medora"),
            ticket(3, assigned_to="tom", customer="keller", status=Status.IN_PROGRESS),
            ticket(4, assigned_to="mia"),
        ]
    )
    wanted = TicketFilter(assigned_to="tom")
    assert numbers(store, wanted) == [3, 1]
    assert numbers(store, replace(wanted, statuses=frozenset({Status.OPEN}))) == [1]
    assert numbers(store, wanted, scope=KELLER) == [3]


def test_a_desk_of_many_customers_pages_through_its_queue(store: TicketStore) -> None:
    customers = [f"c-{n}" for n in range(20)]
    desk = Scope("mia", Role.MANAGER, frozenset(customers))
    statuses = list(Status)
    done = Resolution(NOW, "done")
    store.load(
        [
            ticket(n, customer=customers[n % 20], status=statuses[n % 5], resolution=done)
            for n in range(1, 61)
        ]
        + [ticket(99, customer="elsewhere")]
    )
    active = [n for n in range(60, 0, -1) if statuses[n % 5] not in DONE]
    wanted = TicketFilter(statuses=frozenset(Status) - DONE)
    assert pages(store, desk, wanted, 7) == active
    assert store.count(desk, wanted, at_most=100) == len(active)
    held = TicketFilter(statuses=frozenset({Status.ON_HOLD, Status.CLOSED}))
    assert pages(store, desk, held, 7) == [
        n for n in range(60, 0, -1) if statuses[n % 5] in (held.statuses or ())
    ]


def test_a_list_of_hundreds_of_customers(store: TicketStore) -> None:
    customers = [f"c-{n}" for n in range(450)]
    desk = Scope("mia", Role.MANAGER, frozenset(customers))
    store.load([ticket(n, customer=customers[n * 50]) for n in range(1, 9)])
    assert pages(store, desk, ANY, 3) == [8, 7, 6, 5, 4, 3, 2, 1]
