"""`msp index` and `msp tier` as a user meets them."""

import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from msp_core.cli import main
from tests.fakes.data_folder import ARTICLES, CUSTOMERS, TEAMS, TICKETS, write_articles


@dataclass(frozen=True)
class Done:
    """What a command gave back."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ingested")
    data = folder / "data"
    (data / "kb").mkdir(parents=True)
    (data / "customers.json").write_text(json.dumps(CUSTOMERS))
    (data / "teams.json").write_text(json.dumps(TEAMS))
    (data / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in TICKETS))
    write_articles(data / "kb", ARTICLES)
    done = msp(folder, "ingest", "--data", str(data), "--json")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def state(ingested: Path, tmp_path: Path) -> Path:
    """A folder after `msp ingest`."""
    shutil.copytree(ingested, tmp_path, dirs_exist_ok=True)
    return tmp_path


def msp(state: Path, *arguments: str) -> Done:
    """The command in this process, which has loaded the model already."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("MSP_STATE_DIR", str(state / "state"))
        patch.setattr(sys, "argv", ["msp", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
    return Done(int(stopped.value.code or 0), out.getvalue(), err.getvalue())


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
    said = msp(state, "tier", "simulate", "--share", "10").stdout
    assert "missed by hot alone" in said
    assert "A search asks both tiers and misses none of them." in said


def test_a_log_that_finds_nothing_is_refused(state: Path, tmp_path: Path) -> None:
    log = tmp_path / "empty.jsonl"
    log.write_text("")
    done = msp(state, "tier", "simulate", "--log", str(log))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Of 0 searches none found anything" in done.stderr


def test_a_folder_of_files_beside_the_data(state: Path) -> None:
    folder = state / "handbook"
    folder.mkdir()
    (folder / "coffee.md").write_text("# Coffee machine\nDescale it.")
    (folder / "bad.txt").write_bytes(b"\0")
    (folder / "photo.jpg").write_bytes(b"x")
    plan = answer(state, "ingest", "--from", str(folder), "--dry-run")["dry_run"]
    assert (plan["added"], plan["deleted"]) == (["file:handbook/coffee.md"], [])
    before = answer(state, "index", "status")["cold"]["stats"]["documents"]
    done = msp(state, "ingest", "--from", str(folder), "--customer", "acme")
    assert done.stdout.startswith("documents: 1 added, 0 changed, 0 unchanged, 0 deleted, 1 left")
    assert "passed over" in done.stderr
    assert "1 .jpg" in done.stderr
    assert "indexed 1 of 1 documents (" in done.stderr
    (row,) = answer(state, "index", "quarantine")[str(folder.name)]
    assert row["path"].endswith("bad.txt")
    widened = msp(state, "ingest", "--from", str(folder))
    assert widened.returncode == 2
    assert "--customer acme" in widened.stderr
    (folder / "coffee.md").rename(folder / "tea.md")
    refused = msp(state, "ingest", "--from", str(folder), "--customer", "acme")
    assert refused.returncode == 2
    assert "--as NAME" in refused.stderr
    assert answer(state, "ingest", "--from", str(folder), "--replace")["knowledge"]["deleted"] == 1
    again = msp(state, "ingest", "--data", str(state / "data"), "--rebuild")
    assert "1 documents of other sources go too" in again.stderr
    assert answer(state, "index", "status")["cold"]["stats"]["documents"] == before


def test_a_rebuild_drops_nothing_when_there_is_nothing_to_read(state: Path) -> None:
    shutil.rmtree(state / "data" / "kb")
    (state / "data" / "tickets.jsonl").unlink()
    before = answer(state, "index", "status")
    assert msp(state, "ingest", "--data", str(state / "data"), "--rebuild").returncode == 3
    assert answer(state, "index", "status") == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--as", "x"),
        ("--from", ".", "--rebuild"),
        ("--from", ".", "--customer", "nobody"),
        ("--from", "s3://", "--dry-run"),
        ("--from", ".", "--as", "a/b"),
        ("--from", "s3://bucket", "--as", "x"),
        ("--dry-run", "--rebuild"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert msp(tmp_path, "ingest", *arguments).returncode == 2


@pytest.mark.parametrize("capacity", ["-1", "many"])
def test_an_impossible_capacity_is_wrong_usage(tmp_path: Path, capacity: str) -> None:
    assert msp(tmp_path, "tier", "run", "--capacity", capacity).returncode == 2


def test_an_empty_index_is_no_error(tmp_path: Path) -> None:
    assert answer(tmp_path, "index", "status")["cold"]["stats"]["chunks"] == 0
    assert answer(tmp_path, "tier", "run")["hot_chunks"] == 0
    simulated = msp(tmp_path, "tier", "simulate")
    assert (simulated.returncode, simulated.stdout) == (3, "")
    assert "Run `msp ingest` first" in simulated.stderr
