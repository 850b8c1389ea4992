"""Quality and cost of a set when some of its turns go strong."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.routing_figures import FEWEST_FOR_INTERVAL
from eval.routing_set import RoutingSet
from eval.stats import mean_interval

SEED = 7
_TURNS = 1000


@dataclass(frozen=True)
class Point:
    """What the choice is worth, beside the two ends; costs are None when one is not known.

    Attributes:
        quality: mean over the turns, 0 to 1.
        quality_low, quality_high: 95% interval over groups; None for fewer than 10 turns, or where
            `mean_interval` gives none.
        usd_per_1k: of 1,000 such turns.
    """

    quality: float
    quality_low: float | None
    quality_high: float | None
    weak_quality: float
    strong_quality: float
    usd_per_1k: float | None
    weak_usd_per_1k: float | None
    strong_usd_per_1k: float | None


def point_of(data: RoutingSet, strong: Sequence[bool]) -> Point:
    """The point where these turns go strong and the others weak.

    Args:
        data: one turn or more.
        strong: one per turn.
    """
    turns = data.turns
    scores = [
        turn.strong_score if chosen else turn.weak_score
        for turn, chosen in zip(turns, strong, strict=True)
    ]
    quality = mean_interval(scores, [turn.group for turn in turns], seed=SEED)
    few = len(turns) < FEWEST_FOR_INTERVAL
    weak_costs = [turn.weak_cost_usd for turn in turns]
    strong_costs = [turn.strong_cost_usd for turn in turns]
    costs = [
        dear if chosen else cheap
        for cheap, dear, chosen in zip(weak_costs, strong_costs, strong, strict=True)
    ]
    return Point(
        quality=quality.value,
        quality_low=None if few else quality.low,
        quality_high=None if few else quality.high,
        weak_quality=sum(turn.weak_score for turn in turns) / len(turns),
        strong_quality=sum(turn.strong_score for turn in turns) / len(turns),
        usd_per_1k=_per_1k(costs) if data.priced else None,
        weak_usd_per_1k=_per_1k(weak_costs) if data.priced else None,
        strong_usd_per_1k=_per_1k(strong_costs) if data.priced else None,
    )


def _per_1k(costs: Sequence[float | None]) -> float:
    return sum(cost or 0.0 for cost in costs) / len(costs) * _TURNS
