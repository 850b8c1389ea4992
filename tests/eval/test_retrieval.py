from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from eval.provenance import RunContext
from eval.result import SuiteRun, read_result, write_result
from eval.retrieval import evaluate_retrieval
from eval.retrieval_set import read_retrieval_set
from eval.retrieval_systems import SYSTEMS, seeded_heat
from msp_core.bootstrap.knowledge import scratch_tiers
from msp_core.errors import DependencyFailed
from msp_core.knowledge.index import KnowledgeIndex
from msp_core.knowledge.ranking import MIN_COLD_CANDIDATES
from msp_core.routing.catalog import load_catalog
from msp_core.routing.price import Price
from msp_core.settings import Settings

Writer = Callable[..., Path]


@pytest.fixture
def run(retrieval_run: SuiteRun) -> SuiteRun:
    return retrieval_run


def item(run: SuiteRun, query_id: str, system: str):
    return next(i for i in run.items if (i.id, i.system) == (query_id, system))


def test_every_system_answers_every_query(run: SuiteRun) -> None:
    assert len(run.items) == 4 * 3
    for system in ("bm25", "dense", "fused"):
        figure = run.result.find("ndcg@10", system)
        assert figure is not None
        assert (figure.n_scored, figure.n_failed, figure.kind) == (3, 0, "live")
        assert run.result.find("unjudged@10", system) is not None
    assert run.result.find("mrr", "fused", "type=follow_up") is not None
    assert run.result.provenance.models == {"embedder": "words"}
    assert run.result.dataset.n == 4


def test_each_customer_and_type_has_figures_and_paired_differences(run: SuiteRun) -> None:
    for slice_ in ("customer=medora", "customer=northwind", "type=symptom", "all"):
        figures = [run.result.find("ndcg@10", system, slice_) for system in ("bm25", "fused")]
        assert all(figures)
        difference = run.result.find("ndcg@10_vs_bm25", "fused", slice_)
        assert difference.n_scored == figures[0].n_scored
        assert difference.value == pytest.approx(figures[1].value - figures[0].value)
    assert run.result.find("ndcg@10", "fused", "customer=medora").n_scored == 2
    assert run.result.find("ndcg@10_vs_dense", "fused") is not None


def test_speed_is_measured_and_cost_is_simulated(retrieval_folder: Writer, embedder) -> None:
    run = evaluate_retrieval(
        read_retrieval_set(retrieval_folder()), embedder, systems=SYSTEMS, hot_share=0.5
    )
    median, late = (run.result.find(name, "fused") for name in ("latency_p50_ms", "latency_p95_ms"))
    assert 0 < median.value <= late.value
    assert (median.unit, median.kind, median.n_scored) == ("ms", "live", 4)
    usd = {system: run.result.find("usd_per_1k", system) for system in SYSTEMS}
    assert {metric.kind for metric in usd.values()} == {"simulated"}
    # 2 OCUs of $0.24 for 730 hours, shared by 100,000 searches; words need no embedding.
    assert usd["bm25"].value == pytest.approx(3.504)
    # $2.50 for a million queries, and a search makes two: by meaning and by words.
    assert usd["cold"].value == pytest.approx(0.005, rel=0.1)
    assert usd["bm25"].value < usd["fused"].value < usd["two_tiers"].value
    assert run.result.provenance.price_date is not None


def test_the_cost_is_that_of_the_embedding_model_in_use(retrieval_folder: Writer, embedder) -> None:
    model = "amazon.titan-embed-text-v2:0"
    dear = load_catalog().with_prices({model: Price(1000.0, 0.0)})
    other = load_catalog().with_prices({"amazon.other-embed:0": Price(1000.0, 0.0)})

    def usd(**options) -> float:
        data = read_retrieval_set(retrieval_folder())
        run = evaluate_retrieval(data, embedder, systems=["dense"], **options)
        return run.result.find("usd_per_1k", "dense").value

    usual = usd()
    assert usd(catalog=dear) > usual + 1
    assert usd(catalog=other) == usual
    assert usd(catalog=other, embedding_model="amazon.other-embed:0") == usd(catalog=dear)


def test_what_could_not_be_indexed_and_who_answered_alone_is_said(
    retrieval_folder: Writer, embedder
) -> None:
    corpus = [{"_id": "x" * 2000, "text": "vpn"}, {"_id": "b", "text": "vpn tunnel"}]
    folder = retrieval_folder(
        corpus=corpus, queries=[{"_id": "q", "text": "vpn"}], qrels="q\tb\t1\n"
    )

    @contextmanager
    def without_hot():
        with scratch_tiers(Settings(), embedder) as tiers:
            yield replace(tiers, hot=Down(tiers.hot))

    run = evaluate_retrieval(
        read_retrieval_set(folder), embedder, systems=["two_tiers"], open_tiers=without_hot
    )
    aside, alone = run.result.notes
    assert aside.startswith("1 documents could not be indexed")
    assert alone.startswith("1 searches of two_tiers were answered in part")


