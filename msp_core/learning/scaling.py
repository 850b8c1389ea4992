"""Features on one scale."""

from dataclasses import dataclass

import numpy as np

from msp_core.learning.logistic import Floats


@dataclass(frozen=True, eq=False)
class Scaling:
    """Brings features to mean 0 and spread 1.

    Attributes:
        mean, spread: of the features, shape (d,).
    """

    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, features: Floats) -> "Scaling":
        """That of training rows; a feature that never varies is only shifted."""
        spread = features.std(axis=0)
        return cls(features.mean(axis=0), np.where(spread > 1e-9, spread, 1.0))

    def apply(self, features: Floats) -> Floats:
        """Scaled rows, same shape."""
        return (features - self.mean) / self.spread
