from typing import Any

import pytest

from app.transcript import ApprovalCard, Change, read_turn, titles_of
from msp_core.assistant.events import EventLog
from msp_core.conversations.store import Event

ROUTE = {
    "model": "m-weak",
    "choice": "weak",
    "score": 0.31,
    "threshold": 0.5,
    "reasons": ["short"],
    "estimated_cost_usd": 0.0012,
}
APPROVAL = {
    "approval_id": "a-1",
    "tool": "update_ticket",
    "arguments": {"ticket_id": "TKT-20260102-0A1B2C3D", "priority": "High"},
    "diff": [
        {"field": "ticket", "from": "TKT-1: Printer (keller)", "to": "TKT-1: Printer (keller)"},
        {"field": "priority", "from": "Low", "to": "High"},
    ],
    "ticket_version": 3,
    "expires_at": "2026-11-02T09:15:00Z",
}


def _events(*rows: tuple[str, dict[str, Any]]) -> list[Event]:
    log = EventLog("t-1")
    for kind, fields in rows:
        log.add(kind, **fields)
    return log.events


def _passage(name: str) -> dict[str, Any]:
    return {
        "id": f"article:{name}",
        "title": name.upper(),
        "text": "x",
        "score": 0.5,
        "index": "hot",
        "why": {},
    }


def _usage(cost: float | None, model: str = "m-weak") -> tuple[str, dict[str, Any]]:
    tokens = {"input_tokens": 100, "output_tokens": 7, "cache_tokens": 0}
    return "usage", {"model": model, **tokens, "cost_usd": cost}


def test_markers_become_numbers_in_order_of_appearance() -> None:
    view = read_turn(
        _events(
            ("passages", {"items": [_passage("one"), _passage("two")]}),
            ("text", {"delta": "First [article:two]. "}),
            ("citation", {"id": "article:two", "quote": "q"}),
            ("text", {"delta": "Then [article:one] and [article:two]."}),
        )
    )
    (text,) = view.parts
    assert text == "First :blue-badge[1]. Then :blue-badge[2] and :blue-badge[1]."
    assert [(source.number, source.title, source.quotes) for source in view.sources] == [
        (1, "TWO", ("q",)),
        (2, "ONE", ()),
    ]


def test_a_source_of_an_earlier_turn_keeps_its_title() -> None:
    earlier = _events(("passages", {"items": [_passage("one")]}))
    view = read_turn(_events(("text", {"delta": "See [article:one]."})), titles_of(earlier))
    assert view.sources[0].title == "ONE"


def test_dollar_signs_are_no_formulas_but_code_stays_as_it_is() -> None:
    view = read_turn(_events(("text", {"delta": "It costs $5 or $6; run `$env:X`."})))
    assert view.parts == (r"It costs \$5 or \$6; run `$env:X`.",)


def test_a_tool_call_runs_until_its_result_is_there() -> None:
    call = ("tool_call", {"tool": "list_tickets", "arguments": {"status": "Open"}})
    result = ("tool_result", {"tool": "list_tickets", "ok": True, "summary": "2 tickets"})
    assert read_turn(_events(call)).steps[0].ok is None
    (step,) = read_turn(_events(call, result)).steps
    assert (step.ok, step.result, step.details) == (True, "2 tickets", ("status: Open",))


def test_two_calls_of_one_tool_each_get_their_own_result() -> None:
    call = ("tool_call", {"tool": "get_ticket", "arguments": {}})
    results = [
        ("tool_result", {"tool": "get_ticket", "ok": ok, "summary": str(ok)})
        for ok in (True, False)
    ]
    steps = read_turn(_events(call, call, *results)).steps
    assert [(step.ok, step.result) for step in steps] == [(True, "True"), (False, "False")]


def test_found_passages_stand_below_their_search() -> None:
    view = read_turn(
        _events(
            ("tool_call", {"tool": "search_knowledge", "arguments": {"query": "vpn"}}),
            ("tool_result", {"tool": "search_knowledge", "ok": True, "summary": "1 passages"}),
            ("passages", {"items": [_passage("one")]}),
        )
    )
    assert view.steps[0].details == ("query: vpn", "0.50 ONE")


def test_an_approval_is_open_until_its_tool_answers() -> None:
    call = ("tool_call", {"tool": "update_ticket", "arguments": APPROVAL["arguments"]})
    waiting = read_turn(
        _events(call, ("approval_needed", APPROVAL), ("turn_done", {"stop": "approval"}))
    )
    (card,) = waiting.parts
    assert isinstance(card, ApprovalCard)
    assert card.outcome is None
    assert card.changes == (Change("priority", "Low", "High"),)
    assert card.about == "TKT-1: Printer (keller)"


@pytest.mark.parametrize("ok", [True, False])
def test_the_outcome_of_an_approval_stands_on_its_card_and_the_text_after_it(ok: bool) -> None:
    view = read_turn(
        _events(
            ("text", {"delta": "Before."}),
            ("approval_needed", APPROVAL),
            ("turn_done", {"stop": "approval"}),
            ("tool_result", {"tool": "update_ticket", "ok": ok, "summary": "what came"}),
            ("text", {"delta": "After."}),
            ("turn_done", {"stop": "end_turn"}),
        )
    )
    before, card, after = view.parts
    assert (before, after) == ("Before.", "After.")
    assert isinstance(card, ApprovalCard)
    assert card.outcome is not None
    assert (card.outcome.ok, card.outcome.result) == (ok, "what came")
    assert view.stop == "end_turn"


def test_the_result_of_an_earlier_turns_call_is_no_step() -> None:
    dropped = ("tool_result", {"tool": "update_ticket", "ok": False, "summary": "declined"})
    assert read_turn(_events(dropped)).steps == ()


def test_usage_is_added_up_and_unknown_when_a_price_is() -> None:
    known = read_turn(_events(_usage(0.001), _usage(0.002, "m-strong"))).usage
    assert known is not None
    assert (known.models, known.input_tokens, known.output_tokens) == (
        ("m-weak", "m-strong"),
        200,
        14,
    )
    assert known.cost_usd == pytest.approx(0.003)
    unknown = read_turn(_events(_usage(0.001), _usage(None))).usage
    assert unknown is not None
    assert unknown.cost_usd is None


def test_the_simulated_notice_marks_the_costs_and_is_not_shown_as_a_notice() -> None:
    view = read_turn(
        _events(
            ("notice", {"code": "simulated", "text": "stand-in"}),
            ("notice", {"code": "withheld", "text": "A sentence was withheld."}),
            ("error", {"code": "model_failed", "text": "No model answered."}),
        )
    )
    assert view.simulated == "stand-in"
    assert view.notices == ("A sentence was withheld.",)
    assert view.errors == ("No model answered.",)


def test_guard_route_and_verification_are_steps() -> None:
    view = read_turn(
        _events(
            ("guard", {"stage": "input", "action": "blocked", "masked": 0}),
            ("guard", {"stage": "output", "action": "masked", "masked": 2}),
            ("route", ROUTE),
            ("verification", {"ok": False, "problems": ["cites x"], "action": "withheld"}),
        )
    )
    assert [step.ok for step in view.steps] == [False, True, True, False]
    assert view.steps[1].result == "2 masked"
    assert view.steps[2].details == ("score 0.31, threshold 0.50, estimated $0.0012", "short")
