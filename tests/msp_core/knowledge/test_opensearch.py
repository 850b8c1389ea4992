"""OpenSearch beyond the contract: retries, partial answers, what Serverless takes."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from msp_core.errors import ConfigurationError, DependencyFailed
from msp_core.knowledge import opensearch, opensearch_client
from msp_core.knowledge.chunking import CHUNKER
from msp_core.knowledge.index import Filter
from msp_core.knowledge.opensearch import OpenSearchIndex
from msp_core.knowledge.opensearch_client import OpenSearchClient
from msp_core.knowledge.opensearch_queries import cosine_of
from tests.fakes.knowledge import ALL, DIMENSION, SPACE, chunk, vector_of
from tests.fakes.opensearch import Answer, OpenSearchServer, Request

MADE_WITH = {"model_id": "hash-words", "dimension": str(DIMENSION), "chunker": CHUNKER}
NO_INDEX: Answer = (404, {"error": {"type": "index_not_found_exception", "reason": "no such"}})


class Script:
    """Answers as a server with an index would; `next` holds what comes instead, by path's end."""

    def __init__(self) -> None:
        self.next: dict[str, list[Answer]] = {}
        self.exists = True
        self.found: list[str] = []

    def __call__(self, request: Request) -> Answer:
        name = request.path.rpartition("/")[2]
        if self.next.get(name):
            return self.next[name].pop(0)
        made = name == "msp-knowledge-hot" and request.method == "PUT"
        self.exists |= made
        if made or name == "msp-knowledge-hot-fusion":
            return 200, {"acknowledged": True}
        if not self.exists:
            return NO_INDEX
        answers: dict[str, Json] = {
            "_mapping": {"msp-knowledge-hot": {"mappings": {"_meta": MADE_WITH}}},
            "_count": {"count": 0, "_shards": {"failed": 0}},
            "_search": self._hits(),
            "_bulk": {"items": self._done(request.body)} if name == "_bulk" else {},
        }
        return 200, answers[name]

    def _hits(self) -> "Json":
        hits = [
            {"_id": name, "_score": 1.5, "_source": {"chunk_id": name}, "sort": [name]}
            for name in self.found
        ]
        return {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": hits}}

    @staticmethod
    def _done(lines: list["Json"]) -> list["Json"]:
        verbs = [next(iter(line)) for line in lines if line.keys() <= {"index", "delete"}]
        return [{verb: {"_id": f"row{at}", "status": 201}} for at, verb in enumerate(verbs)]


Json = dict[str, Any]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    monkeypatch.setattr(opensearch_client, "_pauses", lambda: iter([0.0] * 4))
    monkeypatch.setattr(opensearch.time, "sleep", lambda _seconds: None)
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[OpenSearchServer]:
    with OpenSearchServer(script) as server:
        yield server
    assert server.problems == []


@pytest.fixture
def index(server: OpenSearchServer) -> OpenSearchIndex:
    return make_index(f"http://{server.host}")


def make_index(endpoint: str) -> OpenSearchIndex:
    return OpenSearchIndex(
        OpenSearchClient(endpoint, region="us-east-1"),
        engine="faiss",
        space=SPACE,
    )


def upsert(index: OpenSearchIndex, *texts: str) -> None:
    chunks = [chunk(f"d{at}", text) for at, text in enumerate(texts)]
    index.upsert(chunks, opensearch_vectors(texts))


def opensearch_vectors(texts: tuple[str, ...]) -> Any:
    import numpy as np

    return np.stack([vector_of(text) for text in texts])


def bodies(server: OpenSearchServer, name: str) -> list[Any]:
    return [request.body for request in server.requests if request.path.endswith(name)]


def test_an_index_for_serverless_is_made_once(
    index: OpenSearchIndex, server: OpenSearchServer, script: Script
) -> None:
    script.exists = False
    index.create()
    index.create()
    made = [request for request in server.requests if request.method == "PUT"]
    assert [r.path for r in made].count("/msp-knowledge-hot") == 1
    body = next(r.body for r in made if r.path == "/msp-knowledge-hot")
    vector = body["mappings"]["properties"]["vector"]
    assert (vector["dimension"], vector["method"]["engine"]) == (DIMENSION, "faiss")
    assert vector["method"]["name"] == "hnsw"
    assert body["mappings"]["_meta"] == MADE_WITH


def test_creation_waits_while_an_access_policy_settles(
    index: OpenSearchIndex, script: Script
) -> None:
    script.exists = False
    refused: Answer = (403, {"error": {"reason": "no permission yet"}})
    script.next = {"msp-knowledge-hot-fusion": [refused] * 3, "_count": [NO_INDEX, refused]}
    index.create()
    assert script.exists
    assert script.next == {"msp-knowledge-hot-fusion": [], "_count": []}


def test_an_access_policy_that_never_comes_is_named(
    index: OpenSearchIndex, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opensearch, "SETTLES_WITHIN_S", -1)
    script.next = {"msp-knowledge-hot-fusion": [(403, {})]}
    with pytest.raises(ConfigurationError, match="data access policy"):
        index.create()


def test_another_process_may_make_the_index_first(index: OpenSearchIndex, script: Script) -> None:
    exists: Answer = (400, {"error": {"type": "resource_already_exists_exception"}})
    script.next = {"_mapping": [NO_INDEX], "msp-knowledge-hot": [exists]}
    index.create()
    assert script.next["msp-knowledge-hot"] == []


def test_writes_that_were_too_many_are_repeated_alone(
    index: OpenSearchIndex, server: OpenSearchServer, script: Script
) -> None:
    items = [{"index": {"_id": f"r{at}", "status": 429 if at else 201}} for at in range(3)]
    script.next = {"_bulk": [(429, {}), (200, {"errors": True, "items": items})]}
    upsert(index, "vpn", "tea", "coffee")
    sent = [
        [line["chunk_id"] for line in body if "row" in line] for body in bodies(server, "_bulk")
    ]
    everything = ["d0#000", "d1#000", "d2#000"]
    assert sent == [everything, everything, ["d1#000", "d2#000"]]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([{"index": {"status": 400, "error": {"reason": "field is odd"}}}], "field is odd"),
        ([{"index": {"_id": "r", "status": 503}}] * 1, "too busy"),
    ],
)
def test_a_write_that_failed_in_part_is_an_error(
    index: OpenSearchIndex, script: Script, items: list[Json], said: str
) -> None:
    script.next = {"_bulk": [(200, {"errors": True, "items": items})] * 4}
    with pytest.raises(DependencyFailed, match=said):
        upsert(index, "vpn")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, {"timed_out": True, "_shards": {"failed": 0}}), "out of time"),
        ((200, {"timed_out": False, "_shards": {"failed": 1}}), "1 shards failed"),
        ((400, {"error": {"root_cause": [{"reason": "bad query"}]}}), "bad query"),
    ],
)
def test_half_an_answer_is_an_error(
    index: OpenSearchIndex, script: Script, answer: Answer, said: str
) -> None:
    script.next = {"_search": [answer]}
    with pytest.raises(DependencyFailed, match=said):
        index.dense(vector_of("vpn"), ALL, 5)


