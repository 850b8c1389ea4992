"""What the offline stand-in knows of a conversation, read from its messages."""

import json
from dataclasses import dataclass, field
from typing import Any

from msp_core.assistant import offline_answer as answer
from msp_core.assistant.transcript import message_text, result_text
from msp_core.tickets.values import TICKET_ID


@dataclass(frozen=True)
class Call:
    """A tool call."""

    tool: str
    arguments: dict[str, Any]


@dataclass
class Dialogue:
    """What the rules know of a conversation.

    Attributes:
        text: the person's latest message.
        calls: tool calls since then, with their results.
        asked: what the stand-in said last before `text`, where it was a question of its own.
        listed: ticket ids of the latest list.
        ticket: the ticket that was last spoken of.
        problem: the latest message that described a problem.
        shown: the ticket that the previous turn showed, if it showed one.
    """

    text: str = ""
    calls: list[tuple[Call, str, bool]] = field(default_factory=list)
    asked: str = ""
    before: str = ""
    listed: list[str] = field(default_factory=list)
    ticket: str | None = None
    problem: str | None = None
    shown: str | None = None


def read_dialogue(messages: list[Any]) -> Dialogue:
    """What a conversation in Strands' message form amounts to."""
    talk = Dialogue()
    open_calls: dict[str, Call] = {}
    for message in messages:
        text = message_text(message)
        if message["role"] == "assistant":
            talk.asked = text if any(question in text for question in answer.QUESTIONS) else ""
        elif text:
            if talk.calls and talk.calls[0][0].tool == "search_knowledge":
                talk.problem = talk.text
            read = [
                call.arguments.get("ticket_id")
                for call, _, ok in talk.calls
                if ok and call.tool == "get_ticket"
            ]
            talk.shown = read[-1] if read else None
            talk.before, talk.text, talk.calls = talk.text, text, []
            _note_ticket(talk, text)
        for block in message["content"]:
            _read_tool(block, talk, open_calls)
    return talk


def _read_tool(block: Any, talk: Dialogue, open_calls: dict[str, Call]) -> None:
    if "toolUse" in block:
        use = block["toolUse"]
        open_calls[use["toolUseId"]] = Call(use["name"], use["input"])
        return
    if "toolResult" not in block:
        return
    call = open_calls.get(block["toolResult"]["toolUseId"], Call("unknown", {}))
    text, ok = result_text(block), block["toolResult"]["status"] == "success"
    talk.calls.append((call, text, ok))
    _note_ticket(talk, json.dumps(call.arguments))
    if ok and call.tool == "list_tickets":
        talk.listed = [row["ticket_id"] for row in json.loads(text)["tickets"]]
    if ok and call.tool == "create_ticket":
        talk.ticket = json.loads(text)["ticket"]["ticket_id"]


def _note_ticket(talk: Dialogue, text: str) -> None:
    if found := TICKET_ID.findall(text.upper()):
        talk.ticket = found[-1]
