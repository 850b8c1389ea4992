"""What every conversation store does; a store joins by adding a line to `STORES`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from msp_core.conversations.sqlite import SqliteConversationStore
from msp_core.conversations.store import Approval, ConversationStore, Turn
from msp_core.errors import NotFound
from msp_core.scope import Role, Scope

OpenStore = Callable[[], ConversationStore]
STORES: dict[str, Callable[[Path], ConversationStore]] = {
    "sqlite": lambda folder: SqliteConversationStore(folder / "conversations.db"),
}

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
BOTH = frozenset({"northwind", "keller"})
TOM = Scope("tom", Role.TECHNICIAN, BOTH, "northwind")
OTHERS = {
    "another actor": replace(TOM, actor_id="mia"),
    "another customer": replace(TOM, active_customer="keller"),
    "the desk-wide view": replace(TOM, active_customer=None),
}
TURN = Turn("t1", "Größe 日本語?", ({"type": "text", "delta": "Ja \ud83d"}, {"seq": 1}), True)
APPROVAL = Approval(
    approval_id="a1",
    session_id="s1",
    turn_id="t1",
    actor_id="tom",
    customer_id="northwind",
    tool="delete_ticket",
    arguments_sha256="0" * 64,
    ticket_version=3,
    interrupt_id="i1",
    expires_at=LATER,
)


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Makes a new store object over the same data at each call."""
    return lambda: STORES[request.param](tmp_path)


@pytest.fixture
def store(open_store: OpenStore) -> ConversationStore:
    """With the conversation s1 of Tom for Northwind."""
    made = open_store()
    made.open("s1", TOM, title="VPN", at=NOW)
    return made


def test_opening_again_keeps_the_title_and_moves_the_time(store: ConversationStore) -> None:
    again = store.open("s1", TOM, title="another", at=LATER)
    assert (again.title, again.last_activity) == ("VPN", LATER)
    assert (again.actor_id, again.customer_id) == ("tom", "northwind")
    assert store.recent(TOM) == [again]


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS.keys())
def test_a_foreign_conversation_is_like_none(store: ConversationStore, who: Scope) -> None:
    store.save_turn("s1", TURN, at=NOW)
    with pytest.raises(NotFound) as foreign:
        store.turns("s1", who)
    with pytest.raises(NotFound) as none:
        store.turns("s9", who)
    assert str(foreign.value).replace("s1", "s9") == str(none.value)
    with pytest.raises(NotFound):
        store.open("s1", who, title="x", at=LATER)
    assert store.recent(who) == []
    assert store.recent(TOM)[0].last_activity == NOW, "a refused opening leaves no trace"


def test_recent_conversations_come_first(store: ConversationStore) -> None:
    store.open("s2", TOM, title="two", at=NOW + timedelta(minutes=1))
    store.open("s3", TOM, title="three", at=NOW + timedelta(minutes=2))
    store.open("s1", TOM, title="", at=LATER)
    assert [row.session_id for row in store.recent(TOM)] == ["s1", "s3", "s2"]
    assert [row.session_id for row in store.recent(TOM, limit=1)] == ["s1"]


def test_turns_come_back_in_order_and_are_overwritten_in_place(store: ConversationStore) -> None:
    store.save_turn("s1", replace(TURN, events=(), finished=False), at=NOW)
    store.save_turn("s1", replace(TURN, turn_id="t2"), at=NOW)
    store.save_turn("s1", TURN, at=LATER)
    assert store.turns("s1", TOM) == [TURN, replace(TURN, turn_id="t2")]
    assert store.turn("s1", "t1") == TURN
    assert store.turn("s1", "t9") is None
    assert store.turn("s9", "t1") is None


def test_turns_of_two_conversations_stay_apart(store: ConversationStore) -> None:
    store.open("s2", TOM, title="two", at=NOW)
    store.save_turn("s1", TURN, at=NOW)
    assert store.turns("s2", TOM) == []
    assert store.turn("s2", "t1") is None


def test_an_approval_waits_until_it_is_used(store: ConversationStore) -> None:
    assert store.pending_approval("s1") is None
    store.add_approval(APPROVAL)
    assert store.pending_approval("s1") == APPROVAL
    newer = replace(APPROVAL, approval_id="a2", ticket_version=None)
    store.add_approval(newer)
    assert store.pending_approval("s1") == newer
    assert store.use_approval("a2", "s1", TOM) == newer
    assert store.pending_approval("s1") == APPROVAL


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS.keys())
def test_an_approval_is_bound_to_actor_and_customer(store: ConversationStore, who: Scope) -> None:
    store.add_approval(APPROVAL)
    with pytest.raises(NotFound):
        store.use_approval("a1", "s1", who)
    assert store.use_approval("a1", "s1", TOM) == APPROVAL, "the attempt did not use it up"


def test_an_approval_is_bound_to_its_conversation_and_works_once(store: ConversationStore) -> None:
    store.open("s2", TOM, title="two", at=NOW)
    store.add_approval(APPROVAL)
    for session, approval in (("s2", "a1"), ("s1", "a9")):
        with pytest.raises(NotFound):
            store.use_approval(approval, session, TOM)
    store.use_approval("a1", "s1", TOM)
    with pytest.raises(NotFound, match="used already"):
        store.use_approval("a1", "s1", TOM)


def test_of_many_that_use_an_approval_at_once_one_gets_it(
    store: ConversationStore, open_store: OpenStore
) -> None:
    store.add_approval(APPROVAL)

    def use(_: int) -> bool:
        try:
            open_store().use_approval("a1", "s1", TOM)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1


def test_a_write_is_seen_by_another_store_and_thread_at_once(
    store: ConversationStore, open_store: OpenStore
) -> None:
    other = open_store()
    with ThreadPoolExecutor(1) as pool:
        store.save_turn("s1", TURN, at=NOW)
        assert pool.submit(other.turns, "s1", TOM).result() == [TURN]
        pool.submit(other.add_approval, APPROVAL).result()
    assert store.pending_approval("s1") == APPROVAL
