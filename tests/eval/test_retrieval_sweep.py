from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eval.result import SuiteRun, read_result, write_result
from eval.retrieval import evaluate_retrieval
from eval.retrieval_set import read_retrieval_set
from eval.retrieval_sweep import PRESENT, sweep_retrieval
from msp_core.errors import UsageError

Writer = Callable[..., Path]


@pytest.fixture
def run(retrieval_folder: Writer, embedder) -> SuiteRun:
    long = " ".join(f"word{number}." for number in range(300))
    corpus = [
        {"_id": "a", "title": "Spooler", "text": f"{long} the queue is stuck"},
        {"_id": "b", "title": "Kitchen", "text": "the queue for tea"},
    ]
    queries = [
        {"_id": "q", "text": "queue stuck", "customer_id": "acme"},
        {"_id": "n", "text": "bread", "customer_id": "acme", "type": "no_answer"},
    ]
    folder = retrieval_folder(corpus=corpus, queries=queries, qrels="q\ta\t1\n")
    return sweep_retrieval(
        read_retrieval_set(folder), embedder, weights=[0, 1], chunk_sizes=[20, 400], ks=[1, 2]
    )


def test_every_setting_is_measured_and_compared_to_the_present_one(run: SuiteRun) -> None:
    names = {
        f"words={weight},chunk={size}" for weight in ("0", "0.5", "1") for size in (20, 130, 400)
    }
    assert {item.system for item in run.items} == names
    assert {item.id for item in run.items} == {"q"}
    for name in names - {PRESENT.name}:
        figure, present = (run.result.find("ndcg@10", system) for system in (name, PRESENT.name))
        difference = run.result.find("ndcg@10_vs_present", name)
        assert difference.value == pytest.approx(figure.value - present.value)
    assert run.result.find("ndcg@10_vs_present", PRESENT.name) is None
    assert run.result.notes == ("No setting is better than the present one, words=0.5,chunk=130.",)


def test_a_better_setting_is_named_with_what_it_gains(retrieval_folder: Writer, embedder) -> None:
    corpus = [
        {"_id": "word", "text": "rare " + " ".join(f"x{number}" for number in range(20))},
        {"_id": "meaning", "text": "fault fault"},
        *({"_id": f"d{number}", "text": f"fault y{number} z{number}"} for number in range(4)),
    ]
    folder = retrieval_folder(
        corpus=corpus,
        queries=[{"_id": "q", "text": "rare fault fault"}],
        qrels="q\tmeaning\t1\n",
    )
    data = read_retrieval_set(folder)
    run = sweep_retrieval(data, embedder, weights=[0, 1], chunk_sizes=[130], ks=[1])
    gain = run.result.find("ndcg@10_vs_present", "words=0,chunk=130")
    assert gain.value > 0
    (note,) = run.result.notes
    assert note.startswith(f"The best setting is words=0,chunk=130: {gain.value:+.3f} over")
    assert "best of 3" in note


def test_more_passages_find_more_and_are_longer(run: SuiteRun) -> None:
    for size in (20, 130, 400):
        system = f"words=0.5,chunk={size}"
        one, two = (run.result.find(f"recall@{k}", system).value for k in (1, 2))
        assert one <= two == 1
        short, long = (run.result.find(f"words@{k}", system).value for k in (1, 2))
        assert short < long
    whole, cut = (run.result.find("words@2", f"words=0.5,chunk={size}").value for size in (400, 20))
    assert cut < 30
    assert whole > 300
    assert run.result.find("recall@1", "words=0,chunk=20") is None


def test_the_present_setting_is_what_the_suite_measures(
    retrieval_folder: Writer, embedder, tmp_path: Path
) -> None:
    data = read_retrieval_set(retrieval_folder())
    swept = sweep_retrieval(data, embedder, weights=[], chunk_sizes=[])
    measured = evaluate_retrieval(data, embedder, systems=["fused"])
    figures = [
        run.result.find("ndcg@10", name)
        for run, name in ((swept, PRESENT.name), (measured, "fused"))
    ]
    assert figures[0].value == figures[1].value
    write_result(tmp_path, swept.result, swept.items)
    assert read_result(tmp_path).result == swept.result


def test_nothing_is_chosen_on_the_test_split(retrieval_folder: Writer, embedder) -> None:
    data = replace(read_retrieval_set(retrieval_folder()), split="test")
    with pytest.raises(UsageError, match="which is for measuring"):
        sweep_retrieval(data, embedder)
