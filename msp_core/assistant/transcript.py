"""Reading and mending the messages of a conversation, in Strands' form."""

import json
from typing import TYPE_CHECKING, Any

from msp_core.assistant.verification import Evidence, seed_passages

if TYPE_CHECKING:
    from strands import Agent
    from strands.session.session_manager import SessionManager

Messages = list[Any]

CUT_OFF = "(This turn ended before it was answered.)"
CALL_CUT_OFF = "This call was not approved or was cut off. Look before saying that it was done."


def message_text(message: Any) -> str:
    """The text blocks of a message, joined."""
    return " ".join(block["text"] for block in message["content"] if "text" in block)


def result_text(block: Any) -> str:
    """The text of a tool result block."""
    return "".join(part.get("text", "") for part in block["toolResult"]["content"])


def user_messages(messages: Messages) -> list[str]:
    """What the person wrote, oldest first."""
    texts = [message_text(message) for message in messages if message["role"] == "user"]
    return [text for text in texts if text]


def seed_evidence(evidence: Evidence, messages: Messages) -> None:
    """Let a turn rest on what earlier turns of the conversation retrieved and named."""
    tools = {}
    for message in messages:
        if message["role"] == "user":
            evidence.saw_text(message_text(message))
        for block in message["content"]:
            if "toolUse" in block:
                tools[block["toolUse"]["toolUseId"]] = block["toolUse"]["name"]
            elif "toolResult" in block:
                text = result_text(block)
                evidence.saw_text(text)
                if tools.get(block["toolResult"]["toolUseId"]) == "search_knowledge":
                    _remember_passages(evidence, text)


def turn_so_far(messages: Messages, text: str) -> Messages:
    """What is stored of the last turn, its question first; empty when that was not `text`."""
    for place in range(len(messages) - 1, -1, -1):
        said = message_text(messages[place]) if messages[place]["role"] == "user" else ""
        if said:
            return messages[place:] if said == text else []
    return []


def open_calls(messages: Messages) -> list[str]:
    """The ids of the tool calls that the last message makes."""
    last = messages[-1]["content"] if messages else []
    return [block["toolUse"]["toolUseId"] for block in last if "toolUse" in block]


def make_call_ids_unique(message: Any, earlier: Messages) -> None:
    """Rename tool calls of `message` whose ids `earlier` has; some servers count from 1 each time.

    Results are matched, and writes counted once, by these ids.
    """
    taken = {
        block["toolUse"]["toolUseId"]
        for old in earlier
        for block in old["content"]
        if "toolUse" in block
    }
    for block in message["content"]:
        if "toolUse" in block:
            given = block["toolUse"]["toolUseId"] or "call"
            number, unique = 1, given
            while unique in taken:
                number += 1
                unique = f"{given}-{number}"
            block["toolUse"]["toolUseId"] = unique
            taken.add(unique)


def drop_waiting_call(agent: "Agent") -> list[Any]:
    """Forget the tool call that waits for a human; the results of calls made beside it."""
    state = agent._interrupt_state  # pylint: disable=protected-access  # no public way exists
    waiting = state.pending_tool_execution
    state.deactivate()
    return list(waiting.completed_tool_results) if waiting is not None else []


def close_open_turn(agent: "Agent", session: "SessionManager") -> None:
    """End a turn that was cut off: its tool calls get a result, and the roles alternate again.

    A call that waited for a human waits no longer.
    """
    results = drop_waiting_call(agent)
    session.sync_agent(agent)
    known = {result["toolUseId"] for result in results}
    for tool_use_id in open_calls(agent.messages):
        if tool_use_id not in known:
            content: Any = [{"text": CALL_CUT_OFF}]
            results.append({"toolUseId": tool_use_id, "status": "error", "content": content})
    if results:
        blocks = [{"toolResult": result} for result in results]
        store_message({"role": "user", "content": blocks}, agent, session)
    if agent.messages and agent.messages[-1]["role"] == "user":
        store_message({"role": "assistant", "content": [{"text": CUT_OFF}]}, agent, session)


def store_message(message: Any, agent: "Agent", session: "SessionManager") -> None:
    """Add a message to a conversation."""
    agent.messages.append(message)
    session.append_message(message, agent)


def _remember_passages(evidence: Evidence, text: str) -> None:
    try:
        rows = json.loads(text)
    except ValueError:
        return  # a tool's error text, not passages
    seed_passages(evidence, rows)
