"""A deterministic stand-in for a language model: no network, no weights, the same protocol.

It plans from the conversation by rules (`offline_plan.py`) and answers by quoting what the tools
returned (`offline_answer.py`). It exists so that everything around a model can be run, shown and
tested anywhere; its answers say nothing about a real model's quality.
"""

import hashlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from strands.models.model import Model

from msp_core.assistant.offline_plan import Say, UseTools, plan
from msp_core.routing.request import CHARACTERS_PER_TOKEN

CHUNK = 24


class OfflineModel(Model):
    """A Strands model whose answers follow from the messages alone.

    Args:
        model_id: the model it stands in for.
    """

    def __init__(self, model_id: str) -> None:
        self._config: dict[str, Any] = {"model_id": model_id}

    def update_config(self, **model_config: Any) -> None:
        """Set configuration values."""
        self._config.update(model_config)

    def get_config(self) -> dict[str, Any]:
        """The configuration."""
        return self._config

    async def structured_output(
        self, output_model: Any, prompt: Any, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Not offered: rules cannot fill an arbitrary schema.

        Raises:
            TypeError: always.
        """
        if output_model is not None:
            raise TypeError("The offline stand-in fills no schema. Use a real model for it.")
        yield {}

    async def stream(  # type: ignore[override]  # the rest of the arguments is not looked at
        self,
        messages: Any,
        tool_specs: Any = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The next message, as Converse-shaped stream events."""
        tools = frozenset(spec["name"] for spec in tool_specs or [])
        step = plan(messages, tools)
        yield {"messageStart": {"role": "assistant"}}
        if isinstance(step, UseTools):
            for number, call in enumerate(step.calls):
                use = {"name": call.tool, "toolUseId": _tool_use_id(messages, number)}
                yield {"contentBlockStart": {"start": {"toolUse": use}}}
                arguments = json.dumps(call.arguments, ensure_ascii=False)
                yield {"contentBlockDelta": {"delta": {"toolUse": {"input": arguments}}}}
                yield {"contentBlockStop": {}}
            written = sum(len(json.dumps(call.arguments)) for call in step.calls)
        else:
            yield {"contentBlockStart": {"start": {}}}
            for start in range(0, len(step.text), CHUNK):
                yield {"contentBlockDelta": {"delta": {"text": step.text[start : start + CHUNK]}}}
            yield {"contentBlockStop": {}}
            written = len(step.text)
        yield {"messageStop": {"stopReason": "end_turn" if isinstance(step, Say) else "tool_use"}}
        read = len(json.dumps(messages)) + len(json.dumps(tool_specs)) + len(system_prompt or "")
        usage = {
            "inputTokens": read // CHARACTERS_PER_TOKEN,
            "outputTokens": written // CHARACTERS_PER_TOKEN + 1,
        }
        usage["totalTokens"] = usage["inputTokens"] + usage["outputTokens"]
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 0}}}


def _tool_use_id(messages: Any, number: int) -> str:
    """The same id when the same conversation is run again, so that its writes count once."""
    seen = json.dumps([message["content"] for message in messages], sort_keys=True)
    return f"tooluse_{hashlib.sha256(seen.encode()).hexdigest()[:16]}_{number}"
