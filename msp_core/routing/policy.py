"""From a turn to a decision: floors first, then a score against a threshold."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from msp_core.routing.draft_check import CheckDraft
from msp_core.routing.floor_patterns import FindFloor, Floor, pattern_floor
from msp_core.routing.language import is_foreign
from msp_core.routing.meaning import is_courtesy, what_is_meant
from msp_core.routing.price import Price
from msp_core.routing.request import CHARACTERS_PER_TOKEN, ModelChoice, RouteRequest, Step
from msp_core.routing.scorers import Scorer, regex_rules, word_count

Familiarity = Callable[[RouteRequest], float]
"""Similarity of a request to the nearest one that the scorer was trained on, 0 to 1."""
Action = Literal["answer", "human", "stop"]
"""The chosen model answers; a person takes the turn; nobody does, for the budget is spent."""

VERSION = "2"
_MOST_DIGITS = 9
EXPECTED_OUTPUT_TOKENS: dict[Step, int] = {"classify": 20, "tool": 80, "final": 300, "verify": 60}


@dataclass(frozen=True)
class RouteFacts:
    """All that a decision at any threshold follows from.

    Attributes:
        score: 0..1, the scorer's.
        floor: what forces the strong model, or None.
        unfamiliar: why the scorer cannot be trusted on this turn, or None.
        weak_cost_usd, strong_cost_usd: of the next model call; None when the model is unpriced.
        budget_left_usd: what may still be spent today; None without a budget.
    """

    score: float
    floor: Floor | None = None
    unfamiliar: str | None = None
    weak_cost_usd: float | None = None
    strong_cost_usd: float | None = None
    budget_left_usd: float | None = None


@dataclass(frozen=True)
class RouteDecision:
    """Which model takes the turn, and why.

    Attributes:
        action: `answer`, unless the budget leaves no model that may be called.
        score: 0..1, the scorer's; 1 on a floor or out of distribution.
        estimated_cost_usd: of the turn's next model call; None when the model is unpriced.
        facts: what it was decided from; `decide_from` gives the decision at another threshold.
        policy_version: changes with anything that could change a decision.
    """

    choice: ModelChoice
    score: float
    threshold: float
    reasons: tuple[str, ...]
    floor: Floor | None
    estimated_cost_usd: float | None
    action: Action = "answer"
    out_of_distribution: bool = False
    policy_version: str = ""
    facts: RouteFacts = field(default_factory=lambda: RouteFacts(0.0))


@dataclass(frozen=True)
class Trained:
    """A scorer that was learned, with what a policy needs to know of it.

    Attributes:
        version: names its weights.
    """

    scorer: Scorer
    threshold: float
    familiarity: Familiarity
    least_familiar: float
    version: str


@dataclass(frozen=True)
class RoutingPolicy:
    """A scorer and a threshold, under floors that no threshold overrides.

    Attributes:
        find_floor: the floor that a turn falls under, or None.
        familiarity: None where the scorer was not trained, and so knows every turn equally well.
        least_familiar: below it a turn goes strong; messages in another language than English do
            too, when there is a `familiarity`.
        check_draft: the cascade: a turn that is not sent strong is drafted by the weak model, and
            the draft kept or given up by this. None answers with the weak model.
        scorer_version: names the scorer's weights.
        floors_version: names what `find_floor` goes by.
    """

    name: str
    scorer: Scorer
    threshold: float
    weak_price: Price | None
    strong_price: Price | None
    find_floor: FindFloor = pattern_floor
    familiarity: Familiarity | None = None
    least_familiar: float = 0.0
    check_draft: CheckDraft | None = None
    scorer_version: str = ""
    floors_version: str = ""

    @property
    def version(self) -> str:
        """`<format>-<hash>` of the name, scorer, floors, threshold and prices."""
        parts = (
            self.name,
            self.scorer_version,
            self.floors_version,
            self.threshold,
            self.least_familiar,
            self.weak_price,
            self.strong_price,
        )
        return f"{VERSION}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:8]}"

    def decide(self, request: RouteRequest) -> RouteDecision:
        """The decision for a turn; pure."""
        facts = self.facts(request)
        decision = decide_from(facts, self.threshold, name=self.name)
        return replace(decision, policy_version=self.version)

    def facts(self, request: RouteRequest) -> RouteFacts:
        """What the decision follows from."""
        meant = what_is_meant(request)
        floor = self.find_floor(meant)
        return RouteFacts(
            score=self.scorer(meant),
            floor=floor,
            unfamiliar=None if floor else self._unfamiliar(meant),
            weak_cost_usd=estimate_usd(request, "weak", self.weak_price),
            strong_cost_usd=estimate_usd(request, "strong", self.strong_price),
            budget_left_usd=request.budget_left_usd,
        )

    def _unfamiliar(self, meant: RouteRequest) -> str | None:
        if self.familiarity is None or is_courtesy(meant.text):
            return None
        if is_foreign(meant.text):
            return "not in English"
        near = self.familiarity(meant)
        if near < self.least_familiar:
            shown, limit = _told_apart(near, self.least_familiar)
            return f"nearest training turn {shown}, below {limit}"
        return None


def decide_from(facts: RouteFacts, threshold: float, *, name: str = "policy") -> RouteDecision:
    """The decision at a threshold; a logged turn is replayed with this.

    In this order: a floor or an unfamiliar turn is strong; then the score against the threshold; a
    weak turn is strong all the same when the strong model costs no more, because its prompt cache
    is warm. A budget that is too small for the strong model makes the turn weak, but a floor's goes
    to a person; one too small for both stops the turn.
    """
    score = 1.0 if facts.floor or facts.unfamiliar else facts.score
    choice: ModelChoice = "strong" if facts.floor or facts.unfamiliar else "weak"
    if facts.floor:
        reasons = [f"floor: {facts.floor}"]
    elif facts.unfamiliar:
        reasons = [f"out of distribution: {facts.unfamiliar}"]
    else:
        choice = "strong" if score >= threshold else "weak"
        relation = "at or above" if choice == "strong" else "below"
        shown, limit = _told_apart(score, threshold)
        reasons = [f"{name} score {shown} is {relation} the threshold {limit}"]
    weak, strong = facts.weak_cost_usd, facts.strong_cost_usd
    if choice == "weak" and weak is not None and strong is not None and strong <= weak:
        choice = "strong"
        reasons.append("the strong model costs no more here")
    action: Action = "answer"
    left = facts.budget_left_usd
    if left is not None and choice == "strong" and (strong or 0.0) > left:
        reasons.append(f"{_usd(left)} of the daily budget left, the strong model needs more")
        if facts.floor:
            action = "human"
        else:
            choice = "weak"
    if left is not None and choice == "weak" and (weak or 0.0) > left:
        reasons.append(f"{_usd(left)} of the daily budget left")
        action = "stop"
    return RouteDecision(
        choice=choice,
        score=score,
        threshold=threshold,
        reasons=tuple(reasons),
        floor=facts.floor,
        estimated_cost_usd=strong if choice == "strong" else weak,
        action=action,
        out_of_distribution=facts.unfamiliar is not None,
        facts=facts,
    )


def estimate_usd(request: RouteRequest, choice: ModelChoice, price: Price | None) -> float | None:
    """What the next model call will cost; the part of its prefix that is cached at that price."""
    if price is None:
        return None
    cached = min(request.cache.tokens(choice), request.prefix_tokens)
    fresh = request.prefix_tokens - cached + len(request.text) // CHARACTERS_PER_TOKEN
    return price.cost_usd(
        input_tokens=fresh,
        output_tokens=EXPECTED_OUTPUT_TOKENS[request.step],
        cache_tokens=cached,
    )


def make_policy(
    name: str,
    weak_price: Price | None,
    strong_price: Price | None,
    *,
    find_floor: FindFloor = pattern_floor,
    floors_version: str = "",
    threshold: float | None = None,
    check_draft: CheckDraft | None = None,
    trained: Trained | None = None,
) -> RoutingPolicy:
    """The policy of that name: `learned`, `cascade`, `word_count`, `regex`, `weak` or `strong`.

    Args:
        name: a value of `MSP_ROUTING_POLICY`.
        weak_price: of the weak model; None when unpriced.
        strong_price: of the strong model; None when unpriced.
        find_floor: the floor that a turn falls under, or None.
        floors_version: names what `find_floor` goes by.
        threshold: in place of the policy's own.
        check_draft: keeps or gives up a draft; the others than `cascade` do not look at it.
        trained: the scorer of `learned` and `cascade`; without it they count words.
    """
    fixed: dict[str, tuple[Scorer, float]] = {
        "word_count": (word_count, 0.5),
        "regex": (regex_rules, 0.75),
        "weak": (lambda request: 0.0, 0.5),
        "strong": (lambda request: 1.0, 0.5),
        "learned": (word_count, 0.5),
        "cascade": (word_count, 0.75),
    }
    scorer, own = fixed[name]
    policy = RoutingPolicy(
        name,
        scorer,
        own,
        weak_price,
        strong_price,
        find_floor=find_floor,
        floors_version=floors_version,
        check_draft=check_draft if name == "cascade" else None,
    )
    if trained is not None and name in ("learned", "cascade"):
        policy = replace(
            policy,
            scorer=trained.scorer,
            threshold=trained.threshold,
            familiarity=trained.familiarity,
            least_familiar=trained.least_familiar,
            scorer_version=trained.version,
        )
    return policy if threshold is None else replace(policy, threshold=threshold)


def _told_apart(one: float, other: float) -> tuple[str, str]:
    """Both with two digits after the point, or with as many as show that they differ."""
    digits = 2
    while digits < _MOST_DIGITS and one != other and f"{one:.{digits}f}" == f"{other:.{digits}f}":
        digits += 1
    return f"{one:.{digits}f}", f"{other:.{digits}f}"


def _usd(figure: float) -> str:
    return f"{max(figure, 0.0):.4f} USD"
