"""Turns that fail, are repeated or are stopped."""

from typing import Any

import pytest
from strands.types.exceptions import ModelThrottledException

from msp_core.assistant.events import answer_text
from msp_core.errors import Conflict
from tests.fakes.bench import MANAGER, Bench, alternate, codes, of_type, only
from tests.fakes.scripted_model import Call, Reply, ScriptedModel

SEARCH = Reply(calls=(Call("search_knowledge", {"query": "VPN drops every hour"}),))


@pytest.mark.parametrize(
    "error",
    [ModelThrottledException("slow down"), RuntimeError("boom"), TimeoutError()],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("before", ["", "Half a sen"])
def test_when_one_model_fails_the_other_takes_over(
    bench: Bench, error: Exception, before: str
) -> None:
    bench.follow(lambda messages: Reply(before, error=error))
    bench.strong = ScriptedModel([Reply("Strong here.")])
    events = bench.ask("hello there")
    assert answer_text(events) == "Strong here."
    assert set(codes(events)) == {"model_retry"}
    assert type(error).__name__ in of_type(events, "notice")[0]["text"]
    assert of_type(events, "usage")[-1]["model"] == "strong-model"
    assert events[-1]["stop"] == "end_turn"


def test_when_both_fail_it_says_so_and_the_conversation_goes_on(bench: Bench) -> None:
    bench.follow(lambda messages: Reply(error=RuntimeError("weak down")))
    bench.strong = ScriptedModel(lambda messages: Reply(error=RuntimeError("strong down")))
    events = bench.ask("remember the word apple")
    error = only(events, "error")
    assert error["code"] == "model_failed"
    assert "strong down" in error["text"]
    assert events[-1]["stop"] == "error"
    model = bench.script(Reply("Apple."))
    assert answer_text(bench.ask("which word?")) == "Apple."
    assert "remember the word apple" in str(model.seen[0])
    roles = [message["role"] for message in model.seen[0]]
    assert roles == ["user", "assistant", "user"]


def test_when_both_fail_after_a_tool_the_conversation_goes_on(bench: Bench) -> None:
    def broken(messages: list[Any]) -> Reply:
        if len(messages) > 1:
            return Reply(error=RuntimeError("down"))
        return SEARCH

    bench.follow(broken)
    bench.strong = ScriptedModel(broken)
    assert bench.ask("vpn?")[-1]["stop"] == "error"
    model = bench.script(Reply("Back [article:vpn-drops]."))
    assert answer_text(bench.ask("and?")) == "Back [article:vpn-drops]."
    assert alternate(model.seen[0])


def test_the_same_turn_again_replays_and_repeats_nothing(bench: Bench) -> None:
    create = Call("create_ticket", {"title": "Mouse", "description": "broken"})
    bench.script(Reply(calls=(create,)), Reply("Created."))
    events = bench.ask("open a ticket for my mouse", turn="t1")
    model = bench.script()
    assert bench.ask("open a ticket for my mouse", turn="t1") == events
    assert model.seen == []
    assert bench.titles() == ["Mouse"]
    with pytest.raises(Conflict, match="another message"):
        bench.ask("open two", turn="t1")


def test_cancelling_keeps_what_was_shown(bench: Bench) -> None:
    bench.script(Reply("One. Two. Three. Four. Five. " * 20, delay_s=0.01))
    seen = []
    running = bench.assistant().ask("count", MANAGER, "s1", turn_id="t1")
    for event in running:
        seen.append(event)
        if len(of_type(seen, "text")) == 3:
            break
    running.close()  # type: ignore[attr-defined]
    (turn,) = bench.conversations.turns("s1", MANAGER)
    assert turn.finished
    assert list(turn.events[: len(seen)]) == seen
    assert turn.events[-1]["stop"] == "cancelled"
    assert len(of_type(turn.events, "text")) < 10
    model = bench.script(Reply("Six."))
    assert answer_text(bench.ask("go on")) == "Six."
    assert alternate(model.seen[0])


def test_cancelling_in_a_tool_leaves_a_sound_conversation(bench: Bench) -> None:
    create = Call("create_ticket", {"title": "Mouse", "description": "broken"})
    bench.script(Reply(calls=(create,)), Reply("Created."))
    running = bench.assistant().ask("open a ticket", MANAGER, "s1")
    for event in running:
        if event["type"] == "tool_call":
            break
    running.close()  # type: ignore[attr-defined]
    model = bench.script(Reply("Here."))
    assert answer_text(bench.ask("hello?")) == "Here."
    assert alternate(model.seen[0])
    uses = [
        b["toolUse"]["toolUseId"] for m in model.seen[0] for b in m["content"] if "toolUse" in b
    ]
    results = [
        b["toolResult"]["toolUseId"]
        for m in model.seen[0]
        for b in m["content"]
        if "toolResult" in b
    ]
    assert uses == results


def test_a_turn_that_nobody_reads_is_not_run(bench: Bench) -> None:
    bench.assistant().ask("hello", MANAGER, "s1")
    assert not bench.state.exists()


def test_a_surrogate_that_a_model_breaks_off_loses_no_conversation(bench: Bench) -> None:
    model = bench.script(Reply("Fine \U0001f600."), Reply("Broken \ud83d end."), Reply("Go on."))
    assert answer_text(bench.ask("one")) == "Fine \U0001f600."
    events = bench.ask("two", turn="t2")
    assert events[-1]["stop"] == "error"
    assert bench.ask("two", turn="t2") == events
    assert answer_text(bench.ask("three")) == "Go on."
    assert alternate(model.seen[-1])
