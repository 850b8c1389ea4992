"""The triage that ships, as its suite measures it on the dev split."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from eval.dataset import DATASETS
from eval.datasheets.sheets import tickets_by_id
from eval.provenance import RunContext
from eval.report import build_report, write_report
from eval.result import SuiteRun
from eval.triage_job import run_triage_job
from eval.triage_learning import train_on_set
from msp_core.bootstrap import Services, build_services
from msp_core.errors import UsageError
from msp_core.settings import Settings
from msp_core.tickets.triage_file import default_triage_model, encode_triage_model


@pytest.fixture(scope="module")
def services() -> Services:
    return build_services(Settings())


@pytest.fixture(scope="module")
def run(services: Services) -> SuiteRun:
    return run_triage_job(services, dataset="triage", split="dev", context=RunContext())


def value(run: SuiteRun, name: str, system: str = "triage") -> float:
    found = run.result.find(name, system)
    assert found is not None, name
    return found.value


def test_the_triage_that_ships_is_what_its_training_gives(services: Services) -> None:
    shipped = default_triage_model()
    model = train_on_set(
        DATASETS / "triage",
        tickets_by_id(services.data_dir),
        services.embedder,
        precision=shipped.precision,
    )
    path = files("msp_core.tickets") / "default_triage.json"
    assert encode_triage_model(model) == path.read_bytes()


@pytest.mark.parametrize("field", ["category", "priority", "team"])
def test_it_is_better_than_the_most_frequent(run: SuiteRun, field: str) -> None:
    assert value(run, f"{field}_macro_f1") > value(run, f"{field}_macro_f1", "majority") + 0.1


def test_where_it_is_sure_it_is_more_often_right(run: SuiteRun) -> None:
    for field in ("category", "team"):
        assert value(run, f"{field}_sure_precision") > value(run, f"{field}_accuracy")
    assert value(run, "category_ece") < 0.15
    assert value(run, "duplicate_false_alarms") <= 0.05


def test_figures_are_those_of_the_items(run: SuiteRun) -> None:
    own = [item for item in run.items if item.system == "triage"]
    assert len(own) == run.result.dataset.n
    share = sum(item.scores["team"] for item in own) / len(own)
    assert value(run, "team_accuracy") == pytest.approx(share)
    assert {item.system for item in run.items} == {"triage", "majority", "nearest", "people"}


def test_a_precision_of_none_is_left_out_and_said(run: SuiteRun) -> None:
    assert run.result.find("priority_sure_precision", "triage") is None
    assert any("priority_sure_precision" in note for note in run.result.notes)


def test_its_own_training_split_is_said_to_flatter(services: Services) -> None:
    run = run_triage_job(services, dataset="triage", split="train", context=RunContext())
    assert any("flatter" in note for note in run.result.notes)
    assert run.result.find("team_accuracy", "triage") is not None


def test_baselines_need_a_split_to_learn_from(services: Services, tmp_path: Path) -> None:
    rows = (DATASETS / "triage" / "labels.jsonl").read_text().splitlines()
    own = [row for row in rows if json.loads(row)["split"] == "dev"]
    (tmp_path / "labels.jsonl").write_text("\n".join(own))
    with pytest.raises(UsageError, match="baselines learn from the split 'train'"):
        run_triage_job(services, dataset=str(tmp_path), split="dev", context=RunContext())


def test_the_report_has_a_section_on_it(run: SuiteRun, tmp_path: Path) -> None:
    report = build_report(
        [run], data_note="Synthetic.", generated_at=datetime(2026, 11, 23, tzinfo=UTC)
    )
    write_report(report, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    for text in (html, markdown):
        assert f"Triage of {run.result.dataset.n} tickets" in text
        for heading in ("How far to trust a suggestion", "Duplicates and similar solved tickets"):
            assert heading in text
    (sentence,) = report["verdict"]
    assert f"category is {value(run, 'category_macro_f1'):.3f}" in sentence["text"]
    assert sentence["kind"] == "live"
    assert [row["system"] for row in report["triage"]["systems"]] == [
        "majority", "nearest", "triage", "people",
    ]  # fmt: skip
    # What a precision is of is counted, not every ticket.
    trust = report["triage"]["fields"][0]
    sure = trust["sure_precision"]["n"]
    assert sure == round(trust["sure_coverage"]["value"] * run.result.dataset.n)
    assert sure < run.result.dataset.n
