"""What every cost ledger does."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from msp_core.costs.budget import DailyBudget
from msp_core.costs.ledger import Ledger, ModelCall

if TYPE_CHECKING:
    from tests.contract.stores.conftest import Backend

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CALL = ModelCall(AT, "s1", "t1", "northwind", "m-weak", 100, 10, 5, 3, 0.25, False)

Open = Callable[[], Ledger]


@pytest.fixture
def open_ledger(backend: "Backend") -> Open:
    """Makes a new ledger object over the same data at each call."""
    return backend.ledger


def test_a_day_is_summed_by_customer_and_in_all(open_ledger: Open) -> None:
    ledger = open_ledger()
    for call in (
        CALL,
        replace(CALL, cost_usd=None),
        replace(CALL, customer_id="keller", cost_usd=1.0),
        replace(CALL, customer_id=None, cost_usd=2.0),
        replace(CALL, at=AT + timedelta(days=1), cost_usd=4.0),
        replace(CALL, at=datetime(2026, 11, 2, 0, 0, tzinfo=UTC), cost_usd=0.5),
        replace(CALL, at=datetime(2026, 11, 2, 23, 59, 59, tzinfo=UTC), cost_usd=0.5),
        replace(CALL, at=datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC), cost_usd=8.0),
    ):
        ledger.record(call)
    again = open_ledger()
    assert again.spent_usd(AT.date()) == pytest.approx(4.25)
    assert again.spent_usd(AT.date(), customer_id="northwind") == pytest.approx(1.25)
    assert again.spent_usd(date(2026, 12, 24)) == 0.0


def test_sums_by_group_the_dearest_first(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record(CALL)
    ledger.record(replace(CALL, turn_id="t2", model_id="m-strong", cost_usd=3.0, simulated=True))
    ledger.record(replace(CALL, session_id="s2", turn_id="t3", cost_usd=None))
    strong, weak = ledger.sums("model")
    assert (strong.key, strong.calls, strong.cost_usd, strong.simulated_calls) == (
        "m-strong",
        1,
        3.0,
        1,
    )
    assert (weak.key, weak.calls, weak.cost_usd, weak.unpriced_calls) == ("m-weak", 2, 0.25, 1)
    assert (weak.input_tokens, weak.output_tokens, weak.cache_tokens) == (200, 20, 10)
    assert [row.key for row in ledger.sums("turn", session_id="s1")] == ["t2", "t1"]
    assert [row.key for row in ledger.sums("day")] == ["2026-11-02"]
    assert not ledger.sums("customer", customer_id="keller")
    assert not ledger.sums("session", since=date(2026, 11, 3))


def test_the_newest_call_of_a_model(open_ledger: Open) -> None:
    ledger = open_ledger()
    assert ledger.last_call("s1", "m-weak") is None
    ledger.record(CALL)
    newest = replace(CALL, at=AT + timedelta(seconds=9), cost_usd=None)
    ledger.record(newest)
    ledger.record(replace(CALL, session_id="s2"))
    assert ledger.last_call("s1", "m-weak") == newest


def test_threads_lose_no_call(open_ledger: Open) -> None:
    ledger = open_ledger()
    threads = [
        threading.Thread(target=lambda: [ledger.record(CALL) for _ in range(5)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.sums("model")[0].calls == 20


@pytest.mark.parametrize(
    ("budget", "customer", "left"),
    [
        (DailyBudget(), "northwind", None),
        (DailyBudget(usd=5.0), "northwind", 4.0),
        (DailyBudget(usd=5.0, customer_usd=1.0), "northwind", 0.75),
        (DailyBudget(usd=0.5, customer_usd=9.0), "northwind", 0.0),
        (DailyBudget(customer_usd=1.0), None, None),
    ],
)
def test_what_is_left_of_a_budget(
    open_ledger: Open, budget: DailyBudget, customer: str | None, left: float | None
) -> None:
    ledger = open_ledger()
    ledger.record(CALL)
    ledger.record(replace(CALL, customer_id="keller", cost_usd=0.75))
    ledger.record(replace(CALL, at=AT - timedelta(days=1), cost_usd=50.0))
    assert budget.left_usd(ledger, lambda: AT, customer_id=customer) == left


def test_what_costs_almost_nothing_adds_up(open_ledger: Open) -> None:
    ledger = open_ledger()
    for cost in (6e-8, 1e-6, 0.000_012_345, 0.1):
        ledger.record(replace(CALL, cost_usd=cost))
    for spent in (ledger.spent_usd(AT.date()), ledger.sums("day")[0].cost_usd):
        assert spent == pytest.approx(0.100_013_405, abs=1e-9)


def test_sums_over_months_customers_and_the_desk(open_ledger: Open) -> None:
    ledger = open_ledger()
    for days in (0, 1, 40, 300):
        ledger.record(replace(CALL, at=AT - timedelta(days=days), cost_usd=2.0**-days))
    ledger.record(replace(CALL, customer_id=None, session_id="s2", cost_usd=0.25))
    days = [row.key for row in ledger.sums("day")]
    assert days == ["2026-11-02", "2026-11-01", "2026-09-23", "2026-01-06"]
    assert [row.key for row in ledger.sums("day", since=date(2026, 9, 24))] == days[:2]
    assert [row.key for row in ledger.sums("customer")] == ["northwind", None]
    assert [row.key for row in ledger.sums("session", customer_id="northwind")] == ["s1"]
    assert ledger.sums("day", session_id="s1", since=date(2026, 11, 2))[0].cost_usd == 1.0
