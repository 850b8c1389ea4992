"""The command line as a user meets it: output, exit codes, bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MAIN = "from msp_core.cli import main; main()"


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two customers, three articles, three tickets."""
    root = Path(__file__).resolve().parents[3]
    folder = tmp_path_factory.mktemp("data")
    (folder / "kb").mkdir()
    customers = json.loads((root / "data/customers.json").read_text())
    kept = [row for row in customers if row["customer_id"] in ("northwind", "keller")]
    (folder / "customers.json").write_text(json.dumps(kept))
    (folder / "teams.json").write_text((root / "data/teams.json").read_text())
    for name in ("vpn-northwind-runbook", "vpn-ipsec-hourly-drops", "print-spooler-stuck"):
        text = (root / f"data/kb/{name}.md").read_text(encoding="utf-8")
        (folder / f"kb/{name}.md").write_text(text, encoding="utf-8")
    lines = (root / "data/tickets.jsonl").read_text(encoding="utf-8").splitlines()
    own = [line for line in lines if json.loads(line)["customer_id"] == "northwind"][:3]
    (folder / "tickets.jsonl").write_text("\n".join(own) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def state(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder after `msp ingest`."""
    folder = tmp_path_factory.mktemp("state")
    done = msp(folder, "ingest", "--data", str(small_data), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["tickets"]["added"] == 3
    assert report["knowledge"]["quarantined"] == []
    return folder


def msp(
    state: Path, *arguments: str, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """`msp ARGUMENTS` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        input=stdin,
        env={**os.environ, "MSP_STATE_DIR": str(state), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_ask_answers_with_citations_and_keeps_stdout_for_the_answer(state: Path) -> None:
    done = msp(state, "ask", "VPN drops every hour for Northwind users, what do we do?")
    assert done.returncode == 0, done.stderr
    assert "NW-RA-2023" in done.stdout
    assert "[article:vpn-northwind-runbook]" in done.stdout
    assert "stand-in" in done.stderr
    assert "model:" not in done.stdout


def test_ask_json_is_one_event_a_line(state: Path) -> None:
    done = msp(state, "ask", "--json", "--customer", "northwind", "printer queue is stuck")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "turn_started"
    assert events[-1] == {**events[-1], "type": "turn_done", "stop": "end_turn"}


def test_a_customer_of_the_loaded_data_is_known_and_another_is_not(state: Path) -> None:
    assert msp(state, "tickets", "list", "--customer", "northwind").returncode == 0
    other = msp(state, "tickets", "list", "--customer", "medora")
    assert other.returncode == 2
    assert "Known: keller, northwind" in other.stderr


def test_a_write_that_needs_approval_is_not_done_without_a_terminal(state: Path) -> None:
    before = json.loads(msp(state, "tickets", "list", "--json").stdout)["total"]
    ticket_id = json.loads(msp(state, "tickets", "list", "--json").stdout)["tickets"][0][
        "ticket_id"
    ]
    done = msp(state, "ask", f"delete {ticket_id}")
    assert done.returncode == 1
    assert f"ticket: {ticket_id}: " in done.stderr
    assert "waits for approval" in done.stderr
    assert json.loads(msp(state, "tickets", "list", "--json").stdout)["total"] == before


def test_tickets_are_created_changed_noted_and_shown(state: Path) -> None:
    text = ("--title", "Scanner offline", "--description", "Since noon.", "--customer", "keller")
    made = json.loads(msp(state, "tickets", "create", *text, "--json").stdout)
    assert (made["status"], made["priority"], made["category"]) == ("Open", "Medium", "General")
    id_ = made["ticket_id"]
    assert msp(state, "tickets", "note", id_, "cable checked", "--internal").returncode == 0
    refused = msp(state, "tickets", "update", id_, "--status", "Resolved")
    assert refused.returncode == 1
    assert "needs a resolution" in refused.stderr
    done = msp(
        state, "tickets", "update", id_, "--status", "Resolved", "--resolution", "New cable."
    )
    assert done.returncode == 0
    shown = msp(state, "tickets", "show", id_).stdout
    assert "Resolved" in shown
    assert "cable checked" in shown
    assert "New cable." in shown


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (("ask", "   "), {}, 2, "question is empty"),
        (("ask", "-"), {}, 2, "question is empty"),
        (("ask", "a\x07b"), {}, 1, "control character"),
        (("ask", "x"), {"MSP_BACKEDN": "local"}, 3, "Did you mean MSP_BACKEND"),
        (("ask", "x"), {"MSP_NOW": "yesterday"}, 3, "MSP_NOW"),
        (("ask", "x", "--policy", "clever"), {}, 2, "clever"),
        (("ask", "x", "--session", "../up"), {}, 2, "session id"),
        (("tickets", "show", "TKT-1"), {}, 2, "not a ticket id"),
        (("tickets", "show", "TKT-20260101-00000000"), {}, 1, "no ticket"),
        (("tickets", "list", "--limit", "0"), {}, 2, "1<=x<=500"),
        (("eval", "retrieval", "--dataset", "retreival"), {}, 2, "Did you mean retrieval"),
        (("nonsense",), {}, 2, "No such command"),
        (("ingest", "--data", "/nonexistent"), {}, 2, "does not exist"),
    ],
)
def test_bad_input_is_one_clear_message(
    state: Path, arguments: tuple[str, ...], environment: dict[str, str], code: int, said: str
) -> None:
    done = msp(state, *arguments, **environment)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_question_of_a_megabyte_is_refused(state: Path) -> None:
    done = msp(state, "ask", "-", stdin="x " * 500_000)
    assert done.returncode == 2
    assert "20,000" in done.stderr


def test_an_empty_index_says_how_to_fill_it(tmp_path: Path) -> None:
    done = msp(tmp_path, "ask", "hello")
    assert done.returncode == 3
    assert "msp ingest" in done.stderr


def test_a_broken_article_is_left_out_by_name_and_the_rest_goes_on(
    small_data: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "data"
    subprocess.run(["cp", "-r", str(small_data), str(broken)], check=True)
    (broken / "kb" / "bad.md").write_text("no front matter\n")
    tickets = broken / "tickets.jsonl"
    tickets.write_text(tickets.read_text(encoding="utf-8") + "{not json\n", encoding="utf-8")
    done = msp(tmp_path / "state", "ingest", "--data", str(broken))
    assert done.returncode == 0
    assert "bad.md" in done.stderr
    assert "tickets.jsonl:4" in done.stderr
    assert "3 added" in done.stdout


def test_doctor_names_each_gap_with_its_fix(state: Path, tmp_path: Path) -> None:
    good = msp(state, "doctor")
    assert good.returncode == 0, good.stdout
    assert "MiniLM" in good.stdout
    empty = msp(tmp_path, "doctor", "--json")
    assert empty.returncode == 3
    gaps = {row["name"]: row["fix"] for row in json.loads(empty.stdout) if not row["ok"]}
    assert "msp ingest" in gaps["knowledge index"]
    assert not list(tmp_path.rglob("*.db")), "looking makes no index"
    shown = {row["name"]: row["found"] for row in json.loads(empty.stdout)}
    assert "for tests on DynamoDB Local" in shown["java"]
    wrong = msp(tmp_path, "doctor", MSP_EMBEDDING_PATH="/nonexistent")
    assert wrong.returncode == 3
    assert "/nonexistent" in wrong.stdout


def test_every_command_is_in_the_readme(root: Path) -> None:
    from msp_core.cli import COMMANDS

    readme = (root / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"msp {name}" not in readme] == []


def test_an_installed_package_without_checkout_says_so(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    subprocess.run(["cp", "-r", str(root / "msp_core"), str(tmp_path)], check=True)
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            f"import sys; sys.path[0:0] = [{str(tmp_path)!r}]; {MAIN}",
            "demo",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "checkout" in done.stderr
