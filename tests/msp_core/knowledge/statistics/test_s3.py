import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from msp_core.aws_calls import make_client
from msp_core.errors import CorruptData, DependencyFailed
from msp_core.knowledge.statistics.lexical_statistics import count_terms
from msp_core.knowledge.statistics.s3 import KEY, S3Statistics
from tests.fakes.knowledge import chunk


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = make_client("s3", region="us-east-1")
        client.create_bucket(Bucket="artifacts")
        yield client


@pytest.fixture
def store(client: Any) -> S3Statistics:
    store = S3Statistics(client, bucket="artifacts", looked_every_s=0)
    store.replace(count_terms([chunk("d1", "vpn"), chunk("d2", "tea")]))
    return store


def stored(client: Any) -> bytes:
    content: bytes = client.get_object(Bucket="artifacts", Key=KEY)["Body"].read()
    return content


def test_the_same_documents_give_the_same_bytes(client: Any, store: S3Statistics) -> None:
    before = stored(client)
    store.replace(count_terms([chunk("d2", "tea")]))
    store.replace(count_terms([chunk("d3", "x")]))
    store.delete(["d3"])
    assert stored(client) == before


@pytest.mark.parametrize("damage", ["cut", "text", "line", "other"])
def test_a_damaged_object_is_named_and_can_be_made_anew(
    client: Any, store: S3Statistics, damage: str
) -> None:
    content = stored(client)
    damaged = {
        "cut": content[:-9],
        "text": b"not gzip",
        "line": gzip.compress(gzip.decompress(content).replace(b'"tea": 1', b'"tea": 2')),
        "other": gzip.compress(b'{"something": "else"}\n'),
    }[damage]
    client.put_object(Bucket="artifacts", Key=KEY, Body=damaged)
    with pytest.raises(CorruptData, match="msp index rebuild"):
        store.look_up(["tea"])
    assert "damaged" in store.verify()[0]
    store.remove()
    store.replace(count_terms([chunk("d1", "vpn")]))
    assert store.documents().keys() == {"d1"}


def test_a_newer_format_is_refused(client: Any, store: S3Statistics) -> None:
    head, _, body = gzip.decompress(stored(client)).partition(b"\n")
    newer = json.dumps({**json.loads(head), "format": 2}).encode()
    client.put_object(Bucket="artifacts", Key=KEY, Body=gzip.compress(newer + b"\n" + body))
    with pytest.raises(CorruptData, match="newer format"):
        store.documents()


def test_a_version_is_read_again_only_after_a_while(client: Any, store: S3Statistics) -> None:
    patient = S3Statistics(client, bucket="artifacts", looked_every_s=60)
    assert patient.look_up(["vpn"]).chunks == 2
    store.replace(count_terms([chunk("d3", "vpn")]))
    assert patient.look_up(["vpn"]).chunks == 2
    patient.replace(count_terms([chunk("d4", "vpn")]))
    assert patient.look_up(["vpn"]).chunks == 4, "a write starts from the newest version"


def test_a_deletion_looks_at_the_newest_version(client: Any, store: S3Statistics) -> None:
    patient = S3Statistics(client, bucket="artifacts", looked_every_s=60)
    assert patient.look_up(["vpn"]).chunks == 2
    store.replace(count_terms([chunk("d3", "vpn")]))
    patient.delete(["d3"])
    assert store.documents().keys() == {"d1", "d2"}


def test_a_write_that_changes_nothing_makes_no_version(client: Any, store: S3Statistics) -> None:
    client.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    store.delete(["unknown"])
    store.replace(count_terms([chunk("d2", "tea")]))
    assert len(client.list_object_versions(Bucket="artifacts")["Versions"]) == 1


def test_a_missing_bucket_is_named(client: Any) -> None:
    with pytest.raises(DependencyFailed, match="NoSuchBucket"):
        S3Statistics(client, bucket="nowhere").look_up(["vpn"])
