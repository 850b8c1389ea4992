"""Where tickets are kept: the port that each store implements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from msp_core.scope import Scope
from msp_core.tickets.ticket import Category, Priority, Status, Ticket


@dataclass(frozen=True)
class TicketFilter:
    """Which tickets of a scope are wanted; None means any."""

    statuses: frozenset[Status] | None = None
    priority: Priority | None = None
    category: Category | None = None
    assigned_to: str | None = None
    requester: str | None = None


@dataclass(frozen=True)
class TicketPage:
    """The newest tickets that match, and how many match in all."""

    tickets: tuple[Ticket, ...]
    total: int


@dataclass(frozen=True)
class IdempotencyKey:
    """Makes a repeated write count once.

    Attributes:
        actor_id: a key belongs to who used it.
        key: chosen by the caller, unique per intended write.
        body_sha256: the same key with another body is refused.
    """

    actor_id: str
    key: str
    body_sha256: str


class TicketStore(Protocol):
    """Keeps tickets; every read is bound to a scope.

    Backends agree on this: a ticket outside `scope.visible_customers` and a deleted one are
    `NotFound`, like one that never was. Lists are newest first by `created_at`, then by id
    descending. A write is visible to every later read of any thread and process. A write whose
    idempotency key was used returns the ticket as it stands, and changes nothing.
    """

    def get(self, ticket_id: str, scope: Scope) -> Ticket:
        """The ticket.

        Raises:
            NotFound: not there, deleted, or another customer's.
        """

    def find(self, scope: Scope, wanted: TicketFilter, *, limit: int) -> TicketPage:
        """The newest `limit` (1 to 500) tickets of the scope that match."""

    def add(self, ticket: Ticket, *, once: IdempotencyKey | None = None) -> Ticket:
        """Store a new ticket and return it.

        Raises:
            Conflict: the id is taken, or `once` was used with another body.
            NotFound: what `once` wrote was deleted since.
        """

    def load(self, tickets: Sequence[Ticket]) -> int:
        """Store those whose id was never taken, all or none; returns how many."""

    def replace(
        self, ticket: Ticket, *, expected_version: int, once: IdempotencyKey | None = None
    ) -> Ticket:
        """Store the next state of a ticket and return it.

        Raises:
            Conflict: the stored version is not `expected_version`, or `once` was used with
                another body.
            NotFound: not there, or deleted.
        """

    def delete(self, ticket_id: str, *, expected_version: int) -> None:
        """Leave a tombstone: the id stays taken, the ticket is gone.

        Raises:
            Conflict: the stored version is not `expected_version`.
            NotFound: not there, or deleted already.
        """
