"""`msp tickets triage` and `msp eval triage`, as a person calls them."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eval.result import read_result
from msp_core.bootstrap import build_services
from msp_core.cli import msp
from msp_core.cli.tickets_triage import LOOKED_AT
from msp_core.errors import ConfigurationError, InvalidInput, UsageError
from msp_core.learning.calibration import NEVER
from msp_core.tickets.file import read_tickets
from msp_core.tickets.triage_file import default_triage_model, write_triage_model

TUNNEL = "Site-to-site tunnel down\nThe VPN tunnel to the warehouse is down, nobody there can work."


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSP_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(msp, arguments, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_new_message() -> None:
    result = run("tickets", "triage", TUNNEL, "--customer", "northwind", "--json")
    made = json.loads(result.stdout)
    assert made["category"]["value"] == "Network"
    assert made["team"]["value"] == "network-ops"
    assert made["duplicate_of"] is None
    text = run("tickets", "triage", TUNNEL, "--customer", "northwind")
    assert "Network" in text.stdout
    assert "not sure" in text.stdout  # of the priority it never is
    assert "80%" in text.stderr


def test_a_setting_names_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = default_triage_model()
    category = replace(shipped.category, threshold=NEVER)
    team = replace(shipped.team, threshold=NEVER)
    own = replace(shipped, category=category, team=team)
    write_triage_model(tmp_path / "own.json", own)
    monkeypatch.setenv("MSP_TRIAGE_MODEL", str(tmp_path / "own.json"))
    text = run("tickets", "triage", TUNNEL, "--customer", "northwind")
    assert text.stdout.count("not sure") == 3
    assert "right in" not in text.stderr  # nothing is called sure, so nothing is said of it
    monkeypatch.setenv("MSP_TRIAGE_MODEL", str(tmp_path / "absent.json"))
    with pytest.raises(ConfigurationError, match="absent"):
        run("tickets", "triage", TUNNEL, "--customer", "northwind")


def create(title: str, description: str) -> str:
    made = run(
        "tickets", "create", "--title", title, "--description", description,
        "--customer", "northwind", "--json",
    )  # fmt: skip
    return str(json.loads(made.stdout)["ticket_id"])


def test_a_ticket_that_repeats_another(monkeypatch: pytest.MonkeyPatch) -> None:
    title, _, description = TUNNEL.partition("\n")
    monkeypatch.setenv("MSP_NOW", "2026-11-02T09:00:00Z")
    first = create(title, description)
    monkeypatch.setenv("MSP_NOW", "2026-11-02T09:05:00Z")
    again = create(title, f"{description} Please hurry.")
    made = json.loads(run("tickets", "triage", again, "--json").stdout)
    assert made["duplicate_of"]["ticket_id"] == first
    assert "duplicate" in run("tickets", "triage", again.lower()).stdout


def test_other_matters_of_the_same_minute_are_no_duplicates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MSP_NOW", "2026-11-02T09:00:00Z")
    create("Printer jam 2", "Paper is stuck in the big printer on the second floor.")
    create("Coffee machine in ward 3", "It does not heat any more.")
    monkeypatch.setenv("MSP_NOW", "2026-11-02T09:01:00Z")
    for text in ("hello", "AutoCAD licences\nWe need two more seats."):
        made = json.loads(
            run("tickets", "triage", text, "--customer", "northwind", "--json").stdout
        )
        assert made["duplicate_of"] is None, text


def test_a_ticket_of_long_ago_is_compared_with_those_before_it(root: Path) -> None:
    tickets = {row.ticket_id: row for row in read_tickets(root / "data" / "tickets.jsonl")[0]}
    rows = map(json.loads, (root / "eval/datasets/triage/labels.jsonl").read_text().splitlines())
    label = next(row for row in rows if row["split"] == "dev" and row["duplicate_of"])
    own = tickets[label["ticket_id"]]
    first = replace(
        tickets[label["duplicate_of"]], title=own.title, description=f"Again: {own.description}"
    )
    later = [
        replace(
            own,
            ticket_id=f"TKT-20300101-{number:08X}",
            title=f"{number}",
            created_at=own.created_at + timedelta(days=1, minutes=number),
            updated_at=own.updated_at + timedelta(days=2, minutes=number),
        )
        for number in range(LOOKED_AT)
    ]
    build_services().tickets.load([own, first, *later])
    made = json.loads(run("tickets", "triage", own.ticket_id, "--json").stdout)
    assert made["duplicate_of"]["ticket_id"] == first.ticket_id


def test_what_cannot_be_triaged() -> None:
    with pytest.raises(UsageError, match="--customer"):
        run("tickets", "triage", "the wifi is gone")
    with pytest.raises(UsageError, match="Unknown customer"):
        run("tickets", "triage", "the wifi is gone", "--customer", "nobody")
    with pytest.raises(InvalidInput, match="empty"):
        run("tickets", "triage", "  ", "--customer", "northwind")


def test_the_suite_writes_its_result(tmp_path: Path) -> None:
    result = run("eval", "triage", "--out", str(tmp_path / "out"))
    assert "category_macro_f1" in result.stdout
    assert "split dev: 66 tickets" in result.stderr
    assert read_result(tmp_path / "out").result.suite == "triage"