class WithoutWords:
    """An index that is searched by meaning only, as S3 Vectors in its classic mode."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, index: KnowledgeIndex) -> None:
        self._index = index

    def __getattr__(self, name: str):
        assert name not in ("lexical", "hybrid")
        return getattr(self._index, name)


class Down:
    """An index that can be written, and does not answer."""

    def __init__(self, index: KnowledgeIndex) -> None:
        self._index = index

    def __getattr__(self, name: str):
        if name in ("dense", "lexical", "hybrid"):
            raise DependencyFailed("It is down.")
        return getattr(self._index, name)


def test_the_previous_user_message_is_searched_too(run: SuiteRun) -> None:
    assert item(run, "q2", "bm25").scores["mrr"] == 1


def test_a_customer_sees_what_is_its_own_and_no_exclusion(run: SuiteRun) -> None:
    assert "article:secret" not in item(run, "q1", "dense").raw["found"]
    assert item(run, "q3", "dense").raw["found"] == ["article:secret", "article:print"]


def test_a_query_without_customer_sees_all_of_them(retrieval_folder: Writer, embedder) -> None:
    folder = retrieval_folder(
        queries=[{"_id": "q", "text": "medora tunnel secret"}], qrels="q\tarticle:secret\t1\n"
    )
    run = evaluate_retrieval(read_retrieval_set(folder), embedder)
    assert item(run, "q", "bm25").scores["mrr"] == 1


def test_no_answer_queries_count_apart(run: SuiteRun) -> None:
    assert set(item(run, "q4", "bm25").scores) == {"answered_rate"}
    rate = run.result.find("answered_rate", "bm25")
    assert rate is not None
    assert (rate.value, rate.n_scored, rate.higher_is_better) == (0, 1, False)
    assert run.result.find("answered_rate", "dense").value == 0  # type: ignore[union-attr]


def test_a_no_answer_query_that_is_answered_all_the_same(
    retrieval_folder: Writer, embedder
) -> None:
    queries = [
        {"_id": "q", "text": "vpn"},
        {"_id": "n", "text": "VPN drops the tunnel every hour", "type": "no_answer"},
    ]
    folder = retrieval_folder(queries=queries, qrels="q\tarticle:vpn\t1\n")
    run = evaluate_retrieval(read_retrieval_set(folder), embedder)
    for system in ("bm25", "dense", "fused"):
        assert run.result.find("answered_rate", system).value == 1  # type: ignore[union-attr]


@pytest.fixture
def found_by_words_alone(retrieval_folder: Writer) -> Path:
    """Each query's document shares a rare word with it, and a crowd is nearer by meaning."""
    wanted = [
        {"_id": f"d{i:02d}", "text": f"word{i} " + " ".join(f"x{i + n}" for n in range(20))}
        for i in range(12)
    ]
    crowd = MIN_COLD_CANDIDATES + 10  # more than a search draws candidates
    decoys = [{"_id": f"e{i:03d}", "text": f"broken fault {i}"} for i in range(crowd)]
    queries = [
        {"_id": f"q{i}", "text": f"word{i} broken fault", "customer_id": "ab"[i % 2]}
        for i in range(12)
    ]
    return retrieval_folder(
        corpus=[*wanted, *decoys],
        queries=queries,
        qrels="".join(f"q{i}\td{i:02d}\t1\n" for i in range(12)),
    )


def test_two_tiers_find_what_one_index_finds(found_by_words_alone: Path, embedder) -> None:
    data = read_retrieval_set(found_by_words_alone)
    run = evaluate_retrieval(data, embedder, systems=SYSTEMS, hot_share=0.2)
    value = {system: run.result.find("ndcg@10", system).value for system in SYSTEMS}
    assert value["hot"] < value["fused"] == 1, "most of what is wanted is cold"
    assert value["dense"] < value["fused"], "and found by its words"
    for query in data.queries:
        expected = item(run, query.query_id, "fused").raw["found"]
        for system in ("cold", "two_tiers"):
            assert item(run, query.query_id, system).raw["found"] == expected


