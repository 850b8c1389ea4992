import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from msp_core.errors import ConfigurationError
from msp_core.routing.decision_log import (
    FileDecisionLog,
    LoggedDecision,
    logged_decision,
    read_log,
    replay,
)
from msp_core.routing.policy import RoutingPolicy, make_policy
from msp_core.routing.price import Price
from msp_core.routing.request import CacheState, RouteRequest

WEAK, STRONG = Price(1.0, 2.0), Price(10.0, 20.0, 0.01)
AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
REQUESTS = (
    [
        RouteRequest("word " * n, prefix_tokens=1_000, budget_left_usd=left)
        for n in (1, 20, 60, 200)
        for left in (None, 1.0, 0.004, 0.0)
    ]
    + [
        RouteRequest("we were hacked", prefix_tokens=1_000, budget_left_usd=left)
        for left in (None, 0.001)
    ]
    + [RouteRequest("hi", prefix_tokens=50_000, cache=CacheState(strong_tokens=50_000))]
)


def log_all(policy: RoutingPolicy) -> list[LoggedDecision]:
    return [
        logged_decision(
            policy.decide(request),
            request,
            at=AT,
            session_id="s1",
            turn_id=f"t{number}",
            customer_id="northwind",
            policy=policy.name,
            models=("w", "s"),
        )
        for number, request in enumerate(REQUESTS)
    ]


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_a_replay_is_what_the_policy_would_have_done(tmp_path: Path, threshold: float) -> None:
    log = FileDecisionLog(tmp_path / "state" / "decisions.jsonl")
    for row in log_all(make_policy("word_count", WEAK, STRONG)):
        log.add(row)
    rows = read_log(tmp_path / "state" / "decisions.jsonl").rows
    (replayed,) = replay(rows, [threshold])
    truth = log_all(make_policy("word_count", WEAK, STRONG, threshold=threshold))
    assert replayed.strong == sum(
        row.choice == "strong" and row.action == "answer" for row in truth
    )
    assert replayed.humans == sum(row.action == "human" for row in truth) == 1
    assert replayed.stopped == sum(row.action == "stop" for row in truth)
    assert replayed.changed == sum(
        (new.choice, new.action) != (old.choice, old.action)
        for new, old in zip(truth, rows, strict=True)
    )
    costs = [
        row.strong_cost_usd if row.choice == "strong" else row.weak_cost_usd
        for row in truth
        if row.action == "answer"
    ]
    assert replayed.usd_per_1k == pytest.approx(sum(cost or 0 for cost in costs) / len(rows) * 1e3)


def test_the_log_holds_no_text_of_the_person(tmp_path: Path) -> None:
    request = RouteRequest("my password is hunter2")
    policy = make_policy("weak", WEAK, STRONG)
    row = logged_decision(
        policy.decide(request),
        request,
        at=AT,
        session_id="s",
        turn_id="t",
        customer_id=None,
        policy="weak",
        models=("w", "s"),
    )
    FileDecisionLog(tmp_path / "d.jsonl").add(row)
    text = (tmp_path / "d.jsonl").read_text()
    assert "hunter2" not in text
    assert json.loads(text)["text_characters"] == len(request.text)


def test_malformed_lines_are_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    log = FileDecisionLog(path)
    for row in log_all(make_policy("weak", WEAK, STRONG)):
        log.add(row)
    good = path.read_text().splitlines()[0]
    bad = [
        "{",
        '{"schema": "msp.decision/9"}',
        good.replace('"score":0.0', '"score":1.5'),
        good.replace('"score":0.0', '"score":NaN'),
        "\xff",
    ]
    path.write_bytes(path.read_bytes() + "\n".join(bad).encode("latin-1"))
    read = read_log(path)
    assert len(read.rows) == len(REQUESTS)
    assert len(read.left_out) == 5
    assert all(row.startswith("line ") for row in read.left_out)


@pytest.mark.parametrize("content", [None, "", "{}"])
def test_a_log_without_decisions_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "d.jsonl").write_text(content)
    with pytest.raises(ConfigurationError):
        read_log(tmp_path / "d.jsonl")


def test_an_unpriced_model_has_no_replayed_cost() -> None:
    (row,) = replay(log_all(make_policy("weak", None, STRONG)), [1.0])
    assert row.usd_per_1k is None
