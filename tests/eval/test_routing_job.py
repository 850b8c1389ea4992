import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eval.provenance import RunContext
from eval.result import SuiteRun
from eval.routing_job import RoutingJob, run_routing_job
from msp_core.bootstrap import Services, build_services
from msp_core.errors import ConfigurationError, InvalidInput, UsageError
from msp_core.settings import Settings

HEADER = "id,query,weak_score,strong_score,weak_cost,strong_cost,category,desk"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build_services(Settings(state_dir=tmp_path / "state"))


@pytest.fixture
def outcomes(tmp_path: Path) -> Callable[..., Path]:
    """Writes an outcome file in which every third turn needs the strong model."""

    def write(name: str = "mine.csv", *, first: int = 0, n: int = 90, more: str = "") -> Path:
        hard = "why does tunnel {} drop since the change and what is the risk"
        lines = [HEADER]
        for row in range(first, first + n):
            text = (hard if row % 3 == 0 else "show the status of printer {}").format(row)
            kind = "Network" if row % 2 else "Software"
            lines.append(f"{row},{text},{int(row % 3 > 0)},1,0.001,0.01,{kind},d{row % 6}")
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n" + more)
        return path

    return write


def run(job: RoutingJob, services: Services) -> SuiteRun:
    return run_routing_job(job, services, context=RunContext())


def test_learned_from_one_file_and_tried_on_another(
    services: Services, outcomes: Callable[..., Path]
) -> None:
    tried = outcomes("tried.csv", first=85, n=100)
    job = RoutingJob(
        source=str(tried), train_source=str(outcomes()), folds=3, group="desk", profile="turns=1"
    )
    done = run(job, services)
    apgr = done.result.find("apgr", "two_head")
    assert apgr is not None
    assert apgr.value > 0.75
    assert done.result.find("transfer_apgr", "two_head", "category=Network")
    assert any(note.startswith("5 of the evaluated turns also stand") for note in done.result.notes)
    assert {item.group for item in done.items} == {f"d{row}" for row in range(6)}


def test_the_very_turns_are_no_test(services: Services, outcomes: Callable[..., Path]) -> None:
    path = str(outcomes())
    with pytest.raises(UsageError, match="the very turns that are evaluated"):
        run(RoutingJob(source=path, train_source=path), services)


def test_a_model_file_takes_no_training(services: Services, outcomes: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="--model"):
        run(RoutingJob(source=str(outcomes()), model_file=outcomes(), folds=3), services)


def test_any_pair_is_priced(services: Services, routing_folder: Callable[..., Path]) -> None:
    labels = str(routing_folder())
    cheap = run(RoutingJob(source=labels, weak_model="us.amazon.nova-micro-v1:0"), services)
    usual = run(RoutingJob(source=labels), services)
    assert cheap.result.provenance.models["weak"] == "us.amazon.nova-micro-v1:0"
    costs = [done.result.find("cost_usd", "always_weak") for done in (cheap, usual)]
    assert costs[0] is not None
    assert costs[1] is not None
    assert costs[0].value < costs[1].value


@pytest.mark.parametrize(
    ("model", "error", "reason"),
    [
        ("amazon.titan-text-express-v1", ConfigurationError, "retired.*nova-2-lite"),
        ("us.amazon.nova-micr-v1:0", UsageError, "not in the catalogue. Did you mean"),
    ],
)
def test_a_model_that_cannot_be_priced(
    services: Services, model: str, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        run(RoutingJob(strong_model=model), services)


def test_three_rows(services: Services, outcomes: Callable[..., Path]) -> None:
    path = str(outcomes(n=3))
    done = run(RoutingJob(source=path), services)
    assert all(metric.low is None for metric in done.result.metrics)
    assert "3 turns are too few for an interval: none is given." in done.result.notes
    with pytest.raises(InvalidInput, match="3 rows are too few to learn"):
        run(RoutingJob(source=path, folds=2), services)


def test_the_weak_model_better_overall_is_said(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "swapped.jsonl"
    rows = [
        {"id": row, "query": f"q {row}", "weak_score": 1, "strong_score": row % 2}
        for row in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run(RoutingJob(source=str(path)), services)
    assert done.result.find("apgr", "policy") is None
    assert any("not better than the weak one" in note for note in done.result.notes)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("900,x,1,1,0,0,A,d1,more\n", "it has 9 cells, and the header has 8"),
        ("900,x,1,1,0\n", "it has 5 cells"),
        ("900,x,1,1,0,0,A,\n", "desk: it is empty"),
        ("0,x,1,1,0,0,A,d1\n", "id: '0' stands here for the second time"),
        ("900,x,-0.1,1,0,0,A,d1\n", "weak_score"),
        ("900,x,inf,1,0,0,A,d1\n", "weak_score"),
    ],
)
def test_bad_rows_are_named(
    services: Services, outcomes: Callable[..., Path], more: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        run(RoutingJob(source=str(outcomes(more=more)), group="desk"), services)


def test_labels_have_columns_of_their_own(services: Services) -> None:
    with pytest.raises(UsageError, match="cannot be grouped by 'desk'"):
        run(RoutingJob(group="desk"), services)


def test_a_learned_policy_is_not_asked_of_very_many(
    services: Services, outcomes: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.routing_learning.EMBEDDED_AT_MOST", 50)
    monkeypatch.setattr("eval.routing_job.EMBEDDED_AT_MOST", 50)
    learned = replace(services, settings=replace(services.settings, routing_policy="learned"))
    done = run(RoutingJob(source=str(outcomes())), learned)
    systems = {metric.system for metric in done.result.metrics}
    assert not systems & {"policy", "two_head", "knn"}
    assert "lexical" in systems
    assert any("90 turns are more than the 50" in note for note in done.result.notes)
