"""The Strands agent of one turn, and its stream turned into our events."""

import json
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strands import Agent, ModelRetryStrategy
from strands.hooks import AfterModelCallEvent
from strands.middleware.stages import InvokeModelContext, InvokeModelStage
from strands.tools.executors import SequentialToolExecutor

from msp_core.assistant.draft_run import DraftRun
from msp_core.assistant.events import Event, EventLog
from msp_core.assistant.models import ChosenModel
from msp_core.assistant.prompts import load_prompt
from msp_core.assistant.tool_display import describe_change
from msp_core.assistant.tool_policy import APPROVED, ToolPolicy, WaitingCall, hash_call
from msp_core.assistant.tools import TurnContext, make_tools
from msp_core.assistant.transcript import (
    close_open_turn,
    drop_waiting_call,
    make_call_ids_unique,
    message_text,
    open_calls,
    store_message,
)
from msp_core.assistant.turn_events import TurnEvents, reason
from msp_core.assistant.verification import SentenceBuffer
from msp_core.clock import to_iso
from msp_core.conversations.store import Approval
from msp_core.routing.draft_check import CheckDraft
from msp_core.routing.request import CHARACTERS_PER_TOKEN, ModelChoice

if TYPE_CHECKING:
    from strands.session.session_manager import SessionManager

    from msp_core.assistant.parts import Parts

logger = logging.getLogger(__name__)

AGENT_ID = "assistant"
MAX_MODEL_CALLS = 8
APPROVAL_LIFETIME = timedelta(minutes=15)


