"""A learned router as numbers: what the scorers compute with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msp_core.learning.logistic import Floats, Head
from msp_core.learning.scaling import Scaling
from msp_core.learning.words import WordCounts

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TrainedOn:
    """The outcomes that a router was learned from.

    Attributes:
        sha256: of the file.
        n: rows that were used.
        n_left_out: rows beyond the most that are used, left out by a seeded draw.
        kind: `recorded` outcomes or `simulated` ones (labels).
        words_sha256: of the outcomes that only words were learned from; empty without any.
    """

    name: str
    split: str
    sha256: str
    n: int
    n_left_out: int
    groups: int
    kind: str
    seed: int
    words_sha256: str = ""


@dataclass(frozen=True, eq=False)
class TwoHeads:
    """One head for "the weak model is right", one for "the strong model is right"."""

    weak: Head
    strong: Head

    def scores(self, features: Floats) -> Floats:
        """Expected gain of the strong model, from -1..1 moved to 0..1: .5 expects no gain."""
        gain = self.strong.probability(features) - self.weak.probability(features)
        return (1 + gain) / 2


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Training turns with what the strong model gained on them.

    Attributes:
        vectors: of unit length to a hundredth, shape (m, dimension).
        gains: -1 to 1, shape (m,).
        k: how many are asked.
    """

    vectors: Vectors
    gains: Floats
    k: int

    def scores(self, vectors: Vectors) -> Floats:
        """Mean gain of the k nearest, weighted by similarity and moved to 0..1, shape (n,)."""
        nearness = vectors @ self.vectors.T
        k = min(self.k, len(self.gains))
        # Sorted, so that equal similarities always give the same neighbours.
        nearest = np.argsort(-nearness, axis=1, kind="stable")[:, :k]
        weights = np.maximum(np.take_along_axis(nearness, nearest, axis=1), 1e-6).astype(np.float64)
        gain = (weights * self.gains[nearest]).sum(axis=1) / weights.sum(axis=1)
        scores: Floats = (1 + gain) / 2
        return scores


@dataclass(frozen=True, eq=False)
class Calibration:
    """Out-of-fold scores of the two heads with the true gains: what thresholds are chosen on.

    Attributes:
        scores: shape (m,), 0 to 1, rising.
        gains: strong less weak score of the same turns, -1 to 1.
    """

    scores: Floats
    gains: Floats

    def threshold_for_rate(self, strong_rate: float) -> float:
        """The score from which on this share of turns goes strong, as near as ties allow.

        Args:
            strong_rate: 0 to 1.

        Raises:
            ValueError: out of range.
        """
        if not 0 <= strong_rate <= 1:
            raise ValueError(f"the share of strong calls must be 0 to 1, not {strong_rate}")
        distinct = np.unique(self.scores)
        above_all = float(np.nextafter(distinct[-1], 2))
        options = np.r_[distinct, above_all]
        rates = 1 - np.searchsorted(self.scores, options, side="left") / self.scores.size
        return float(options[np.argmin(np.abs(rates - strong_rate))])

    def threshold_for_loss(self, points: float) -> float:
        """The highest threshold that loses at most so many percentage points of mean quality.

        The loss is against sending every turn strong, on these turns: a plug-in choice, without a
        guarantee for others.

        Args:
            points: 0 or more.

        Raises:
            ValueError: negative.
        """
        if points < 0:
            raise ValueError(f"the loss must be 0 or more points, not {points}")
        options = np.r_[np.unique(self.scores), np.nextafter(self.scores[-1], 2)]
        lost = np.r_[0.0, np.cumsum(self.gains)] / self.gains.size
        losses = lost[np.searchsorted(self.scores, options, side="left")]
        return float(options[np.flatnonzero(losses <= points / 100 + 1e-12)[-1]])


@dataclass(frozen=True, eq=False)
class RouterModel:
    """All learned scorers of one training.

    Attributes:
        embedder_id: whose vectors it understands.
        words: how they speak for a gain of the strong model above the mean.
        lexical: one head, for the gain of the strong model, on the lexical features and `words`.
        two_head: on the same and the embedding.
        threshold: of `two_head`, chosen on the calibration for `threshold_note`.
        least_familiar: a turn less similar to all of `neighbours` is out of distribution.
        settings: what the cross-validation chose.
    """

    trained_on: TrainedOn
    embedder_id: str
    words: WordCounts
    scaling: Scaling
    lexical: Head
    two_head: TwoHeads
    neighbours: Neighbours
    calibration: Calibration
    threshold: float
    threshold_note: str
    least_familiar: float
    settings: Mapping[str, float]
