"""Where tickets are kept: the port that each store implements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from msp_core.errors import Conflict, InvalidInput, NotFound
from msp_core.scope import Scope
from msp_core.tickets.ticket import Category, Priority, Status, Ticket, TicketRow

KEY_LIFE = timedelta(days=7)
"""How long an idempotency key is remembered."""


@dataclass(frozen=True)
class TicketFilter:
    """Which tickets of a scope are wanted; None means any."""

    statuses: frozenset[Status] | None = None
    priority: Priority | None = None
    category: Category | None = None
    assigned_to: str | None = None
    requester: str | None = None


@dataclass(frozen=True)
class Position:
    """A place in a list of tickets: right after this one."""

    created_at: datetime
    ticket_id: str


@dataclass(frozen=True)
class IdempotencyKey:
    """Makes a repeated write count once, for `KEY_LIFE`.

    Attributes:
        actor_id: a key belongs to who used it.
        operation: and to what it was used for.
        key: chosen by the caller, unique per intended write.
        body_sha256: the same key with another body is refused.
        at: the time of this attempt.
    """

    actor_id: str
    operation: str
    key: str
    body_sha256: str
    at: datetime

    @property
    def expires_at(self) -> datetime:
        """When the key may be used anew."""
        return self.at + KEY_LIFE

    def check_body(self, stored_sha256: str) -> None:
        """Pass when the key was used with this very body.

        Raises:
            InvalidInput: it was used with another one.
        """
        if stored_sha256 != self.body_sha256:
            raise InvalidInput(
                "This idempotency key was used for another request. Use a new key.",
                field="idempotency_key",
            )


class TicketStore(Protocol):
    """Keeps tickets; every read is bound to a scope.

    Stores agree on this: a ticket outside `scope.visible_customers` and a deleted one are
    `NotFound`, like one that never was. Lists are newest first by `created_at` in whole seconds,
    then by id descending. Notes and history are only ever added to: of a ticket that is written
    again the store keeps those it has and adds what comes after them. A write whose idempotency
    key was used returns what that write returned, and changes nothing; when the ticket was deleted
    since, it is `NotFound`.

    They differ in one thing: a write is visible to every later `get` and `replay` of any thread and
    process, and with SQLite to `find` and `count` too; DynamoDB's indexes follow a moment later.
    There a page costs the same however many tickets there are, unless few of them match the
    priority, category or requester that is asked for: these are looked at one by one.
    """

    def get(self, ticket_id: str, scope: Scope) -> Ticket:
        """The ticket.

        Raises:
            NotFound: not there, deleted, or another customer's.
        """

    def find(
        self, scope: Scope, wanted: TicketFilter, *, limit: int, after: Position | None = None
    ) -> list[TicketRow]:
        """The newest `limit` tickets of the scope that match and come after a position.

        What is created while somebody pages comes before the pages to come, so that no ticket is
        shown twice or left out.
        """

    def count(self, scope: Scope, wanted: TicketFilter, *, at_most: int) -> int:
        """How many tickets of the scope match; counting stops at `at_most`."""

    def replay(self, once: IdempotencyKey) -> Ticket | None:
        """What the write of this key returned, or None when there was none.

        Raises:
            InvalidInput: the key was used with another body.
            NotFound: the ticket was deleted since.
        """

    def add(self, ticket: Ticket, *, once: IdempotencyKey | None = None) -> Ticket:
        """Store a new ticket and return it.

        Raises:
            Conflict: the id is taken, also by a deleted ticket.
            InvalidInput: the ticket is too big, or `once` was used with another body.
            NotFound: what `once` wrote was deleted since.
        """

    def load(self, tickets: Sequence[Ticket]) -> int:
        """Store those whose id was never taken; returns how many.

        SQLite stores all or none, DynamoDB each ticket whole: after a failure, load again.

        Raises:
            InvalidInput: a ticket is too big.
        """

    def replace(
        self, ticket: Ticket, *, expected_version: int, once: IdempotencyKey | None = None
    ) -> Ticket:
        """Store the next state of a ticket, or the same for the sake of `once`, and return it.

        Raises:
            Conflict: the stored version is not `expected_version`.
            InvalidInput: the ticket is too big, or `once` was used with another body.
            NotFound: not there, or deleted.
        """

    def delete(self, ticket_id: str, *, expected_version: int, at: datetime, actor: str) -> None:
        """Leave a tombstone: who deleted it and when, and nothing that the ticket said.

        The id stays taken; there is no way back. DynamoDB keeps what idempotency keys returned,
        which nobody can read any more, until the keys end.

        Raises:
            Conflict: the stored version is not `expected_version`.
            NotFound: not there, or deleted already.
        """

    def secret(self) -> bytes:
        """32 random bytes, made on first use; the same for all who use these tickets."""


def not_found(ticket_id: str) -> NotFound:
    """The one error for a ticket that is not there, deleted or another customer's."""
    return NotFound(
        f"There is no ticket {ticket_id} that you can see. "
        "Check the id (`msp tickets list` shows yours) and the customer you work for."
    )


def changed_meanwhile(ticket_id: str, version: int, expected: int) -> Conflict:
    """The error for a change that is based on an old version."""
    return Conflict(
        f"{ticket_id} was changed meanwhile (version {version}, you had {expected}). "
        "Read it again and repeat the change."
    )
