"""What an assistant is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msp_core.assistant.models import ModelPair
from msp_core.clock import Clock
from msp_core.conversations.store import ConversationStore
from msp_core.costs.budget import DailyBudget
from msp_core.costs.ledger import Ledger
from msp_core.guardrails.guardrail import Guardrail
from msp_core.knowledge.retriever import Retriever
from msp_core.routing.decision_log import DecisionLog
from msp_core.routing.policy import RoutingPolicy
from msp_core.tickets.desk import Desk

if TYPE_CHECKING:
    from strands.session.session_manager import SessionManager


@dataclass(frozen=True)
class Parts:
    """What an assistant is made of; `bootstrap` puts them together."""

    desk: Desk
    retriever: Retriever
    guardrail: Guardrail
    conversations: ConversationStore
    models: ModelPair
    policy: RoutingPolicy
    open_session: "Callable[[str], SessionManager]"
    ledger: Ledger
    budget: DailyBudget
    decisions: DecisionLog
    clock: Clock
    customer_names: dict[str, str]
