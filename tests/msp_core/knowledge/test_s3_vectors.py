"""S3 Vectors beyond the contract: limits, modes, paging, retries, what a killed write leaves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from msp_core.aws_calls import make_client
from msp_core.errors import ConfigurationError, DependencyFailed, InvalidInput, UsageError
from msp_core.knowledge import s3_vectors_shape
from msp_core.knowledge.index import Chunk
from msp_core.knowledge.s3_vectors import S3VectorsIndex
from msp_core.knowledge.s3_vectors_items import RECORD, TEXT, batches
from msp_core.knowledge.tiering.check import verify_tiers
from tests.fakes.aws_endpoint import AwsEndpoint, Refusal
from tests.fakes.knowledge import (
    ALL,
    DIMENSION,
    SPACE,
    HashEmbedder,
    chunk,
    ids,
    make_tiers,
    vector_of,
)
from tests.fakes.s3_vectors import S3Vectors


@pytest.fixture(scope="module")
def endpoint() -> Iterator[AwsEndpoint]:
    with AwsEndpoint(S3Vectors().answer) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def client(endpoint: AwsEndpoint) -> Any:
    with endpoint.reached_by("s3vectors"):
        return make_client("s3vectors", region="us-east-1")


@pytest.fixture
def service(endpoint: AwsEndpoint) -> S3Vectors:
    service = S3Vectors()
    endpoint.answer = service.answer
    endpoint.requests.clear()
    endpoint.failures.clear()
    return service


@pytest.fixture
def index(client: Any, service: S3Vectors) -> S3VectorsIndex:
    return make_index(client)


def make_index(client: Any, **changes: Any) -> S3VectorsIndex:
    usual = {"bucket": "vectors", "index": "knowledge", "space": SPACE}
    return S3VectorsIndex(client, **(usual | changes))


def put(index: S3VectorsIndex, *chunks: Chunk) -> None:
    index.upsert(chunks, HashEmbedder().embed([item.searchable for item in chunks]))


KEYS = {
    "nonFilterableMetadataKeys": [RECORD, TEXT],
    "textSearchConfigurations": [{"metadataKey": TEXT, "language": "en"}],
}


def operations(endpoint: AwsEndpoint) -> list[str]:
    return [path.strip("/") for path, _ in endpoint.requests]


def test_many_chunks_go_in_batches_and_come_back_in_pages(
    index: S3VectorsIndex, endpoint: AwsEndpoint
) -> None:
    chunks = [chunk("long", f"vpn {number}", number) for number in range(1100)]
    put(index, *chunks)
    sizes = [len(body["vectors"]) for path, body in endpoint.requests if path == "/PutVectors"]
    assert sizes == [1, 500, 500, 100], "the first says what the index was made with"
    assert len(index.dense(vector_of("vpn"), ALL, 1000)) == 1000
    assert operations(endpoint).count("QueryVectors") > 1
    assert {record.chunk.chunk_id for record in index.export()} == {c.chunk_id for c in chunks}
    assert len(index.get([item.chunk_id for item in chunks])) == 1100
    put(index, chunk("long", "short now"))
    assert index.stats().chunks == 1
    assert index.document_hashes() == {"long": "hash of short now"}


def test_large_vectors_go_in_smaller_batches() -> None:
    item = {"key": "d1#000", "data": {"float32": [0.123456789012345678] * 4096}}
    sizes = [len(batch) for batch in batches([item] * 700)]
    assert sum(sizes) == 700
    assert max(sizes) * len(json.dumps(item)) < 20 * 2**20
    assert len(sizes) == 4


def test_only_labels_are_filterable_and_an_index_is_of_cosine(
    index: S3VectorsIndex, service: S3Vectors
) -> None:
    index.create()
    made = service.indexes["knowledge"].settings
    assert made["metadataConfiguration"] == KEYS
    assert (made["distanceMetric"], made["dimension"]) == ("cosine", DIMENSION)


def test_labels_are_measured_in_bytes_and_a_text_may_be_long(index: S3VectorsIndex) -> None:
    put(index, chunk("d1", "é" * 15_000, category="ü" * 900, content_hash="h"))
    with pytest.raises(InvalidInput, match=r"labels of 'd2#000' have 2,\d+ bytes.* 2,048"):
        put(index, chunk("fine", "vpn"), chunk("d2", "vpn", category="ü" * 1000))
    with pytest.raises(InvalidInput, match="40,960"):
        put(index, chunk("d3", "é" * 21_000, content_hash="h"))
    assert index.document_hashes().keys() == {"d1"}, "nothing of a refused call is stored"


def test_the_index_that_the_stack_made_is_used(
    client: Any, index: S3VectorsIndex, service: S3Vectors
) -> None:
    where = {"vectorBucketName": "vectors", "indexName": "knowledge"}
    service.mode = "CLASSIC"
    kind = {"dataType": "float32", "distanceMetric": "cosine"}
    client.create_index(**where, **kind, dimension=DIMENSION, metadataConfiguration=KEYS)
    put(index, chunk("d1", "vpn"))
    assert service.indexes["knowledge"].mode == "ENHANCED", "it filters before it searches"
    assert ids(index.dense(vector_of("vpn"), ALL, 1)) == ["d1#000"]
    assert ids(index.lexical("vpn", ALL, 1)) == ["d1#000"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"metadataConfiguration": {}},
        {"metadataConfiguration": {**KEYS, "nonFilterableMetadataKeys": [RECORD]}},
        {"metadataConfiguration": {**KEYS, "textSearchConfigurations": []}},
        {"distanceMetric": "euclidean"},
        {"dimension": 8},
    ],
)
def test_an_index_that_is_of_no_use_asks_for_a_rebuild(
    client: Any, index: S3VectorsIndex, wrong: dict[str, Any]
) -> None:
    right = {
        "dataType": "float32",
        "distanceMetric": "cosine",
        "dimension": DIMENSION,
        "metadataConfiguration": KEYS,
    }
    client.create_index(vectorBucketName="vectors", indexName="knowledge", **(right | wrong))
    with pytest.raises(ConfigurationError, match="msp ingest --rebuild"):
        index.create()
    index.remove()
    put(index, chunk("d1", "vpn"))
    assert index.stats().chunks == 1


def test_the_text_is_stored_once(index: S3VectorsIndex, service: S3Vectors) -> None:
    chunks = [
        chunk("d1", "körper\n- a", content_hash="h"),
        chunk("d1", "", 1, title="", heading="", content_hash="h"),
    ]
    put(index, *chunks)
    stored = service.indexes["knowledge"].vectors
    assert stored["d1#000"]["metadata"][TEXT] == "Title - Heading\nkörper\n- a"
    assert json.dumps(stored["d1#000"]["metadata"], ensure_ascii=False).count("körper") == 1
    assert [record.chunk for record in index.export()] == chunks
    stored["d1#000"]["metadata"][TEXT] = "Other\nkörper"
    (problem,) = index.verify()
    assert "'d1#000' cannot be read (its text is that of another chunk)" in problem


def test_only_words_are_asked_and_many_of_them_in_parts(
    index: S3VectorsIndex, endpoint: AwsEndpoint
) -> None:
    put(index, chunk("d1", "alpha omega"), chunk("d2", "omega"), *map(other, range(9)))
    hits = index.lexical('"Alpha" AND -omega* (the:', ALL, 5)
    asked = [body["queryTexts"] for path, body in endpoint.requests if path == "/QueryVectors"]
    assert asked == [[{"text": "alpha omega", "metadataKey": TEXT}]]
    endpoint.requests.clear()
    filling = " ".join(f"filling{number}" for number in range(300))
    long = index.lexical(f"alpha {filling} {'x' * 2000} omega", ALL, 5)
    assert operations(endpoint).count("QueryVectors") == 4
    assert ids(long) == ids(hits) == ["d1#000", "d2#000"]
    assert [hit.score for hit in long] == pytest.approx([hit.score for hit in hits], rel=1e-5)


def other(number: int) -> Chunk:
    return chunk(f"o{number}", "coffee")


def test_create_waits_until_texts_are_searchable(
    client: Any, service: S3Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_vectors_shape.time, "sleep", lambda _seconds: None)
    service.building = 4
    index = make_index(client)
    index.create()
    assert service.indexes["knowledge"].building == 0
    assert index.lexical("vpn", ALL, 1) == []
    index.remove()
    service.building = 1000
    monkeypatch.setattr(s3_vectors_shape, "SEARCHABLE_WITHIN_S", -1)
    with pytest.raises(DependencyFailed, match="msp index create"):
        index.create()
    with pytest.raises(DependencyFailed, match="not searchable yet"):
        index.lexical("vpn", ALL, 1)
    service.indexes["knowledge"].building = 0
    put(index, chunk("d1", "vpn"))
    assert ids(index.lexical("vpn", ALL, 1)) == ["d1#000"]


def test_an_index_of_another_mode_or_the_first_format_asks_for_a_rebuild(
    client: Any, service: S3Vectors
) -> None:
    service.mode = "CLASSIC"
    put(make_index(client, mode="CLASSIC"), chunk("d1", "vpn"))
    enhanced = make_index(client)
    with pytest.raises(ConfigurationError, match=r"classic mode.*msp ingest --rebuild"):
        enhanced.lexical("vpn", ALL, 1)
    mark = service.indexes["knowledge"].vectors["about"]["metadata"]
    first = json.loads(mark[RECORD])
    del first["format"]
    mark[RECORD] = json.dumps(first)
    for refused in (lambda: enhanced.get(["d1#000"]), lambda: put(enhanced, chunk("d1", "vpn"))):
        with pytest.raises(ConfigurationError, match=r"format was 1.*msp ingest --rebuild"):
            refused()


def test_the_classic_mode_has_no_words(client: Any, service: S3Vectors) -> None:
    service.mode = "CLASSIC"
    index = make_index(client, mode="CLASSIC")
    put(index, chunk("d1", "vpn"))
    assert index.capabilities == frozenset()
    with pytest.raises(UsageError, match="MSP_VECTOR_MODE=ENHANCED"):
        index.lexical("vpn", ALL, 1)
    made = service.indexes["knowledge"].settings["metadataConfiguration"]
    assert "textSearchConfigurations" not in made
    assert ids(index.dense(vector_of("vpn"), ALL, 1)) == ["d1#000"]


@pytest.mark.parametrize(
    ("mode", "asked", "why"),
    [
        ("ENHANCED", {}, "must be given"),
        ("ENHANCED", {"queryTexts": [{"text": "vpn", "metadataKey": "other"}]}, "not searchable"),
        ("CLASSIC", {"queryTexts": [{"text": "vpn", "metadataKey": TEXT}]}, "ENHANCED index"),
        ("ENHANCED", {"queryTexts": [{"text": "v" * 1025, "metadataKey": TEXT}]}, "1024 or less"),
    ],
)
def test_the_stand_in_refuses_what_the_service_does(
    client: Any, service: S3Vectors, mode: str, asked: dict[str, Any], why: str
) -> None:
    service.mode = mode
    where = {"vectorBucketName": "vectors", "indexName": "knowledge"}
    kind = {"dataType": "float32", "distanceMetric": "cosine"}
    client.create_index(**where, **kind, dimension=DIMENSION, metadataConfiguration=KEYS)
    with pytest.raises(client.exceptions.ClientError, match=why):
        client.query_vectors(**where, topK=5, **asked)


def test_the_classic_mode_gives_a_hundred_at_most(client: Any, service: S3Vectors) -> None:
    service.mode = "CLASSIC"
    index = make_index(client, mode="CLASSIC")
    put(index, *(chunk(f"d{number}", "vpn") for number in range(120)))
    assert service.indexes["knowledge"].mode == "CLASSIC"
    assert len(index.dense(vector_of("vpn"), ALL, 500)) == 100


def test_a_missing_bucket_is_named(client: Any, service: S3Vectors) -> None:
    with pytest.raises(ConfigurationError, match="no vector bucket elsewhere"):
        make_index(client, bucket="elsewhere").create()


@pytest.mark.parametrize(
    ("code", "status"), [("TooManyRequestsException", 429), ("ServiceUnavailableException", 503)]
)
def test_a_busy_service_is_asked_again(
    index: S3VectorsIndex, endpoint: AwsEndpoint, code: str, status: int
) -> None:
    put(index, chunk("d1", "vpn"))
    endpoint.failures += [Refusal(code, "later", status)] * 2
    assert len(index.dense(vector_of("vpn"), ALL, 1)) == 1


def test_a_refusal_is_explained(index: S3VectorsIndex, endpoint: AwsEndpoint) -> None:
    put(index, chunk("d1", "vpn"))
    endpoint.failures.append(Refusal("AccessDeniedException", "s3vectors:QueryVectors", 403))
    with pytest.raises(ConfigurationError, match="s3vectors:QueryVectors"):
        index.dense(vector_of("vpn"), ALL, 1)
    endpoint.failures += [Refusal("AccessDeniedException", "no", 403)]
    health = index.health()
    assert not health.ok
    endpoint.failures.append(Refusal("ValidationException", "odd", 400))
    with pytest.raises(DependencyFailed, match="odd"):
        index.dense(vector_of("vpn"), ALL, 1)


@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_what_a_killed_replacement_leaves_is_seen_and_mended(
    index: S3VectorsIndex, endpoint: AwsEndpoint, killed_at: int
) -> None:
    old = [chunk("d1", f"old {number}", number, content_hash="old") for number in range(700)]
    new = [chunk("d1", f"new {number}", number, content_hash="new") for number in range(600)]
    put(index, *old)
    writes = 0
    answer = endpoint.answer

    def fail(path: str, body: dict[str, Any]) -> dict[str, Any]:
        nonlocal writes
        writes += path in {"/PutVectors", "/DeleteVectors"}
        if writes == killed_at and path != "/GetVectors":
            raise Refusal("ValidationException", "killed")
        return answer(path, body)

    endpoint.answer = fail
    with pytest.raises(DependencyFailed, match="killed"):
        put(index, *new)
    endpoint.answer = answer
    expected = {1: "old", 2: "", 3: ""}[killed_at]
    assert index.document_hashes() == {"d1": expected}
    put(index, *new)
    assert index.document_hashes() == {"d1": "new"}
    assert index.stats().chunks == 600
    assert index.verify() == []


def test_a_killed_deletion_can_be_repeated(
    index: S3VectorsIndex, service: S3Vectors, tmp_path: Path
) -> None:
    put(index, *(chunk("d1", f"x {number}", number) for number in range(5)), chunk("d2", "y"))
    for number in (4, 3):
        del service.indexes["knowledge"].vectors[f"d1#{number:03d}"]
    assert index.document_hashes()["d1"] == ""
    assert index.verify() == ["d1 is not held whole"]
    (advice,) = verify_tiers(replace(make_tiers(tmp_path), cold=index))
    assert advice == "cold: d1 is not held whole (mend: ingest its source again)"
    index.delete(["d1"])
    assert index.document_hashes() == {"d2": "hash of y"}


def test_verify_names_what_somebody_else_wrote(
    client: Any, index: S3VectorsIndex, service: S3Vectors
) -> None:
    put(index, chunk("d1", "vpn"), chunk("d2", "tea"))
    vectors = service.indexes["knowledge"].vectors
    vectors["foreign"] = {"key": "foreign", "data": vectors["d1#000"]["data"], "metadata": {}}
    vectors["d2#000"]["data"] = {"float32": [3.0] * DIMENSION}
    moved = json.loads(json.dumps(vectors["d1#000"]))
    vectors["d1#001"] = {**moved, "key": "d1#001"}
    problems = " ".join(index.verify())
    for said in ("'foreign' cannot be read", "'d2#000' is not usable", "'d1#001' is that of an"):
        assert said in problems
