"""The knowledge indexes under test: a backend joins by adding a line to `INDEXES`."""

import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import Transport

from msp_core.aws_calls import make_client
from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.embedding import VectorSpace
from msp_core.knowledge.index import Chunk, KnowledgeIndex, Tier
from msp_core.knowledge.opensearch import OpenSearchIndex
from msp_core.knowledge.opensearch_client import OpenSearchClient
from msp_core.knowledge.s3_vectors import S3VectorsIndex
from tests.fakes.aws_endpoint import AwsEndpoint
from tests.fakes.knowledge import SPACE, HashEmbedder
from tests.fakes.opensearch import Request, check_serverless
from tests.fakes.s3_vectors import S3Vectors

_perform_request = Transport.perform_request


@dataclass(frozen=True)
class Backend:
    """One backend under test.

    Attributes:
        open: another object over the same data at each call; for another embedder if told so.
        settle: waits until what was written is seen.
    """

    open: Callable[..., KnowledgeIndex]
    settle: Callable[[], None]


def embedded(tier: Tier) -> Callable[[Path], AbstractContextManager[Backend]]:
    def start(folder: Path) -> AbstractContextManager[Backend]:
        def open_index(space: VectorSpace = SPACE) -> EmbeddedIndex:
            return EmbeddedIndex(folder / "index.db", tier=tier, space=space)

        return nullcontext(Backend(open_index, lambda: None))

    return start


@contextmanager
def opensearch(url: str) -> Iterator[Backend]:
    """An index of its own; every request must be one that Serverless takes too."""
    name = f"test-{uuid.uuid4().hex[:12]}"

    def open_index(space: VectorSpace = SPACE) -> OpenSearchIndex:
        client = OpenSearchClient(url, region="us-east-1")
        return OpenSearchIndex(client, engine="lucene", space=space, name=name)

    def settle() -> None:
        with urllib.request.urlopen(f"{url}/{name}/_refresh", timeout=30):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "perform_request", _checked)
        yield Backend(open_index, settle)
        open_index().remove()


def _checked(self: Transport, method: str, url: str, **request: Any) -> Any:
    body = request.get("body")
    if isinstance(body, str):
        body = [json.loads(line) for line in body.splitlines()]
    check_serverless(Request(method, url, request.get("params") or {}, body))
    return _perform_request(self, method, url, **request)


@contextmanager
def s3_vectors(client: Any) -> Iterator[Backend]:
    """An index of its own in the bucket of the local endpoint."""
    name = f"test-{uuid.uuid4().hex[:12]}"

    def open_index(space: VectorSpace = SPACE) -> S3VectorsIndex:
        return S3VectorsIndex(client, bucket="vectors", index=name, space=space)

    yield Backend(open_index, lambda: None)


INDEXES: dict[str, Callable[..., AbstractContextManager[Backend]]] = {
    "embedded-hot": embedded("hot"),
    "embedded-cold": embedded("cold"),
    "s3-vectors": s3_vectors,
    "opensearch": opensearch,
}
OPENSEARCH = pytest.param("opensearch", marks=pytest.mark.services)
BACKENDS = ["embedded-hot", "embedded-cold", "s3-vectors", OPENSEARCH]
WITH_WORDS = BACKENDS
"""Those that search by words, held to `test_lexical_index.py`."""
WITH_FUSION = ["embedded-hot", "embedded-cold", OPENSEARCH]
"""Those that fuse words and meaning, held to `test_hybrid_index.py`."""


@pytest.fixture(scope="session")
def s3_vectors_client() -> Iterator[Any]:
    with AwsEndpoint(S3Vectors().answer) as endpoint:
        with endpoint.reached_by("s3vectors"):
            client = make_client("s3vectors", region="us-east-1")
        yield client  # the credentials in the environment are gone: other tests want none


NEEDS = {"opensearch": "opensearch_url", "s3-vectors": "s3_vectors_client"}
"""The fixture that a backend is started with; the others get a folder."""


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    needed = request.getfixturevalue(NEEDS.get(request.param, "tmp_path"))
    with INDEXES[request.param](needed) as started:
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
