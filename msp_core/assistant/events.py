"""What a turn emits: JSON objects, numbered, of a fixed set of types."""

from typing import Any

Event = dict[str, Any]

EVENT_FIELDS: dict[str, frozenset[str]] = {
    "turn_started": frozenset({"session_id"}),
    "guard": frozenset({"stage", "action", "masked"}),
    "memory": frozenset({"items"}),
    "route": frozenset({"model", "choice", "score", "threshold", "reasons", "estimated_cost_usd"}),
    "tool_call": frozenset({"tool", "arguments"}),
    "tool_result": frozenset({"tool", "ok", "summary"}),
    "passages": frozenset({"items"}),
    "approval_needed": frozenset(
        {"approval_id", "tool", "arguments", "diff", "ticket_version", "expires_at"}
    ),
    "text": frozenset({"delta"}),
    "citation": frozenset({"id", "quote"}),
    "verification": frozenset({"ok", "problems", "action"}),
    "notice": frozenset({"code", "text"}),
    "usage": frozenset({"model", "input_tokens", "output_tokens", "cache_tokens", "cost_usd"}),
    "turn_done": frozenset({"stop"}),
    "error": frozenset({"code", "text"}),
}
"""Event type -> the fields it has beside `v`, `seq`, `type` and `turn_id`."""


class EventLog:
    """Numbers and keeps the events of one turn.

    Args:
        turn_id: stands in every event.
        earlier: the events that the turn emitted before it stopped for an approval.
    """

    def __init__(self, turn_id: str, earlier: tuple[Event, ...] = ()) -> None:
        self._turn_id = turn_id
        self.events: list[Event] = list(earlier)

    def add(self, type_: str, **fields: Any) -> Event:
        """The next event of the turn.

        Raises:
            ValueError: the type is unknown, or its fields are not exactly those of `EVENT_FIELDS`.
        """
        if EVENT_FIELDS.get(type_) != fields.keys():
            raise ValueError(f"event {type_!r} with fields {sorted(fields)} is not of the contract")
        event = {"v": 1, "seq": len(self.events), "type": type_, "turn_id": self._turn_id, **fields}
        self.events.append(event)
        return event


def answer_text(events: list[Event]) -> str:
    """The answer that a turn's events show: all text deltas, joined."""
    return "".join(event["delta"] for event in events if event["type"] == "text")
