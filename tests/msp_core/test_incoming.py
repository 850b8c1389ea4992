"""Files of a folder and of a bucket, through the index and back out of it."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from app.knowledge_ingest.handler import KnowledgeIngest, handler, knowledge_ingest
from msp_core.aws_calls import make_client
from msp_core.bootstrap import Services, build_services
from msp_core.bootstrap.knowledge import file_source, local_tiers, quarantine_list, source_rules
from msp_core.errors import ConfigurationError, DependencyFailed, InvalidInput, UsageError
from msp_core.incoming import Incoming, dry_run, incoming_files, load
from msp_core.knowledge.ingestion import BATCH_CHUNKS
from msp_core.knowledge.sources.file_document import Defaults
from msp_core.knowledge.sources.file_source import MAX_BYTES
from msp_core.knowledge.sources.rules import SourceRule
from msp_core.knowledge.tiers import Tiers
from msp_core.loading import load_knowledge
from msp_core.settings import Settings
from tests.fakes.data_folder import ARTICLES, CUSTOMERS, write_articles
from tests.fakes.knowledge import HashEmbedder, content

FILES = {"vpn.md": "# VPN\ndrops", "sub/page.html": "<p>Spooler", "sub/note.txt": "Toner"}


@pytest.fixture
def services(tmp_path: Path) -> Services:
    data = tmp_path / "data"
    (data / "kb").mkdir(parents=True)
    (data / "customers.json").write_text(json.dumps(CUSTOMERS))
    write_articles(data / "kb", ARTICLES)
    services = Services(Settings(state_dir=tmp_path / "state"), data)
    services.__dict__["embedder"] = HashEmbedder()  # where the cached property keeps it
    return services


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def bucket() -> Iterator[Any]:
    with mock_aws():
        client = make_client("s3", region="us-east-1")
        client.create_bucket(Bucket="docs")
        yield client


def ingest_from(services: Services, location: object, **options: Any) -> tuple[int, ...]:
    source = file_source(services.settings, str(location), **options)
    report = load(services, incoming_files(services, source, Defaults()))
    return report.added, report.changed, report.unchanged, report.deleted


def held(tiers: Tiers, prefix: str = "file:") -> set[str]:
    return {id_ for id_ in tiers.cold.document_hashes() if id_.startswith(prefix)}


def test_a_folder_stands_beside_the_data_and_what_vanishes_is_deleted(
    services: Services, folder: Path
) -> None:
    load_knowledge(services)
    articles = set(services.tiers.cold.document_hashes())
    assert ingest_from(services, folder) == (3, 0, 0, 0)
    names = {f"file:handbook/{name}" for name in FILES}
    assert held(services.tiers) == names
    assert load_knowledge(services).deleted == 0
    assert set(services.tiers.hot.document_hashes()) == articles | names
    (folder / "vpn.md").unlink()
    (folder / "sub" / "note.txt").write_text("Drum")
    source = file_source(services.settings, str(folder))
    before = content(services.tiers)
    plan = dry_run(services, incoming_files(services, source, Defaults()))
    assert (plan.added, plan.changed) == ((), ("file:handbook/sub/note.txt",))
    assert (plan.deleted, plan.unchanged) == (("file:handbook/vpn.md",), 1)
    assert content(services.tiers) == before
    assert ingest_from(services, folder) == (0, 1, 1, 1)
    assert ingest_from(services, folder / "sub", name="other") == (2, 0, 0, 0)
    assert set(services.tiers.cold.document_hashes()) >= articles


def test_a_dry_run_refuses_what_the_real_one_does(services: Services, folder: Path) -> None:
    source = file_source(services.settings, str(folder))
    ingest_from(services, folder)
    seen_by_others = incoming_files(services, source, Defaults("public"))
    with pytest.raises(UsageError, match="same options"):
        dry_run(services, seen_by_others, replace=False)
    assert len(dry_run(services, seen_by_others).changed) == 3
    for file in folder.rglob("*.*"):
        file.unlink()
    emptied = incoming_files(services, file_source(services.settings, str(folder)), Defaults())
    with pytest.raises(UsageError, match="None of the 3 documents"):
        dry_run(services, emptied, replace=False)
    assert len(dry_run(services, emptied).deleted) == 3


def test_poison_is_set_aside_and_listed(services: Services, folder: Path) -> None:
    (folder / "binary.txt").write_bytes(b"\x00\x01" * 9)
    (folder / "large.md").write_bytes(b"x" * (MAX_BYTES + 1))
    (folder / "way-out.md").symlink_to("/etc/hostname")
    (folder / ".hidden.md").write_text("no")
    (folder / ".git").mkdir()
    (folder / ".git" / "a.md").write_text("no")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    os.mkfifo(folder / "pipe.txt")
    (folder / os.fsdecode(b"\xe9t\xe9.md")).write_text("a name in Latin-1")
    assert ingest_from(services, folder) == (3, 0, 0, 0)
    (rows,) = quarantine_list(services.settings).rows().values()
    reasons = {Path(row.path).name: row.reason for row in rows}
    assert reasons.keys() >= {"binary.txt", "large.md", "way-out.md", "pipe.txt"}
    assert len(rows) == 5
    for name in ("binary.txt", "large.md", "pipe.txt"):
        (folder / name).unlink()
    source = file_source(services.settings, str(folder))
    load(services, incoming_files(services, source, Defaults()))
    assert source.passed_over() == {".png": 1}
    assert len(next(iter(quarantine_list(services.settings).rows().values()))) == 2


def test_a_folder_or_bucket_that_is_not_there_deletes_nothing(
    services: Services, folder: Path, bucket: Any
) -> None:
    ingest_from(services, folder)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(ConfigurationError, match="no folder"):
        ingest_from(services, folder)
    with pytest.raises(DependencyFailed, match="NoSuchBucket"):
        ingest_from(services, "s3://missing/kb")
    for wrong in ("s3://", "s3:///kb"):
        with pytest.raises(UsageError, match="names no bucket"):
            ingest_from(services, wrong)
    assert len(held(services.tiers)) == 3


def test_a_prefix_of_a_bucket_and_then_its_events(services: Services, bucket: Any) -> None:
    more = {"a b&ü.md": "tea", "x.png": "", ".x.md": "no", "deep/": ""}
    for name, text in (FILES | more).items():
        bucket.put_object(Bucket="docs", Key=f"kb/{name}", Body=text.encode())
    bucket.put_object(Bucket="docs", Key="kb2/other.md", Body=b"coffee")
    assert ingest_from(services, "s3://docs/kb2") == (1, 0, 0, 0)
    assert ingest_from(services, "s3://docs/kb") == (4, 0, 0, 0)
    assert ingest_from(services, "s3://docs/kb/") == (0, 0, 4, 0)
    spaced = "s3:docs/kb/a%20b&ü.md"
    assert spaced in held(services.tiers, "s3:")

    bucket.delete_object(Bucket="docs", Key="kb/vpn.md")
    bucket.put_object(Bucket="docs", Key="kb/new.md", Body=b"printer")
    bucket.put_object(Bucket="docs", Key="kb/a b&ü.md", Body=b"\x00")
    # The last says that it was made, and it is gone since: events come out of order.
    keys = ["kb/new.md", "kb/a+b%26%C3%BC.md", "kb/x.png", "kb/vpn.md", "kb/vpn.md"]
    records = [{"s3": {"bucket": {"name": "docs"}, "object": {"key": key}}} for key in keys]
    ingest = KnowledgeIngest(services)
    assert ingest.handle({"Records": records}) == {"stored": 1, "deleted": 1, "left_out": 1}
    by_events = content(services.tiers)
    assert not {spaced, "s3:docs/kb/vpn.md"} & held(services.tiers, "s3:")
    assert ingest.handle({"Records": records}) == {"stored": 1, "deleted": 1, "left_out": 1}
    assert "s3:docs/kb/new.md" not in services.tiers.hot.document_hashes()
    assert held(services.tiers, "s3:docs/kb/new.md")
    assert ingest_from(services, "s3://docs/kb") == (0, 0, 3, 0)
    services.tiers.hot.delete(["s3:docs/kb/new.md"])  # an event makes nothing hot
    assert content(services.tiers) == by_events


def event_of(*keys: str) -> dict[str, Any]:
    return {"Records": [{"s3": {"bucket": {"name": "docs"}, "object": {"key": k}}} for k in keys]}


def seen_by(services: Services, document_id: str) -> tuple[str, str | None]:
    found = services.tiers.cold.get([f"{document_id}#000"])[f"{document_id}#000"].chunk
    return found.audience, found.customer_id


def test_an_event_never_widens_who_may_see_a_file(services: Services, bucket: Any) -> None:
    acme = next(iter(services.customers))
    for key in ("acme/a.md", "acme/deep/b.md", "other/c.md"):
        bucket.put_object(Bucket="docs", Key=key, Body=b"secret")
    ingest = KnowledgeIngest(services)
    assert ingest.handle(event_of("acme/a.md"))["left_out"] == 1
    for prefix, defaults in (("acme", Defaults("internal", acme)), ("acme/deep", Defaults())):
        source = file_source(services.settings, f"s3://docs/{prefix}")
        load(services, incoming_files(services, source, defaults))
    for key in ("acme/a.md", "acme/deep/b.md"):
        bucket.put_object(Bucket="docs", Key=key, Body=b"changed")
    done = ingest.handle(event_of("acme/a.md", "acme/deep/b.md", "other/c.md"))
    assert done == {"stored": 2, "deleted": 0, "left_out": 1}
    assert seen_by(services, "s3:docs/acme/a.md") == ("internal", acme)
    assert seen_by(services, "s3:docs/acme/deep/b.md") == ("internal", None)
    assert held(services.tiers, "s3:docs/other") == set()


def test_other_defaults_than_before_are_refused(services: Services, folder: Path) -> None:
    def incoming(where: Path, defaults: Defaults) -> Incoming:
        source = file_source(services.settings, str(where))
        return incoming_files(services, source, defaults)

    acme = Defaults("internal", next(iter(services.customers)))
    load(services, incoming(folder, acme))
    load(services, incoming(folder, acme), replace=False)
    for other in (Defaults(), replace(acme, audience="public")):
        with pytest.raises(UsageError, match=f"--customer {acme.customer_id}.*--replace"):
            load(services, incoming(folder, other), replace=False)
    load(services, incoming(folder, Defaults()))  # what --replace does
    load(services, incoming(folder, Defaults()), replace=False)


def test_only_notifications_of_s3_are_taken(services: Services) -> None:
    ingest = KnowledgeIngest(services)
    assert ingest.handle({"Event": "s3:TestEvent"}) == {"stored": 0, "deleted": 0, "left_out": 0}
    with pytest.raises(InvalidInput, match="EventBridge"):
        ingest.handle({"detail-type": "Object Created", "detail": {"bucket": {"name": "docs"}}})


def test_what_lambda_calls(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSP_STATE_DIR", str(tmp_path))
    knowledge_ingest.cache_clear()
    services = build_services(Settings.from_env())
    source_rules(services.settings).fix(SourceRule("s3:docs/kb/", Defaults("public")))
    bucket.put_object(Bucket="docs", Key="kb/vpn.md", Body=b"# VPN")
    assert handler(event_of("kb/vpn.md"), None) == {"stored": 1, "deleted": 0, "left_out": 0}
    assert seen_by(services, "s3:docs/kb/vpn.md") == ("public", None)
    bucket.delete_object(Bucket="docs", Key="kb/vpn.md")
    assert handler(event_of("kb/vpn.md"), None) == {"stored": 0, "deleted": 1, "left_out": 0}
    assert knowledge_ingest() is knowledge_ingest()


def test_another_source_never_takes_a_full_hot_tier_by_itself(
    services: Services, folder: Path
) -> None:
    """Which documents are hot is decided over those of all sources."""
    load_knowledge(services)
    services.tier_state.set_capacity(1)
    ingest_from(services, folder)
    assert services.tiers.hot.stats().chunks == 1


def test_killed_on_the_way_it_ends_with_the_same_content(services: Services, folder: Path) -> None:
    for number in range(BATCH_CHUNKS):  # with these there are two batches
        (folder / f"{number}.txt").write_text(f"Toner {number}")

    def kill(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    incoming = incoming_files(services, file_source(services.settings, str(folder)), Defaults())
    with pytest.raises(KeyboardInterrupt):
        load(services, incoming, progress=kill)
    assert 0 < len(held(services.tiers)) < len(incoming.documents)
    load(services, incoming)
    clean = replace(services, settings=replace(services.settings, state_dir=folder / ".clean"))
    clean.__dict__["embedder"] = services.embedder
    load(clean, incoming)
    assert content(services.tiers) == content(clean.tiers)
    assert local_tiers(clean.settings.state_dir / "knowledge", clean.embedder).cold.verify() == []
