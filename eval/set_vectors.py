"""Vectors that a data set brings along, and those that one run has made."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.embedding_cache import CachedEmbedder

VECTORS_FILE = "vectors.npz"
Vectors = npt.NDArray[np.float32]


class RememberingEmbedder:
    """An `Embedder` that keeps every vector it made: folds ask for the same turns again."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    @property
    def model_id(self) -> str:
        """See `Embedder.model_id`."""
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        """See `Embedder.dimension`."""
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        missing = list(dict.fromkeys(text for text in texts if text not in self._known))
        if missing:
            self._known.update(zip(missing, self._embedder.embed(missing), strict=True))
        return np.stack([self._known[text] for text in texts])


def training_embedder(embedder: Embedder, folder: Path) -> RememberingEmbedder:
    """The embedder, over the vectors that a data set brings along in `vectors.npz`.

    With those the training computes nothing that differs from one processor to the next, so that
    it gives the same bytes on each.
    """
    return RememberingEmbedder(CachedEmbedder(embedder, folder / VECTORS_FILE))
