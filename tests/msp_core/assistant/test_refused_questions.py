"""Questions and ids that are refused before a turn begins."""

import time

import pytest

from msp_core.assistant.events import answer_text
from msp_core.errors import InvalidInput, UsageError
from tests.fakes.bench import Bench
from tests.fakes.scripted_model import Reply


@pytest.mark.parametrize("message", ["", "  \n\t "])
def test_an_empty_question_is_refused(bench: Bench, message: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        bench.ask(message)
    assert not bench.state.exists()


def test_a_question_of_a_megabyte_is_refused_at_once(bench: Bench) -> None:
    started = time.perf_counter()
    with pytest.raises(UsageError, match=r"1,000,000 characters; at most 20,000"):
        bench.ask("a" * 1_000_000)
    assert time.perf_counter() - started < 1
    bench.script(Reply("Long."))
    assert answer_text(bench.ask("word " * 4000)) == "Long."


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\ud800"])
def test_control_characters_are_refused(bench: Bench, character: str) -> None:
    with pytest.raises(InvalidInput, match="control character"):
        bench.ask(f"printer{character}broken")
    assert not bench.state.exists()


@pytest.mark.parametrize("session", ["", "a/b", "../s1", "a" * 65, "s 1"])
def test_a_malformed_session_id_is_refused(bench: Bench, session: str) -> None:
    with pytest.raises(UsageError, match="session id"):
        bench.ask("hello", session=session)
    with pytest.raises(UsageError, match="turn id"):
        bench.ask("hello", turn=session)
