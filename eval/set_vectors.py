"""Vectors that a data set brings along."""

from pathlib import Path

from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.embedding_cache import CachedEmbedder
from msp_core.knowledge.remembering import RememberingEmbedder

VECTORS_FILE = "vectors.npz"


def training_embedder(embedder: Embedder, *folders: Path) -> RememberingEmbedder:
    """The embedder, over the vectors that data sets bring along in `vectors.npz`.

    With those the training computes nothing that differs from one processor to the next, so that
    it gives the same bytes on each.
    """
    for folder in folders:
        embedder = CachedEmbedder(embedder, folder / VECTORS_FILE)
    return RememberingEmbedder(embedder)
