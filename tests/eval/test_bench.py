from collections import Counter
from pathlib import Path

import pytest

from eval import bench_index as bench
from eval.bench_writers import write_from_two_processes
from eval.provenance import RunContext
from eval.retrieval_set import read_retrieval_set
from msp_core.knowledge.document import text_document
from msp_core.knowledge.index import Filter
from tests.fakes.knowledge import vector_of


def test_two_writers_and_a_reader_lose_nothing(tmp_path: Path, embedder) -> None:
    writers = write_from_two_processes(tmp_path, embedder, seconds=0.3)
    assert writers.written > 2
    assert (writers.errors, writers.lost, writers.seen) == (0, 0, 1.0)


def test_many_customers_are_asked_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 12)
    asked: list[frozenset[str]] = []

    class Index:
        def dense(self, vector: object, wanted: Filter, k: int) -> None:
            asked.append(wanted.customers)

    bench._filtered(Index(), [vector_of("vpn")])
    rounds = [tuple(asked[start : start + 3]) for start in range(0, 36, 3)]
    named = Counter(one for one, _everyone, _another in rounds)
    assert len(named) == 3
    assert set(named.values()) == {bench.ASKED_EACH}
    first = [another for _one, _everyone, another in rounds]
    assert len(set(first)) == 12
    assert not set(first) & named.keys()


def test_a_small_run_gives_every_named_figure(
    retrieval_folder, embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "WRITE_SECONDS", 0.2)
    monkeypatch.setattr(bench, "ROUNDS", 3)
    documents = [text_document(f"d{i}", f"Fault {i}", f"vpn tunnel word{i}") for i in range(30)]
    run = bench.bench_index(
        documents,
        read_retrieval_set(retrieval_folder()),
        embedder,
        embedder,
        chunks=300,
        context=RunContext(),
        note=lambda text: None,
    )
    for name in (
        "filtered_vs_full",
        "hybrid_vs_product",
        "open_vs_build",
        "ingest_vs_encoder",
        "reingest_vs_first",
    ):
        figure = run.result.find(name, "embedded")
        assert figure is not None
        assert figure.value > 0
    assert run.result.find("writes_lost", "embedded").value == 0  # type: ignore[union-attr]
    assert run.result.dataset.n == 300
