"""What DynamoDB charges for a page of a list, by the account of the real engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from botocore.client import BaseClient

from msp_core.dynamodb.table import Table
from msp_core.scope import Role, Scope
from msp_core.tickets.dynamodb_items import TICKETS_TABLE, meta_item
from msp_core.tickets.store import Position, TicketFilter, TicketStore
from msp_core.tickets.ticket import DONE, Status
from tests.contract.stores.making import ANY, number, ticket

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend

CUSTOMERS = [f"c-{n}" for n in range(8)]
SIZES = 1_000, 5_000
ACTIVE = TicketFilter(statuses=frozenset(Status) - DONE)
MINE = replace(ANY, assigned_to="tom")
LISTS = {
    "one customer": (CUSTOMERS[:1], ANY),
    "four customers": (CUSTOMERS[:4], ANY),
    "four customers, active": (CUSTOMERS[:4], ACTIVE),
    "the queue of the whole desk": (CUSTOMERS, ACTIVE),
    "an assignee": (CUSTOMERS, MINE),
}


def fill(table: Table, first: int, last: int) -> None:
    """Tickets like those of every other round of customers and statuses."""
    active = sorted(set(Status) - DONE)
    table.put_all(
        [
            meta_item(
                ticket(
                    n,
                    customer=CUSTOMERS[n % 8],
                    status=active[n // 8 % 3],
                    assigned_to=["tom", "mia"][n // 24 % 2],
                    description="x" * 500,
                )
            )
            for n in range(first, last)
        ]
    )


@contextmanager
def metered() -> Iterator[list[float]]:
    """Yields the units that each read takes."""
    units: list[float] = []
    send = BaseClient._make_api_call

    def measured(self: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        answer = send(self, operation, request | {"ReturnConsumedCapacity": "TOTAL"})
        taken = answer["ConsumedCapacity"]
        every = taken if isinstance(taken, list) else [taken]
        units.extend(one["CapacityUnits"] for one in every)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", measured)
        yield units


def page_units(store: TicketStore, scope: Scope, wanted: TicketFilter, newest: int) -> list[float]:
    """What the first page takes, and one that begins further down."""
    taken = []
    later = ticket(newest - 24)
    for after in (None, Position(later.created_at, later.ticket_id)):
        with metered() as units:
            rows = store.find(scope, wanted, limit=20, after=after)
        assert after is None or number(rows[0]) < newest - 24
        taken.append(sum(units))
    return taken


@pytest.mark.services
@pytest.mark.parametrize("backend", ["dynamodb-local"], indirect=True)
def test_a_page_costs_the_same_however_many_tickets_there_are(backend: "Backend") -> None:
    store, table = backend.tickets(), backend.table("tickets", TICKETS_TABLE)
    taken = []
    for first, last in pairwise((0, *SIZES)):
        fill(table, first, last)
        taken.append({
            name: page_units(
                store, Scope("mia", Role.MANAGER, frozenset(customers)), wanted, last
            )
            for name, (customers, wanted) in LISTS.items()
        })  # fmt: skip
    assert taken[0] == taken[1]
    # A unit for each row, and at most one for each stretch of an index: 4 customers x 3 statuses.
    assert max(max(units) for units in taken[1].values()) <= 20 + 12
