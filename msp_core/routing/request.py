"""What a router sees of a turn."""

from dataclasses import dataclass
from typing import Literal

ModelChoice = Literal["weak", "strong"]
Step = Literal["classify", "tool", "final", "verify"]
"""What the model call is for: pick a label, choose a tool, answer the person, check an answer."""

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class CacheState:
    """How many tokens of the prefix each model's prompt cache holds; 0 when nothing is known."""

    weak_tokens: int = 0
    strong_tokens: int = 0

    def tokens(self, choice: ModelChoice) -> int:
        """Those of one model."""
        return self.strong_tokens if choice == "strong" else self.weak_tokens


@dataclass(frozen=True)
class RouteRequest:
    """One turn, before any model is called.

    Attributes:
        text: the user's message.
        history: earlier user messages of the conversation, oldest first.
        prefix_tokens: tokens that every call of this turn carries (prompt, tools, history).
        asked: the assistant's message just before, which `text` may answer; empty when none.
        category: of the ticket that the conversation is about, as the desk names it; None unknown.
        priority: of that ticket; None unknown.
        step: what the model is called for.
        cache: what of the prefix is in the models' prompt caches.
        budget_left_usd: what may still be spent today; None without a budget.
    """

    text: str
    history: tuple[str, ...] = ()
    prefix_tokens: int = 0
    asked: str = ""
    category: str | None = None
    priority: str | None = None
    step: Step = "final"
    cache: CacheState = CacheState()
    budget_left_usd: float | None = None
