"""Sizes, characters and numbers in every ticket store, and what is never undone."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from msp_core.errors import Conflict, DependencyFailed, InvalidInput, NotFound
from msp_core.tickets.dynamodb_items import TICKETS_TABLE, ticket_key
from msp_core.tickets.store import TicketStore
from msp_core.tickets.ticket import Attachment, Change, Note, Resolution, Status
from msp_core.tickets.values import MAX_TEXT
from tests.contract.stores.making import ANY, DESK, NOW, delete, key, numbers, ticket

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend


@pytest.fixture
def store(backend: "Backend") -> TicketStore:
    return backend.tickets()


WIDE = "😀"  # four bytes in UTF-8


def test_the_biggest_ticket_that_the_desk_lets_through(store: TicketStore) -> None:
    text = WIDE * MAX_TEXT
    big = ticket(
        title=WIDE * 200,
        description=text,
        status=Status.RESOLVED,
        tags=tuple(f"{n}{WIDE * 62}" for n in range(10, 30)),
        notes=tuple(Note(f"n-{n}", NOW, "tom", text, "public") for n in range(10)),
        history=(Change(NOW, "tom", "description", text, text),),
        resolution=Resolution(NOW, text),
    )
    assert store.add(big, once=key()) == big
    assert store.get(big.ticket_id, DESK) == big
    assert store.replay(key()) == big
    more = big.changed(at=NOW, actor="tom", note=Note("n-x", NOW, "tom", text, "public"))
    store.replace(more, expected_version=1)
    assert store.get(big.ticket_id, DESK) == more


def test_a_ticket_near_the_limit_is_kept_and_one_above_refused(store: TicketStore) -> None:
    def with_attachments(count: int) -> tuple[Attachment, ...]:
        return tuple(Attachment(f"{n:05}" + "x" * 970, n) for n in range(count))

    near = ticket(1, attachments=with_attachments(375))
    assert store.add(near) == near
    assert store.get(near.ticket_id, DESK) == near
    above = with_attachments(400)
    with pytest.raises(InvalidInput, match=r"takes 40\d,\d{3} bytes.*at most 380,000"):
        store.add(ticket(2, attachments=above), once=key())
    with pytest.raises(InvalidInput):
        store.replace(replace(near, attachments=above, version=2), expected_version=1)
    with pytest.raises(InvalidInput):
        store.load([ticket(3), ticket(4, attachments=above)])
    assert numbers(store) == [1]
    assert store.get(near.ticket_id, DESK) == near
    assert store.replay(key()) is None


def test_a_long_correspondence_is_loaded_whole_and_once(store: TicketStore) -> None:
    long = ticket(
        notes=tuple(Note(f"n{n}", NOW, "tom", f"text {n}", "public") for n in range(150)),
        history=tuple(Change(NOW, "tom", "team", None, f"t{n}") for n in range(150)),
    )
    assert store.load([long, ticket(2)]) == 2
    assert store.load([long, ticket(2), ticket(3)]) == 1
    assert store.get(long.ticket_id, DESK) == long
    delete(store, long.ticket_id, version=1)
    assert store.load([long]) == 0
    with pytest.raises(NotFound):
        store.get(long.ticket_id, DESK)


def test_a_long_correspondence_of_wide_characters_is_loaded_and_deleted(store: TicketStore) -> None:
    """8 MB: twice what DynamoDB takes as one."""
    text = WIDE * MAX_TEXT
    long = ticket(notes=tuple(Note(f"n{n}", NOW, "tom", text, "public") for n in range(98)))
    assert store.load([long]) == 1
    assert store.get(long.ticket_id, DESK) == long
    delete(store, long.ticket_id, version=1)
    with pytest.raises(NotFound):
        store.get(long.ticket_id, DESK)


@pytest.mark.parametrize(
    "backend",
    ["moto", pytest.param("dynamodb-local", marks=pytest.mark.services)],
    indirect=True,
)
@pytest.mark.parametrize(
    "again",
    [
        lambda store: delete(store, ticket().ticket_id, version=1),
        lambda store: store.get(ticket().ticket_id, DESK),
    ],
    ids=["delete", "get"],
)
def test_a_deletion_that_was_cut_off_is_finished_by_the_next_call(
    backend: "Backend", monkeypatch: pytest.MonkeyPatch, again: Callable[[TicketStore], object]
) -> None:
    """SQLite deletes in one transaction."""
    store, table = backend.tickets(), backend.table("tickets", TICKETS_TABLE)
    long = ticket(notes=tuple(Note(f"n{n}", NOW, "tom", "x", "public") for n in range(150)))
    store.load([long])

    def cut_off(_: object) -> None:
        raise DependencyFailed("the network is gone")

    with monkeypatch.context() as patch:
        patch.setattr(table, "delete_all", cut_off)
        with pytest.raises(DependencyFailed):
            delete(store, long.ticket_id, version=1)
    pk = ticket_key(long.ticket_id)
    assert len(table.partition(pk)) > 1
    with pytest.raises(NotFound):
        again(store)
    (tombstone,) = table.partition(pk)
    assert "deleted_at" in tombstone


@pytest.mark.parametrize(
    "text",
    [
        "Größe",
        "日本語",
        "e\u0301 is not é",
        "\u200f\u05d0\u05d1",
        "😀👨‍👩‍👧",
        "a\tb\r\nc",
        "'; DROP TABLE tickets; --",
        '\\ " # $ :pk',
        "NaN",
    ],
)
def test_characters_come_back_as_they_were(store: TicketStore, text: str) -> None:
    kept = ticket(
        title=text,
        description=text,
        requester=text,
        assigned_to=text,
        tags=(text,),
        notes=(Note("n-1", NOW, text, text, "public"),),
    )
    store.add(kept)
    assert store.get(kept.ticket_id, DESK) == kept
    assert store.find(DESK, replace(ANY, assigned_to=text, requester=text), limit=5) == [kept.row()]


def test_numbers_come_back_exactly(store: TicketStore) -> None:
    sizes = [0, 1, 2**31, 2**53 + 1, 2**63 - 1]
    kept = ticket(attachments=tuple(Attachment(str(n), n) for n in sizes), version=2**31)
    store.add(kept)
    assert store.get(kept.ticket_id, DESK) == kept
    assert store.replace(replace(kept, version=2**31 + 1), expected_version=2**31)


def test_history_and_notes_only_grow(store: TicketStore) -> None:
    first = ticket(
        notes=(Note("n-1", NOW, "tom", "first", "public"),),
        history=(Change(NOW, "mia", "status", None, "Open"),),
    )
    store.add(first)
    bent = replace(
        first,
        notes=(Note("n-1", NOW, "tom", "bent", "public"), Note("n-2", NOW, "x", "2", "public")),
        history=(),
        version=2,
    )
    after = replace(bent, notes=(first.notes[0], bent.notes[1]), history=first.history)
    assert store.replace(bent, expected_version=1) == after
    assert store.get(first.ticket_id, DESK) == after


def test_a_deleted_ticket_cannot_be_brought_back(store: TicketStore) -> None:
    store.add(ticket(assigned_to="tom"))
    delete(store, ticket().ticket_id, version=1)
    with pytest.raises(Conflict):
        store.add(ticket())
    assert store.load([ticket()]) == 0
    for version in (1, 2):
        with pytest.raises(NotFound):
            store.replace(ticket(version=version + 1), expected_version=version)
    assert numbers(store, replace(ANY, assigned_to="tom")) == []
    assert store.count(DESK, ANY, at_most=5) == 0


def test_the_secret_is_the_same_for_all(backend: "Backend") -> None:
    secret = backend.tickets().secret()
    assert len(secret) == 32
    assert backend.tickets().secret() == secret
