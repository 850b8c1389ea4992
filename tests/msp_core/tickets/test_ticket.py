from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from msp_core.errors import InvalidInput
from msp_core.tickets.ticket import (
    Category,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
    check_move,
)
from msp_core.tickets.values import check_text, check_ticket_id, new_ticket_id

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TICKET = Ticket(
    ticket_id="TKT-20261102-0A1B2C3D",
    customer_id="keller",
    title="Printer",
    description="It is broken.",
    status=Status.OPEN,
    priority=Priority.MEDIUM,
    category=Category.HARDWARE,
    created_at=NOW,
    updated_at=NOW,
    requester="carla",
)

N, P, H, R, C = Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED
LEGAL = {
    (N, P), (N, H), (N, R), (N, C),
    (P, N), (P, H), (P, R), (P, C),
    (H, N), (H, P), (H, R), (H, C),
    (R, N), (R, P), (R, C),
    (C, N), (C, P),
}  # fmt: skip


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_moves(before: Status, after: Status) -> None:
    if (before, after) in LEGAL:
        check_move(before, after)
        return
    with pytest.raises(InvalidInput, match=f"that is {before} cannot become {after}") as caught:
        check_move(before, after)
    named = str(caught.value).partition("it can become: ")[2].rstrip(".").split(", ")
    assert {(before, Status(name)) for name in named} <= LEGAL


def test_a_change_is_written_to_the_history_and_counted() -> None:
    changed = TICKET.changed(at=LATER, actor="tom", status=P, priority=Priority.HIGH, team="net")
    assert (changed.status, changed.priority, changed.team) == (P, Priority.HIGH, "net")
    assert (changed.version, changed.updated_at) == (2, LATER)
    lines = [(line.actor, line.field, line.from_, line.to, line.at) for line in changed.history]
    assert lines == [
        ("tom", "status", "Open", "In Progress", LATER),
        ("tom", "priority", "Medium", "High", LATER),
        ("tom", "team", None, "net", LATER),
    ]
    assert (TICKET.version, TICKET.history) == (1, ())


def test_only_what_differs_is_a_change() -> None:
    assert TICKET.changed(at=LATER, actor="tom", status=N, priority=Priority.MEDIUM) is TICKET
    changed = TICKET.changed(at=LATER, actor="tom", status=N, tags=("a", "b"))
    assert [(line.field, line.from_, line.to) for line in changed.history] == [("tags", "", "a, b")]


def test_the_history_grows_only() -> None:
    once = TICKET.changed(at=NOW, actor="tom", status=P)
    twice = once.changed(at=LATER, actor="mia", status=R, resolution=Resolution(LATER, "Done"))
    assert twice.history[:1] == once.history
    assert twice.history[-1].to == "Done"
    assert twice.version == 3


def test_a_clock_that_was_set_back_does_not_move_the_last_change_back() -> None:
    before = NOW - timedelta(days=1)
    assert TICKET.changed(at=before, actor="tom", status=P).updated_at == NOW
    assert (
        TICKET.changed(
            at=before, actor="tom", note=Note("n-1", before, "tom", "x", "public")
        ).updated_at
        == NOW
    )


def test_an_illegal_move_changes_nothing() -> None:
    closed = replace(TICKET, status=C)
    with pytest.raises(InvalidInput):
        closed.changed(at=LATER, actor="tom", status=H)


def note(text: str, visibility: str) -> Note:
    return Note("n-1", LATER, "tom", text, visibility)  # type: ignore[arg-type]


def test_a_note_is_a_write() -> None:
    noted = TICKET.changed(at=LATER, actor="tom", note=note("Looked at it", "public"))
    assert (noted.version, noted.updated_at, len(noted.notes)) == (2, LATER, 1)


def test_what_the_customer_sees() -> None:
    ticket = TICKET.changed(at=NOW, actor="mia", assigned_to="tom").changed(
        at=NOW, actor="tom", status=P
    )
    ticket = ticket.changed(at=LATER, actor="tom", note=note("he is rude", "internal")).changed(
        at=LATER, actor="tom", note=note("on it", "public")
    )
    seen = ticket.for_customer()
    assert seen.assigned_to is None
    assert [item.text for item in seen.notes] == ["on it"]
    assert [line.field for line in seen.history] == ["status"]
    assert "rude" not in repr(seen)
    assert seen.version == ticket.version, "a customer's change must be based on this version"


def test_new_ids_have_the_form_and_the_utc_date() -> None:
    ids = {new_ticket_id(NOW) for _ in range(100)}
    assert len(ids) == 100
    for id_ in ids:
        assert check_ticket_id(id_) == id_
        assert id_.startswith("TKT-20261102-")


def test_an_id_is_read_in_any_case() -> None:
    assert check_ticket_id(" tkt-20261102-0a1b2c3d\n") == "TKT-20261102-0A1B2C3D"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42",
        "TKT-20261102",
        "TKT-20261102-0A1B2C3",
        "TKT-20261102-0A1B2C3DE",
        "TKT-20261102-0A1B2C3G",
        "TKT-٢٠٢٦١١٠٢-0A1B2C3D",
        "TKT-20261102-0A1B2C3D; DROP TABLE tickets",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a ticket id") as caught:
        check_ticket_id(text)
    assert caught.value.field == "ticket_id"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        ("a" * 201, "has 201 characters; at most 200"),
        ("a\x00b", r"control character U\+0000 at position 1"),
        ("a\x1b[2J", r"U\+001B"),
        ("a\x7f", r"U\+007F"),
        ("\ud800", r"U\+D800"),
    ],
)
def test_text_that_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason) as caught:
        check_text(text, field="title", limit=200)
    assert caught.value.field == "title"


def test_text_keeps_lines_tabs_and_any_script() -> None:
    text = "Größe\tfalsch\r\n日本語 🖨️"
    assert check_text(f"  {text}\n", field="text") == text
    assert check_text("a" * 200, field="title", limit=200) == "a" * 200
