"""The knowledge indexes under test: a backend joins by adding a line to `INDEXES`."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.index import Chunk, KnowledgeIndex, Tier
from msp_core.knowledge.opensearch import OpenSearchIndex
from msp_core.knowledge.opensearch_client import OpenSearchClient
from tests.fakes.knowledge import DIMENSION, HashEmbedder
from tests.services import opensearch_server


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


@contextmanager
def opensearch(url: str) -> Iterator[Backend]:
    """An index of its own on the server, which is told to show what was written."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    server = OpenSearchClient(url, region="us-east-1")

    def open_index(*, model_id: str = "hash-words", dimension: int = DIMENSION) -> OpenSearchIndex:
        return OpenSearchIndex(
            OpenSearchClient(url, region="us-east-1"),
            engine="lucene",
            model_id=model_id,
            dimension=dimension,
            name=name,
        )

    def settle() -> None:
        server.call(lambda client: client.indices.refresh(index=name))

    try:
        yield Backend(open_index, settle)
    finally:
        open_index().remove()


INDEXES: dict[str, Callable[..., AbstractContextManager[Backend]]] = {
    "embedded-hot": embedded("hot"),
    "embedded-cold": embedded("cold"),
    "opensearch": opensearch,
}
OPENSEARCH = pytest.param("opensearch", marks=pytest.mark.services)
BACKENDS = ["embedded-hot", "embedded-cold", OPENSEARCH]
WITH_WORDS = ["embedded-hot", OPENSEARCH]
"""Those that search by words, held to `test_lexical_index.py`."""
WITH_FUSION = ["embedded-hot", OPENSEARCH]
"""Those that fuse words and meaning, held to `test_hybrid_index.py`."""


@pytest.fixture(scope="session")
def opensearch_url(java_and_maven: None) -> Iterator[str]:
    with opensearch_server.running() as url:
        yield url


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    where = request.getfixturevalue("opensearch_url") if "opensearch" in request.param else tmp_path
    with INDEXES[request.param](where) as started:
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
