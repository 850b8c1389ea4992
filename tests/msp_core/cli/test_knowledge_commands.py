"""`msp index` and `msp tier` as a user meets them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.data_folder import ARTICLES, CUSTOMERS, TEAMS, TICKETS, write_articles

MAIN = "from msp_core.cli import main; main()"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder after `msp ingest`."""
    data = tmp_path / "data"
    (data / "kb").mkdir(parents=True)
    (data / "customers.json").write_text(json.dumps(CUSTOMERS))
    (data / "teams.json").write_text(json.dumps(TEAMS))
    (data / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in TICKETS))
    write_articles(data / "kb", ARTICLES)
    done = msp(tmp_path, "ingest", "--data", str(data), "--json")
    assert done.returncode == 0, done.stderr
    return tmp_path


def msp(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        env={**os.environ, "MSP_STATE_DIR": str(state / "state")},
        capture_output=True,
        text=True,
        check=False,
    )


def answer(state: Path, *arguments: str) -> Any:
    done = msp(state, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_moving_checking_and_mending(state: Path) -> None:
    status = answer(state, "index", "status")
    chunks = status["cold"]["stats"]["chunks"]
    assert chunks == status["hot"]["stats"]["chunks"] > 3
    assert status["hot_capacity_chunks"] is None

    report = answer(state, "tier", "run", "--capacity", "3")
    assert 0 < report["hot_chunks"] <= 3
    assert answer(state, "tier", "run") == {**report, "promoted": 0, "demoted": 0}
    assert answer(state, "index", "verify") == []

    (state / "state" / "knowledge" / "hot.db").write_bytes(b"no database, but long enough" * 500)
    broken = msp(state, "index", "status")
    assert broken.returncode == 1
    assert "hot: NOT OK" in broken.stdout
    assert "msp index rebuild" in broken.stdout
    rebuilt = msp(state, "index", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert f"{report['hot_chunks']} chunks" in rebuilt.stdout
    assert msp(state, "index", "verify").returncode == 0
    assert msp(state, "index", "compact").returncode == 0
    assert msp(state, "index", "create").stdout == "hot: ready\ncold: ready\n"


def test_simulating_capacities(state: Path) -> None:
    report = answer(state, "tier", "simulate", "--share", "0", "--share", "100")
    assert report["kind"] == "simulated"
    none, everything = report["capacities"]
    assert (none["hit_rate"], none["hot_usd_per_month"]) == (0, 0)
    assert (everything["hit_rate"], everything["recall_lost"]) == (1, 0)


@pytest.mark.parametrize("capacity", ["-1", "many"])
def test_an_impossible_capacity_is_wrong_usage(tmp_path: Path, capacity: str) -> None:
    assert msp(tmp_path, "tier", "run", "--capacity", capacity).returncode == 2


def test_an_empty_index_is_no_error(tmp_path: Path) -> None:
    assert answer(tmp_path, "index", "status")["cold"]["stats"]["chunks"] == 0
    assert answer(tmp_path, "tier", "run")["hot_chunks"] == 0
    assert answer(tmp_path, "tier", "simulate")["searches"] == 0
