import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from msp_core.clock import fixed_clock
from msp_core.errors import InvalidInput
from msp_core.scope import Role, Scope
from msp_core.tickets.cursor import CURSOR_LIFE, Cursors
from msp_core.tickets.store import Position, TicketFilter
from msp_core.tickets.ticket import Category, Priority, Status

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CURSORS = Cursors(b"k" * 32, fixed_clock(NOW))
POSITION = Position(NOW - timedelta(days=9), "TKT-20261024-0A1B2C3D")
SCOPE = Scope("mia", Role.MANAGER, frozenset({"northwind", "keller"}))
WANTED = TicketFilter(statuses=frozenset({Status.OPEN, Status.ON_HOLD}), priority=Priority.HIGH)
SEALED = CURSORS.seal(POSITION, SCOPE, WANTED)


def refused(cursor: str, cursors: Cursors = CURSORS) -> str:
    with pytest.raises(InvalidInput) as caught:
        cursors.open(cursor, SCOPE, WANTED)
    assert caught.value.field == "cursor"
    return str(caught.value)


def test_a_cursor_leads_back_to_its_position() -> None:
    assert CURSORS.open(SEALED, SCOPE, WANTED) == POSITION
    another_process = Cursors(b"k" * 32, fixed_clock(NOW))
    again = replace(WANTED, statuses=frozenset({Status.ON_HOLD, Status.OPEN}))
    assert another_process.open(SEALED, replace(SCOPE, actor_id="tom"), again) == POSITION


@pytest.mark.parametrize(
    "scope",
    [
        replace(SCOPE, active_customer="keller"),
        replace(SCOPE, customer_ids=frozenset({"northwind"})),
        replace(SCOPE, customer_ids=frozenset({"northwind", "keller", "medora"})),
    ],
)
def test_it_is_bound_to_the_customers(scope: Scope) -> None:
    with pytest.raises(InvalidInput, match="not valid for this list"):
        CURSORS.open(SEALED, scope, WANTED)


@pytest.mark.parametrize(
    "other",
    [
        TicketFilter(),
        replace(WANTED, statuses=None),
        replace(WANTED, statuses=frozenset({Status.OPEN})),
        replace(WANTED, priority=None),
        replace(WANTED, category=Category.GENERAL),
        replace(WANTED, assigned_to="tom"),
        replace(WANTED, requester="tom"),
    ],
)
def test_it_is_bound_to_the_filter(other: TicketFilter) -> None:
    with pytest.raises(InvalidInput, match="not valid for this list"):
        CURSORS.open(SEALED, SCOPE, other)


def test_it_expires() -> None:
    later = replace(CURSORS, clock=fixed_clock(NOW + CURSOR_LIFE - timedelta(seconds=1)))
    assert later.open(SEALED, SCOPE, WANTED) == POSITION
    too_late = replace(CURSORS, clock=fixed_clock(NOW + CURSOR_LIFE))
    assert "has expired" in refused(SEALED, too_late)


def test_no_byte_of_it_can_be_changed() -> None:
    raw = base64.urlsafe_b64decode(SEALED + "=" * (-len(SEALED) % 4))
    for place in range(len(raw)):
        bent = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert "not valid" in refused(base64.urlsafe_b64encode(bent).decode().rstrip("="))


@pytest.mark.parametrize(
    "text",
    ["", "x", "====", SEALED[:-2], SEALED + "AAAA", SEALED * 2, "é", "\ud800", "a\nb", "1" * 9],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    assert "not valid" in refused(text)


def test_another_key_does_not_open_it() -> None:
    assert "not valid" in refused(SEALED, replace(CURSORS, secret=b"x" * 32))
