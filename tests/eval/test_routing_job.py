import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eval import routing_job
from eval.provenance import RunContext
from eval.result import SuiteRun
from eval.routing_job import RoutingJob, run_routing_job
from eval.routing_learning import read_training_set, train_on
from msp_core.bootstrap import Services, build_services, knowledge
from msp_core.errors import ConfigurationError, InvalidInput, UsageError
from msp_core.routing.model_file import read_model, write_model
from msp_core.routing.request import RouteRequest
from msp_core.settings import Settings

HEADER = "id,query,weak_score,strong_score,weak_cost,strong_cost,category,desk"


@pytest.fixture(scope="module", autouse=True)
def _one_model() -> Iterator[None]:
    """Load the (real) embedding model once."""
    embedder = knowledge.local_embedder(Settings())
    with pytest.MonkeyPatch.context() as patch:
        for module in (knowledge, routing_job):
            patch.setattr(module, "local_embedder", lambda settings: embedder)
        yield


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
    tried = outcomes("tried.csv", first=55, n=82)
    job = RoutingJob(
        source=str(tried),
        train_source=str(outcomes(n=60)),
        folds=2,
        group="desk",
        profile="turns=1",
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


@pytest.fixture
def own_router(services: Services, outcomes: Callable[..., Path], tmp_path: Path) -> Path:
    """Learned from `outcomes(n=60)`."""
    taught, _ = read_training_set(
        str(outcomes("taught.csv", n=60)), split=None, group="desk", catalog=services.catalog
    )
    file = tmp_path / "our-router.json"
    embedder = knowledge.local_embedder(services.settings)
    write_model(file, train_on(taught, embedder, folds=2, seed=7, own_groups=True))
    return file


def followed(done: SuiteRun) -> int:
    """Turns that the policy decided by a score, each that of the run's two heads."""
    scores = {item.id: item.raw["router_score"] for item in done.items if item.system == "two_head"}
    by_score = [
        item
        for item in done.items
        if item.system == "policy" and "learned score" in str(item.raw["reasons"])
    ]
    assert all(item.raw["router_score"] == pytest.approx(scores[item.id]) for item in by_score)
    return len(by_score)


def strong_rate(done: SuiteRun) -> float:
    metric = done.result.find("strong_rate", "policy")
    assert metric is not None
    return metric.value


def test_the_policy_goes_by_the_router_that_is_given(
    services: Services, outcomes: Callable[..., Path], own_router: Path
) -> None:
    tried = str(outcomes("tried.csv", first=60, n=60))
    shipped = run(RoutingJob(source=tried), services)
    given = run(RoutingJob(source=tried, model_file=own_router), services)
    assert min(followed(given), followed(shipped)) > 30
    assert strong_rate(given) != strong_rate(shipped)
    assert given.result.provenance.models["router"].startswith("our-router.json: taught, split all")
    assert shipped.result.provenance.models["router"].startswith("shipped: ")
    learned = run(
        RoutingJob(
            source=tried,
            train_source=str(own_router.with_name("taught.csv")),
            folds=2,
            group="desk",
        ),
        services,
    )
    assert followed(learned) > 30
    assert learned.result.provenance.models["router"].startswith("learned in this run: taught")


def test_a_router_of_the_settings_is_put_to_use(
    services: Services, outcomes: Callable[..., Path], own_router: Path
) -> None:
    own = replace(services, settings=replace(services.settings, routing_model=own_router))
    turn = RouteRequest("show the status of printer 61")
    shipped, decision = services.policy.decide(turn), own.policy.decide(turn)
    assert decision.policy_version != shipped.policy_version
    assert decision.threshold == read_model(own_router).threshold
    tried = str(outcomes("tried.csv", first=60, n=60))
    by_settings = run(RoutingJob(source=tried), own)
    assert strong_rate(by_settings) == strong_rate(
        run(RoutingJob(source=tried, model_file=own_router), services)
    )
    missing = replace(services.settings, routing_model=own_router.with_name("none.json"))
    with pytest.raises(ConfigurationError, match=r"none\.json"):
        _ = replace(services, settings=missing).policy


def test_turns_that_the_router_has_learned_from_are_said(
    services: Services, own_router: Path
) -> None:
    same = str(own_router.with_name("taught.csv"))
    done = run(RoutingJob(source=same, model_file=own_router), services)
    assert any("learned from these very turns (taught" in note for note in done.result.notes)
    shipped = run(RoutingJob(source=same), services)
    assert not any("very turns" in note for note in shipped.result.notes)


def test_a_policy_that_counts_words_does_not_try_the_router(
    services: Services, outcomes: Callable[..., Path], own_router: Path
) -> None:
    counting = replace(services, settings=replace(services.settings, routing_policy="word_count"))
    done = run(RoutingJob(source=str(outcomes()), model_file=own_router), counting)
    assert any("The policy is word_count" in note for note in done.result.notes)


def test_columns_that_nobody_reads_are_named(
    services: Services, outcomes: Callable[..., Path]
) -> None:
    path = str(outcomes())
    alone = run(RoutingJob(source=path), services)
    assert any("they are ignored: desk. docs/outcomes.md" in note for note in alone.result.notes)
    used = run(RoutingJob(source=path, group="desk"), services)
    assert not any("ignored" in note for note in used.result.notes)


def test_a_wrong_header_is_all_that_is_wrong(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,question,weak_score,strong_score\n1,a,0,1\n")
    with pytest.raises(InvalidInput, match=r"the header lacks query; docs/outcomes\.md") as refused:
        run(RoutingJob(source=str(path)), services)
    assert "holds no row" not in str(refused.value)


def test_a_group_that_is_no_column_is_said_once(
    services: Services, outcomes: Callable[..., Path]
) -> None:
    with pytest.raises(InvalidInput, match=r"no column 'dask' to group by; .*desk") as refused:
        run(RoutingJob(source=str(outcomes()), group="dask"), services)
    assert str(refused.value).count("dask") == 1


def test_the_example_of_the_documentation(services: Services, root: Path, tmp_path: Path) -> None:
    example = (root / "docs/outcomes.md").read_text().split("```")[1].lstrip()
    path = tmp_path / "example.csv"
    path.write_text(example)
    done = run(RoutingJob(source=str(path)), services)
    assert done.result.dataset.n == 3
    assert not any("ignored" in note for note in done.result.notes)


def test_any_pair_is_priced(services: Services, routing_folder: Callable[..., Path]) -> None:
    micro = "us.amazon.nova-micro-v1:0"
    done = run(RoutingJob(source=str(routing_folder()), weak_model=micro), services)
    assert done.result.provenance.models["weak"] == micro
    cost = done.result.find("cost_usd", "always_weak")
    assert cost is not None
    # Each turn has 1,100 tokens in and 200 out.
    assert cost.value == pytest.approx((1100 * 0.035 + 200 * 0.14) / 1e6)


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
        for row in range(12)
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
