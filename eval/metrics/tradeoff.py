"""The curve along which a router trades strong calls for quality; APGR, CPT and saving read it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tradeoff:
    """The corners of the curve, from no strong call to all of them; it is linear in between.

    Between two corners lie turns with one router score: no threshold parts them, so a random part
    of them goes strong.

    Attributes:
        strong_share: of the turns, rising from 0.0 to 1.0.
        quality: mean score of the answers.
        cost_usd: mean cost of a turn; None when costs are not known.
    """

    strong_share: Floats
    quality: Floats
    cost_usd: Floats | None

    @property
    def gap(self) -> float:
        """What always-strong gains over always-weak in quality; may be 0 or negative."""
        return float(self.quality[-1] - self.quality[0])


class Outcomes:
    """What both models did on the same turns, in the order in which a router sends them strong.

    Args:
        router_scores: higher = the strong model first, shape (n,), n of 1 or more.
        weak_scores, strong_scores: quality of each model's answer, shape (n,).
        weak_costs, strong_costs: USD, shape (n,); both or none.

    Raises:
        ValueError: no turns, other shapes, a value that is not finite, costs of one model only.
    """

    def __init__(
        self,
        router_scores: Floats,
        weak_scores: Floats,
        strong_scores: Floats,
        *,
        weak_costs: Floats | None = None,
        strong_costs: Floats | None = None,
    ) -> None:
        if (weak_costs is None) != (strong_costs is None):
            raise ValueError("costs are needed of both models or of none")
        given = [router_scores, weak_scores, strong_scores, weak_costs, strong_costs]
        arrays = [array for array in given if array is not None]
        if router_scores.ndim != 1 or router_scores.size == 0:
            raise ValueError("at least one turn is needed, as a one-dimensional array")
        if any(array.shape != router_scores.shape for array in arrays):
            raise ValueError(f"all arrays must have the shape {router_scores.shape}")
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError("scores and costs must be finite numbers")
        self._order = np.argsort(-router_scores, kind="stable")
        ordered = router_scores[self._order]
        self._tie_starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._weak, self._strong = weak_scores[self._order], strong_scores[self._order]
        self._costs = (
            (weak_costs[self._order], strong_costs[self._order])
            if weak_costs is not None and strong_costs is not None
            else None
        )

    def tradeoff(self, weights: Floats | None = None) -> Tradeoff:
        """The curve, each turn counted `weights` times (default once), as a bootstrap draws them.

        Raises:
            ValueError: the weights sum to 0.
        """
        counts = np.ones(self._weak.size) if weights is None else weights[self._order]
        total = counts.sum()
        if total <= 0:
            raise ValueError("the weights sum to 0")
        costs = None if self._costs is None else self._path(*self._costs, counts / total)
        share = np.r_[0.0, np.cumsum(np.add.reduceat(counts, self._tie_starts))] / total
        share[-1] = 1.0
        return Tradeoff(share, self._path(self._weak, self._strong, counts / total), costs)

    def _path(self, weak: Floats, strong: Floats, shares: Floats) -> Floats:
        steps = np.add.reduceat((strong - weak) * shares, self._tie_starts)
        path: Floats = (weak * shares).sum() + np.r_[0.0, np.cumsum(steps)]
        return path
