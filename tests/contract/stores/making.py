"""What the ticket contracts write."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from msp_core.scope import Role, Scope
from msp_core.tickets.store import IdempotencyKey, Position, TicketFilter, TicketStore
from msp_core.tickets.ticket import Category, Priority, Status, Ticket, TicketRow

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANY = TicketFilter()
DESK = Scope("mia", Role.MANAGER, frozenset({"northwind", "keller"}))
KELLER = Scope("kurt", Role.CUSTOMER, frozenset({"keller"}))


def ticket(number: int = 1, *, customer: str = "northwind", **fields: object) -> Ticket:
    """Ticket `number` was created `number` minutes after NOW."""
    plain = Ticket(
        ticket_id=f"TKT-20261102-{number:08X}",
        customer_id=customer,
        title=f"Ticket {number}",
        description="Größe 日本語 'quoted' \"x\"",
        status=Status.OPEN,
        priority=Priority.MEDIUM,
        category=Category.GENERAL,
        created_at=NOW + timedelta(minutes=number),
        updated_at=NOW + timedelta(minutes=number),
        requester="carla",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def key(
    body: str = "0" * 64, *, actor: str = "mia", name: str = "k", at: datetime = NOW
) -> IdempotencyKey:
    return IdempotencyKey(actor, "write", name, body, at)


def delete(store: TicketStore, ticket_id: str, *, version: int) -> None:
    store.delete(ticket_id, expected_version=version, at=NOW, actor="mia")


def numbers(
    store: TicketStore,
    wanted: TicketFilter = ANY,
    limit: int = 50,
    *,
    scope: Scope = DESK,
    after: Position | None = None,
) -> list[int]:
    return [number(row) for row in store.find(scope, wanted, limit=limit, after=after)]


def number(row: TicketRow) -> int:
    return int(row.ticket_id[-8:], 16)
