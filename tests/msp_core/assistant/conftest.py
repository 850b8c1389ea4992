"""A tiny knowledge base, made once, and a fresh assistant over it for each test."""

from pathlib import Path

import pytest

from msp_core.bootstrap.knowledge import local_tiers
from msp_core.knowledge.article import read_articles
from msp_core.knowledge.document import knowledge_documents
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.minilm import MiniLm
from msp_core.knowledge.retriever import Retriever
from tests.fakes.bench import Bench

ARTICLES = (
    (
        "vpn-drops",
        "audience: public",
        "VPN drops every hour",
        "The VPN drops every hour for many users.\n\n"
        "Raise the IKE lifetime on the firewall to 28800 seconds. Then restart the VPN client.",
    ),
    (
        "printer-offline",
        "audience: public",
        "Printer shows offline",
        "Restart the Print Spooler service and clear the queue.",
    ),
    (
        "vpn-break-glass",
        "audience: internal",
        "VPN emergency account",
        "When the VPN drops for everybody, sign in with the emergency account brkgls7.",
    ),
    (
        "vpn-keller",
        "audience: public\ncustomer_id: keller",
        "VPN of Keller drops",
        "The VPN gateway of Keller drops when its mill runs; its name is gw-mill-4.",
    ),
)


@pytest.fixture(scope="session")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    folder = tmp_path_factory.mktemp("knowledge")
    (folder / "kb").mkdir()
    for id_, audience, title, body in ARTICLES:
        head = f"id: {id_}\ntitle: {title}\ncategory: Network\ntags: []\n"
        head += f"updated: 2026-01-02\n{audience}"
        (folder / "kb" / f"{id_}.md").write_text(f"---\n{head}\n---\n{body}\n")
    embedder = MiniLm()
    tiers = local_tiers(folder, embedder)
    articles, quarantined = read_articles(folder / "kb")
    assert not quarantined
    ingest(knowledge_documents(articles, []), tiers, embedder)
    return Retriever(tiers, embedder)


@pytest.fixture
def bench(tmp_path: Path, retriever: Retriever) -> Bench:
    return Bench(tmp_path / "state", retriever)
