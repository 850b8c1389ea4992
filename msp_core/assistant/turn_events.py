"""What a run of the agent yields, as events: tool results, checked sentences, costs."""

from typing import TYPE_CHECKING, Any

from msp_core.assistant.events import Event, EventLog
from msp_core.assistant.models import ChatModel
from msp_core.assistant.tool_display import summarise
from msp_core.assistant.tools import TurnContext
from msp_core.assistant.transcript import result_text
from msp_core.assistant.verification import find_citations, find_problems
from msp_core.costs.ledger import ModelCall

if TYPE_CHECKING:
    from msp_core.assistant.parts import Parts


class TurnEvents:
    """Makes the events of one turn.

    Attributes:
        problems: why sentences were withheld.
    """

    def __init__(self, parts: "Parts", turn: TurnContext, log: EventLog) -> None:
        self._parts = parts
        self._turn = turn
        self._log = log
        self._tool_names: dict[str, str] = {}
        self.problems: list[str] = []

    def release(self, sentences: list[str]) -> list[Event]:
        """The events that show these sentences, each checked first."""
        events = []
        for sentence in sentences:
            if not sentence:
                continue
            problems = find_problems(sentence, self._turn.evidence)
            if problems:
                self.problems += problems
                text = f"A sentence was withheld: it {'; it '.join(problems)}."
                events.append(self._log.add("notice", code="withheld", text=text))
                continue
            verdict = self._parts.guardrail.check(sentence, "output")
            if verdict.action != "none":
                events.append(
                    self._log.add(
                        "guard", stage="output", action=verdict.action, masked=verdict.masked
                    )
                )
            events.append(self._log.add("text", delta=verdict.text))
            for cited, quote in find_citations(verdict.text, self._turn.evidence):
                events.append(self._log.add("citation", id=cited, quote=quote))
        return events

    def verified(self) -> Event:
        """The last word on what was released."""
        return self._log.add(
            "verification",
            ok=not self.problems,
            problems=self.problems,
            action="withheld" if self.problems else "none",
        )

    def tool_events(self, block: dict[str, Any], messages: list[Any]) -> list[Event]:
        """The events of a content block, if it is a tool's call or result."""
        if "toolUse" in block:
            use = block["toolUse"]
            self._tool_names[use["toolUseId"]] = use["name"]
            return [self._log.add("tool_call", tool=use["name"], arguments=use["input"])]
        if "toolResult" not in block:
            return []
        result = block["toolResult"]
        tool = self._tool_names.get(result["toolUseId"]) or _name_of(result["toolUseId"], messages)
        ok = result["status"] == "success"
        summary = summarise(tool, result_text(block), ok=ok)
        events = [self._log.add("tool_result", tool=tool, ok=ok, summary=summary)]
        if self._turn.new_passages:
            items = [
                {
                    "id": passage.document_id,
                    "customer_id": passage.customer_id,
                    "title": passage.title,
                    "text": passage.text,
                    "score": round(passage.score, 4),
                    "index": passage.index,
                    "why": passage.why,
                }
                for passage in self._turn.new_passages
            ]
            self._turn.new_passages.clear()
            events.append(self._log.add("passages", items=items))
        while self._turn.notices:
            events.append(self._log.add("notice", code="retrieval", text=self._turn.notices.pop(0)))
        return events

    def usage(self, usage: dict[str, int], model: ChatModel) -> Event:
        """What a call took; it goes into the ledger."""
        read = usage.get("cacheReadInputTokens", 0)
        written = usage.get("cacheWriteInputTokens", 0)
        cost = None
        if model.price:
            cost = model.price.cost_usd(
                input_tokens=usage["inputTokens"],
                output_tokens=usage["outputTokens"],
                cache_tokens=read,
                cache_write_tokens=written,
            )
        self._parts.ledger.record(
            ModelCall(
                at=self._parts.clock(),
                session_id=self._turn.session_id,
                turn_id=self._turn.turn_id,
                customer_id=self._turn.scope.active_customer,
                model_id=model.model_id,
                input_tokens=usage["inputTokens"],
                output_tokens=usage["outputTokens"],
                cache_tokens=read,
                cache_write_tokens=written,
                cost_usd=cost,
                simulated=model.simulated,
            )
        )
        return self._log.add(
            "usage",
            model=model.model_id,
            input_tokens=usage["inputTokens"],
            output_tokens=usage["outputTokens"],
            cache_tokens=read,
            cost_usd=cost,
        )

    def retrying(self, model_id: str, error: Exception) -> Event:
        """A model call failed, and another one is made."""
        return self._log.add(
            "notice",
            code="model_retry",
            text=f"{model_id} did not answer ({reason(error)}); retrying.",
        )


def reason(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {str(error)[:200]}" if str(error) else type(error).__name__


def _name_of(tool_use_id: str, messages: list[Any]) -> str:
    """The tool of a call that an earlier run of this turn made."""
    for message in reversed(messages):
        for block in message["content"]:
            if block.get("toolUse", {}).get("toolUseId") == tool_use_id:
                return str(block["toolUse"]["name"])
    return "unknown"
