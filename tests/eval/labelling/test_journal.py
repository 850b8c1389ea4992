import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eval.labelling.journal import Journal, PassOf, read_pass
from eval.labelling.questions import retrieval_guide
from msp_core.clock import fixed_clock
from msp_core.errors import ConfigurationError, Conflict, CorruptData

CLOCK = fixed_clock(datetime(2026, 11, 1, tzinfo=UTC))


def pass_of(**changes: object) -> PassOf:
    fields: dict[str, object] = {
        "kind": "retrieval",
        "name": "A",
        "items_sha256": "abc",
        "items": ["q d1", "q d2", "q d3"],
        "guide": retrieval_guide,
    }
    return PassOf(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pass-A.jsonl"


def open_(path: Path, **changes: object) -> Journal:
    return Journal(path, pass_of(**changes), CLOCK)


def grades(path: Path) -> dict[str, object]:
    return {item: given["grade"] for item, given in read_pass(path, pass_of()).judged().items()}


def test_a_pass_goes_on_where_it_stopped(path: Path) -> None:
    with open_(path) as journal:
        journal.answer(2)
        journal.skip()
        journal.answer(0)
    with open_(path) as journal:
        assert journal.session.current == "q d2"
        journal.undo()
        journal.answer(1)
    assert grades(path) == {"q d1": 2, "q d3": 1}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["schema"] == "msp.label-journal/1"
    assert lines[1] == {
        "at": "2026-11-01T00:00:00Z",
        "item": "q d1",
        "label": "grade",
        "value": 2,
    }
    assert lines[4] == {"at": "2026-11-01T00:00:00Z", "undo": True}


def test_an_answer_is_on_disk_before_the_next_question(path: Path) -> None:
    with open_(path) as journal:
        journal.answer(2)
        assert grades(path) == {"q d1": 2}


def test_a_line_cut_in_the_middle_costs_that_answer_only(path: Path) -> None:
    with open_(path) as journal:
        journal.answer(2)
        journal.answer(1)
    path.write_bytes(path.read_bytes()[:-9])
    assert grades(path) == {"q d1": 2}
    with open_(path) as journal:
        assert journal.cut
        assert journal.session.current == "q d2"
        journal.answer(0)
    with open_(path) as journal:
        assert not journal.cut
    assert grades(path) == {"q d1": 2, "q d2": 0}


def test_even_the_first_line_may_be_cut(path: Path) -> None:
    path.write_bytes(b'{"schema": "msp.la')
    with open_(path) as journal:
        assert journal.cut
        journal.answer(1)
    assert grades(path) == {"q d1": 1}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{broken", r":3: it is no line of a journal"),
        ('{"at": "x", "undo": false}', r":3: it is no line of a journal"),
        ('{"at": "x", "item": "other", "label": "grade", "value": 1}', ":3: there is no item"),
        ('{"at": "x", "item": "q d1", "label": "grade", "value": 1}', ":3: grade of 'q d1' is an"),
        ('{"at": "x", "item": "q d2", "label": "grade", "value": 7}', ":3: 7 is no answer"),
    ],
)
def test_a_line_that_cannot_stand_there(path: Path, line: str, why: str) -> None:
    with open_(path) as journal:
        journal.answer(2)
    before = path.read_text() + line + "\n"
    path.write_text(before)
    with pytest.raises(CorruptData, match=why):
        open_(path)
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"items_sha256": "def"}, "answers other items than those of items.jsonl"),
        ({"name": "B"}, "is of pass A over retrieval items, and pass B over retrieval"),
        ({"kind": "routing"}, "and pass A over routing items is wanted"),
    ],
)
def test_a_journal_of_something_else(path: Path, changes: dict[str, object], why: str) -> None:
    with open_(path) as journal:
        journal.answer(2)
    with pytest.raises(CorruptData, match=why):
        open_(path, **changes)


def test_something_that_is_no_journal(path: Path) -> None:
    path.write_text("a shopping list\n")
    with pytest.raises(CorruptData, match="it is no journal of msp label"):
        open_(path)


def test_one_terminal_at_a_time(path: Path) -> None:
    with open_(path) as journal:
        journal.answer(2)
        with pytest.raises(Conflict, match="is open in another terminal"):
            open_(path)
        assert grades(path) == {"q d1": 2}
    open_(path).__exit__(None, None, None)


def test_a_killed_process_holds_nothing(path: Path) -> None:
    code = (
        "import sys, os, signal, tests.eval.labelling.test_journal as t; from pathlib import Path;"
        "j = t.open_(Path(sys.argv[1])); j.answer(2); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9
    with open_(path) as journal:
        assert journal.session.current == "q d2"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Choose another folder"):
        open_(tmp_path / "no" / "pass-A.jsonl")


def test_only_some_items_are_asked(path: Path) -> None:
    with open_(path, only=frozenset({"q d2"})) as journal:
        assert (journal.session.total, journal.session.current) == (1, "q d2")
        journal.answer(2)
        assert journal.session.current is None
        with pytest.raises(ValueError, match="all items are judged"):
            journal.answer(1)
        with pytest.raises(ValueError, match="all items are judged"):
            journal.skip()
