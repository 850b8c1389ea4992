"""What people and tools do with tickets: the use cases, with the rules of each role."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from msp_core.clock import Clock
from msp_core.customers import Customer
from msp_core.errors import Conflict, InvalidInput, NotFound
from msp_core.scope import Permission, Scope
from msp_core.tickets.changes import checked_values, person, require_update, team_id
from msp_core.tickets.cursor import Cursors
from msp_core.tickets.escalation import escalated
from msp_core.tickets.requests import NewNote, TicketPage, TicketUpdate
from msp_core.tickets.sla import Sla, SlaRules
from msp_core.tickets.store import (
    IdempotencyKey,
    Position,
    TicketFilter,
    TicketStore,
    changed_meanwhile,
)
from msp_core.tickets.ticket import (
    DONE,
    Category,
    Change,
    Note,
    Priority,
    Status,
    Ticket,
    TicketRow,
    Visibility,
)
from msp_core.tickets.values import (
    MAX_TITLE,
    check_tags,
    check_text,
    check_ticket_id,
    new_ticket_id,
)

MAX_LIMIT = 500
_SAID = (
    "customer_id", "title", "description", "priority", "category", "status", "assigned_to", "team",
    "tags",
)  # fmt: skip
"""What a request for a new ticket says; the rest of the ticket is made here."""


class Desk:
    """The service desk's use cases over a store.

    Every method takes the scope of who asks; what a customer gets back has no internal part.
    `key` makes a write count once: the same key again returns what the first write returned.

    Args:
        customers: by id; their agreed service levels.
    """

    def __init__(
        self, store: TicketStore, clock: Clock, customers: Mapping[str, Customer] | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._sla = SlaRules(customers or {})

    @cached_property
    def _cursors(self) -> Cursors:
        return Cursors(self._store.secret(), self._clock)

    def read(self, ticket_id: str, scope: Scope) -> Ticket:
        """The ticket, as this role may see it.

        Raises:
            InvalidInput: not a ticket id.
            NotFound: no such ticket in the scope.
        """
        return _visible(self._store.get(check_ticket_id(ticket_id), scope), scope)

    def find(
        self,
        scope: Scope,
        wanted: TicketFilter | None = None,
        *,
        limit: int = 20,
        cursor: str | None = None,
    ) -> TicketPage:
        """The newest tickets that match, at most `limit` (1 to 500).

        Args:
            cursor: `next_cursor` of the page before, for the same customers and filter.

        Raises:
            InvalidInput: limit out of range, or a cursor that is forged, expired or of another
                list.
            NotAllowed: a customer filters by assignee.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidInput(f"limit is {limit}; it must be 1 to {MAX_LIMIT}.", field="limit")
        wanted = _permitted(wanted, scope)
        after = None if cursor is None else self._cursors.open(cursor, scope, wanted)
        rows = self._store.find(scope, wanted, limit=limit + 1, after=after)
        following = None
        if len(rows) > limit:
            last = rows[limit - 1]
            position = Position(last.created_at, last.ticket_id)
            following = self._cursors.seal(position, scope, wanted)
        return TicketPage(_rows(rows[:limit], scope), following)

    def before(self, position: Position, scope: Scope, *, limit: int) -> tuple[TicketRow, ...]:
        """The newest `limit` tickets of the scope that come after a position: older ones."""
        rows = self._store.find(scope, TicketFilter(), limit=limit, after=position)
        return _rows(rows, scope)

    def count(
        self, scope: Scope, wanted: TicketFilter | None = None, *, at_most: int = 1000
    ) -> int:
        """How many tickets match; counting stops at `at_most`.

        Raises:
            NotAllowed: a customer filters by assignee.
        """
        return self._store.count(scope, _permitted(wanted, scope), at_most=at_most)

    def sla(self, ticket: Ticket | TicketRow) -> Sla | None:
        """The ticket's SLA clocks now; None when nothing was agreed for it."""
        return self._sla.of(ticket, self._clock())

    def create(
        self,
        scope: Scope,
        *,
        title: str,
        description: str,
        priority: Priority = Priority.MEDIUM,
        category: Category = Category.GENERAL,
        status: Status = Status.OPEN,
        assigned_to: str | None = None,
        team: str | None = None,
        tags: Sequence[str] = (),
        note: NewNote | None = None,
        key: str | None = None,
    ) -> Ticket:
        """A new ticket for the scope's customer.

        Args:
            status: Open, In Progress or On Hold.

        Raises:
            InvalidInput: an empty, too long or unreadable text; done from the start; a used key.
            NotAllowed: a customer sets what belongs to the desk.
            UsageError: the scope has several customers and none is active.
        """
        scope.require(Permission.CREATE_TICKET)
        if status is not Status.OPEN or team is not None:
            scope.require(Permission.UPDATE_TICKET)
        if assigned_to is not None:
            scope.require(Permission.ASSIGN_TICKET)
        if status in DONE:
            raise InvalidInput(
                f"A new ticket cannot be {status}. Create it, then resolve it.", field="status"
            )
        now = self._clock()
        ticket = Ticket(
            ticket_id=new_ticket_id(now),
            customer_id=scope.require_customer(),
            title=check_text(title, field="title", limit=MAX_TITLE),
            description=check_text(description, field="description"),
            status=status,
            priority=priority,
            category=category,
            created_at=now,
            updated_at=now,
            requester=scope.actor_id,
            assigned_to=person(assigned_to),
            team=team_id(team),
            tags=check_tags(tags),
            notes=() if note is None else (self._note(note, scope),),
            history=(Change(now, scope.actor_id, "status", None, status),),
        )
        body = {name: getattr(ticket, name) for name in _SAID} | {"note": note}
        once = _once(scope, key, now, "create", body)
        return _visible(self._store.add(ticket, once=once), scope)

    def update(
        self,
        ticket_id: str,
        update: TicketUpdate,
        scope: Scope,
        *,
        expected_version: int | None = None,
        key: str | None = None,
    ) -> Ticket:
        """Change a ticket; a customer may only reopen and add public notes.

        Args:
            expected_version: refuse when the ticket is no longer at this version.

        Raises:
            InvalidInput: nothing to change, an illegal status move, resolved without a resolution,
                a used key.
            NotAllowed: the role may not.
            NotFound, Conflict: see `TicketStore`.
        """
        if not update.fields() and update.note is None:
            raise InvalidInput("Nothing to change was given. Name at least one field.")
        ticket = self._store.get(check_ticket_id(ticket_id), scope)
        now = self._clock()
        body = vars(update) | {"ticket_id": ticket.ticket_id}
        once = _once(scope, key, now, "update", body)
        if once is not None and (earlier := self._store.replay(once)) is not None:
            return _visible(earlier, scope)
        if expected_version not in {None, ticket.version}:
            # Before anything else is found wrong: it may only be so because of the other change.
            raise changed_meanwhile(ticket.ticket_id, ticket.version, expected_version)
        require_update(ticket, update, scope)
        note = None if update.note is None else self._note(update.note, scope)
        changed = ticket.changed(
            at=now, actor=scope.actor_id, note=note, **checked_values(ticket, update, now)
        )
        if changed is ticket and once is None:
            return _visible(ticket, scope)
        # What changes nothing is written all the same when it has a key, for the key to be kept.
        stored = self._store.replace(changed, expected_version=ticket.version, once=once)
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
        update = TicketUpdate(note=NewNote(text, visibility))
        return self.update(ticket_id, update, scope, expected_version=expected_version, key=key)

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
            at=self._clock(),
            actor=scope.actor_id,
        )
        return ticket.ticket_id

    def escalate_breached(
        self, scope: Scope, *, team: str | None = None, dry_run: bool = False
    ) -> list[Ticket]:
        """Raise the priority of active tickets whose SLA ran out, by one step; once per ticket.

        A line in the history says which clock it was, so running it again changes nothing. A ticket
        that somebody else changes at the same moment is left for the next run.

        Args:
            team: hand them to this team as well.
            dry_run: change nothing.

        Returns:
            The tickets as they are once escalated, newest first.

        Raises:
            NotAllowed: the role may not change tickets.
        """
        scope.require(Permission.UPDATE_TICKET)
        team = team_id(team)
        active = TicketFilter(statuses=frozenset(Status) - DONE)
        done: list[Ticket] = []
        page = self.find(scope, active, limit=MAX_LIMIT)
        while True:
            for row in page.tickets:
                sla = self.sla(row)
                if sla is not None and sla.breached:
                    try:
                        ticket = self._escalate(row.ticket_id, scope, team, dry_run)
                    except (Conflict, NotFound):
                        continue
                    done += [] if ticket is None else [ticket]
            if page.next_cursor is None:
                return done
            page = self.find(scope, active, limit=MAX_LIMIT, cursor=page.next_cursor)

    def _escalate(
        self, ticket_id: str, scope: Scope, team: str | None, dry_run: bool
    ) -> Ticket | None:
        ticket = self._store.get(ticket_id, scope)
        sla = self.sla(ticket)
        if sla is None or ticket.status in DONE:
            return None
        changed = escalated(ticket, sla, at=self._clock(), actor=scope.actor_id, team=team)
        if changed is None or dry_run:
            return changed
        return self._store.replace(changed, expected_version=ticket.version)

    def _note(self, note: NewNote, scope: Scope) -> Note:
        public = note.visibility == "public"
        scope.require(Permission.ADD_PUBLIC_NOTE if public else Permission.ADD_INTERNAL_NOTE)
        return Note(
            id=f"n-{secrets.token_hex(4)}",
            at=self._clock(),
            author=scope.actor_id,
            text=check_text(note.text, field="note"),
            visibility=note.visibility,
        )


def _visible(ticket: Ticket, scope: Scope) -> Ticket:
    return ticket if scope.may(Permission.READ_INTERNAL) else ticket.for_customer()


def _rows(rows: Sequence[TicketRow], scope: Scope) -> tuple[TicketRow, ...]:
    internal = scope.may(Permission.READ_INTERNAL)
    return tuple(row if internal else row.for_customer() for row in rows)


def _permitted(wanted: TicketFilter | None, scope: Scope) -> TicketFilter:
    if wanted is not None and wanted.assigned_to is not None:
        scope.require(Permission.READ_INTERNAL)
    return wanted or TicketFilter()


def _once(
    scope: Scope, key: str | None, now: datetime, operation: str, body: Mapping[str, object]
) -> IdempotencyKey | None:
    if key is None:
        return None
    said = {name: str(value) for name, value in body.items() if value is not None}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return IdempotencyKey(scope.actor_id, operation, key, digest, now)
