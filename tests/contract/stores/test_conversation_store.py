"""What every conversation store does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from msp_core.conversations.store import (
    CONVERSATION_LIFE,
    Approval,
    ConversationStore,
    Feedback,
    Turn,
)
from msp_core.dynamodb.sessions import SESSIONS_TABLE
from msp_core.errors import Conflict, NotFound
from msp_core.scope import Role, Scope

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend

OpenStore = Callable[[], ConversationStore]

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


@pytest.fixture
def open_store(backend: "Backend") -> OpenStore:
    """Makes a new store object over the same data at each call."""
    return backend.conversations


@pytest.fixture
def store(open_store: OpenStore) -> ConversationStore:
    """With the conversation s1 of Tom for Northwind."""
    made = open_store()
    made.open("s1", TOM, title="VPN", at=NOW)
    return made


def test_opening_again_keeps_the_title_and_moves_the_time(store: ConversationStore) -> None:
    again = store.open("s1", TOM, title="another", at=LATER)
    assert (again.title, again.last_activity) == ("VPN", LATER)
    assert again.expires_at == LATER + CONVERSATION_LIFE
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


def test_conversations_of_one_moment_are_in_order_of_their_ids(store: ConversationStore) -> None:
    for name in ("s4", "s2", "s3"):
        store.open(name, TOM, title=name, at=NOW)
    assert [row.session_id for row in store.recent(TOM)] == ["s4", "s3", "s2", "s1"]


def test_an_expired_conversation_is_like_none(backend: "Backend", store: ConversationStore) -> None:
    store.save_turn("s1", TURN, at=NOW)
    store.add_approval(APPROVAL)
    store.add_feedback("s1", "t1", TOM, thumb="up", at=NOW)
    backend.time = NOW + CONVERSATION_LIFE - timedelta(seconds=1)
    assert store.turns("s1", TOM) == [TURN]
    backend.time = NOW + CONVERSATION_LIFE
    assert store.recent(TOM) == []
    assert store.turn("s1", "t1") is None
    for act in (store.turns, store.feedback):
        with pytest.raises(NotFound):
            act("s1", TOM)
    with pytest.raises(NotFound):
        store.use_approval("a1", "s1", TOM)


def test_an_expired_conversations_id_can_be_taken_and_inherits_nothing(
    backend: "Backend", store: ConversationStore
) -> None:
    store.save_turn("s1", TURN, at=NOW + timedelta(hours=1))
    store.add_approval(APPROVAL)
    store.add_feedback("s1", "t1", TOM, thumb="up", at=NOW)
    backend.time = NOW + CONVERSATION_LIFE
    mia = OTHERS["another actor"]
    store.open("s1", mia, title="hers", at=backend.time)
    assert [row.title for row in store.recent(mia)] == ["hers"]
    assert store.turns("s1", mia) == []
    assert store.turn("s1", "t1") is None
    assert store.feedback("s1", mia) == []
    assert store.pending_approval("s1") is None
    with pytest.raises(NotFound):
        store.use_approval("a1", "s1", TOM)
    with pytest.raises(NotFound):
        store.add_feedback("s1", "t1", mia, thumb="up", at=NOW)
    store.save_turn("s1", replace(TURN, message="new"), at=backend.time)
    assert [turn.message for turn in store.turns("s1", mia)] == ["new"]


def test_activity_prolongs_a_conversation(backend: "Backend", store: ConversationStore) -> None:
    store.open("s1", TOM, title="", at=NOW + timedelta(days=30))
    backend.time = NOW + CONVERSATION_LIFE + timedelta(days=1)
    assert [row.session_id for row in store.recent(TOM)] == ["s1"]


def test_a_prolonged_conversation_keeps_its_oldest_parts(
    backend: "Backend", store: ConversationStore
) -> None:
    store.save_turn("s1", TURN, at=NOW)
    store.add_approval(APPROVAL)
    store.add_feedback("s1", "t1", TOM, thumb="up", at=NOW)
    for day in (3, 50, 51, 130):
        backend.time = NOW + timedelta(days=day)
        store.open("s1", TOM, title="", at=backend.time)
    backend.time += CONVERSATION_LIFE - timedelta(seconds=1)
    backend.expire("s1")
    assert store.turns("s1", TOM) == [TURN]
    assert store.feedback("s1", TOM) == [Feedback("t1", "up", "", NOW)]
    assert store.pending_approval("s1") == APPROVAL


def test_a_conversation_that_is_opened_again_leaves_no_old_parts_behind(
    backend: "Backend", store: ConversationStore
) -> None:
    """What an earlier one of the same id left is not prolonged with the new one."""
    store.save_turn("s1", TURN, at=NOW)
    backend.time = NOW + CONVERSATION_LIFE
    store.open("s1", TOM, title="anew", at=backend.time)
    for _ in range(3):
        backend.time += timedelta(days=60)
        store.open("s1", TOM, title="", at=backend.time)
    backend.expire("s1")
    if backend.name != "sqlite":
        assert len(backend.table("sessions", SESSIONS_TABLE).partition("SES#s1")) == 1
    assert store.turns("s1", TOM) == []


@pytest.mark.parametrize("session", ["s1", "s9"], ids=["expired", "unknown"])
def test_nothing_is_added_to_a_conversation_that_is_not_there(
    backend: "Backend", store: ConversationStore, session: str
) -> None:
    backend.time = NOW + CONVERSATION_LIFE
    with pytest.raises(NotFound):
        store.save_turn(session, TURN, at=backend.time)
    with pytest.raises(NotFound):
        store.add_approval(replace(APPROVAL, session_id=session))
    backend.time = NOW
    assert store.turns("s1", TOM) == []
    assert store.pending_approval("s1") is None


def test_an_approval_is_added_once_and_never_waits_again(store: ConversationStore) -> None:
    store.add_approval(APPROVAL)
    with pytest.raises(Conflict):
        store.add_approval(replace(APPROVAL, tool="update_ticket"))
    assert store.use_approval("a1", "s1", TOM) == APPROVAL
    with pytest.raises(Conflict):
        store.add_approval(APPROVAL)
    assert store.pending_approval("s1") is None
    with pytest.raises(NotFound):
        store.use_approval("a1", "s1", TOM)


def test_a_turn_that_is_stored_again_is_the_newer_one(store: ConversationStore) -> None:
    store.save_turn("s1", replace(TURN, message="first", finished=False), at=NOW)
    store.save_turn("s1", TURN, at=LATER)
    assert store.turns("s1", TOM) == [TURN]


def test_feedback_is_kept_by_turn_and_replaced(store: ConversationStore) -> None:
    for name in ("t1", "t2", "t0"):
        store.save_turn("s1", replace(TURN, turn_id=name), at=NOW)
    assert store.feedback("s1", TOM) == []
    store.add_feedback("s1", "t0", TOM, thumb="up", at=NOW)
    store.add_feedback("s1", "t1", TOM, thumb="up", at=NOW)
    store.add_feedback("s1", "t1", TOM, thumb="down", comment="Größe falsch 😀", at=LATER)
    assert store.feedback("s1", TOM) == [
        Feedback("t1", "down", "Größe falsch 😀", LATER),
        Feedback("t0", "up", "", NOW),
    ]
    store.save_turn("s1", TURN, at=LATER)
    assert len(store.feedback("s1", TOM)) == 2, "a turn that is stored again keeps its feedback"


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS.keys())
def test_feedback_is_the_owners(store: ConversationStore, who: Scope) -> None:
    store.save_turn("s1", TURN, at=NOW)
    with pytest.raises(NotFound):
        store.add_feedback("s1", "t1", who, thumb="down", at=NOW)
    with pytest.raises(NotFound):
        store.feedback("s1", who)
    with pytest.raises(NotFound, match="no turn 't9'"):
        store.add_feedback("s1", "t9", TOM, thumb="down", at=NOW)
    assert store.feedback("s1", TOM) == []


def test_a_long_turn_comes_back_whole(store: ConversationStore) -> None:
    events = tuple({"seq": n, "text": f"passage {n} " * 200} for n in range(500))
    long = Turn("t1", "x" * 20_000, events, True)
    store.save_turn("s1", long, at=NOW)
    assert store.turn("s1", "t1") == long


def test_turns_saved_at_once_all_keep_a_place(store: ConversationStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda n: store.save_turn("s1", replace(TURN, turn_id=f"t{n}"), at=NOW), range(10)
            )
        )
    assert {turn.turn_id for turn in store.turns("s1", TOM)} == {f"t{n}" for n in range(10)}
