"""What a repeated write does in every ticket store."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from msp_core.errors import Conflict, InvalidInput, NotFound
from msp_core.tickets.store import KEY_LIFE, TicketStore
from msp_core.tickets.ticket import Change, Note, Ticket
from tests.contract.stores.making import DESK, NOW, delete, key, numbers, ticket

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend


@pytest.fixture
def store(backend: "Backend") -> TicketStore:
    return backend.tickets()


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


def test_a_key_is_forgotten_after_its_time(store: TicketStore) -> None:
    store.add(ticket(1), once=key())
    store.add(ticket(2), once=key(at=NOW + KEY_LIFE))
    assert numbers(store) == [1]
    later = key("1" * 64, at=NOW + KEY_LIFE + timedelta(seconds=1))
    assert store.replay(later) is None
    store.add(ticket(3), once=later)
    assert numbers(store) == [3, 1]
    assert store.replay(later) == ticket(3)


def test_a_replay_is_the_answer_of_then_with_notes_and_history(store: TicketStore) -> None:
    made = store.add(ticket(history=(Change(NOW, "mia", "status", None, "Open"),)), once=key())
    noted = made.changed(
        at=NOW, actor="tom", team="net", note=Note("n-2", NOW, "tom", "2", "public")
    )
    store.replace(noted, expected_version=1, once=key(name="k2"))
    # The clock was set back: the newer note has an older time.
    earlier = NOW - timedelta(days=1)
    more = noted.changed(at=NOW, actor="tom", note=Note("n-1", earlier, "tom", "3", "internal"))
    store.replace(more, expected_version=2)
    assert store.replay(key()) == made
    assert store.replay(key(name="k2")) == noted
    assert store.get(made.ticket_id, DESK) == more


def test_keys_of_two_operations_stay_apart(store: TicketStore) -> None:
    store.add(ticket(1), once=key())
    assert store.replay(replace(key(), operation="update")) is None


def test_of_many_writes_with_one_key_one_counts(backend: "Backend") -> None:
    stores = [backend.tickets() for _ in range(8)]
    start = Barrier(8)

    def add(n: int) -> str:
        stores[n].secret()  # connected
        start.wait()
        return stores[n].add(ticket(n), once=key()).ticket_id

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(add, range(8)))
    assert len(ids) == 1
    assert len(numbers(backend.tickets())) == 1


def test_of_many_changes_with_one_key_one_counts_and_none_is_refused(backend: "Backend") -> None:
    stores = [backend.tickets() for _ in range(8)]
    for round_ in range(1, 6):
        made = stores[0].add(ticket(round_))
        changed = made.changed(at=NOW, actor="mia", team="net")
        start = Barrier(8)

        def change(
            n: int, changed: Ticket = changed, start: Barrier = start, name: str = f"k{round_}"
        ) -> Ticket:
            start.wait()
            return stores[n].replace(changed, expected_version=1, once=key(name=name))

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(change, range(8))) == [changed] * 8
        assert stores[0].get(made.ticket_id, DESK) == changed


def test_a_replay_after_deletion_tells_nothing(store: TicketStore) -> None:
    store.add(ticket(1), once=key())
    delete(store, ticket(1).ticket_id, version=1)
    with pytest.raises(NotFound):
        store.replay(key())
