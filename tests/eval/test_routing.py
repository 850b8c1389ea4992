from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eval.result import SuiteRun, read_result, write_result
from eval.routing import evaluate_routing
from eval.routing_set import Prices, read_routing_set
from msp_core.routing.policy import make_policy
from tests.eval.conftest import TURNS, turn

Writer = Callable[..., Path]


def evaluate(folder: Path, prices: Prices) -> SuiteRun:
    data = read_routing_set(folder, prices=prices)
    return evaluate_routing(data, make_policy("word_count", prices.weak, prices.strong), prices)


@pytest.fixture
def run(routing_run: SuiteRun) -> SuiteRun:
    return routing_run


def value(run: SuiteRun, name: str, system: str, slice_: str = "all") -> float:
    metric = run.result.find(name, system, slice_)
    assert metric is not None, (name, system, slice_)
    return metric.value


def test_the_ends_and_the_oracle(run: SuiteRun) -> None:
    assert value(run, "quality", "always_weak") == 0.5
    assert value(run, "quality", "always_strong") == 1
    assert value(run, "strong_rate", "always_strong") == 1
    assert value(run, "quality", "oracle") == 1
    assert value(run, "strong_rate", "oracle") == 0.5
    assert value(run, "apgr", "oracle") == pytest.approx(0.75)
    assert value(run, "cost_usd", "always_weak") == pytest.approx(0.0015)


def test_random_is_exactly_a_half_at_the_policys_rate(run: SuiteRun) -> None:
    assert value(run, "apgr", "random") == pytest.approx(0.5, abs=1e-12)
    assert value(run, "cpt80", "random") == pytest.approx(0.8, abs=1e-12)
    rate = value(run, "strong_rate", "policy")
    assert value(run, "strong_rate", "random") == rate
    assert value(run, "quality", "random") == pytest.approx(0.5 + rate * 0.5)


def test_the_policy_is_its_scorer_under_floors(run: SuiteRun) -> None:
    # Strong: t2 (61 words), t5 (30 words) and t6 (a floor, 5 words); t4 is missed.
    assert value(run, "strong_rate", "policy") == 0.5
    assert value(run, "quality", "policy") == pytest.approx(5 / 6)
    assert value(run, "quality", "word_count") == pytest.approx(4 / 6)
    assert value(run, "cost_usd", "policy") == pytest.approx((0.0015 + 0.015) / 2)
    floor = next(i for i in run.items if (i.id, i.system) == ("t6", "policy"))
    assert (floor.raw["router_score"], floor.raw["reasons"]) == (1, ["floor: security"])


def test_the_regex_baseline_at_its_threshold(run: SuiteRun) -> None:
    chosen = {i.id for i in run.items if i.system == "regex" and i.scores["strong_rate"] == 1}
    assert chosen == {"t2", "t4"}


def test_floor_recall_is_over_every_turn_with_a_floor(run: SuiteRun) -> None:
    metric = run.result.find("floor_recall", "policy")
    assert metric is not None
    assert (metric.value, metric.n_scored) == (pytest.approx(2 / 3), 3)
    apart = run.result.find("floor_recall", "policy", "split=floor")
    assert apart is not None
    assert (apart.value, apart.n_scored) == (0.5, 2)


def test_a_floor_turn_may_go_strong_for_another_reason(
    routing_folder: Writer, prices: Prices
) -> None:
    long = turn(7, "strong", "word " * 40, split="floor", floor="outage")
    run = evaluate(routing_folder([*TURNS[:6], long, TURNS[7]]), prices)
    assert value(run, "floor_recall", "policy") == pytest.approx(1 / 3)
    assert value(run, "floor_strong", "policy") == pytest.approx(2 / 3)


def test_figures_from_labels_are_simulated_and_sliced(run: SuiteRun) -> None:
    kinds = {metric.kind for metric in run.result.metrics if metric.name != "decision_ms"}
    assert kinds == {"simulated"}
    assert value(run, "quality", "policy", "category=General") == 1
    assert value(run, "quality", "policy", "customer=medora") == pytest.approx(2 / 3)
    assert run.result.provenance.price_date == "2026-11-01"
    assert run.result.provenance.models["policy"] == "word_count"


def test_without_prices_there_are_no_costs(routing_folder: Writer, prices: Prices) -> None:
    run = evaluate(routing_folder(), replace(prices, strong=None))
    names = {metric.name for metric in run.result.metrics}
    assert "apgr" in names
    assert not names & {"cost_usd", "saving@2", "saving@5", "saving@10"}
    assert run.result.provenance.price_date is None


def test_recorded_outcomes_with_a_router_of_their_own(tmp_path: Path, prices: Prices) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text(
        "id,query,weak_score,strong_score,router_score\n1,a,1,1,-3\n2,b,0,1,9\n3,c,0.5,0.5,1\n"
    )
    run = evaluate(path, prices)
    kinds = {metric.name: metric.kind for metric in run.result.metrics}
    assert kinds["apgr"] == kinds["quality"] == "recorded"
    assert kinds["usd_per_1k_tickets"] == "simulated"
    assert any("usd_per_1k_tickets is of no turn here" in note for note in run.result.notes)
    assert value(run, "apgr", "router") == pytest.approx((0.5 + 1 + 1) / 3)
    assert run.result.find("quality", "router") is None
    assert run.result.find("floor_recall", "policy") is None


def test_without_a_gap_there_is_no_curve_figure(tmp_path: Path, prices: Prices) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text("id,query,weak_score,strong_score\n1,a,1,1\n2,b,0.5,0.5\n")
    run = evaluate(path, prices)
    assert run.result.find("apgr", "policy") is None
    assert value(run, "quality", "policy") == 0.75


def test_the_figures_survive_the_file(run: SuiteRun, tmp_path: Path) -> None:
    write_result(tmp_path / "out", run.result, run.items)
    again = read_result(tmp_path / "out")
    assert again.result == run.result
    assert list(again.items) == list(run.items)