def test_a_busy_server_is_asked_again_and_at_last_given_up(
    index: OpenSearchIndex, script: Script
) -> None:
    script.found = ["d1#000"]
    script.next = {"_search": [(429, {}), (503, {}), (502, {})]}
    assert [hit.chunk_id for hit in index.dense(vector_of("vpn"), ALL, 5)] == ["d1#000"]
    script.next = {"_search": [(429, {})] * 4}
    with pytest.raises(DependencyFailed, match="busy"):
        index.dense(vector_of("vpn"), ALL, 5)


def test_a_server_that_is_not_there_is_named_without_its_password(script: Script) -> None:
    index = make_index("http://me:hunter2@127.0.0.1:1")
    with pytest.raises(DependencyFailed, match="cannot be reached") as caught:
        index.dense(vector_of("vpn"), ALL, 5)
    assert "hunter2" not in str(caught.value)
    assert not index.health().ok


def test_user_and_password_come_from_the_address(server: OpenSearchServer) -> None:
    index = make_index(f"http://me:p%40ss@{server.host}")
    index.dense(vector_of("vpn"), ALL, 5)
    expected = base64.b64encode(b"me:p@ss").decode()
    assert server.requests[0].headers["authorization"] == f"Basic {expected}"


def test_serverless_is_called_with_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    from opensearchpy import Urllib3AWSV4SignerAuth

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLOCAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    client = OpenSearchClient("https://abc.eu-central-1.aoss.amazonaws.com", region="eu-central-1")
    assert client.is_serverless
    signer = client._authentication()
    assert isinstance(signer, Urllib3AWSV4SignerAuth)
    headers = signer("POST", "https://abc.eu-central-1.aoss.amazonaws.com/x/_search", b"{}", {})
    assert "/eu-central-1/aoss/aws4_request" in headers["Authorization"]
    assert "X-Amz-Content-SHA256" in headers


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    index = make_index("https://abc.us-east-1.aoss.amazonaws.com")
    with pytest.raises(ConfigurationError, match="AWS_PROFILE"):
        index.dense(vector_of("vpn"), ALL, 5)


