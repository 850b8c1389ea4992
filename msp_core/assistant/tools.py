"""The tools of the agent, bound to one turn: the scope is fixed here and is no argument."""

import json
from dataclasses import dataclass, field
from typing import Any, TypeVar

from msp_core.assistant.verification import Evidence, seed_passages
from msp_core.clock import to_iso
from msp_core.errors import InvalidInput
from msp_core.knowledge.document import RESOLUTION
from msp_core.knowledge.retriever import Passage, Retriever
from msp_core.scope import Permission, Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.requests import TicketUpdate
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import (
    DONE,
    Category,
    Priority,
    Status,
    Ticket,
    TicketRow,
)

READ_TOOLS = frozenset({"search_knowledge", "get_ticket", "list_tickets"})
WRITE_TOOLS = frozenset({"create_ticket", "update_ticket", "add_note", "delete_ticket"})
LISTED = 10
READ_WHOLE = 2
"""The best documents are read whole: a chunk alone often has the symptom and not the cure."""
MAX_WHOLE = 6_000
Member = TypeVar("Member", Status, Priority, Category)


@dataclass
class TurnContext:
    """What the tools of one turn share.

    Attributes:
        approved_version: set for a call that a human approved: the ticket version that was shown;
            the change is refused when the ticket moved on.
        message_before: what the person wrote in the turn before; searched along.
        new_passages: found since the turn last emitted them.
    """

    scope: Scope
    session_id: str
    turn_id: str
    desk: Desk
    retriever: Retriever
    approved_version: int | None = None
    message_before: str | None = None
    evidence: Evidence = field(default_factory=Evidence)
    new_passages: list[Passage] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def key(self, tool_use_id: str) -> str:
        """The idempotency key of a write: the same turn again finds its own write."""
        return f"{self.session_id}/{self.turn_id}/{tool_use_id}"


def make_tools(turn: TurnContext) -> list[Any]:
    """The Strands tools of a turn; which ones depends on the role."""
    from strands import ToolContext, tool

    @tool
    def search_knowledge(query: str) -> str:
        """Search the knowledge base and resolved tickets. Returns passages with id, title and text.

        Args:
            query: What to look for, in the words of the problem; complete, without "it" or "that".
        """
        before = turn.message_before
        if before is not None and before in query:
            before = None  # once is enough
        found = turn.retriever.search(query, turn.scope, k=5, previous_turn=before)
        turn.notices += [notice.text for notice in found.notices]
        turn.new_passages += found.passages
        rows = []
        for place, passage in enumerate(found.passages):
            rows.append(_passage(passage, _text_of(passage, turn, whole=place < READ_WHOLE), turn))
        seed_passages(turn.evidence, rows)
        return _json(rows)

    @tool
    def get_ticket(ticket_id: str) -> str:
        """Read one ticket with its notes.

        Args:
            ticket_id: For example TKT-20260102-0A1B2C3D.
        """
        ticket = turn.desk.read(ticket_id, turn.scope)
        return _json(_whole(ticket, turn))

    @tool
    def list_tickets(
        status: str = "", priority: str = "", category: str = "", assigned_to_me: bool = False
    ) -> str:
        """List the newest tickets. All arguments are optional filters.

        Args:
            status: "active" (neither resolved nor closed), Open, In Progress, On Hold, Resolved
                or Closed.
            priority: Low, Medium, High or Critical.
            category: Network, Hardware, Software, Security or General.
            assigned_to_me: Only those assigned to the person you work for.
        """
        wanted = TicketFilter(
            statuses=_statuses(status),
            priority=_member(Priority, priority, "priority") if priority else None,
            category=_member(Category, category, "category") if category else None,
            assigned_to=turn.scope.actor_id if assigned_to_me else None,
        )
        page = turn.desk.find(turn.scope, wanted, limit=LISTED)
        for ticket in page.tickets:
            turn.evidence.saw_text(ticket.ticket_id)
        total = turn.desk.count(turn.scope, wanted)
        return _json({"total": total, "tickets": [_row(ticket) for ticket in page.tickets]})

    @tool(context=True)
    def create_ticket(
        title: str,
        description: str,
        tool_context: ToolContext,
        priority: str = "Medium",
        category: str = "General",
    ) -> str:
        """Open a new ticket for the person's customer.

        Args:
            title: One line that names the problem.
            description: What happens, since when, for whom, and what was tried.
            priority: Low, Medium, High or Critical.
            category: Network, Hardware, Software, Security or General.
        """
        ticket = turn.desk.create(
            turn.scope,
            title=title,
            description=description,
            priority=_member(Priority, priority, "priority"),
            category=_member(Category, category, "category"),
            key=turn.key(tool_context.tool_use["toolUseId"]),
        )
        turn.evidence.saw_text(ticket.ticket_id)
        return _json({"done": "created", "ticket": _row(ticket)})

    @tool(context=True)
    def update_ticket(
        ticket_id: str,
        tool_context: ToolContext,
        status: str = "",
        priority: str = "",
        category: str = "",
        assigned_to: str = "",
        resolution: str = "",
    ) -> str:
        """Change fields of a ticket; leave out what stays.

        Args:
            ticket_id: The ticket.
            status: Open, In Progress, On Hold, Resolved or Closed.
            priority: Low, Medium, High or Critical.
            category: Network, Hardware, Software, Security or General.
            assigned_to: Id of a technician.
            resolution: What was wrong and done; needed to resolve or close.
        """
        update = TicketUpdate(
            status=_member(Status, status, "status") if status else None,
            priority=_member(Priority, priority, "priority") if priority else None,
            category=_member(Category, category, "category") if category else None,
            assigned_to=assigned_to or None,
            resolution=resolution or None,
        )
        ticket = turn.desk.update(
            ticket_id,
            update,
            turn.scope,
            expected_version=turn.approved_version,
            key=turn.key(tool_context.tool_use["toolUseId"]),
        )
        return _json({"done": "updated", "changed": update.fields(), "ticket": _row(ticket)})

    @tool(context=True)
    def add_note(
        ticket_id: str, text: str, tool_context: ToolContext, visibility: str = "public"
    ) -> str:
        """Add a note to a ticket.

        Args:
            ticket_id: The ticket.
            text: The note.
            visibility: "public" (the customer sees it) or "internal".
        """
        if visibility not in ("public", "internal"):
            raise InvalidInput(
                f"visibility is {visibility!r}; it must be public or internal.", field="visibility"
            )
        ticket = turn.desk.add_note(
            ticket_id,
            text,
            turn.scope,
            visibility=visibility,  # type: ignore[arg-type]  # checked above
            expected_version=turn.approved_version,
            key=turn.key(tool_context.tool_use["toolUseId"]),
        )
        return _json({"done": "noted", "visibility": visibility, "ticket": _row(ticket)})

    @tool
    def delete_ticket(ticket_id: str) -> str:
        """Delete a ticket for good.

        Args:
            ticket_id: The ticket.
        """
        deleted = turn.desk.delete(ticket_id, turn.scope, expected_version=turn.approved_version)
        return _json({"done": "deleted", "ticket_id": deleted})

    tools = [search_knowledge, get_ticket, list_tickets, create_ticket, update_ticket, add_note]
    if turn.scope.may(Permission.DELETE_TICKET):
        tools.append(delete_ticket)
    return tools