class AgentRun:
    """Runs the agent once and yields what happened as events.

    Attributes:
        agent: restored from the session.
        session: keeps its messages.
        stop: why the run ended: `end_turn`, `approval`, `limit` or `error`.
        draft_problems: why the last draft was given up; empty when it was kept.
    """

    def __init__(
        self,
        *,
        parts: "Parts",
        turn: TurnContext,
        log: EventLog,
        session: "SessionManager",
        approval: Approval | None,
    ) -> None:
        self._parts = parts
        self._turn = turn
        self._log = log
        self.session = session
        self._policy = ToolPolicy(turn, approval=approval)
        self._buffer = SentenceBuffer()
        self._events = TurnEvents(parts, turn, log)
        self._failures: list[tuple[str, Exception]] = []
        self._model = parts.models.weak
        self._prompt = _system_prompt(turn, parts)
        self.stop = "end_turn"
        self.draft_problems: list[str] = []
        self._strategy = ChosenModel()
        self.agent = self._make_agent()

    def choose(self, choice: ModelChoice) -> None:
        """Start the run on this model; the other one takes over when it fails."""
        self._strategy.choice = choice

    def prefix_tokens(self) -> int:
        """About how many tokens every model call of this turn carries before the message."""
        specs = self.agent.tool_registry.get_all_tools_config()
        size = len(self._prompt) + len(json.dumps(specs)) + len(json.dumps(self.agent.messages))
        return size // CHARACTERS_PER_TOKEN

    async def events(self, message: str) -> AsyncGenerator[Event, None]:
        """Answer a message."""
        async for event in self._run(message):
            yield event

    async def draft(self, message: str, check: CheckDraft) -> AsyncGenerator[Event, None]:
        """Let the weak model draft the answer; it is shown and stored when the checks keep it.

        `draft_problems` says afterwards why it was given up; empty, the turn is answered.
        """
        draft = DraftRun(
            self.agent,
            prompt=self._prompt,
            model=self._parts.models.weak,
            turn=self._turn,
            calls=MAX_MODEL_CALLS,
        )
        async with aclosing(draft.events(message, self._events, check)) as events:
            async for event in events:
                yield event
        self.draft_problems = draft.problems
        if draft.problems:
            yield self._log.add(
                "verification", ok=False, problems=draft.problems, action="escalated"
            )
            return
        for row in draft.messages:
            store_message(row, self.agent, self.session)
        for text in draft.texts():
            for event in self._events.release([*self._buffer.push(text), self._buffer.rest()]):
                yield event
        yield self._events.verified()

    async def rest_of_cut_turn(self) -> AsyncGenerator[Event, None]:
        """Go on where a crash stopped the turn.

        Tool calls that were stored are made under the ids they had, so their writes count once.
        """
        drop_waiting_call(self.agent)  # it is put to the policy again
        last = self.agent.messages[-1]
        if last["role"] == "assistant" and not open_calls(self.agent.messages):
            for event in self._events.release([message_text(last)]):
                yield event
            yield self._events.verified()
            return
        async for event in self._run(None):
            yield event

    async def answer_interrupt(
        self, interrupt_id: str, *, approved: bool
    ) -> AsyncGenerator[Event, None]:
        """Go on after a human's decision."""
        response = APPROVED if approved else "declined"
        answer = [{"interruptResponse": {"interruptId": interrupt_id, "response": response}}]
        async for event in self._run(answer):
            yield event

    async def _run(self, prompt: Any) -> AsyncGenerator[Event, None]:
        result = None
        try:
            async for raw in self.agent.stream_async(prompt, limits={"turns": MAX_MODEL_CALLS}):
                for event in self._translate(raw):
                    yield event
                result = raw.get("result", result)
        except Exception as error:  # any model or transport failure ends the turn visibly
            logger.warning("the turn failed: %s", reason(error))
            logger.debug("where it failed", exc_info=error)
            close_open_turn(self.agent, self.session)
            self.stop = "error"
            yield self._log.add(
                "error",
                code="model_failed",
                text=(
                    f"No model answered ({reason(error)}). Nothing is lost: ask again in a moment."
                ),
            )
            return
        for event in self._events.release([self._buffer.rest()]):
            yield event
        if result is not None and result.stop_reason == "interrupt":
            self.stop = "approval"
            assert self._policy.waiting is not None  # the policy is the only source of interrupts
            yield self._log.add("notice", code="approval", text=self._policy.waiting.why)
            yield self._ask_approval(result.interrupts[0].id, self._policy.waiting)
            return
        if result is not None and result.stop_reason.startswith("limit"):
            self.stop = "limit"
            yield self._log.add(
                "notice",
                code="limit",
                text=f"The turn stopped after {MAX_MODEL_CALLS} model calls without an answer.",
            )
        yield self._events.verified()

    def _make_agent(self) -> Agent:
        agent = Agent(
            model=self._parts.models.router(self._strategy),
            tools=make_tools(self._turn),
            system_prompt=self._prompt,
            agent_id=AGENT_ID,
            session_manager=self.session,
            interventions=[self._policy],
            tool_executor=SequentialToolExecutor(),
            retry_strategy=ModelRetryStrategy(max_attempts=2, initial_delay=1, max_delay=2),
            callback_handler=None,
        )
        agent.add_middleware(InvokeModelStage.Input, self._note_model)
        agent.hooks.add_callback(AfterModelCallEvent, self._after_model_call)
        return agent

    async def _note_model(self, context: InvokeModelContext) -> InvokeModelContext:
        self._model = self._parts.models.of(context.model)
        return context

    def _after_model_call(self, event: AfterModelCallEvent) -> None:
        if event.stop_response is not None:
            make_call_ids_unique(event.stop_response.message, self.agent.messages)
        if event.exception is not None:
            self._failures.append((self._model.model_id, event.exception))

    def _translate(self, raw: dict[str, Any]) -> list[Event]:
        events = []
        while self._failures:
            model_id, error = self._failures.pop(0)
            self._buffer.rest()  # the next attempt starts over
            events.append(self._events.retrying(model_id, error))
        if "data" in raw:
            events += self._events.release(self._buffer.push(raw["data"]))
        if "metadata" in raw.get("event", {}):
            events.append(self._events.usage(raw["event"]["metadata"]["usage"], self._model))
        if "message" in raw:
            events += self._events.release([self._buffer.rest()])
            for block in raw["message"]["content"]:
                events += self._events.tool_events(block, self.agent.messages)
        return events

    def _ask_approval(self, interrupt_id: str, call: WaitingCall) -> Event:
        diff, version = describe_change(call.tool, call.arguments, self._turn)
        approval = Approval(
            approval_id=f"a-{secrets.token_hex(8)}",
            session_id=self._turn.session_id,
            turn_id=self._turn.turn_id,
            actor_id=self._turn.scope.actor_id,
            customer_id=self._turn.scope.active_customer,
            tool=call.tool,
            arguments_sha256=hash_call(call.tool, call.arguments),
            ticket_version=version,
            interrupt_id=interrupt_id,
            expires_at=self._parts.clock() + APPROVAL_LIFETIME,
        )
        self._parts.conversations.add_approval(approval)
        return self._log.add(
            "approval_needed",
            approval_id=approval.approval_id,
            tool=call.tool,
            arguments=call.arguments,
            diff=diff,
            ticket_version=version,
            expires_at=to_iso(approval.expires_at),
        )


def _system_prompt(turn: TurnContext, parts: "Parts") -> str:
    scope = turn.scope
    customer = scope.active_customer
    working_for = (
        parts.customer_names.get(customer, customer) if customer else "all of their customers"
    )
    return (
        f"{load_prompt('system')}\n"
        f"The person is {scope.actor_id}, role {scope.role.value}, working for {working_for}.\n"
        f"The time is {to_iso(parts.clock())}.\n"
    )
