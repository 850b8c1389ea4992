from dataclasses import replace

import pytest

from msp_core.routing.floor_patterns import match_floor
from msp_core.routing.policy import (
    EXPECTED_OUTPUT_TOKENS,
    RouteFacts,
    RoutingPolicy,
    Trained,
    decide_from,
    make_policy,
)
from msp_core.routing.price import Price
from msp_core.routing.request import CacheState, RouteRequest

WEAK, STRONG = Price(1.0, 2.0), Price(10.0, 20.0)


@pytest.mark.parametrize(
    ("text", "floor"),
    [
        ("I clicked on the link in a phishing mail", "security"),
        ("Ransomware! all files end in .locked", "security"),
        ("somebody stole... my laptop was stolen", "security"),
        ("The whole office is offline", "outage"),
        ("now 40 users cannot print", "outage"),
        ("internet down since 8", "outage"),
        ("please delete TKT-20260102-0A1B2C3D", "destructive"),
        ("Wipe his phone", "destructive"),
        ("this is a breach of contract", "contract"),
        ("we want an SLA credit for last week", "contract"),
        ("is this allowed under GDPR", "contract"),
        ("my mouse is broken", None),
        ("9 users ask for a new mouse", None),
        ("the deleted items folder is full", None),
    ],
)
def test_floors(text: str, floor: str | None) -> None:
    assert match_floor(text) == floor


@pytest.mark.parametrize("name", ["word_count", "regex", "weak", "strong"])
def test_no_policy_overrides_a_floor(name: str) -> None:
    decision = make_policy(name, WEAK, STRONG).decide(RouteRequest("hacked"))
    assert (decision.choice, decision.score, decision.floor) == ("strong", 1.0, "security")
    assert decision.reasons == ("floor: security",)


def test_a_floor_is_inherited_by_a_yes() -> None:
    request = RouteRequest("yes", ("Delete TKT-20260102-0A1B2C3D",))
    decision = make_policy("weak", WEAK, STRONG).decide(request)
    assert (decision.choice, decision.floor) == ("strong", "destructive")


@pytest.mark.parametrize(("score", "choice"), [(0.0, "weak"), (0.49, "weak"), (0.5, "strong")])
def test_the_threshold_itself_is_strong(score: float, choice: str) -> None:
    policy = RoutingPolicy("test", lambda request: score, 0.5, WEAK, STRONG)
    decision = policy.decide(RouteRequest("printer"))
    assert (decision.choice, decision.score, decision.threshold) == (choice, score, 0.5)
    assert f"{score:.2f}" in decision.reasons[0]


@pytest.mark.parametrize(
    ("name", "text", "choice"),
    [
        ("weak", "analyse " * 60, "weak"),
        ("strong", "hi", "strong"),
        ("regex", "why does it fail", "strong"),
        ("regex", "the printer on the second floor is broken", "weak"),
        ("word_count", "word " * 25, "strong"),
        ("word_count", "word " * 24, "weak"),
    ],
)
def test_named_policies(name: str, text: str, choice: str) -> None:
    assert make_policy(name, WEAK, STRONG).decide(RouteRequest(text)).choice == choice


def test_the_estimate_is_of_the_first_call_at_the_chosen_models_price() -> None:
    request = RouteRequest("a" * 400, prefix_tokens=900)
    weak = make_policy("weak", WEAK, STRONG).decide(request)
    assert weak.estimated_cost_usd == pytest.approx(
        (1000 + 2 * EXPECTED_OUTPUT_TOKENS["final"]) / 1e6
    )
    strong = make_policy("strong", WEAK, STRONG).decide(request)
    assert strong.estimated_cost_usd == pytest.approx(
        10 * (1000 + 2 * EXPECTED_OUTPUT_TOKENS["final"]) / 1e6
    )


def test_an_unpriced_model_has_no_estimate() -> None:
    policy = make_policy("strong", WEAK, None)
    assert policy.decide(RouteRequest("hi")).estimated_cost_usd is None
    assert replace(policy, strong_price=STRONG).decide(RouteRequest("hi")).estimated_cost_usd


