"""What the router is told of a turn, and what is kept of its decision."""

from typing import TYPE_CHECKING, Any

from msp_core.assistant.transcript import message_text, user_messages
from msp_core.errors import NotFound
from msp_core.routing.decision_log import logged_decision
from msp_core.routing.policy import RouteDecision
from msp_core.routing.request import CacheState, RouteRequest
from msp_core.tickets.ticket import Ticket
from msp_core.tickets.values import TICKET_ID

if TYPE_CHECKING:
    from msp_core.assistant.parts import Parts
    from msp_core.assistant.tools import TurnContext

CACHE_LIFETIME_S = 300
"""Prompt caches forget a prefix that was not used for so long."""


def route_request(
    text: str, before: list[Any], turn: "TurnContext", parts: "Parts", *, prefix_tokens: int
) -> RouteRequest:
    """The request for a message, after the messages `before` of its conversation."""
    history = tuple(user_messages(before))
    ticket = _ticket_spoken_of([*history, text], turn)
    asked = message_text(before[-1]) if before and before[-1]["role"] == "assistant" else ""
    return RouteRequest(
        text,
        history=history,
        prefix_tokens=prefix_tokens,
        asked=asked,
        category=str(ticket.category) if ticket else None,
        priority=str(ticket.priority) if ticket else None,
        cache=CacheState(
            _cached_tokens(parts.models.weak.model_id, turn, parts),
            _cached_tokens(parts.models.strong.model_id, turn, parts),
        ),
        budget_left_usd=parts.budget.left_usd(
            parts.ledger, parts.clock, customer_id=turn.scope.active_customer
        ),
    )


def log_decision(
    decision: RouteDecision, request: RouteRequest, turn: "TurnContext", parts: "Parts"
) -> None:
    """Keep the decision for replays."""
    parts.decisions.add(
        logged_decision(
            decision,
            request,
            at=parts.clock(),
            session_id=turn.session_id,
            turn_id=turn.turn_id,
            customer_id=turn.scope.active_customer,
            policy=parts.policy.name,
            models=(parts.models.weak.model_id, parts.models.strong.model_id),
        )
    )


def _ticket_spoken_of(texts: list[str], turn: "TurnContext") -> Ticket | None:
    """The ticket that was named last, if the person may read it."""
    for text in reversed(texts):
        named = TICKET_ID.findall(text.upper())
        if named:
            try:
                return turn.desk.read(named[-1], turn.scope)
            except NotFound:
                return None
    return None


def _cached_tokens(model_id: str, turn: "TurnContext", parts: "Parts") -> int:
    call = parts.ledger.last_call(turn.session_id, model_id)
    if call is None or (parts.clock() - call.at).total_seconds() > CACHE_LIFETIME_S:
        return 0
    return call.cache_tokens + call.cache_write_tokens
