"""The knowledge indexes under test: a backend joins by adding a line to `INDEXES`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.index import Chunk, KnowledgeIndex, Tier
from tests.fakes.knowledge import DIMENSION, HashEmbedder


@dataclass(frozen=True)
class Backend:
    """One backend under test.

    Attributes:
        open: another object over the same data at each call; of another embedder if told so.
        settle: waits until what was written is seen.
    """

    open: Callable[..., KnowledgeIndex]
    settle: Callable[[], None]


def embedded(tier: Tier) -> Callable[[Path], AbstractContextManager[Backend]]:
    def start(folder: Path) -> AbstractContextManager[Backend]:
        def open_index(
            *, model_id: str = "hash-words", dimension: int = DIMENSION
        ) -> EmbeddedIndex:
            return EmbeddedIndex(
                folder / "index.db",
                tier=tier,
                model_id=model_id,
                dimension=dimension,
            )

        return nullcontext(Backend(open_index, lambda: None))

    return start


INDEXES: dict[str, Callable[[Path], AbstractContextManager[Backend]]] = {
    "embedded-hot": embedded("hot"),
    "embedded-cold": embedded("cold"),
}


WITH_WORDS = ("embedded-hot",)
"""Those that search by words, held to `test_lexical_index.py`."""
WITH_FUSION = ("embedded-hot",)
"""Those that fuse words and meaning, held to `test_hybrid_index.py`."""


@pytest.fixture(params=INDEXES)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with INDEXES[request.param](tmp_path) as started:
        yield started


@pytest.fixture
def index(backend: Backend) -> KnowledgeIndex:
    opened = backend.open()
    opened.create()
    return opened


@pytest.fixture
def put(index: KnowledgeIndex, backend: Backend) -> Callable[..., None]:
    def put(*chunks: Chunk) -> None:
        index.upsert(chunks, HashEmbedder().embed([item.searchable for item in chunks]))
        backend.settle()

    return put