def _text_of(passage: Passage, turn: TurnContext, *, whole: bool) -> str:
    """What the model reads of a found document; of a ticket always what solved it, too."""
    text = passage.text
    if whole:
        text = turn.retriever.read(passage.document_id, turn.scope)[:MAX_WHOLE]
    if not passage.document_id.startswith("ticket:") or passage.heading == RESOLUTION:
        return text
    solution = turn.retriever.read(passage.document_id, turn.scope, heading=RESOLUTION)
    if not whole and passage.heading:
        text = f"## {passage.heading}\n\n{text}"
    return text if solution in text else f"{text}\n\n{solution[:MAX_WHOLE]}"


def _passage(passage: Passage, text: str, turn: TurnContext) -> dict[str, Any]:
    several = len(turn.scope.visible_customers) > 1
    return {
        "id": passage.document_id,
        **({"customer": passage.customer_id} if several and passage.customer_id else {}),
        "title": passage.title,
        "section": passage.heading,
        "text": text,
        "score": round(passage.score, 3),
        "cosine": round(passage.why["cosine"] or 0.0, 3),
    }


def _row(ticket: Ticket | TicketRow) -> dict[str, Any]:
    return {
        "ticket_id": ticket.ticket_id,
        "customer": ticket.customer_id,
        "title": ticket.title,
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "category": str(ticket.category),
        "assigned_to": ticket.assigned_to,
        "updated_at": to_iso(ticket.updated_at),
    }


def _whole(ticket: Ticket, turn: TurnContext) -> dict[str, Any]:
    whole = {
        **_row(ticket),
        "description": ticket.description,
        "requester": ticket.requester,
        "created_at": to_iso(ticket.created_at),
        "notes": [
            {
                "at": to_iso(note.at),
                "author": note.author,
                "visibility": note.visibility,
                "text": note.text,
            }
            for note in ticket.notes
        ],
        "resolution": ticket.resolution.text if ticket.resolution else None,
        "duplicate_of": ticket.duplicate_of,
    }
    turn.evidence.saw_text(json.dumps(whole))
    return whole


def _statuses(text: str) -> frozenset[Status] | None:
    if not text:
        return None
    if text.lower() == "active":
        return frozenset(Status) - DONE
    return frozenset({_member(Status, text, "status")})


def _member(enum: type[Member], text: str, name: str) -> Member:
    try:
        return enum(text.strip().title())
    except ValueError as error:
        members = ", ".join(member.value for member in enum)
        raise InvalidInput(
            f"{name} is {text[:40]!r}; it must be one of {members}.", field=name
        ) from error


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
