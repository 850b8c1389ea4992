"""What every ticket store does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from msp_core.errors import Conflict, NotFound
from msp_core.tickets.store import TicketFilter, TicketStore
from msp_core.tickets.ticket import (
    Attachment,
    Change,
    Note,
    Resolution,
    Status,
)
from tests.contract.stores.making import ANY, DESK, KELLER, NOW, delete, numbers, ticket

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend

OpenStore = Callable[[], TicketStore]


@pytest.fixture
def open_store(backend: "Backend") -> OpenStore:
    """Makes a new store object over the same data at each call."""
    return backend.tickets


@pytest.fixture
def store(open_store: OpenStore) -> TicketStore:
    return open_store()


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
