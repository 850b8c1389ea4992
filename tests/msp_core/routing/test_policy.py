from dataclasses import replace

import pytest

from msp_core.routing.policy import (
    EXPECTED_OUTPUT_TOKENS,
    RoutingPolicy,
    find_floor,
    make_policy,
)
from msp_core.routing.price import Price
from msp_core.routing.request import RouteRequest

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
        ("this is a breach of contract", "security"),
        ("we want an SLA credit for last week", "contract"),
        ("is this allowed under GDPR", "contract"),
        ("my mouse is broken", None),
        ("9 users ask for a new mouse", None),
        ("the deleted items folder is full", None),
    ],
)
def test_floors(text: str, floor: str | None) -> None:
    assert find_floor(text) == floor


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
    assert weak.estimated_cost_usd == pytest.approx((1000 + 2 * EXPECTED_OUTPUT_TOKENS) / 1e6)
    strong = make_policy("strong", WEAK, STRONG).decide(request)
    assert strong.estimated_cost_usd == pytest.approx(
        10 * (1000 + 2 * EXPECTED_OUTPUT_TOKENS) / 1e6
    )


def test_an_unpriced_model_has_no_estimate() -> None:
    policy = make_policy("strong", WEAK, None)
    assert policy.decide(RouteRequest("hi")).estimated_cost_usd is None
    assert replace(policy, strong_price=STRONG).decide(RouteRequest("hi")).estimated_cost_usd
