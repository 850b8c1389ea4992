"""The main job, on a folder of a user's own."""

import fcntl
import json
from pathlib import Path

import pytest

from eval.demo import execute, run_demo
from eval.weak_labels import weak_retrieval_set
from msp_core.errors import Conflict, MspError
from msp_core.loading import read_data
from msp_core.settings import Settings


@pytest.fixture
def own_data(root: Path, tmp_path: Path) -> Path:
    """Two customers, a few of their tickets, the articles these cite, and one broken row."""
    folder = tmp_path / "My Desk"
    (folder / "kb").mkdir(parents=True)
    customers = json.loads((root / "data/customers.json").read_text())[:2]
    (folder / "customers.json").write_text(json.dumps(customers))
    (folder / "teams.json").write_text((root / "data/teams.json").read_text())
    ids = {row["customer_id"] for row in customers}
    lines = (root / "data/tickets.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    chosen = [row for row in rows if row["customer_id"] in ids and row["resolution"]][:12]
    lines = [json.dumps(row) for row in chosen]
    (folder / "tickets.jsonl").write_text("\n".join([*lines, '{"ticket_id": 1}']) + "\n")
    for row in chosen:
        for id_ in row["resolution"]["article_ids"]:
            text = (root / f"data/kb/{id_}.md").read_text(encoding="utf-8")
            (folder / f"kb/{id_}.md").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_without_judged_sets_is_measured_against_its_citations(
    own_data: Path, tmp_path: Path, root: Path
) -> None:
    steps = []
    result = run_demo(
        Settings(state_dir=tmp_path / "state"),
        data_dir=own_data,
        progress=lambda notebook, number, total: steps.append((notebook, number, total)),
    )
    assert [number for _, number, _ in steps] == list(range(1, len(steps) + 1))
    assert result.folder == root / "reports" / "demo-my-desk"
    assert result.report["routing"] is None
    assert result.report["retrieval"]["weak_labels"] is True
    assert "weak labels" in result.report["data_note"]
    assert "weak" in (result.folder / "report.html").read_text(encoding="utf-8").lower()
    assert not result.folder.with_name("demo-my-desk.part").exists()
    assert (tmp_path / "state" / "demo-my-desk" / "tickets.db").exists()
    assert not (tmp_path / "state" / "tickets.db").exists(), "the demo touched the user's tickets"


def test_no_citation_means_no_labels(own_data: Path) -> None:
    for path in (own_data / "kb").glob("*.md"):
        path.unlink()
    data = read_data(own_data, [row["customer_id"] for row in _customers(own_data)])
    assert weak_retrieval_set(data, "mine") is None


def test_weak_labels_exclude_the_ticket_and_its_duplicates(own_data: Path) -> None:
    data = read_data(own_data, [row["customer_id"] for row in _customers(own_data)])
    judged = weak_retrieval_set(data, "mine")
    assert judged is not None
    for query in judged.queries:
        assert f"ticket:{query.query_id}" in query.exclude
        assert set(judged.qrels[query.query_id].values()) == {1}


def test_a_second_demo_is_told_to_wait(tmp_path: Path) -> None:
    state = tmp_path / "state" / "demo"
    state.mkdir(parents=True)
    with (state / "demo.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="Another demo is running"):
            run_demo(
                Settings(state_dir=tmp_path / "state"), data_dir=None, progress=lambda *_: None
            )


def test_a_failing_notebook_says_where_and_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ipynb"
    parameters = {"cell_type": "code", "id": "a", "source": "N = 1  # n", "outputs": []}
    parameters |= {"metadata": {"tags": ["parameters"]}, "execution_count": None}
    failing = {**parameters, "id": "b", "source": "assert N == 1, 'no longer one'", "metadata": {}}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}}
    broken.write_text(json.dumps({**notebook, "cells": [parameters, failing]}))
    (tmp_path / "out").mkdir()
    with pytest.raises(MspError, match=r"broken\.ipynb failed in cell .*no longer one"):
        execute(broken, tmp_path / "out", {"N": 2}, {})
    with pytest.raises(ValueError, match="has no parameter M"):
        execute(broken, tmp_path / "out", {"M": 2}, {})


def _customers(folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((folder / "customers.json").read_text())
    return rows
