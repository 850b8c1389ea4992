"""The port that a guardrail implements."""

from dataclasses import dataclass
from typing import Literal, Protocol

Stage = Literal["input", "output"]
Action = Literal["none", "masked", "blocked"]


@dataclass(frozen=True)
class Verdict:
    """What a guardrail did with a text.

    Attributes:
        action: blocked texts must not be used; masked ones only as `text`.
        text: what may be used; the policy's message when blocked.
        masked: how many places were masked.
        reasons: names of the rules that fired, without the text they fired on.
    """

    action: Action
    text: str
    masked: int = 0
    reasons: tuple[str, ...] = ()


class Guardrail(Protocol):
    """Checks a text on its way to or from a model.

    Detection misses attacks: what protects is the tool policy (scope, approval). A guardrail only
    lowers the number of attacks that get that far.
    """

    def check(self, text: str, stage: Stage) -> Verdict:
        """The verdict for a text; never raises for what the text contains."""
