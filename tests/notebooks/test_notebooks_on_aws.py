"""The notebooks on retrieval with `MSP_BACKEND=aws`: a real OpenSearch, AWS's own DynamoDB engine,
and local endpoints of S3, S3 Vectors and Titan."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from eval.result import read_result
from msp_core.dynamodb.sessions import SESSIONS_TABLE
from msp_core.dynamodb.table import Table
from msp_core.tickets.dynamodb_items import TICKETS_TABLE
from tests.fakes import bedrock_embeddings
from tests.fakes.aws_endpoint import AwsEndpoint
from tests.fakes.data_folder import write_data_folder
from tests.fakes.s3 import S3
from tests.fakes.s3_vectors import S3Vectors
from tests.notebooks.papermill_runs import errors, run_papermill
from tests.services import dynamodb_local

pytestmark = pytest.mark.services

CUSTOMERS = ("acme", "brook")


@pytest.fixture(scope="module")
def vectors() -> S3Vectors:
    return S3Vectors()


@pytest.fixture(scope="module")
def objects() -> S3:
    return S3()


@pytest.fixture(scope="module")
def aws(opensearch_url: str, vectors: S3Vectors, objects: S3) -> Iterator[Mapping[str, str]]:
    """Settings of a fresh stack of everything."""
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    tables = {"TICKETS_TABLE_NAME": "tickets", "SESSIONS_TABLE_NAME": "sessions"}
    with (
        dynamodb_local.running() as dynamodb_url,
        AwsEndpoint(vectors.answer) as s3_vectors,
        AwsEndpoint(bedrock_embeddings.answer) as bedrock,
        objects.serving() as s3_url,
        pytest.MonkeyPatch.context() as patch,
    ):
        endpoints = {
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_url,
            "AWS_ENDPOINT_URL_S3": s3_url,
            "AWS_ENDPOINT_URL_S3VECTORS": s3_vectors.url,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock.url,
        }
        for name, value in {**credentials, **endpoints}.items():
            patch.setenv(name, value)
        Table("tickets", region="us-east-1").create(TICKETS_TABLE)
        Table("sessions", region="us-east-1").create(SESSIONS_TABLE)
        yield {
            **credentials,
            **endpoints,
            **tables,
            "MSP_BACKEND": "aws",
            "MSP_OPENSEARCH_ENDPOINT": opensearch_url,
            "MSP_VECTOR_BUCKET": vectors.bucket,
            "MSP_VECTOR_INDEX": "notebooks",
            "MSP_ARTIFACTS_BUCKET": "artifacts",
            "MSP_EMBEDDING_DIMENSION": "256",
        }


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """30 articles, and a query for each."""
    faults = ("spooler stuck", "tunnel drops", "mailbox full", "screen black", "disk slow")
    corpus, queries, qrels = [], [], ""
    for number in range(30):
        fault, place = faults[number % 5], f"site{number}"
        owner = {"customer_id": CUSTOMERS[number % 2]} if number % 3 else {}
        corpus.append(
            {"_id": f"d{number}", "title": fault, "text": f"{fault} at {place}", "metadata": owner}
        )
        queries.append(
            {"_id": f"q{number}", "text": f"{fault} {place}", "customer_id": CUSTOMERS[number % 2]}
        )
        qrels += f"q{number}\td{number}\t1\n"
    folder = tmp_path / "judged"
    (folder / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines)
    (folder / "qrels" / "dev.tsv").write_text(qrels)
    return folder


def test_ingestion_runs_unchanged(
    root: Path, tmp_path: Path, aws: Mapping[str, str], vectors: S3Vectors, objects: S3
) -> None:
    data = write_data_folder(tmp_path / "data")
    report = tmp_path / "02.json"
    for _ in range(2):
        executed = run_papermill(
            root, "02_ingest", tmp_path, root,
            settings=aws, DATA_DIR=str(data), REPORT_PATH=str(report), QUESTION="VPN tunnel lost",
        )  # fmt: skip
        assert errors(executed) == []
    figures = json.loads(report.read_text())
    stored = vectors.indexes["notebooks"].vectors
    assert len(stored) == figures["chunks"] + 1  # one says what the index was made with
    assert list(objects.objects) == ["/artifacts/knowledge/statistics.jsonl.gz"]
    kept_here = {path.name for path in (tmp_path / "state").rglob("*.db")}
    assert kept_here & {"cold.db", "hot.db", "statistics.db", "tickets.db"} == set()


def test_evaluation_measures_the_services_and_leaves_nothing(
    root: Path,
    tmp_path: Path,
    aws: Mapping[str, str],
    judged: Path,
    vectors: S3Vectors,
    objects: S3,
) -> None:
    there = set(vectors.indexes), set(objects.objects)
    executed = run_papermill(
        root, "06_benchmark_retrieval", tmp_path, root,
        settings=aws, DATASET=str(judged), OUT_DIR=str(tmp_path), HOT_SHARE="0.3",
    )  # fmt: skip
    assert errors(executed) == []
    result = read_result(tmp_path / "retrieval").result
    assert result.notes == ()
    assert result.provenance.models["embedder"] == "amazon.titan-embed-text-v2:0/256"
    ndcg = {name: result.find("ndcg@10", name).value for name in ("bm25", "dense", "fused")}
    assert min(ndcg.values()) > 0.8
    assert result.find("ndcg@10", "hot").value < 0.6
    assert result.find("ndcg@10_vs_fused", "two_tiers").value > -0.05
    for what in ("_all", "_search/pipeline"):
        names = names_of(f"{aws['MSP_OPENSEARCH_ENDPOINT']}/{what}")
        assert [name for name in names if "scratch" in name] == []
    assert (set(vectors.indexes), set(objects.objects)) == there


def names_of(url: str) -> list[str]:
    """The keys of what OpenSearch answers; it says 404 when there is not one pipeline."""
    try:
        with urlopen(url, timeout=30) as answer:
            return list(json.loads(answer.read()))
    except HTTPError as error:
        if error.code != 404:
            raise
        return []
