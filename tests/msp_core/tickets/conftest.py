"""A desk of two customers, people of each role, and a ticket with a past."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from msp_core.clock import fixed_clock
from msp_core.scope import Role, Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.requests import TicketUpdate
from msp_core.tickets.sqlite import SqliteTicketStore
from msp_core.tickets.ticket import Priority, Status, Ticket

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BOTH = frozenset({"northwind", "keller"})
CUSTOMER = Scope("carla", Role.CUSTOMER, frozenset({"northwind"}))
TECHNICIAN = Scope("tom", Role.TECHNICIAN, BOTH, "northwind")
MANAGER = Scope("mia", Role.MANAGER, BOTH, "northwind")
ELSEWHERE = Scope("kurt", Role.MANAGER, frozenset({"keller"}))
UNKNOWN = "TKT-20200101-00000000"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(SqliteTicketStore(tmp_path / "tickets.db"), fixed_clock(NOW))


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Assigned, with an internal and a public note, resolved."""
    created = desk.create(CUSTOMER, title="Printer", description="It is broken.")
    id_ = created.ticket_id
    desk.update(id_, TicketUpdate(assigned_to="tom", priority=Priority.HIGH), MANAGER)
    desk.add_note(id_, "the customer is rude", TECHNICIAN, visibility="internal")
    desk.add_note(id_, "we are on it", TECHNICIAN)
    return desk.update(id_, TicketUpdate(status=Status.RESOLVED, resolution="New drum"), TECHNICIAN)
