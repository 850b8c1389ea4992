"""The routers that are compared: what each gives to every turn of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics.tradeoff import Floats
from eval.routing_set import Turn
from msp_core.routing.draft_check import check_draft
from msp_core.routing.policy import RouteDecision, make_policy
from msp_core.routing.scorers import regex_rules, word_count

POLICY, RANDOM, ORACLE, CASCADE = "policy", "random", "oracle", "cascade"
ALWAYS_WEAK, ALWAYS_STRONG = "always_weak", "always_strong"
WORD_COUNT, REGEX = "word_count", "regex"
OWN_ROUTER = "router"
"""The system that a user's own `router_score` column is shown as."""
ENDS = (ALWAYS_WEAK, ALWAYS_STRONG)
UNTRAINED = (ALWAYS_WEAK, ALWAYS_STRONG, RANDOM, ORACLE, WORD_COUNT, REGEX)


@dataclass(frozen=True, eq=False)
class System:
    """A router on all turns.

    Attributes:
        scores: higher = strong first, shape (n,); None has no order of its own.
        strong: part of each turn that goes strong at the system's threshold, 0 to 1, shape (n,);
            None has no threshold of its own.
        drafts: whether the weak model answers first, so that a strong call costs both.
    """

    name: str
    scores: Floats | None
    strong: Floats | None
    drafts: bool = False


@dataclass(frozen=True, eq=False)
class LearnedScores:
    """What a learned scorer gives to the turns of a set.

    Attributes:
        scores: shape (n,).
        threshold: from which a turn goes strong; None has none of its own.
    """

    scores: Floats
    threshold: float | None = None


def main_system(systems: Sequence[str]) -> str:
    """The one that a result is about: the policy, else the user's own router, else the length."""
    return next(name for name in (POLICY, OWN_ROUTER, WORD_COUNT) if name in systems)


def all_systems(
    turns: Sequence[Turn],
    decisions: Sequence[RouteDecision] | None,
    learned: Mapping[str, LearnedScores],
) -> list[System]:
    """The baselines, the learned scorers, the set's own router, the cascade, and the policy.

    The cascade is there where every turn has the weak model's answer.

    `random` sends as many turns strong as the policy does, half of them without one.
    """
    n = len(turns)
    gain = np.array([turn.strong_score - turn.weak_score for turn in turns])
    policy_strong = None
    if decisions is not None:
        policy_strong = np.array([float(decision.choice == "strong") for decision in decisions])
    rate = 0.5 if policy_strong is None else float(policy_strong.mean())
    systems = [
        System(ALWAYS_WEAK, None, np.zeros(n)),
        System(ALWAYS_STRONG, None, np.ones(n)),
        # One score for all turns sends them strong in random order.
        System(RANDOM, np.zeros(n), np.full(n, rate)),
        System(ORACLE, gain, (gain > 0).astype(np.float64)),
    ]
    for name, scorer in ((WORD_COUNT, word_count), (REGEX, regex_rules)):
        scores = np.array([scorer(turn.request) for turn in turns])
        systems.append(_with_threshold(name, scores, make_policy(name, None, None).threshold))
    for name, given in learned.items():
        systems.append(_with_threshold(name, given.scores, given.threshold))
    own = [turn.router_score for turn in turns if turn.router_score is not None]
    if len(own) == n:
        systems.append(System(OWN_ROUTER, np.array(own), None))
    if all(turn.weak_response is not None for turn in turns):
        systems.append(_cascade(turns))
    if decisions is not None:
        scores = np.array([decision.score for decision in decisions])
        systems.append(System(POLICY, scores, policy_strong))
    return systems


def _cascade(turns: Sequence[Turn]) -> System:
    """The recorded weak answers as drafts: those that the checks doubt are given up."""
    checks = [check_draft(turn.weak_response or "", turn.passages) for turn in turns]
    return System(
        CASCADE,
        np.array([check.doubt for check in checks]),
        np.array([float(not check.keep) for check in checks]),
        drafts=True,
    )


def _with_threshold(name: str, scores: Floats, threshold: float | None) -> System:
    strong = None if threshold is None else (scores >= threshold).astype(np.float64)
    return System(name, scores, strong)
