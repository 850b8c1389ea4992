"""What a router sees of a turn."""

from dataclasses import dataclass
from typing import Literal

ModelChoice = Literal["weak", "strong"]


@dataclass(frozen=True)
class RouteRequest:
    """One turn, before any model is called.

    Attributes:
        text: the user's message.
        history: earlier user messages of the conversation, oldest first.
        prefix_tokens: tokens that every call of this turn carries (prompt, tools, history).
    """

    text: str
    history: tuple[str, ...] = ()
    prefix_tokens: int = 0
