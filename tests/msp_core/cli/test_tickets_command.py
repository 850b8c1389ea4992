"""`msp tickets` and `msp state` as a user meets them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
MAIN = "from msp_core.cli import main; main()"
NOW = "2026-11-02T15:00:00Z"


def msp(state: Path, *arguments: str, now: str = NOW) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        env={**os.environ, "MSP_STATE_DIR": str(state), "MSP_NOW": now},
        capture_output=True,
        text=True,
        check=False,
    )


def answer(state: Path, *arguments: str, now: str = NOW) -> Any:
    done = msp(state, *arguments, "--json", now=now)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Three tickets of Northwind (New York, 8 to 18), made on a Monday at 10 there."""
    folder = tmp_path / "state"
    for number, priority in enumerate(("Critical", "Low", "Low"), start=1):
        text = ("--title", f"Ticket {number}", "--description", "down", "--priority", priority)
        answer(folder, "tickets", "create", *text, "--customer", "northwind")
    return folder


def test_sla_shows_what_is_due_and_what_is_late(state: Path) -> None:
    rows = answer(state, "tickets", "sla")["tickets"]
    assert {row["respond"]["state"] for row in rows} == {"running"}
    assert rows[0]["respond"]["due"] == "2026-11-02T15:15:00Z"
    assert rows[0]["resolve"]["target_minutes"] == 240
    late = answer(state, "tickets", "sla", "--breached", now="2026-11-02T19:01:00Z")["tickets"]
    assert [(row["priority"], row["respond"]["state"]) for row in late] == [
        ("Critical", "breached")
    ]
    done = msp(state, "tickets", "sla", now="2026-11-02T19:01:00Z")
    assert "3 active tickets, 1 breached" in done.stderr
    assert "breached -0:01" in done.stdout.splitlines()[0]
    listed = msp(state, "tickets", "list", now="2026-11-02T19:01:00Z").stdout
    assert "breached: both" in listed
    assert "2026-11-02 23:00Z" in listed  # 480 minutes, to the end of the day in New York


def test_escalating_counts_once(state: Path) -> None:
    later = "2026-11-02T19:01:00Z"
    assert msp(state, "tickets", "escalate").stderr == "0 tickets escalated\n"
    first = msp(state, "tickets", "escalate", "--team", "network-ops", now=later)
    assert first.stderr == "1 tickets escalated\n"
    assert "Critical as before" in first.stdout
    assert answer(state, "tickets", "escalate", now=later) == {"tickets": []}


def test_a_dry_run_says_what_escalating_would_make_of_it(state: Path) -> None:
    late = "2026-11-09T19:01:00Z"
    planned = msp(state, "tickets", "escalate", "--dry-run", now=late)
    assert planned.stderr == "3 tickets would be escalated; nothing was changed\n"
    assert planned.stdout.count("Low -> Medium") == 2
    assert msp(state, "tickets", "escalate", now=late).stdout == planned.stdout


def test_a_team_that_the_desk_has_not_is_refused(state: Path) -> None:
    id_ = answer(state, "tickets", "list")["tickets"][0]["ticket_id"]
    for arguments in (("escalate",), ("update", id_)):
        done = msp(state, "tickets", *arguments, "--team", "nosuch", now="2026-11-09T19:01:00Z")
        assert done.returncode == 2
        assert "no team 'nosuch'" in done.stderr
        assert "network-ops" in done.stderr
    assert answer(state, "tickets", "show", id_)["version"] == 1


def test_the_latest_come_first_however_old_they_are(state: Path) -> None:
    late = "2026-11-02T19:01:00Z"
    (row,) = answer(state, "tickets", "sla", "--limit", "1", now=late)["tickets"]
    assert row["priority"] == "Critical"  # the oldest of three
    done = msp(state, "tickets", "sla", "--limit", "1", now=late)
    assert "1 of 3 active tickets, 1 breached; in business hours" in done.stderr


def test_a_ticket_is_shown_with_all_that_is_known(state: Path) -> None:
    id_ = answer(state, "tickets", "list", "--priority", "critical")["tickets"][0]["ticket_id"]
    change = ("--team", "network-ops", "--status", "in progress")
    changed = msp(state, "tickets", "update", id_.lower(), *change)
    assert changed.returncode == 0, changed.stderr
    shown = msp(state, "tickets", "show", id_).stdout
    assert "team network-ops; tags none" in shown
    assert "resolve running 4:00" in shown
    assert "local: status Open -> In Progress" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--limit", "0"),
        ("list", "--cursor", "nonsense"),
        ("sla", "--limit", "501"),
        ("show", "TKT-1"),
        ("update", "x", "--status", "Open"),
    ],
)
def test_wrong_usage_ends_with_2(state: Path, arguments: tuple[str, ...]) -> None:
    done = msp(state, "tickets", *arguments)
    assert done.returncode == 2, done.stderr


def test_lists_go_on_with_a_cursor(state: Path) -> None:
    first = answer(state, "tickets", "list", "--limit", "2")
    assert (first["total"], len(first["tickets"])) == (3, 2)
    rest = answer(state, "tickets", "list", "--limit", "2", "--cursor", first["next_cursor"])
    assert (len(rest["tickets"]), rest["next_cursor"]) == (1, None)
    done = msp(state, "tickets", "list", "--cursor", "forged")
    assert done.returncode == 2
    assert "cursor is not valid" in done.stderr


def test_the_state_goes_into_a_file_and_back(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "state.zip"
    assert answer(state, "state", "backup", str(file))["files"] == ["tickets.db"]
    before = answer(state, "tickets", "list")["tickets"]
    msp(state, "tickets", "note", before[0]["ticket_id"], "after the backup")
    done = msp(state, "state", "restore", str(file))
    assert done.returncode == 0
    assert "1 files restored" in done.stdout
    assert "before-restore-20261102T150000Z.zip" in done.stderr
    assert answer(state, "tickets", "list")["tickets"] == before
    file.write_bytes(file.read_bytes()[:-10])
    refused = msp(state, "state", "restore", str(file))
    assert refused.returncode == 3
    assert "damaged" in refused.stderr


def test_the_state_on_aws_is_not_backed_up_here(state: Path, tmp_path: Path) -> None:
    aws = {"MSP_BACKEND": "aws", "TICKETS_TABLE_NAME": "our-t", "SESSIONS_TABLE_NAME": "our-s"}
    aws |= {"MSP_OPENSEARCH_ENDPOINT": "http://127.0.0.1:9200", "MSP_VECTOR_BUCKET": "our-v"}
    aws |= {"MSP_VECTOR_INDEX": "our-i", "MSP_ARTIFACTS_BUCKET": "our-a"}
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "state", "backup", str(tmp_path / "x.zip")],
        env={**os.environ, **aws, "MSP_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "point-in-time" in done.stderr
