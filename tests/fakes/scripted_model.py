"""A Strands model that says what a test tells it to; for what the offline stand-in never does."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from dataclasses import dataclass, field
from typing import Any

from strands.models.model import Model


@dataclass(frozen=True)
class Call:
    """A tool call of the model; `arguments` may be text that is no JSON."""

    tool: str
    arguments: Any
    tool_use_id: str | None = None


@dataclass(frozen=True)
class Reply:
    """One answer of the model.

    Attributes:
        text: streamed in pieces of `piece` characters.
        calls: tool calls after the text.
        error: raised after the text, in the middle of the stream.
        delay_s: waited before each piece.
        endless: the stream is over after the text, without the event that ends a message.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    error: Exception | None = None
    piece: int = 7
    delay_s: float = 0.0
    endless: bool = False


Script = list[Reply] | Callable[[list[Any]], Reply]


@dataclass
class ScriptedModel(Model):
    """Gives the replies of `script` in order, or what it returns for the messages.

    Attributes:
        seen: the messages of each call, as they were then.
        tools: the names of the tools that each call offered.
    """

    script: Script
    seen: list[list[Any]] = field(default_factory=list)
    tools: list[frozenset[str]] = field(default_factory=list)

    def update_config(self, **model_config: Any) -> None:
        pass

    def get_config(self) -> dict[str, Any]:
        return {"model_id": "scripted"}

    async def structured_output(
        self, output_model: Any, prompt: Any, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        if output_model is not None:
            raise NotImplementedError
        yield {}

    async def stream(  # type: ignore[override]
        self,
        messages: Any,
        tool_specs: Any = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[dict[str, Any]]:
        self.seen.append(list(messages))
        self.tools.append(frozenset(spec["name"] for spec in tool_specs or []))
        reply = self.script(messages) if callable(self.script) else self.script.pop(0)
        yield {"messageStart": {"role": "assistant"}}
        if reply.text:
            yield {"contentBlockStart": {"start": {}}}
            for start in range(0, len(reply.text), reply.piece):
                await asyncio.sleep(reply.delay_s)
                text = reply.text[start : start + reply.piece]
                yield {"contentBlockDelta": {"delta": {"text": text}}}
            yield {"contentBlockStop": {}}
        if reply.error is not None:
            raise reply.error
        if reply.endless:
            return
        for number, call in enumerate(reply.calls):
            use_id = call.tool_use_id or f"use-{len(self.seen)}-{number}"
            start_block = {"toolUse": {"name": call.tool, "toolUseId": use_id}}
            yield {"contentBlockStart": {"start": start_block}}
            arguments = (
                call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
            )
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": arguments}}}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if reply.calls else "end_turn"}}
        usage = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}}
