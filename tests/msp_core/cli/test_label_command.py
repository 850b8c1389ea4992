"""`msp label` in a real terminal, and what it says without one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.data_folder import ARTICLES, CUSTOMERS, TEAMS, TICKETS, write_articles
from tests.fakes.terminal import Terminal

WEAK = "w31\n1"
STRONG = "s11\n3"
LAST = "How long is a good answer"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mine")
    (path / "kb").mkdir()
    lines = "".join(json.dumps(ticket) + "\n" for ticket in TICKETS)
    (path / "tickets.jsonl").write_text(lines, encoding="utf-8")
    (path / "customers.json").write_text(json.dumps(CUSTOMERS))
    (path / "teams.json").write_text(json.dumps(TEAMS))
    write_articles(path / "kb", ARTICLES)
    return path


class Label:
    """`msp label` with one state folder and one output folder."""

    def __init__(self, data: Path, tmp_path: Path) -> None:
        self.data, self.out = data, tmp_path / "out"
        self.environment = {"MSP_STATE_DIR": str(tmp_path / "state")}

    def terminal(self, kind: str, *options: str) -> Terminal:
        arguments = ["label", kind, "--out", str(self.out), *options]
        if "--sample" not in options:
            arguments += ["--data", str(self.data)]
        return Terminal(*arguments, environment=self.environment)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from msp_core.cli import main; main()", *arguments],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def label(data: Path, tmp_path: Path) -> Label:
    return Label(data, tmp_path)


@pytest.fixture
def started(label: Label) -> Iterator[Terminal]:
    """A first pass over five turns, at its first question."""
    with label.terminal("routing") as terminal:
        terminal.wait_for("Would a small, cheap model")
        yield terminal


def test_a_set_from_own_tickets_that_the_evaluation_takes(label: Label, started: Terminal) -> None:
    assert "5 items drawn from" in started.screen
    assert "Pass A: 0 of 5 judged. TKT-2026" in started.screen
    shown = started.press("s", until="Why is the strong model needed?")
    assert "8  floor: security" in shown
    assert "[x] search_knowledge" in started.press("11", until="[x]")
    started.press("\n3", until="1 of 5")
    for done in (2, 3, 4):
        started.press(WEAK, until=f"{done} of 5")
    started.send("s82\n2")
    code, out = started.finish()
    assert code == 0
    assert out.startswith("judged, of 5: pass A 5, pass B 0; differing 0, decided 0\n")
    assert f"try: msp eval routing --dataset {label.out}" in out
    done = label.run("eval", "routing", "--dataset", str(label.out), "--split", "test", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["dataset"]["split"] == "test"


def test_keys_that_mean_nothing_undo_later_and_stop(started: Terminal, label: Label) -> None:
    assert "'x' is no key here" in started.press("x", until="no key")
    assert "There is nothing to take back" in started.press("u", until="nothing to take")
    first = started.screen.rsplit("judged. ", 1)[1].split(",")[0]
    later = started.press("l", until="judged").rsplit("judged. ", 1)[1].split(",")[0]
    assert later != first
    started.press("w", until="Why is the weak")
    started.press("u", until="Would a small")
    started.press("u", until=f"judged. {first}")
    started.send("q")
    code, out = started.finish()
    assert (code, out.splitlines()[0]) == (
        0,
        "judged, of 5: pass A 0, pass B 0; differing 0, decided 0",
    )
    assert not (label.out / "turns.jsonl").exists()


def test_ctrl_c_a_kill_and_a_closed_window_lose_nothing(label: Label, started: Terminal) -> None:
    started.press(f"{WEAK}s", until="Why is the strong")
    started.send("\x03")
    code, _ = started.finish()
    assert code == 130
    assert "Nothing is lost. Go on with: msp label routing --out" in started.screen

    with label.terminal("routing") as terminal:
        # The item begun goes on with its second question.
        assert "1 of 5 judged" in terminal.wait_for("Why is the strong")
        terminal.press("1", until="Which tools")
        terminal.kill()

    with label.terminal("routing") as terminal:
        terminal.wait_for("Which tools")
        terminal.press("\n4", until="2 of 5")
        terminal.hang_up()
        assert terminal.process.wait(timeout=10) in {-signal.SIGHUP, 0, 130}

    journal = label.out / "labelling/pass-A.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"at": "2026-11-01T00:')
    with label.terminal("routing") as terminal:
        terminal.wait_for("The journal's last line was cut")
        assert "2 of 5 judged" in terminal.screen


def test_the_second_pass_is_blind_and_the_third_reading_sees_both(
    label: Label, started: Terminal
) -> None:
    started.send(WEAK * 5)
    assert started.finish()[0] == 0
    with label.terminal("routing", "--pass", "B") as terminal:
        terminal.wait_for("Pass B: 0 of 5 judged")
        terminal.send(STRONG + WEAK * 4)
        _, out = terminal.finish()
        assert "Pass A" not in terminal.screen
        assert "lookup," not in terminal.screen
        assert "1 items differ between the passes and are not decided" in terminal.screen
    assert "kappa required_model" in out
    assert "n=5 equal=80.0%" in out
    with label.terminal("routing", "--adjudicate") as terminal:
        terminal.wait_for("Third reading: 0 of 1 judged")
        assert "Pass A: required_model weak, reason lookup" in terminal.screen
        assert "Pass B: required_model strong, reason diagnosis" in terminal.screen
        terminal.send(STRONG)
        assert "differing 1, decided 1" in terminal.finish()[1]
    done = label.run("label", "routing", "--out", str(label.out), "--finish", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["schema"], found["decided"]) == (0, "msp.label/1", 1)
    assert found["agreement"]["required_model"]["agreed"] == 0.8
    sheet = (label.out / "README.md").read_text()
    assert "a third reading by a person decided" in sheet


def test_one_terminal_at_a_time(label: Label, started: Terminal) -> None:
    with label.terminal("routing") as second:
        code, _ = second.finish()
    assert code == 1
    assert "is open in another terminal" in second.screen
    assert started.process.poll() is None


def test_texts_cannot_steer_the_terminal(data: Path, tmp_path: Path) -> None:
    bad = {**TICKETS[0], "title": "Alert \x9b2J", "description": "x\n" * 100 + "end of it"}
    mine = tmp_path / "bad"
    mine.mkdir()
    (mine / "customers.json").write_text((data / "customers.json").read_text())
    (mine / "tickets.jsonl").write_text(json.dumps(bad) + "\n")
    label = Label(mine, tmp_path)
    with label.terminal("routing") as terminal:
        terminal.wait_for("Would a small")
    assert "\x9b" not in terminal.screen
    assert "more lines: m" in terminal.screen
    assert "end of it" not in terminal.screen


def test_grades_and_a_spot_check_of_them(label: Label) -> None:
    with label.terminal("retrieval", "--items", "2") as terminal:
        terminal.wait_for("Does this document help")
        assert "The need" in terminal.screen
        total = int(terminal.screen.rsplit(" judged", 1)[0].rsplit(" ", 1)[1])
        terminal.send("2" * total)
        code, out = terminal.finish()
    assert code == 0
    assert "queries.jsonl" in out
    done = label.run("eval", "retrieval", "--dataset", str(label.out), "--split", "test", "--json")
    assert done.returncode == 0, done.stderr
    unjudged = [m for m in json.loads(done.stdout)["metrics"] if m["name"] == "unjudged@10"]
    assert unjudged
    assert all(metric["value"] == 0 for metric in unjudged)

    own = str(label.out)
    label.out = label.out.parent / "check"
    with label.terminal("retrieval", "--sample", "3", "--dataset", own) as terminal:
        terminal.wait_for("Pass A: 0 of 3 judged")
        terminal.send("220")
        _, out = terminal.finish()
    assert "would change: 0.333" in out


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["routing"], 2, "needs a terminal"),
        (["routing", "--finish"], 2, "Nothing is labelled in"),
        (["routing", "--sample", "5", "--items", "3"], 2, "Choose one of the two"),
        (["retrieval", "--sample", "5", "--dataset", "nowhere"], 2, "There is no data set"),
        (["routing", "--sample", "0"], 2, "Invalid value for '--sample'"),
        (["triage"], 2, "No such command 'triage'"),
    ],
)
def test_wrong_use(label: Label, arguments: list[str], code: int, why: str) -> None:
    done = label.run("label", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert why in done.stderr


def test_no_ticket(tmp_path: Path, data: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "tickets.jsonl").write_text("")
    (empty / "customers.json").write_text((data / "customers.json").read_text())
    label = Label(empty, tmp_path)
    with label.terminal("routing") as terminal:
        assert terminal.finish()[0] == 1
    assert "empty holds no ticket, so there is nothing to label" in terminal.screen
    assert not label.out.exists()
