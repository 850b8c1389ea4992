"""The curve of a router as points to choose from."""

from dataclasses import dataclass

import numpy as np

from eval.metrics.tradeoff import Floats, Outcomes
from eval.result import SuiteRun


@dataclass(frozen=True, eq=False)
class CurvePoints:
    """A router over all its thresholds, from all-weak to all-strong.

    Attributes:
        thresholds: the one at each point, from above all scores downwards; shape (p,).
        strong_share: of turns, 0 to 1, rising; shape (p,).
        quality: shape (p,).
        cost_usd: mean of a turn, shape (p,); None when costs are not known.
    """

    router: str
    thresholds: Floats
    strong_share: Floats
    quality: Floats
    cost_usd: Floats | None

    def cheapest_within(self, points: float) -> dict[str, object]:
        """The point of the least cost (or share) that loses at most so many points of quality.

        Args:
            points: percentage points against always strong, 0 or more.

        Returns:
            Router, threshold, share of strong calls, quality, and where costs are known USD per
            1,000 turns and the part of always-strong's cost that is saved.
        """
        price = self.strong_share if self.cost_usd is None else self.cost_usd
        good = np.flatnonzero(self.quality >= self.quality[-1] - points / 100 - 1e-12)
        at = int(good[np.argmin(price[good])])
        row: dict[str, object] = {
            "router": self.router,
            "threshold": float(self.thresholds[at]),
            "strong share": float(self.strong_share[at]),
            "quality": float(self.quality[at]),
        }
        if self.cost_usd is not None:
            row["USD per 1,000 turns"] = 1000 * float(self.cost_usd[at])
            row["saved"] = 1 - float(self.cost_usd[at] / self.cost_usd[-1])
        return row


def router_names(run: SuiteRun) -> list[str]:
    """The routers of a result whose scores were kept, in their order."""
    scored = (item.system for item in run.items if item.raw.get("router_score") is not None)
    return list(dict.fromkeys(scored))


def points_of(run: SuiteRun, router: str) -> CurvePoints:
    """The curve of one router of a result.

    Raises:
        ValueError: the result kept no scores of it.
    """
    items = [item for item in run.items if item.system == router]
    if not items or any(item.raw.get("router_score") is None for item in items):
        raise ValueError(f"the result holds no scores of {router}")

    def column(name: str) -> Floats:
        return np.array([item.raw[name] for item in items], dtype=np.float64)

    priced = all(item.raw.get("strong_cost_usd") is not None for item in items)
    scores = column("router_score")
    tradeoff = Outcomes(
        scores,
        column("weak_score"),
        column("strong_score"),
        weak_costs=column("weak_cost_usd") if priced else None,
        strong_costs=column("strong_cost_usd") if priced else None,
    ).tradeoff()
    distinct = np.unique(scores)[::-1]
    thresholds = np.r_[np.nextafter(distinct[0], np.inf), distinct]
    return CurvePoints(
        router, thresholds, tradeoff.strong_share, tradeoff.quality, tradeoff.cost_usd
    )
