"""Which tool calls run, which wait for a human, and which are refused."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from strands.hooks import BeforeToolCallEvent
from strands.interventions import Confirm, Deny, InterventionHandler, Proceed

from msp_core.assistant.tools import READ_TOOLS, WRITE_TOOLS, TurnContext
from msp_core.conversations.store import Approval
from msp_core.tickets.ticket import DONE

MAX_TOOL_CALLS = 10
APPROVED = "approved"


@dataclass(frozen=True)
class WaitingCall:
    """A tool call that the policy stopped for a human."""

    tool: str
    arguments: dict[str, Any]
    why: str


class ToolPolicy(InterventionHandler):
    """Decides on each tool call of one turn.

    A write waits for a human when it deletes, when it tells a customer something (a public note, a
    resolution), or when the conversation has already read text that others wrote (a ticket, a
    passage): such text may hold instructions, and a model cannot be trusted to tell. One call waits
    at a time, so that one card shows one change.

    Args:
        turn: is told the version of the ticket that the human saw, for the approved call alone.
        approval: what the human approved, on resuming; exactly that call may run, once.
    """

    name = "msp-tool-policy"

    def __init__(self, turn: TurnContext, *, approval: Approval | None = None) -> None:
        self._turn = turn
        self._approval = approval
        self._decided = False
        self._calls = 0
        self.waiting: WaitingCall | None = None

    def before_tool_call(  # type: ignore[override]  # Strands passes no further arguments today
        self, event: BeforeToolCallEvent
    ) -> Proceed | Deny | Confirm:
        """The decision, in Strands' terms."""
        tool, arguments = event.tool_use["name"], event.tool_use["input"]
        self._calls += 1
        self._turn.approved_version = None
        if self._calls > MAX_TOOL_CALLS:
            return Deny(reason=f"At most {MAX_TOOL_CALLS} tool calls are made in one turn.")
        if not isinstance(arguments, dict):
            return Deny(reason="The arguments of a tool call must be an object.")
        if tool in READ_TOOLS:
            return Proceed()
        if tool not in WRITE_TOOLS or event.selected_tool is None:
            return Deny(reason=f"There is no tool {tool}.")
        if tool == "create_ticket" and self._turn.scope.active_customer is None:
            return Deny(
                reason="No customer is chosen, so there is nobody to open a ticket for. Choose one "
                "for the conversation first."
            )
        why = approval_reason(tool, arguments, untrusted=read_untrusted(event.agent.messages))
        if why is None:
            return Proceed()
        if (
            self._approval is not None
            and not self._decided
            and hash_call(tool, arguments) == self._approval.arguments_sha256
        ):
            self._decided = True
            self._turn.approved_version = self._approval.ticket_version
            return Confirm(prompt=tool, evaluate=lambda response: response == APPROVED)
        if self.waiting is not None or self._approval is not None:
            return Deny(
                reason="One change waits for approval at a time. Ask for this one afterwards."
            )
        self.waiting = WaitingCall(tool, dict(arguments), why)
        return Confirm(prompt=tool, evaluate=lambda response: response == APPROVED)


def approval_reason(tool: str, arguments: dict[str, Any], *, untrusted: bool) -> str | None:
    """Why a write waits for a human (see `ToolPolicy`), or None when it does not."""
    if tool == "delete_ticket":
        return "A deleted ticket cannot be brought back."
    if tool == "add_note" and arguments.get("visibility", "public") == "public":
        return "The customer will see this note."
    if arguments.get("resolution") or str(arguments.get("status", "")).title() in DONE:
        return "The customer will see how the ticket ended."
    if untrusted:
        return "The conversation has read text that others wrote, which may hold instructions."
    return None


def read_untrusted(messages: list[Any]) -> bool:
    """Whether any tool result of the conversation holds text written by others."""
    names = {
        block["toolUse"]["toolUseId"]: block["toolUse"]["name"]
        for message in messages
        for block in message["content"]
        if "toolUse" in block
    }
    return any(
        names.get(block["toolResult"]["toolUseId"]) in READ_TOOLS
        for message in messages
        for block in message["content"]
        if "toolResult" in block
    )


def hash_call(tool: str, arguments: dict[str, Any]) -> str:
    """SHA-256 of a tool call, equal for equal arguments in any order."""
    canonical = json.dumps([tool, arguments], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
