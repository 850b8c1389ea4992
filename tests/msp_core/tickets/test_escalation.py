from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from msp_core.errors import NotAllowed
from msp_core.scope import Role, Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.requests import TicketUpdate
from msp_core.tickets.sqlite import SqliteTicketStore
from msp_core.tickets.ticket import Priority, Status, Ticket, TicketRow
from tests.fakes.agreements import customer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MANAGER = Scope("mia", Role.MANAGER, frozenset({"northwind", "keller"}), "northwind")


class Clockwork:
    """A desk whose time a test moves."""

    def __init__(self, path: Path) -> None:
        self.minutes = 0.0
        agreed = {"northwind": customer()}
        self.desk = Desk(SqliteTicketStore(path), self.now, agreed)

    def now(self) -> datetime:
        return NOW + timedelta(minutes=self.minutes)

    def create(self, priority: Priority = Priority.HIGH) -> Ticket:
        return self.desk.create(MANAGER, title="VPN", description="down", priority=priority)


@pytest.fixture
def clockwork(tmp_path: Path) -> Clockwork:
    return Clockwork(tmp_path / "tickets.db")


def test_a_ticket_is_escalated_once(clockwork: Clockwork) -> None:
    id_ = clockwork.create().ticket_id
    desk = clockwork.desk
    clockwork.minutes = 60
    assert desk.escalate_breached(MANAGER) == []
    clockwork.minutes = 61
    (first,) = desk.escalate_breached(MANAGER, team="network-ops")
    assert (first.priority, first.team, first.version) == (Priority.CRITICAL, "network-ops", 2)
    assert [(line.field, line.to) for line in first.history[1:]] == [
        ("escalated", "respond"),
        ("priority", "Critical"),
        ("team", "network-ops"),
    ]
    assert desk.escalate_breached(MANAGER) == []
    clockwork.minutes = 241
    assert desk.escalate_breached(MANAGER) == []  # though its other clock ran out meanwhile
    assert desk.read(id_, MANAGER) == first


def test_a_dry_run_changes_nothing(clockwork: Clockwork) -> None:
    made = clockwork.create()
    clockwork.minutes = 61
    (planned,) = clockwork.desk.escalate_breached(MANAGER, dry_run=True)
    assert planned.priority is Priority.CRITICAL
    assert clockwork.desk.read(made.ticket_id, MANAGER) == made
    assert clockwork.desk.escalate_breached(MANAGER) == [planned]


def test_only_active_tickets_with_an_agreement_in_the_scope(clockwork: Clockwork) -> None:
    desk = clockwork.desk
    late = clockwork.create()
    clockwork.create(Priority.LOW)  # nothing agreed
    done = clockwork.create()
    desk.update(done.ticket_id, TicketUpdate(status=Status.RESOLVED, resolution="x"), MANAGER)
    clockwork.minutes = 9999
    assert desk.escalate_breached(replace(MANAGER, active_customer="keller")) == []
    assert [ticket.ticket_id for ticket in desk.escalate_breached(MANAGER)] == [late.ticket_id]


def test_a_ticket_that_is_resolved_while_the_list_is_read_is_left_alone(tmp_path: Path) -> None:
    clockwork = Clockwork(tmp_path / "tickets.db")
    late = clockwork.create()
    clockwork.minutes = 9999

    class ResolvedMeanwhile(SqliteTicketStore):
        """Somebody resolves the ticket right after a list was read."""

        def find(self, *args: Any, **options: Any) -> list[TicketRow]:
            rows = super().find(*args, **options)
            done = TicketUpdate(status=Status.RESOLVED, resolution="x")
            clockwork.desk.update(late.ticket_id, done, MANAGER)
            return rows

    store = ResolvedMeanwhile(tmp_path / "tickets.db")
    desk = Desk(store, clockwork.now, {"northwind": customer()})
    assert desk.escalate_breached(MANAGER, team="network-ops") == []
    after = clockwork.desk.read(late.ticket_id, MANAGER)
    assert (after.status, after.priority, after.team) == (Status.RESOLVED, Priority.HIGH, None)


def test_every_page_is_looked_at(clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msp_core.tickets.desk.MAX_LIMIT", 2)
    ids = {clockwork.create().ticket_id for _ in range(5)}
    clockwork.minutes = 9999
    escalated = clockwork.desk.escalate_breached(MANAGER)
    assert {ticket.ticket_id for ticket in escalated} == ids
    assert len(escalated) == 5


def test_a_customer_does_not_escalate(clockwork: Clockwork) -> None:
    with pytest.raises(NotAllowed):
        clockwork.desk.escalate_breached(Scope("c", Role.CUSTOMER, frozenset({"northwind"})))


def test_a_customer_sees_nothing_of_it_but_the_priority(clockwork: Clockwork) -> None:
    ticket = clockwork.create()
    clockwork.minutes = 9999
    clockwork.desk.escalate_breached(MANAGER)
    seen = clockwork.desk.read(
        ticket.ticket_id, Scope("c", Role.CUSTOMER, frozenset({"northwind"}))
    )
    assert [line.field for line in seen.history] == ["status", "priority"]
