"""What people and tools do with tickets: the use cases, with the rules of each role."""

import hashlib
import json
import secrets
from dataclasses import dataclass, replace

from msp_core.clock import Clock
from msp_core.errors import InvalidInput, NotAllowed
from msp_core.scope import Permission, Role, Scope
from msp_core.tickets.store import IdempotencyKey, TicketFilter, TicketPage, TicketStore
from msp_core.tickets.ticket import (
    DONE,
    MAX_TITLE,
    Category,
    Change,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
    Visibility,
    check_text,
    check_ticket_id,
    new_ticket_id,
)


@dataclass(frozen=True)
class TicketUpdate:
    """What is to change; None leaves a field as it is."""

    status: Status | None = None
    priority: Priority | None = None
    category: Category | None = None
    assigned_to: str | None = None
    team: str | None = None
    resolution: str | None = None

    def fields(self) -> dict[str, str]:
        """The fields that are given."""
        return {name: str(value) for name, value in vars(self).items() if value is not None}


class Desk:
    """The service desk's use cases over a store.

    Every method takes the scope of who asks; what a customer gets back has no internal part.
    `key` makes a write count once: the same key again returns the same ticket.
    """

    def __init__(self, store: TicketStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def read(self, ticket_id: str, scope: Scope) -> Ticket:
        """The ticket, as this role may see it.

        Raises:
            InvalidInput: not a ticket id.
            NotFound: no such ticket in the scope.
        """
        return _visible(self._store.get(check_ticket_id(ticket_id), scope), scope)

    def find(
        self, scope: Scope, wanted: TicketFilter | None = None, *, limit: int = 20
    ) -> TicketPage:
        """The newest tickets that match, at most `limit` (1 to 500).

        Raises:
            InvalidInput: limit out of range.
            NotAllowed: a customer filters by assignee.
        """
        if not 1 <= limit <= 500:
            raise InvalidInput(f"limit is {limit}; it must be 1 to 500.", field="limit")
        wanted = wanted or TicketFilter()
        if wanted.assigned_to is not None:
            scope.require(Permission.READ_INTERNAL)
        page = self._store.find(scope, wanted, limit=limit)
        return replace(page, tickets=tuple(_visible(ticket, scope) for ticket in page.tickets))

    def create(
        self,
        scope: Scope,
        *,
        title: str,
        description: str,
        priority: Priority = Priority.MEDIUM,
        category: Category = Category.GENERAL,
        key: str | None = None,
    ) -> Ticket:
        """A new open ticket for the scope's customer.

        Raises:
            InvalidInput: an empty, too long or unreadable text.
            UsageError: the scope has several customers and none is active.
        """
        scope.require(Permission.CREATE_TICKET)
        now = self._clock()
        ticket = Ticket(
            ticket_id=new_ticket_id(now),
            customer_id=scope.require_customer(),
            title=check_text(title, field="title", limit=MAX_TITLE),
            description=check_text(description, field="description"),
            status=Status.OPEN,
            priority=priority,
            category=category,
            created_at=now,
            updated_at=now,
            requester=scope.actor_id,
            history=(Change(now, scope.actor_id, "status", None, Status.OPEN),),
        )
        body = {
            "operation": "create",
            "customer": ticket.customer_id,
            "title": ticket.title,
            "description": ticket.description,
            "priority": str(priority),
            "category": str(category),
        }
        return _visible(self._store.add(ticket, once=_once(scope, key, body)), scope)

    def update(
        self,
        ticket_id: str,
        update: TicketUpdate,
        scope: Scope,
        *,
        expected_version: int | None = None,
        key: str | None = None,
    ) -> Ticket:
        """Change a ticket; a customer may only reopen.

        Args:
            expected_version: refuse when the ticket is no longer at this version.

        Raises:
            InvalidInput: nothing to change, an illegal status move, resolved without a resolution.
            NotAllowed: the role may not.
            NotFound, Conflict: see `TicketStore`.
        """
        fields = update.fields()
        if not fields:
            raise InvalidInput("Nothing to change was given. Name at least one field.")
        ticket = self._store.get(check_ticket_id(ticket_id), scope)
        _require_update(ticket, fields, scope)
        now = self._clock()
        values: dict[str, object] = {
            name: value
            for name, value in vars(update).items()
            if value is not None and name != "resolution"
        }
        for name in ("assigned_to", "team"):
            if name in fields:
                values[name] = check_text(fields[name], field=name, limit=64)
        if update.resolution is not None:
            if update.status is not None and update.status not in DONE:
                raise InvalidInput(
                    f"A ticket that becomes {update.status} has no resolution yet. "
                    "Leave the resolution out, or add it as a note.",
                    field="resolution",
                )
            text = check_text(update.resolution, field="resolution")
            values["resolution"] = Resolution(now, text)
        if update.status is not None and update.status not in DONE:
            values["resolution"] = None
        elif update.status in DONE and ticket.resolution is None and update.resolution is None:
            raise InvalidInput(
                f"A ticket needs a resolution to become {update.status}. Say what was done.",
                field="resolution",
            )
        changed = ticket.changed(at=now, actor=scope.actor_id, **values)
        if changed is ticket:
            return _visible(ticket, scope)
        body = {"operation": "update", "ticket_id": ticket.ticket_id, **fields}
        stored = self._store.replace(
            changed,
            expected_version=ticket.version if expected_version is None else expected_version,
            once=_once(scope, key, body),
        )
        return _visible(stored, scope)

    def add_note(
        self,
        ticket_id: str,
        text: str,
        scope: Scope,
        *,
        visibility: Visibility = "public",
        expected_version: int | None = None,
        key: str | None = None,
    ) -> Ticket:
        """Add a note; an internal one needs a role that may read it.

        Raises:
            InvalidInput, NotAllowed, NotFound, Conflict: as in `update`.
        """
        needed = (
            Permission.ADD_PUBLIC_NOTE if visibility == "public" else Permission.ADD_INTERNAL_NOTE
        )
        scope.require(needed)
        ticket = self._store.get(check_ticket_id(ticket_id), scope)
        note = Note(
            id=f"n-{secrets.token_hex(4)}",
            at=self._clock(),
            author=scope.actor_id,
            text=check_text(text, field="text"),
            visibility=visibility,
        )
        body = {
            "operation": "note",
            "ticket_id": ticket.ticket_id,
            "text": note.text,
            "visibility": visibility,
        }
        stored = self._store.replace(
            ticket.with_note(note),
            expected_version=ticket.version if expected_version is None else expected_version,
            once=_once(scope, key, body),
        )
        return _visible(stored, scope)

    def delete(self, ticket_id: str, scope: Scope, *, expected_version: int | None = None) -> str:
        """Delete a ticket and return its id; a tombstone stays.

        Raises:
            NotAllowed: only a manager deletes.
            NotFound, Conflict: see `TicketStore`.
        """
        scope.require(Permission.DELETE_TICKET)
        ticket = self._store.get(check_ticket_id(ticket_id), scope)
        self._store.delete(
            ticket.ticket_id,
            expected_version=ticket.version if expected_version is None else expected_version,
        )
        return ticket.ticket_id


def _visible(ticket: Ticket, scope: Scope) -> Ticket:
    return ticket if scope.may(Permission.READ_INTERNAL) else ticket.for_customer()


def _require_update(ticket: Ticket, fields: dict[str, str], scope: Scope) -> None:
    if scope.role is Role.CUSTOMER:
        reopens = ticket.status in DONE and fields == {"status": Status.OPEN}
        if not reopens:
            raise NotAllowed(
                "A customer can reopen a resolved ticket (status Open) and add notes, nothing else."
                " Add a note that says what you need."
            )
        scope.require(Permission.REOPEN_TICKET)
        return
    scope.require(Permission.UPDATE_TICKET)
    if "assigned_to" in fields:
        scope.require(Permission.ASSIGN_TICKET)


def _once(scope: Scope, key: str | None, body: dict[str, str]) -> IdempotencyKey | None:
    if key is None:
        return None
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return IdempotencyKey(scope.actor_id, key, digest)