def test_rows_just_written_are_replaced_though_no_search_finds_them(
    index: OpenSearchIndex, server: OpenSearchServer
) -> None:
    upsert(index, "vpn", "tea")
    upsert(index, "other")
    index.delete(["d1"])
    deleted = [
        line["delete"]["_id"]
        for body in bodies(server, "_bulk")
        for line in body
        if "delete" in line
    ]
    assert deleted == ["row0", "row1"]


@pytest.mark.parametrize("call", ["dense", "lexical", "hybrid", "get", "stats", "verify"])
def test_an_index_that_is_not_there_is_empty(
    index: OpenSearchIndex, script: Script, call: str
) -> None:
    script.exists = False
    nothing: dict[str, Callable[[], bool]] = {
        "dense": lambda: index.dense(vector_of("vpn"), ALL, 5) == [],
        "lexical": lambda: index.lexical("vpn", ALL, 5) == [],
        "hybrid": lambda: index.hybrid("vpn", vector_of("vpn"), Filter(*[frozenset()] * 2), 5)
        == [],
        "get": lambda: index.get(["d1#000"]) == {},
        "stats": lambda: index.stats().chunks == 0,
        "verify": lambda: index.verify() == [],
    }
    assert nothing[call]()
    assert index.health().ok


@pytest.mark.parametrize("cosine", [-1.0, -0.3, 0.0, 0.4, 1.0])
def test_a_score_gives_back_its_cosine(cosine: float) -> None:
    inner_product = cosine + 1 if cosine >= 0 else 1 / (1 - cosine)
    assert cosine_of(inner_product, "faiss") == pytest.approx(cosine)
    assert cosine_of((1 + cosine) / 2, "lucene") == pytest.approx(cosine)


def test_health_asks_once_and_waits_shortly(
    index: OpenSearchIndex, server: OpenSearchServer, script: Script, monkeypatch: Any
) -> None:
    script.next = {"_mapping": [(503, {})] * 3}
    assert "status 503" in index.health().detail
    assert len(server.requests) == 1
    monkeypatch.setattr(opensearch, "HEALTHY_WITHIN_S", 0.2)
    slow = threading.Event()
    answer = server.answer

    def late(request: Request) -> Answer:
        slow.wait(5)
        return answer(request)

    server.answer = late
    start = time.monotonic()
    health = index.health()
    took = time.monotonic() - start
    slow.set()
    assert not health.ok
    assert took < 2


def test_wrong_credentials_are_not_waited_for(
    index: OpenSearchIndex, server: OpenSearchServer, script: Script
) -> None:
    script.next = {"msp-knowledge-hot-fusion": [(401, {})] * 3}
    with pytest.raises(ConfigurationError, match="401"):
        index.create()
    assert len(server.requests) == 1