def test_what_only_words_find_is_lost_in_a_cold_index_without_words(
    found_by_words_alone: Path, embedder
) -> None:
    @contextmanager
    def cold_by_meaning():
        with scratch_tiers(Settings(), embedder) as tiers:
            yield replace(tiers, cold=WithoutWords(tiers.cold))

    run = evaluate_retrieval(
        read_retrieval_set(found_by_words_alone),
        embedder,
        systems=SYSTEMS,
        hot_share=0.2,
        open_tiers=cold_by_meaning,
    )
    value = {system: run.result.find("ndcg@10", system).value for system in SYSTEMS}
    assert value["cold"] < value["two_tiers"] < value["fused"]
    difference = run.result.find("ndcg@10_vs_fused", "two_tiers")
    assert difference.value == pytest.approx(value["two_tiers"] - value["fused"])
    assert difference.n_scored == 12
    gain = run.result.find("ndcg@10_vs_dense", "fused")
    assert gain.value == pytest.approx(value["fused"] - value["dense"])
    assert difference.low <= difference.value <= difference.high <= 0
    assert set(run.files) == {f"runs/{system}.trec" for system in SYSTEMS}


def test_the_runs_and_mrr_go_deeper_than_what_is_scored(retrieval_folder: Writer, embedder) -> None:
    corpus = [{"_id": f"d{i:02d}", "text": "vpn " * (20 - i)} for i in range(20)]
    folder = retrieval_folder(
        corpus=corpus, queries=[{"_id": "q", "text": "vpn"}], qrels="q\td19\t1\n"
    )
    run = evaluate_retrieval(read_retrieval_set(folder), embedder, systems=["bm25"])
    (row,) = run.items
    assert (row.scores["ndcg@10"], len(row.raw["found"])) == (0, 10)
    assert row.scores["mrr"] == 1 / 20
    assert run.files["runs/bm25.trec"].count("\n") == 20


def test_the_seeded_log_makes_few_documents_hot() -> None:
    names = [f"d{i}" for i in range(200)]
    heat = seeded_heat(names, seed=7)
    assert heat == seeded_heat(names[::-1], seed=7) != seeded_heat(names, seed=8)
    assert max(heat.values()) > 5 > sorted(heat.values())[len(heat) // 2]
    assert seeded_heat([], seed=7) == {}


def test_a_query_that_fails_counts_with_the_worst_values(
    retrieval_folder: Writer, embedder
) -> None:
    queries = [
        {"_id": "bad", "text": "\x01", "customer_id": "northwind"},
        {"_id": "good", "text": "vpn tunnel drops", "customer_id": "medora"},
    ]
    folder = retrieval_folder(queries=queries, qrels="bad\tarticle:vpn\t1\ngood\tarticle:vpn\t1\n")
    run = evaluate_retrieval(read_retrieval_set(folder), embedder, systems=["bm25"])
    failed = item(run, "bad", "bm25")
    assert (failed.status, failed.latency_ms) == ("failed", None)
    assert (failed.scores["ndcg@10"], failed.scores["unjudged@10"]) == (0, 1)
    figure = run.result.find("mrr", "bm25")
    assert figure is not None
    assert (figure.value, figure.n_scored, figure.n_failed) == (0.5, 2, 1)


def test_trec_runs_carry_the_order_that_was_scored(retrieval_folder: Writer, embedder) -> None:
    folder = retrieval_folder(
        corpus=[{"_id": "a document", "text": "vpn"}, {"_id": "b", "text": "vpn tunnel"}],
        queries=[{"_id": "q", "text": "vpn"}],
        qrels="q\tb\t1\n",
    )
    run = evaluate_retrieval(read_retrieval_set(folder), embedder, systems=["bm25"])
    lines = run.files["runs/bm25.trec"].splitlines()
    assert [line.split() for line in lines] == [
        ["q", "Q0", "a%20document", "1", "1.000000", "bm25"],
        ["q", "Q0", "b", "2", "0.500000", "bm25"],
    ]


def test_the_figures_repeat_and_survive_the_file(
    run: SuiteRun, retrieval_folder: Writer, embedder, tmp_path: Path
) -> None:
    done = []
    again = evaluate_retrieval(
        read_retrieval_set(retrieval_folder()),
        embedder,
        context=RunContext(),
        progress=lambda at, of: done.append((at, of)),
    )
    kept = [[row for row in done.result.metrics if row.unit != "ms"] for done in (again, run)]
    assert kept[0] == kept[1]
    assert done == [(3, 12), (6, 12), (9, 12), (12, 12)]
    write_result(tmp_path, run.result, run.items, files=run.files)
    assert read_result(tmp_path).result == run.result