def test_a_message_that_the_scorer_does_not_know_goes_strong() -> None:
    trained = Trained(
        lambda request: 0.1,
        0.5,
        familiarity=lambda request: 0.9 if "printer" in request.text else 0.2,
        least_familiar=0.4,
        version="abc",
    )
    policy = make_policy("learned", WEAK, STRONG, trained=trained)
    known = policy.decide(RouteRequest("the printer is out of toner"))
    assert (known.choice, known.out_of_distribution) == ("weak", False)
    strange = policy.decide(RouteRequest("prove the theorem"))
    assert (strange.choice, strange.score, strange.out_of_distribution) == ("strong", 1.0, True)
    assert strange.facts.score == 0.1
    foreign = policy.decide(RouteRequest("Der Drucker (printer) hat keinen Toner"))
    assert foreign.reasons == ("out of distribution: not in English",)
    assert not policy.decide(RouteRequest("muchas gracias")).out_of_distribution


def test_the_version_follows_what_decides() -> None:
    versions = {
        make_policy("word_count", WEAK, STRONG).version,
        make_policy("word_count", WEAK, STRONG, threshold=0.4).version,
        make_policy("word_count", STRONG, STRONG).version,
        make_policy("regex", WEAK, STRONG).version,
        make_policy("word_count", WEAK, STRONG, floors_version="b").version,
    }
    assert len(versions) == 5
    again = make_policy("word_count", WEAK, STRONG)
    assert again.version in versions
    assert again.decide(RouteRequest("hi")).policy_version == again.version


@pytest.mark.parametrize(
    ("left", "choice", "action"),
    [
        (None, "strong", "answer"),
        (1.0, "strong", "answer"),
        (0.005, "weak", "answer"),
        (0.001, "weak", "stop"),
        (0.0, "weak", "stop"),
    ],
)
def test_a_budget_makes_a_turn_weak_and_then_stops_it(
    left: float | None, choice: str, action: str
) -> None:
    request = RouteRequest("word " * 40, prefix_tokens=1_000, budget_left_usd=left)
    decision = make_policy("word_count", WEAK, STRONG).decide(request)
    assert (decision.choice, decision.action) == (choice, action)


@pytest.mark.parametrize("left", [0.0, 0.001, 0.005])
def test_a_budget_never_overrides_a_floor(left: float) -> None:
    request = RouteRequest("we were hacked", prefix_tokens=1_000, budget_left_usd=left)
    decision = make_policy("weak", WEAK, STRONG).decide(request)
    assert (decision.choice, decision.action, decision.floor) == ("strong", "human", "security")


def test_a_warm_cache_makes_the_strong_model_the_cheaper_one() -> None:
    dear = Price(10.0, 10.0, 0.1)
    cold = RouteRequest("hi", prefix_tokens=100_000)
    warm = RouteRequest("hi", prefix_tokens=100_000, cache=CacheState(strong_tokens=100_000))
    policy = make_policy("weak", WEAK, dear)
    assert policy.decide(cold).choice == "weak"
    decision = policy.decide(warm)
    assert decision.choice == "strong"
    assert "costs no more" in decision.reasons[1]
    assert decision.estimated_cost_usd == pytest.approx((100_000 * 0.1 + 300 * 10) / 1e6)


def test_a_step_that_writes_little_costs_little() -> None:
    policy = make_policy("weak", WEAK, STRONG)
    costs = [
        policy.decide(RouteRequest("", step=step)).estimated_cost_usd
        for step in ("classify", "verify", "tool", "final")
    ]
    assert costs == sorted(cost for cost in costs if cost is not None)
    assert len(set(costs)) == 4


@pytest.mark.parametrize(
    ("score", "threshold", "said"),
    [
        (0.6912, 0.6934, "score 0.691 is below the threshold 0.693"),
        (0.2, 0.7, "score 0.20 is below the threshold 0.70"),
        (0.5, 0.5, "score 0.50 is at or above the threshold 0.50"),
    ],
)
def test_a_score_is_told_from_the_threshold(score: float, threshold: float, said: str) -> None:
    assert said in decide_from(RouteFacts(score), threshold).reasons[0]
