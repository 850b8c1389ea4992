"""From a turn to a decision: floors first, then a score against a threshold."""

import re
from dataclasses import dataclass
from typing import Literal

from msp_core.routing.meaning import what_is_meant
from msp_core.routing.price import Price
from msp_core.routing.request import CHARACTERS_PER_TOKEN, ModelChoice, RouteRequest
from msp_core.routing.scorers import Scorer, regex_rules, word_count

Floor = Literal["security", "outage", "destructive", "contract"]

EXPECTED_OUTPUT_TOKENS = 300

_FLOORS: dict[Floor, re.Pattern[str]] = {
    "security": re.compile(
        r"\b(phish\w*|ransom\w*|malware|virus|hacked|breach\w*|compromis\w+|stolen|credential\w*"
        r"|data leak|suspicious (mail|e-?mail|sign-?in|login|link)|clicked (on )?(a|the) link"
        r"|encrypted files)\b",
        re.IGNORECASE,
    ),
    "outage": re.compile(
        r"\b(outage|everyone|nobody can|no one can|all users"
        r"|whole (office|site|company|clinic|school)"
        r"|entire (office|site|company)|(site|server|internet|network|line) (is )?down|\d{2,}"
        r" users)\b",
        re.IGNORECASE,
    ),
    "destructive": re.compile(
        r"\b(delete|wipe|format the|erase|purge|drop the (database|table)|factory reset|reimage)\b",
        re.IGNORECASE,
    ),
    "contract": re.compile(
        r"\b(sla (breach|credit|penalty)|breach of contract|contract"
        r"|cancel (our|the) (agreement|service)|lawyer|legal action"
        r"|gdpr|hipaa|phipa|compensation|refund)\b",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True)
class RouteDecision:
    """Which model takes the turn, and why.

    Attributes:
        score: 0..1, the scorer's; 1 on a floor.
        floor: the rule that forced the strong model, or None.
        estimated_cost_usd: of the turn's first model call; None when the model is unpriced.
    """

    choice: ModelChoice
    score: float
    threshold: float
    reasons: tuple[str, ...]
    floor: Floor | None
    estimated_cost_usd: float | None


@dataclass(frozen=True)
class RoutingPolicy:
    """A scorer and a threshold, under floors that no threshold overrides."""

    name: str
    scorer: Scorer
    threshold: float
    weak_price: Price | None
    strong_price: Price | None

    def decide(self, request: RouteRequest) -> RouteDecision:
        """The decision for a turn; pure."""
        meant = what_is_meant(request)
        floor = find_floor(meant.text)
        score = 1.0 if floor else self.scorer(meant)
        choice: ModelChoice = "strong" if floor or score >= self.threshold else "weak"
        if floor:
            reasons = (f"floor: {floor}",)
        else:
            relation = "at or above" if choice == "strong" else "below"
            reasons = (
                f"{self.name} score {score:.2f} is {relation} the threshold {self.threshold:.2f}",
            )
        return RouteDecision(
            choice, score, self.threshold, reasons, floor, self._estimate(choice, request)
        )

    def _estimate(self, choice: ModelChoice, request: RouteRequest) -> float | None:
        price = self.strong_price if choice == "strong" else self.weak_price
        if price is None:
            return None
        tokens = request.prefix_tokens + len(request.text) // CHARACTERS_PER_TOKEN
        return price.cost_usd(input_tokens=tokens, output_tokens=EXPECTED_OUTPUT_TOKENS)


def find_floor(text: str) -> Floor | None:
    """The first floor that the text touches, or None."""
    for floor, pattern in _FLOORS.items():
        if pattern.search(text):
            return floor
    return None


def make_policy(name: str, weak_price: Price | None, strong_price: Price | None) -> RoutingPolicy:
    """The policy of that name: `word_count`, `regex`, `weak` or `strong`.

    Args:
        name: a value of `MSP_ROUTING_POLICY`.
        weak_price: of the weak model; None when unpriced.
        strong_price: of the strong model; None when unpriced.
    """
    scorers: dict[str, tuple[Scorer, float]] = {
        "word_count": (word_count, 0.5),
        "regex": (regex_rules, 0.75),
        "weak": (lambda request: 0.0, 0.5),
        "strong": (lambda request: 1.0, 0.5),
    }
    scorer, threshold = scorers[name]
    return RoutingPolicy(name, scorer, threshold, weak_price, strong_price)
