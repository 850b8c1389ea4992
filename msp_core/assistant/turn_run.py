"""One turn while it runs: guard, route, agent, and what is stored of it in the end."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from msp_core.assistant.events import Event, EventLog
from msp_core.assistant.parts import Parts
from msp_core.assistant.routing_step import log_decision, route_request
from msp_core.assistant.tools import TurnContext
from msp_core.assistant.transcript import (
    close_open_turn,
    seed_evidence,
    turn_so_far,
    user_messages,
)
from msp_core.conversations.store import Approval, Turn
from msp_core.errors import CorruptData
from msp_core.routing.policy import RouteDecision
from msp_core.routing.request import ModelChoice
from msp_core.scope import Scope

if TYPE_CHECKING:
    from msp_core.assistant.agent_run import AgentRun


class TurnRun:
    """One turn while it runs."""

    def __init__(
        self,
        parts: Parts,
        scope: Scope,
        session_id: str,
        turn_id: str,
        message: str,
        *,
        approval: Approval | None = None,
        earlier: tuple[Event, ...] = (),
        again: bool = False,
    ) -> None:
        self._parts = parts
        self._scope = scope
        self._session_id = session_id
        self._message = message
        self._turn_id = turn_id
        self._approval = approval
        self._again = again
        self._log = EventLog(turn_id, earlier)
        self._done = False
        self._tools = TurnContext(
            scope=scope,
            session_id=session_id,
            turn_id=turn_id,
            desk=parts.desk,
            retriever=parts.retriever,
        )

    async def start(self) -> AsyncGenerator[Event, None]:
        """A new turn."""
        async with aclosing(self._saved(self._turn())) as events:
            async for event in events:
                yield event

    async def go_on(self, *, approved: bool) -> AsyncGenerator[Event, None]:
        """The rest of a turn after a human's decision."""
        async with aclosing(self._saved(self._resumed(approved=approved))) as events:
            async for event in events:
                yield event

    async def _saved(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """The events; whatever ends them, what was shown is stored."""
        try:
            async for event in events:
                yield event
        finally:
            if not self._done:
                self._log.add("turn_done", stop="cancelled")
            self._parts.conversations.save_turn(
                self._session_id,
                Turn(self._turn_id, self._message, tuple(self._log.events), True),
                at=self._parts.clock(),
            )

    async def _turn(self) -> AsyncGenerator[Event, None]:
        yield self._log.add("turn_started", session_id=self._session_id)
        verdict = self._parts.guardrail.check(self._message, "input")
        yield self._log.add("guard", stage="input", action=verdict.action, masked=verdict.masked)
        if verdict.action == "blocked":
            yield self._log.add("text", delta=verdict.text)
            yield self._finish("guardrail")
            return
        declined = self._decline_waiting()
        if declined is not None:
            yield declined
        agent_run = self._agent_run()
        agent = agent_run.agent
        so_far = turn_so_far(agent.messages, verdict.text) if self._again else []
        if not so_far:
            close_open_turn(agent, agent_run.session)
        before = agent.messages[: len(agent.messages) - len(so_far)]
        self._tools.message_before = next(reversed(user_messages(before)), None)
        request = route_request(
            verdict.text,
            before,
            self._tools,
            self._parts,
            prefix_tokens=agent_run.prefix_tokens(),
        )
        decision = self._parts.policy.decide(request)
        log_decision(decision, request, self._tools, self._parts)
        yield self._route(decision)
        if decision.action != "answer":
            yield self._out_of_budget(decision)
            yield self._finish("budget")
            return
        agent_run.choose(decision.choice)
        chosen = self._parts.models[decision.choice]
        if chosen.simulated:
            yield self._log.add(
                "notice",
                code="simulated",
                text=(
                    f"An offline stand-in answers in place of {chosen.model_id}; costs are"
                    " simulated."
                ),
            )
        self._tools.evidence.saw_text(verdict.text)
        check = self._parts.policy.check_draft
        if check is not None and decision.choice == "weak" and not so_far:
            async for event in agent_run.draft(verdict.text, check):
                yield event
            if not agent_run.draft_problems:
                yield self._finish(agent_run.stop)
                return
            decision = self._escalated(decision, agent_run.draft_problems)
            yield self._route(decision)
            if decision.action != "answer":
                yield self._out_of_budget(decision)
                yield self._finish("budget")
                return
            agent_run.choose("strong")
        rest = agent_run.rest_of_cut_turn() if so_far else agent_run.events(verdict.text)
        async for event in rest:
            yield event
        yield self._finish(agent_run.stop)

    def _route(self, decision: RouteDecision) -> Event:
        return self._log.add(
            "route",
            model=self._parts.models[decision.choice].model_id,
            choice=decision.choice,
            score=round(decision.score, 4),
            threshold=decision.threshold,
            reasons=list(decision.reasons),
            estimated_cost_usd=decision.estimated_cost_usd,
        )

    def _escalated(self, decision: RouteDecision, problems: list[str]) -> RouteDecision:
        """The same turn for the strong model, if the budget still allows it."""
        cost = decision.facts.strong_cost_usd
        left = self._parts.budget.left_usd(
            self._parts.ledger, self._parts.clock, customer_id=self._scope.active_customer
        )
        spent = left is not None and (cost or 0.0) > left
        return replace(
            decision,
            choice="strong",
            reasons=(f"the draft was given up: {'; '.join(problems)}",),
            estimated_cost_usd=cost,
            action="stop" if spent else "answer",
        )

    def _out_of_budget(self, decision: RouteDecision) -> Event:
        """Say that no model takes the turn."""
        human = decision.action == "human"
        text = (
            f"Today's budget is spent, and this is about {decision.floor}: no cheap model may"
            " answer it. A person has to take it now."
            if human
            else "Today's budget is spent: no model was asked. Ask again tomorrow, or have the"
            " budget raised."
        )
        return self._log.add("notice", code="needs_human" if human else "budget_spent", text=text)

    async def _resumed(self, *, approved: bool) -> AsyncGenerator[Event, None]:
        approval = self._approval
        assert approval is not None  # `resume` always gives one
        if approved and self._parts.clock() >= approval.expires_at:
            approved = False
            yield self._log.add(
                "notice",
                code="approval_expired",
                text="The approval came too late; nothing was done.",
            )
        routes = [event for event in self._log.events if event["type"] == "route"]
        agent_run = self._agent_run()
        said = user_messages(agent_run.agent.messages)  # the last is this turn's
        self._tools.message_before = said[-2] if len(said) > 1 else None
        choice: ModelChoice = routes[-1]["choice"] if routes else "strong"
        agent_run.choose(choice)
        self._tools.evidence.saw_text(self._message)
        async for event in agent_run.answer_interrupt(approval.interrupt_id, approved=approved):
            yield event
        yield self._finish(agent_run.stop)

    def _decline_waiting(self) -> Event | None:
        """A new message instead of a decision declines what waits."""
        conversations = self._parts.conversations
        waiting = conversations.pending_approval(self._session_id)
        if waiting is None:
            return None
        conversations.use_approval(waiting.approval_id, self._session_id, self._scope)
        if waiting.turn_id == self._turn_id:
            return None  # this very turn was cut off while it asked; it asks again
        return self._log.add(
            "notice",
            code="approval_declined",
            text=f"The waiting change ({waiting.tool}) was not approved and is dropped.",
        )

    def _agent_run(self) -> "AgentRun":
        from strands.types.exceptions import SessionException

        from msp_core.assistant.agent_run import AgentRun

        try:
            run = AgentRun(
                parts=self._parts,
                turn=self._tools,
                log=self._log,
                session=self._parts.open_session(self._session_id),
                approval=self._approval,
            )
        except SessionException as error:
            raise CorruptData(
                f"The stored conversation {self._session_id} cannot be read ({error}). "
                "Start another one; the tickets are not affected."
            ) from error
        seed_evidence(self._tools.evidence, run.agent.messages)
        return run

    def _finish(self, stop: str) -> Event:
        self._done = True
        return self._log.add("turn_done", stop=stop)
