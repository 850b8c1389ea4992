"""Every notebook as a user runs it: with papermill, from either folder, twice in a row."""

import json
import shutil
from pathlib import Path

import papermill
import pytest

from eval.demo import execute
from eval.result import read_result
from eval.retrieval_systems import SYSTEMS
from tests.notebooks.papermill_runs import errors, run_papermill

STATEFUL = ("00_start_here", "02_ingest", "05_agent")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State and results of all runs here: a later notebook builds on what an earlier one left."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.mark.parametrize("notebook", STATEFUL)
def test_runs_and_runs_again_on_the_same_state(root: Path, folder: Path, notebook: str) -> None:
    figures = folder / f"{notebook}.json"
    first = run_papermill(root, notebook, folder, root, REPORT_PATH=str(figures))
    assert errors(first) == []
    before = json.loads(figures.read_text())
    again = execute(
        root / "notebooks" / f"{notebook}.ipynb",
        folder,
        {"REPORT_PATH": str(figures)},
        {"MSP_STATE_DIR": str(folder / "state")},
    )
    assert errors(again) == []
    after = json.loads(figures.read_text())
    assert before.keys() == after.keys()
    for name in ("articles", "documents", "turns"):
        assert before.get(name) == after.get(name)


@pytest.fixture
def sample(root: Path, tmp_path: Path) -> Path:
    """The shipped corpus, and a third of the queries of split dev."""
    shipped, folder = root / "eval" / "datasets" / "retrieval", tmp_path / "sample"
    (folder / "qrels").mkdir(parents=True)
    for name in ("corpus.jsonl", "queries.jsonl"):
        shutil.copy(shipped / name, folder)
    head, *rows = (shipped / "qrels" / "dev.tsv").read_text().splitlines(keepends=True)
    chosen = set(list(dict.fromkeys(row.split("\t")[0] for row in rows))[::3])
    kept = [row for row in rows if row.split("\t")[0] in chosen]
    (folder / "qrels" / "dev.tsv").write_text("".join([head, *kept]))
    return folder


def test_retrieval_is_measured_from_the_folder_of_the_notebooks(
    root: Path, folder: Path, sample: Path
) -> None:
    out = folder / "results"
    executed = run_papermill(
        root,
        "06_benchmark_retrieval",
        folder,
        root / "notebooks",
        DATASET=str(sample),
        OUT_DIR=str(out),
    )
    assert errors(executed) == []
    result = read_result(out / "retrieval").result
    ndcg = {name: result.find("ndcg@10", name) for name in SYSTEMS}
    assert all(ndcg.values())
    # Far above what a broken ranking reaches, and below what leaking the answers would.
    assert 0.4 < ndcg["fused"].value < 0.98
    assert ndcg["fused"].n_scored > 40
    lost = result.find("ndcg@10_vs_fused", "two_tiers")
    # Both tiers are searched by words and meaning, so next to no query is ranked otherwise.
    assert abs(lost.value) < 0.005


def test_routing_is_measured_and_both_stand_in_one_report(root: Path, folder: Path) -> None:
    out = folder / "results"
    routing = run_papermill(root, "07_benchmark_routing", folder, root, OUT_DIR=str(out))
    report = run_papermill(
        root, "08_compare_reports", folder, root, RESULTS_DIR=str(out), OUT_DIR=str(out)
    )
    assert errors(routing) == errors(report) == []
    written = json.loads((out / "report.json").read_text())
    assert written["routing"]["kind"] == "simulated"
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_every_notebook_declares_described_parameters(root: Path) -> None:
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        declared = papermill.inspect_notebook(str(path))
        assert declared, f"{path.name} has no parameters cell"
        for name, parameter in declared.items():
            assert parameter["help"], f"{path.name}: {name} has no comment"
