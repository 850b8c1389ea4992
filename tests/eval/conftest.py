"""Tiny data sets, and results on them."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from eval.result import SuiteRun
from eval.retrieval import evaluate_retrieval
from eval.retrieval_set import read_retrieval_set
from eval.routing import evaluate_routing
from eval.routing_set import Prices, read_routing_set
from msp_core.routing.policy import make_policy
from msp_core.routing.price import Price
from tests.fakes.word_embedder import WordEmbedder

Rows = Sequence[dict[str, object]]


@pytest.fixture(scope="session")
def embedder() -> WordEmbedder:
    return WordEmbedder()


def lines(rows: Rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


CORPUS: Rows = [
    {"_id": "article:vpn", "title": "VPN drops", "text": "the tunnel drops every hour: lifetime"},
    {"_id": "article:print", "title": "Spooler", "text": "printer queue stuck, restart spooler"},
    {
        "_id": "article:secret",
        "title": "VPN key of Medora",
        "text": "tunnel secret of the medora vpn",
        "metadata": {"customer_id": "medora", "audience": "internal"},
    },
]
QUERIES: Rows = [
    {"_id": "q1", "text": "vpn tunnel drops", "customer_id": "northwind", "type": "symptom"},
    {
        "_id": "q2",
        "text": "and what about this one?",
        "history": [
            {"role": "user", "text": "printer stuck"},
            {"role": "assistant", "text": "vpn tunnel drops"},
        ],
        "customer_id": "medora",
        "type": "follow_up",
    },
    {
        "_id": "q3",
        "text": "medora vpn tunnel",
        "customer_id": "medora",
        "type": "symptom",
        "exclude": ["article:vpn"],
    },
    {"_id": "q4", "text": "zzz bread", "customer_id": "northwind", "type": "no_answer"},
]
QRELS = (
    "query-id\tcorpus-id\tscore\nq1\tarticle:vpn\t2\nq1\tarticle:print\t0\n"
    "q2\tarticle:print\t1\nq3\tarticle:secret\t1\n"
)


def write_beir(folder: Path, corpus: Rows, queries: Rows, qrels: str) -> Path:
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    (folder / "corpus.jsonl").write_text(lines(corpus))
    (folder / "queries.jsonl").write_text(lines(queries))
    (folder / "qrels" / "dev.tsv").write_text(qrels)
    return folder


@pytest.fixture
def retrieval_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a BEIR folder; each file can be given otherwise."""

    def write(corpus: Rows = CORPUS, queries: Rows = QUERIES, qrels: str = QRELS) -> Path:
        return write_beir(tmp_path / "mini", corpus, queries, qrels)

    return write


@pytest.fixture(scope="session")
def retrieval_run(tmp_path_factory: pytest.TempPathFactory, embedder: WordEmbedder) -> SuiteRun:
    """All systems on the data set as `retrieval_folder` writes it."""
    folder = write_beir(tmp_path_factory.mktemp("beir") / "mini", CORPUS, QUERIES, QRELS)
    return evaluate_retrieval(read_retrieval_set(folder), embedder)


def turn(number: int, required: str, text: str, **fields: object) -> dict[str, object]:
    return {
        "id": f"t{number}",
        "split": "dev",
        "ticket_id": f"TKT-20241202-A1B2C3D{number}",
        "customer_id": "northwind" if number % 2 else "medora",
        "history": [],
        "text": text,
        "category": "Network",
        "priority": "High",
        "required_model": required,
        "reason": "because",
        "floor": None,
        "tools": [],
        "tokens": {"prefix": 1000, "input": 100, "output": 200},
        **fields,
    }


TURNS: Rows = [
    turn(1, "weak", "status"),
    turn(2, "strong", "why " + "word " * 60),
    turn(3, "weak", "list my tickets please now"),
    turn(4, "strong", "please analyse this"),
    turn(5, "weak", "hello " * 30, category="General"),
    turn(6, "strong", "someone clicked a phishing link", floor="security"),
    turn(7, "strong", "wipe the server", split="floor", floor="destructive"),
    turn(8, "strong", "the usual thing again", split="floor", floor="outage"),
]


PRICES = Prices("small", "large", Price(1.0, 2.0), Price(10.0, 20.0), date(2026, 11, 1))


@pytest.fixture
def prices() -> Prices:
    return PRICES


@pytest.fixture
def routing_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder of routing labels."""

    def write(turns: Rows = TURNS) -> Path:
        folder = tmp_path / "labels"
        folder.mkdir(exist_ok=True)
        (folder / "turns.jsonl").write_text(lines(turns))
        return folder

    return write


@pytest.fixture(scope="session")
def routing_run(tmp_path_factory: pytest.TempPathFactory) -> SuiteRun:
    """The word-count policy and all baselines on the labels as `routing_folder` writes them."""
    folder = tmp_path_factory.mktemp("labels")
    (folder / "turns.jsonl").write_text(lines(TURNS))
    policy = make_policy("word_count", PRICES.weak, PRICES.strong)
    return evaluate_routing(read_routing_set(folder, prices=PRICES), policy, PRICES)
