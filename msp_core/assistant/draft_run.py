"""The weak model's draft of a turn: held back whole, with read tools only, kept or given up."""

import copy
import logging
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from strands import Agent, ModelRetryStrategy
from strands.hooks import AfterModelCallEvent, BeforeToolCallEvent
from strands.interventions import Deny, InterventionHandler, Proceed
from strands.tools.executors import SequentialToolExecutor

from msp_core.assistant.complete_stream import CompleteStream
from msp_core.assistant.events import Event
from msp_core.assistant.tool_policy import MAX_TOOL_CALLS
from msp_core.assistant.tools import READ_TOOLS, TurnContext, make_tools
from msp_core.assistant.transcript import make_call_ids_unique, message_text, result_text
from msp_core.assistant.turn_events import TurnEvents
from msp_core.assistant.verification import find_problems
from msp_core.routing.draft_check import CheckDraft

if TYPE_CHECKING:
    from msp_core.assistant.models import ChatModel

logger = logging.getLogger(__name__)


class DraftRun:
    """Runs the weak model on a copy of the conversation; nothing of it is stored or shown.

    The tools it calls do show, at once, for they are progress; and its tokens are paid for.

    Attributes:
        messages: what it adds to the conversation, the question first.
        problems: why it is given up; empty keeps it.
    """

    def __init__(
        self, agent: Agent, *, prompt: str, model: "ChatModel", turn: TurnContext, calls: int
    ) -> None:
        self._turn = turn
        self._model = model
        self._calls = calls
        self._reads_only = _ReadsOnly()
        self._start = len(agent.messages)
        self._agent = Agent(
            model=CompleteStream(model.model),
            tools=make_tools(turn),
            system_prompt=prompt,
            messages=copy.deepcopy(agent.messages),
            interventions=[self._reads_only],
            tool_executor=SequentialToolExecutor(),
            retry_strategy=ModelRetryStrategy(max_attempts=1),
            callback_handler=None,
        )
        self._agent.hooks.add_callback(AfterModelCallEvent, self._after_model_call)
        self.problems: list[str] = []

    @property
    def messages(self) -> list[Any]:
        """What it adds to the conversation, the question first."""
        return self._agent.messages[self._start :]

    async def events(
        self, message: str, events: TurnEvents, check: CheckDraft
    ) -> AsyncGenerator[Event, None]:
        """Write the draft and check it."""
        result = None
        try:
            async for raw in self._agent.stream_async(message, limits={"turns": self._calls}):
                for event in self._translate(raw, events):
                    yield event
                if self._reads_only.refused:
                    break
                result = raw.get("result", result)
        except Exception as error:  # whatever stops the weak model, the strong one takes the turn
            logger.warning("the draft failed", exc_info=error)
            self.problems.append("the weak model did not answer")
            yield events.retrying(self._model.model_id, error)
            return
        if self._reads_only.refused:
            self.problems.append(f"it wants to write ({self._reads_only.refused})")
            return
        if result is None or result.stop_reason != "end_turn":
            self.problems.append("it came to no end")
            return
        self.problems += self._found(check)

    def texts(self) -> list[str]:
        """What it says, message by message."""
        return [message_text(row) for row in self.messages if row["role"] == "assistant"]

    def _found(self, check: CheckDraft) -> list[str]:
        """The problems of the last message, against everything that the turn has read."""
        said = message_text(self.messages[-1])
        read = [
            result_text(block)
            for message in self.messages
            for block in message["content"]
            if "toolResult" in block
        ]
        passages = [*self._turn.evidence.passages.values(), *read]
        if passages:
            passages.append(message_text(self.messages[0]))
        problems = list(check(said, passages).problems)
        return problems + [f"it {row}" for row in find_problems(said, self._turn.evidence)]

    def _translate(self, raw: dict[str, Any], events: TurnEvents) -> list[Event]:
        made = []
        if "metadata" in raw.get("event", {}):
            made.append(events.usage(raw["event"]["metadata"]["usage"], self._model))
        for block in raw.get("message", {}).get("content", ()):
            made += events.tool_events(block, self._agent.messages)
        return made

    def _after_model_call(self, event: AfterModelCallEvent) -> None:
        if event.stop_response is not None:
            make_call_ids_unique(event.stop_response.message, self._agent.messages)


class _ReadsOnly(InterventionHandler):
    """Lets read tools run, and notes the first other one that was asked for."""

    name = "msp-reads-only"

    def __init__(self) -> None:
        self.refused: str | None = None
        self._calls = 0

    def before_tool_call(  # type: ignore[override]  # Strands passes no further arguments today
        self, event: BeforeToolCallEvent
    ) -> Proceed | Deny:
        """The decision, in Strands' terms."""
        self._calls += 1
        tool = event.tool_use["name"]
        if tool in READ_TOOLS and self._calls <= MAX_TOOL_CALLS:
            return Proceed()
        self.refused = self.refused or tool
        return Deny(reason="A draft only reads.")
