"""The cascade: a draft of the weak model, kept or given up."""

from typing import Any

import pytest
from strands.models.model import Model

from msp_core.assistant.events import answer_text
from msp_core.routing.price import Price
from tests.fakes.bench import CUSTOMER, MANAGER, Bench, alternate, codes, of_type, only
from tests.fakes.scripted_model import Call, Reply, ScriptedModel

SEARCH = Reply(calls=(Call("search_knowledge", {"query": "VPN drops every hour"}),))
GOOD = Reply(
    "The VPN drops: raise the IKE lifetime on the firewall to 28800 seconds, then restart the VPN"
    " client [article:vpn-drops]."
)
CREATE = Reply(calls=(Call("create_ticket", {"title": "Mouse", "description": "broken"}),))


@pytest.fixture
def cascade(bench: Bench) -> Bench:
    bench.policy = "cascade"
    return bench


def weak(bench: Bench, *replies: Reply) -> ScriptedModel:
    model = ScriptedModel(list(replies))
    bench.weak = model
    return model


def strong(bench: Bench, *replies: Reply) -> ScriptedModel:
    model = ScriptedModel(list(replies))
    bench.strong = model
    return model


def test_a_draft_that_the_passages_cover_is_shown(cascade: Bench) -> None:
    weak(cascade, SEARCH, GOOD)
    asked = strong(cascade)
    events = cascade.ask("my VPN drops, what now?")
    assert answer_text(events) == GOOD.text
    assert asked.seen == []
    assert only(events, "route")["choice"] == "weak"
    assert only(events, "verification")["ok"]
    assert [row["model"] for row in of_type(events, "usage")] == ["weak-model"] * 2
    assert of_type(events, "citation")[0]["id"] == "article:vpn-drops"
    first_text = next(place for place, row in enumerate(events) if row["type"] == "text")
    assert max(row["seq"] for row in of_type(events, "usage")) < first_text


def test_a_kept_draft_is_part_of_the_conversation(cascade: Bench) -> None:
    weak(cascade, SEARCH, GOOD)
    cascade.ask("my VPN drops, what now?")
    model = weak(cascade, Reply("Restart the VPN client after you raise the lifetime."))
    cascade.ask("which first?")
    assert alternate(model.seen[0])
    assert "28800" in str(model.seen[0])
    assert [row["role"] for row in model.seen[0]][:4] == ["user", "assistant"] * 2


@pytest.mark.parametrize(
    ("drafts", "problem"),
    [
        ([SEARCH, Reply("Replace the toner cartridge and clean its drum.")], "no passage"),
        ([Reply("I'm sorry, I cannot help with that.")], "refuses"),
        ([Reply("")], "empty"),
        ([SEARCH, Reply("See [article:not-there] on the VPN lifetime.")], "not retrieved"),
        ([Reply("Half of it", error=RuntimeError("gone"))], "did not answer"),
        ([CREATE], "write"),
        ([SEARCH] * 9, "no end"),
    ],
)
def test_a_draft_that_fails_is_never_shown_and_the_strong_model_answers(
    cascade: Bench, drafts: list[Reply], problem: str
) -> None:
    weak(cascade, *drafts)
    asked = strong(cascade, SEARCH, GOOD)
    events = cascade.ask("my VPN drops, what now?")
    assert answer_text(events) == GOOD.text
    given_up, kept = of_type(events, "verification")
    assert (given_up["action"], given_up["ok"], kept["ok"]) == ("escalated", False, True)
    assert any(problem in row for row in given_up["problems"]), given_up
    assert [row["choice"] for row in of_type(events, "route")] == ["weak", "strong"]
    assert [len(messages) for messages in asked.seen] == [1, 3], "the draft left no trace"
    assert cascade.titles() == []


def test_the_first_write_escalates_and_is_done_once(cascade: Bench) -> None:
    weak(cascade, CREATE)
    strong(cascade, CREATE, Reply("Created."))
    events = cascade.ask("open a ticket: my mouse is broken")
    assert answer_text(events) == "Created."
    assert cascade.titles() == ["Mouse"]
    assert "create_ticket" in of_type(events, "verification")[0]["problems"][0]


def test_a_floor_is_never_drafted(cascade: Bench) -> None:
    drafted = weak(cascade)
    strong(cascade, Reply("Disconnect it from the network."))
    events = cascade.ask("I clicked a phishing link")
    assert drafted.seen == []
    assert only(events, "route")["reasons"] == ["floor: security"]


def test_a_draft_reads_no_more_than_the_person_may(cascade: Bench) -> None:
    seen: list[Any] = []

    def answer(messages: list[Any]) -> Reply:
        seen.append(messages)
        return SEARCH if len(messages) < 3 else GOOD

    cascade.weak = ScriptedModel(answer)
    cascade.ask("VPN?", CUSTOMER)
    assert "brkgls7" not in str(seen[-1])


def test_tickets_alone_are_no_reason_to_give_up(cascade: Bench) -> None:
    ticket = cascade.open_ticket("Printer broken")
    weak(
        cascade,
        Reply(calls=(Call("list_tickets", {}),)),
        Reply(f"One ticket is open: {ticket.ticket_id}, Printer broken, priority Medium."),
    )
    strong(cascade)
    assert ticket.ticket_id in answer_text(cascade.ask("what is open?"))


def test_what_the_draft_cost_is_in_the_ledger_too(cascade: Bench) -> None:
    cascade.strong_price = Price(10.0, 20.0)
    weak(cascade, Reply("I do not know."))
    strong(cascade, Reply("Here."))
    cascade.ask("hm?", turn="t1")
    models = {row.key: row for row in cascade.ledger.sums("model", session_id="s1")}
    assert models["weak-model"].cost_usd == pytest.approx((100 + 10 * 2) / 1e6)
    assert models["strong-model"].cost_usd == pytest.approx((100 * 10 + 10 * 20) / 1e6)
    (turn,) = cascade.ledger.sums("turn")
    assert (turn.key, turn.calls) == ("t1", 2)
    (customer,) = cascade.ledger.sums("customer")
    assert customer.key == "northwind"


def test_the_same_turn_again_drafts_nothing(cascade: Bench) -> None:
    weak(cascade, SEARCH, GOOD)
    events = cascade.ask("my VPN drops", turn="t1")
    again: Model = weak(cascade)
    assert cascade.ask("my VPN drops", turn="t1") == events
    assert again.seen == []  # type: ignore[attr-defined]


def test_an_approval_of_an_escalated_turn_goes_on_with_the_strong_model(cascade: Bench) -> None:
    ticket = cascade.open_ticket()
    note = Call("add_note", {"ticket_id": ticket.ticket_id, "text": "Toner ordered."})
    weak(cascade, Reply(calls=(note,)))
    model = strong(cascade, Reply(calls=(note,)), Reply("Noted."))
    waiting = cascade.ask(f"tell them in {ticket.ticket_id} that toner is ordered")
    assert waiting[-1]["stop"] == "approval"
    events = cascade.decide(waiting, True)
    assert answer_text(events) == "Noted."
    assert len(model.seen) == 2
    assert codes(events) == []
    assert len(cascade.desk.read(ticket.ticket_id, MANAGER).notes) == 1
