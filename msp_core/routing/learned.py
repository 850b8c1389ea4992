"""Scorers that were learned from outcomes: lexical, two heads, nearest neighbours."""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from msp_core.learning.embedder_check import check_embedder
from msp_core.learning.logistic import Floats
from msp_core.learning.words import terms_of
from msp_core.routing.features import lexical_matrix
from msp_core.routing.request import RouteRequest
from msp_core.routing.router_model import RouterModel, Vectors
from msp_core.routing.scorers import Scorer

LearnedName = Literal["lexical", "two_head", "knn"]
LEARNED: tuple[LearnedName, ...] = get_args(LearnedName)
Embed = Callable[[Sequence[str]], Vectors]
"""Texts to unit vectors, one row each."""

_AT_ONCE = 1000
_EMBEDDING_SPREAD = 1 / 3  # of a lexical feature's; by cross-validation on the train split


class LearnedRouter:
    """The scorers of a model file.

    A request is scored as it stands: give what `what_is_meant` returns. Each score embeds it: a
    `RememberingEmbedder` lets scorers and `familiarity` share one embedding.

    Args:
        model: from `read_model` or a training.
        embed: of the embedder that the model was trained with; its `model_id`.

    Raises:
        ConfigurationError: the model was trained with another embedder.
    """

    def __init__(self, model: RouterModel, embed: Embed, *, embedder_id: str) -> None:
        train = "msp routing train --labels routing"
        check_embedder(model.embedder_id, embedder_id, what="routing model", command=train)
        self.model = model
        self._embed = embed

    def scorer(self, name: LearnedName) -> Scorer:
        """One of the scorers; pure."""
        return lambda request: float(self._scores(name, [request])[0])

    def scores(self, name: LearnedName, requests: Sequence[RouteRequest]) -> Floats:
        """What the scorer gives to each request, shape (n,), computed together: same to 1e-6."""
        parts = [
            self._scores(name, requests[start : start + _AT_ONCE])
            for start in range(0, len(requests), _AT_ONCE)
        ]
        return np.concatenate(parts)

    def familiarity(self, request: RouteRequest) -> float:
        """Likeness to the nearest training turn, 0 to 1; `model.least_familiar` is the least."""
        nearness = self._embed([request.text]) @ self.model.neighbours.vectors.T
        return min(1.0, max(0.0, float(nearness.max())))

    def _scores(self, name: LearnedName, requests: Sequence[RouteRequest]) -> Floats:
        model = self.model
        if name == "lexical":
            return model.lexical.probability(self._lexical(requests))
        vectors = self._embed([request.text for request in requests])
        if name == "knn":
            return model.neighbours.scores(vectors)
        return model.two_head.scores(two_head_matrix(self._lexical(requests), vectors))

    def _lexical(self, requests: Sequence[RouteRequest]) -> Floats:
        odds = self.model.words.log_odds([terms_of(request.text) for request in requests])
        return self.model.scaling.apply(np.hstack([lexical_matrix(requests), odds]))


def two_head_matrix(scaled_lexical: Floats, vectors: Vectors) -> Floats:
    """The lexical features beside the embedding, each of whose many components weighs less."""
    spread = _EMBEDDING_SPREAD * np.sqrt(vectors.shape[1])
    return np.hstack([scaled_lexical, vectors.astype(np.float64) * spread])
