"""An assistant over real files and scripted models, and ways to look at its events."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from strands.models.model import Model
from strands.session import FileSessionManager

from msp_core.assistant.assistant import Assistant
from msp_core.assistant.events import EVENT_FIELDS, Event
from msp_core.assistant.models import ChatModel, ModelPair
from msp_core.assistant.parts import Parts
from msp_core.conversations.sqlite import SqliteConversationStore
from msp_core.costs.budget import DailyBudget
from msp_core.costs.sqlite import SqliteLedger
from msp_core.guardrails.policy import load_policy
from msp_core.guardrails.rules import RuleGuardrail
from msp_core.knowledge.retriever import Retriever
from msp_core.routing.decision_log import FileDecisionLog
from msp_core.routing.draft_check import check_draft
from msp_core.routing.policy import make_policy
from msp_core.routing.price import Price
from msp_core.scope import Role, Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.sqlite import SqliteTicketStore
from msp_core.tickets.ticket import Ticket
from tests.fakes.scripted_model import Reply, ScriptedModel

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PRICE = Price(1.0, 2.0)


def scope(actor: str, role: Role, customer: str | None = "northwind") -> Scope:
    """A person of the desk (both customers), or an employee of Northwind."""
    own = {"northwind"} if role is Role.CUSTOMER else {"northwind", "keller"}
    return Scope(actor, role, frozenset(own), customer)


MANAGER = scope("mia", Role.MANAGER)
TECHNICIAN = scope("tom", Role.TECHNICIAN)
CUSTOMER = scope("carla", Role.CUSTOMER)


@dataclass
class Bench:
    """Attributes:
    state: the state folder; another bench on it sees the same conversations.
    pair: models of another kind, instead of `weak` and `strong`.
    time: what the clock shows; assign to let time pass.
    policy: `weak` or `strong` keeps the router out of a test.
    """

    state: Path
    retriever: Retriever
    weak: Model = field(default_factory=lambda: ScriptedModel([]))
    strong: Model = field(default_factory=lambda: ScriptedModel([]))
    strong_price: Price | None = None
    pair: ModelPair | None = None
    policy: str = "weak"
    budget: DailyBudget = field(default_factory=DailyBudget)
    time: datetime = NOW

    def clock(self) -> datetime:
        return self.time

    @property
    def desk(self) -> Desk:
        return Desk(SqliteTicketStore(self.state / "tickets.db"), self.clock)

    @property
    def ledger(self) -> SqliteLedger:
        return SqliteLedger(self.state / "ledger.db")

    @property
    def conversations(self) -> SqliteConversationStore:
        return SqliteConversationStore(self.state / "conversations.db", self.clock)

    def script(self, *replies: Reply) -> ScriptedModel:
        """Let both models say this from now on."""
        return self._both(ScriptedModel(list(replies)))

    def follow(self, script: Callable[[list[Any]], Reply]) -> ScriptedModel:
        """Let both models answer by rule."""
        return self._both(ScriptedModel(script))

    def _both(self, model: ScriptedModel) -> ScriptedModel:
        self.weak = model
        self.strong = replace(model)  # another object over the same lists
        return model

    def assistant(self) -> Assistant:
        """A new object over the state, as after a restart."""
        sessions = str(self.state / "sessions")
        models = self.pair or ModelPair(
            weak=ChatModel("weak-model", PRICE, False, self.weak),
            strong=ChatModel("strong-model", self.strong_price, False, self.strong),
        )
        return Assistant(
            Parts(
                desk=self.desk,
                retriever=self.retriever,
                guardrail=RuleGuardrail(load_policy()),
                conversations=self.conversations,
                models=models,
                policy=make_policy(self.policy, PRICE, self.strong_price, check_draft=check_draft),
                open_session=lambda id_: FileSessionManager(id_, storage_dir=sessions),
                ledger=self.ledger,
                budget=self.budget,
                decisions=FileDecisionLog(self.state / "decisions.jsonl"),
                clock=self.clock,
                customer_names={"northwind": "Northwind Traders"},
            )
        )

    def ask(
        self, message: str, who: Scope = MANAGER, *, session: str = "s1", turn: str | None = None
    ) -> list[Event]:
        """All events of a turn, checked against the contract."""
        return checked(list(self.assistant().ask(message, who, session, turn_id=turn)))

    def decide(
        self,
        waiting: Sequence[Event],
        approved: bool,
        who: Scope = MANAGER,
        *,
        session: str = "s1",
    ) -> list[Event]:
        """Answer the approval in `waiting`, the events of its turn."""
        approval_id = only(waiting, "approval_needed")["approval_id"]
        events = self.assistant().answer_approval(session, approval_id, approved, who)
        return checked(list(events), first=waiting[-1]["seq"] + 1)

    def open_ticket(self, title: str = "Printer broken", who: Scope = MANAGER) -> Ticket:
        return self.desk.create(who, title=title, description=f"{title}. Since Monday.")

    def titles(self, who: Scope = MANAGER) -> list[str]:
        return sorted(ticket.title for ticket in self.desk.find(who).tickets)


def checked(events: list[Event], *, first: int = 0) -> list[Event]:
    """The events, if they are of the contract, numbered without a gap, and end as they must."""
    for place, event in enumerate(events):
        assert event["v"] == 1
        assert event["seq"] == first + place, [(item["seq"], item["type"]) for item in events]
        assert event.keys() - {"v", "seq", "type", "turn_id"} == EVENT_FIELDS[event["type"]]
    assert events[-1]["type"] == "turn_done"
    assert len({event["turn_id"] for event in events}) == 1
    return events


def of_type(events: Sequence[Event], type_: str) -> list[Event]:
    return [event for event in events if event["type"] == type_]


def only(events: Sequence[Event], type_: str) -> Event:
    (event,) = of_type(events, type_)
    return event


def codes(events: Sequence[Event]) -> list[str]:
    """The codes of the notices."""
    return [event["code"] for event in of_type(events, "notice")]


def alternate(messages: list[Any]) -> bool:
    """Whether user and assistant speak in turn, as models expect."""
    roles = [message["role"] for message in messages]
    return all(one != other for one, other in itertools.pairwise(roles))
