"""Daily budgets, and what is kept of each decision."""

from datetime import timedelta

import pytest

from msp_core.assistant.events import answer_text
from msp_core.costs.budget import DailyBudget
from msp_core.routing.decision_log import read_log
from msp_core.routing.price import Price
from tests.fakes.bench import Bench, codes, only
from tests.fakes.scripted_model import Reply


@pytest.fixture
def spent(bench: Bench) -> Bench:
    """The customer's cap is nearly used up by a turn of 120 input-price units."""
    bench.strong_price = Price(10.0, 20.0)
    bench.script(Reply("One."))
    bench.ask("hello")
    bench.budget = DailyBudget(customer_usd=0.00013)
    return bench


def test_a_spent_budget_asks_no_model_and_says_so(spent: Bench) -> None:
    model = spent.script()
    events = spent.ask("and now?")
    assert model.seen == []
    assert codes(events) == ["budget_spent"]
    assert events[-1]["stop"] == "budget"
    assert answer_text(events) == ""


def test_a_floor_turn_at_the_cap_goes_to_a_person(spent: Bench) -> None:
    model = spent.script()
    events = spent.ask("we were hacked")
    assert model.seen == []
    assert codes(events) == ["needs_human"]
    assert "security" in only(events, "notice")["text"]
    assert events[-1]["stop"] == "budget"


def test_the_next_day_is_a_new_budget(spent: Bench) -> None:
    spent.budget = DailyBudget(customer_usd=0.5)
    spent.time += timedelta(days=1)
    spent.script(Reply("Two."))
    assert answer_text(spent.ask("and now?")) == "Two."


def test_another_customer_has_its_own_cap(spent: Bench) -> None:
    spent.script(Reply("Two."))
    spent.budget = DailyBudget(customer_usd=0.01)
    assert answer_text(spent.ask("and now?")) == "Two."


def test_an_escalation_that_the_budget_does_not_allow_stops(bench: Bench) -> None:
    bench.policy = "cascade"
    bench.strong_price = Price(1_000.0, 2_000.0)
    bench.budget = DailyBudget(usd=0.01)
    model = bench.script(Reply("I do not know."))
    events = bench.ask("hm?")
    assert len(model.seen) == 1, "the draft alone"
    assert codes(events) == ["budget_spent"]
    assert answer_text(events) == ""
    assert events[-1]["stop"] == "budget"


def test_every_decision_is_logged_with_ticket_and_models(bench: Bench) -> None:
    ticket = bench.open_ticket()
    bench.script(Reply("It is open."), Reply("Yes."))
    bench.ask(f"status of {ticket.ticket_id}?", turn="t1")
    bench.ask("we were hacked", turn="t2")
    first, second = read_log(bench.state / "decisions.jsonl").rows
    assert (first.turn_id, first.choice, first.priority) == ("t1", "weak", "Medium")
    assert (first.weak_model, first.strong_model) == ("weak-model", "strong-model")
    assert (second.floor, second.choice, second.category) == ("security", "strong", "General")
    assert second.weak_cost_usd is not None
    assert second.strong_cost_usd is None, "its price is not known"
