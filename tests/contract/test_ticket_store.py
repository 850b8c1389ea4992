"""What every ticket store does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from msp_core.errors import Conflict, InvalidInput, NotFound
from msp_core.scope import Role, Scope
from msp_core.tickets.store import IdempotencyKey, TicketFilter, TicketStore
from msp_core.tickets.ticket import (
    Attachment,
    Category,
    Change,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
)

if TYPE_CHECKING:
    from tests.contract.conftest import Backend

OpenStore = Callable[[], TicketStore]

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
EVERYBODY = frozenset({"northwind", "keller"})
ANY = TicketFilter()
DESK = Scope("mia", Role.MANAGER, EVERYBODY)
KELLER = Scope("kurt", Role.CUSTOMER, frozenset({"keller"}))


@pytest.fixture
def open_store(backend: "Backend") -> OpenStore:
    """Makes a new store object over the same data at each call."""
    return backend.tickets


@pytest.fixture
def store(open_store: OpenStore) -> TicketStore:
    return open_store()


def ticket(number: int = 1, *, customer: str = "northwind", **fields: object) -> Ticket:
    plain = Ticket(
        ticket_id=f"TKT-20261102-{number:08X}",
        customer_id=customer,
        title=f"Ticket {number}",
        description="Größe 日本語 'quoted' \"x\"",
        status=Status.OPEN,
        priority=Priority.MEDIUM,
        category=Category.GENERAL,
        created_at=NOW + timedelta(minutes=number),
        updated_at=NOW + timedelta(minutes=number),
        requester="carla",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def key(body: str = "0" * 64, *, actor: str = "mia", name: str = "k") -> IdempotencyKey:
    return IdempotencyKey(actor, "write", name, body, NOW)


def delete(store: TicketStore, ticket_id: str, *, version: int) -> None:
    store.delete(ticket_id, expected_version=version, at=NOW, actor="mia")


def numbers(store: TicketStore, wanted: TicketFilter = ANY, limit: int = 50) -> list[int]:
    rows = store.find(DESK, wanted, limit=limit)
    return [int(row.ticket_id[-8:], 16) for row in rows]


def test_a_ticket_comes_back_whole(store: TicketStore) -> None:
    whole = ticket(
        status=Status.RESOLVED,
        assigned_to="tom",
        team="net",
        tags=("a", "b"),
        notes=(Note("n-1", NOW, "tom", "text", "internal"),),
        history=(Change(NOW, "tom", "status", None, "Open"),),
        resolution=Resolution(NOW, "done", ("vpn-drops",)),
        duplicate_of="TKT-20261101-00000001",
        attachments=(Attachment("a.png", 7),),
        version=4,
    )
    assert store.add(whole) == whole
    assert store.get(whole.ticket_id, DESK) == whole
    assert store.find(DESK, ANY, limit=5) == [whole.row()]


def test_what_is_not_there_foreign_or_deleted_is_the_same(store: TicketStore) -> None:
    foreign, deleted = ticket(1), ticket(2, customer="keller")
    store.add(foreign)
    store.add(deleted)
    delete(store, deleted.ticket_id, version=1)
    messages = set()
    for id_ in (foreign.ticket_id, deleted.ticket_id, "TKT-20200101-00000000"):
        with pytest.raises(NotFound) as caught:
            store.get(id_, KELLER)
        messages.add(str(caught.value).replace(id_, "ID"))
    assert len(messages) == 1
    assert store.find(KELLER, ANY, limit=5) == []
    assert store.count(KELLER, ANY, at_most=5) == 0


def test_a_scope_without_customers_sees_nothing(store: TicketStore) -> None:
    store.add(ticket())
    nobody = Scope("x", Role.MANAGER, frozenset())
    assert store.find(nobody, ANY, limit=5) == []
    assert store.count(nobody, ANY, at_most=5) == 0
    with pytest.raises(NotFound):
        store.get(ticket().ticket_id, nobody)


def test_lists_are_newest_first_then_by_id_and_count_all(store: TicketStore) -> None:
    for number in (3, 1, 2):
        store.add(ticket(number))
    for number in (10, 12, 11):
        store.add(ticket(number, customer="keller", created_at=NOW))
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


def test_a_change_moves_the_ticket_in_every_list(store: TicketStore) -> None:
    store.add(ticket())
    changed = ticket().changed(at=NOW, actor="mia", status=Status.ON_HOLD, assigned_to="tom")
    assert store.replace(changed, expected_version=1) == changed
    assert store.get(changed.ticket_id, DESK) == changed
    assert numbers(store, TicketFilter(statuses=frozenset({Status.ON_HOLD}))) == [1]
    assert numbers(store, TicketFilter(assigned_to="tom")) == [1]
    assert numbers(store, TicketFilter(statuses=frozenset({Status.OPEN}))) == []


def test_an_id_is_taken_only_once_even_when_deleted(store: TicketStore) -> None:
    store.add(ticket())
    with pytest.raises(Conflict, match="is taken"):
        store.add(ticket(customer="keller"))
    assert store.get(ticket().ticket_id, DESK).customer_id == "northwind"
    delete(store, ticket().ticket_id, version=1)
    with pytest.raises(Conflict, match="is taken"):
        store.add(ticket())


def test_of_two_changes_of_one_version_the_second_is_refused(store: TicketStore) -> None:
    store.add(ticket())
    one = ticket().changed(at=NOW, actor="mia", team="one")
    two = ticket().changed(at=NOW, actor="tom", team="two")
    store.replace(one, expected_version=1)
    with pytest.raises(Conflict, match="Read it again"):
        store.replace(two, expected_version=1)
    assert store.get(one.ticket_id, DESK).team == "one"


def test_a_deleted_ticket_takes_no_writes(store: TicketStore) -> None:
    store.add(ticket())
    with pytest.raises(Conflict):
        delete(store, ticket().ticket_id, version=2)
    delete(store, ticket().ticket_id, version=1)
    with pytest.raises(NotFound):
        delete(store, ticket().ticket_id, version=2)
    with pytest.raises(NotFound):
        store.replace(ticket(version=3), expected_version=2)


def test_a_key_makes_a_write_count_once(store: TicketStore) -> None:
    first = store.add(ticket(1), once=key())
    assert store.add(ticket(2), once=key()) == first
    changed = first.changed(at=NOW, actor="mia", team="net")
    for _ in range(2):
        store.replace(changed, expected_version=1, once=key(name="k2"))
    assert store.add(ticket(3), once=key()) == first, "what the first write returned"
    assert numbers(store) == [1]


def test_a_key_with_another_body_is_refused_and_writes_nothing(store: TicketStore) -> None:
    store.add(ticket(1), once=key())
    with pytest.raises(InvalidInput, match="another request"):
        store.add(ticket(2), once=key("1" * 64))
    with pytest.raises(InvalidInput, match="another request"):
        store.replace(ticket(1, team="net", version=2), expected_version=1, once=key("2" * 64))
    assert numbers(store) == [1]
    assert store.get(ticket(1).ticket_id, DESK).version == 1


def test_a_refused_write_leaves_its_key_free(store: TicketStore) -> None:
    store.add(ticket(1))
    with pytest.raises(Conflict):
        store.replace(ticket(1, version=9), expected_version=8, once=key())
    with pytest.raises(Conflict):
        store.add(ticket(1), once=key(name="k2"))
    assert store.replace(ticket(1, version=2), expected_version=1, once=key()).version == 2
    assert store.add(ticket(2), once=key(name="k2")) == ticket(2)


def test_a_key_belongs_to_its_actor(store: TicketStore) -> None:
    store.add(ticket(1), once=key(actor="mia"))
    store.add(ticket(2), once=key("1" * 64, actor="tom"))
    assert numbers(store) == [2, 1]


def test_a_key_does_not_bring_back_a_deleted_ticket(store: TicketStore) -> None:
    store.add(ticket(1), once=key())
    delete(store, ticket(1).ticket_id, version=1)
    with pytest.raises(NotFound):
        store.add(ticket(2), once=key())
    assert numbers(store) == []


def test_a_write_is_seen_by_another_store_and_thread_at_once(open_store: OpenStore) -> None:
    one, other = open_store(), open_store()
    with ThreadPoolExecutor(1) as pool:
        for number in range(1, 6):
            one.add(ticket(number))
            assert pool.submit(numbers, other).result()[0] == number
            assert pool.submit(numbers, one).result()[0] == number


def test_threads_that_race_for_one_change_lose_none(open_store: OpenStore) -> None:
    open_store().add(ticket())

    def count_up(_: int) -> None:
        store = open_store()
        while True:
            now = store.get(ticket().ticket_id, DESK)
            try:
                store.replace(
                    replace(now, tags=(*now.tags, "x"), version=now.version + 1),
                    expected_version=now.version,
                )
            except Conflict:
                continue
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(16)))
    after = open_store().get(ticket().ticket_id, DESK)
    assert (len(after.tags), after.version) == (16, 17)
