"""The knowledge of `MSP_BACKEND=aws`: real OpenSearch, local S3 Vectors, Titan and S3."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from moto import mock_aws

from msp_core.aws_calls import make_client
from msp_core.bootstrap import Services, build_services
from msp_core.bootstrap.knowledge import aws_tiers
from msp_core.errors import ConfigurationError, DependencyFailed
from msp_core.knowledge.document import text_document
from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.ingestion_plan import everything
from msp_core.knowledge.opensearch import INDEX, OpenSearchIndex
from msp_core.knowledge.retriever import Retriever
from msp_core.knowledge.s3_vectors import S3VectorsIndex
from msp_core.knowledge.tiering.check import rebuild_from_cold, verify_tiers
from msp_core.scope import Role, Scope
from msp_core.settings import Settings
from tests.fakes import bedrock_embeddings
from tests.fakes.aws_endpoint import AwsEndpoint
from tests.fakes.knowledge import ALL, SPACE, HashEmbedder, chunk, vector_of
from tests.fakes.s3_vectors import S3Vectors

DOCUMENTS = [
    text_document("article:vpn", "VPN", "The tunnel drops. Restart the client."),
    text_document("article:printer", "Printer", "The spooler hangs. Clear the queue."),
    text_document("article:tea", "Kitchen", "Tea and coffee are on the second floor."),
]


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    vectors, bedrock = AwsEndpoint(S3Vectors().answer), AwsEndpoint(bedrock_embeddings.answer)
    with (
        mock_aws(),
        vectors,
        bedrock,
        vectors.reached_by("s3vectors"),
        bedrock.reached_by("bedrock-runtime"),
    ):
        make_client("s3", region="us-east-1").create_bucket(Bucket="artifacts")
        yield Settings(
            backend="aws",
            state_dir=tmp_path,
            embedding_dimension=256,
            opensearch_endpoint="http://127.0.0.1:1",
            vector_bucket="vectors",
            vector_index="knowledge-256",
            artifacts_bucket="artifacts",
        )


@pytest.fixture
def services(settings: Settings, opensearch_url: str) -> Iterator[Services]:
    services = build_services(replace(settings, opensearch_endpoint=opensearch_url))
    yield services
    services.tiers.hot.remove()


def settle(url: str | None) -> None:
    with urlopen(f"{url}/{INDEX}/_refresh", timeout=30):
        pass


def test_settings_choose_the_adapters(settings: Settings, tmp_path: Path) -> None:
    services = build_services(settings)
    assert services.embedder.model_id.startswith("amazon.titan-embed-text-v2:0")
    assert services.embedder.dimension == 256
    assert isinstance(services.tiers.hot, OpenSearchIndex)
    assert isinstance(services.tiers.cold, S3VectorsIndex)
    local = Settings(state_dir=tmp_path, opensearch_endpoint="http://127.0.0.1:1")
    tiers = build_services(local).tiers
    assert isinstance(tiers.hot, OpenSearchIndex)
    assert isinstance(tiers.cold, EmbeddedIndex)


def test_the_mode_of_the_cold_index_is_a_setting(settings: Settings) -> None:
    classic = replace(settings, vector_mode="CLASSIC")
    with (
        AwsEndpoint(S3Vectors(mode="CLASSIC").answer) as endpoint,
        endpoint.reached_by("s3vectors"),
    ):
        cold = aws_tiers(classic, SPACE).cold
        cold.upsert([chunk("d1", "vpn")], HashEmbedder().embed(["vpn"]))
        cold.dense(vector_of("vpn"), ALL, 5)
    paths = [path for path, _ in endpoint.requests]
    assert "/UpdateIndexMode" not in paths
    assert [body["queryMode"] for path, body in endpoint.requests if path == "/QueryVectors"] == [
        "CLASSIC"
    ]


def test_a_cold_index_that_is_not_there_is_no_empty_one(settings: Settings) -> None:
    embedder = HashEmbedder()
    tiers = aws_tiers(settings, embedder)
    hot = EmbeddedIndex(settings.state_dir / "hot.db", tier="hot", space=embedder)
    ingest(DOCUMENTS, replace(tiers, hot=hot), embedder, choose_hot=lambda _: {"article:vpn"})
    typo = aws_tiers(replace(settings, vector_index="knowledge-265"), embedder)
    who = Scope("tom", Role.TECHNICIAN, frozenset({"a"}))
    found = Retriever(replace(typo, hot=hot), embedder).search("tunnel", who)
    assert [row.document_id for row in found.passages] == ["article:vpn"]
    (notice,) = found.notices
    assert notice.code == "cold_unavailable"
    assert "MSP_VECTOR_INDEX" in notice.text
    with pytest.raises(DependencyFailed, match="missing or empty, and 3 chunks"):
        Retriever(replace(typo, hot=hot), embedder, mode="cold").search("tunnel", who)


@pytest.mark.parametrize(
    "name", ["opensearch_endpoint", "vector_bucket", "vector_index", "artifacts_bucket"]
)
def test_what_is_not_set_is_named(settings: Settings, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"MSP_{name.upper()} is not set"):
        aws_tiers(replace(settings, **{name: None}), HashEmbedder())


def test_a_hot_index_that_is_down_leaves_the_cold_one(settings: Settings) -> None:
    services = build_services(settings)
    tiers, embedder = services.tiers, services.embedder
    no_hot = replace(
        tiers,
        hot=EmbeddedIndex(settings.state_dir / "hot.db", tier="hot", space=embedder),
    )
    ingest(DOCUMENTS, no_hot, embedder, choose_hot=lambda _sizes: frozenset())
    found = services.retriever.search("tunnel drops", services.local_scope(), k=1)
    assert [row.document_id for row in found.passages] == ["article:vpn"]
    assert [notice.code for notice in found.notices] == ["hot_unavailable"]


@pytest.mark.services
def test_documents_are_ingested_found_changed_and_checked(services: Services) -> None:
    tiers, embedder = services.tiers, services.embedder
    first = ingest(DOCUMENTS, tiers, embedder)
    assert (first.added, first.quarantined) == (3, ())
    settle(services.settings.opensearch_endpoint)
    again = ingest(DOCUMENTS, tiers, embedder)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 3)
    scope = services.local_scope()
    found = services.retriever.search("the spooler hangs", scope, k=1)
    assert [(row.document_id, row.index) for row in found.passages] == [("article:printer", "hot")]
    assert found.passages[0].why["terms"] == ["spooler", "hangs"]
    assert found.notices == ()
    changed = text_document("article:tea", "Kitchen", "Tea is on the third floor.")
    report = ingest([*DOCUMENTS[:1], changed], tiers, embedder)
    assert (report.changed, report.deleted) == (1, 1)
    settle(services.settings.opensearch_endpoint)
    assert verify_tiers(tiers) == []
    assert tiers.hot.document_hashes() == tiers.cold.document_hashes()
    assert rebuild_from_cold(tiers, everything) == 2
    settle(services.settings.opensearch_endpoint)
    assert verify_tiers(tiers) == []
