import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eval.report import NO_QUALITY, build_report, summary_lines, write_report
from eval.result import SuiteRun
from eval.retrieval import evaluate_retrieval
from eval.retrieval_set import read_retrieval_set
from eval.routing import evaluate_routing
from eval.routing_set import Prices, read_routing_set
from msp_core.errors import ConfigurationError, UsageError
from msp_core.routing.policy import make_policy

Writer = Callable[..., Path]
WHEN = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOTE = "Texts and labels are synthetic."
HOSTILE = "</td><script>alert(1)</script><img src=https://evil.example/x> | **bold** `x"


class Page(HTMLParser):
    """Which tags there are, whether they nest, and what they refer to."""

    VOID = frozenset({"meta", "br", "img", "link", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self._open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action"):
                self.references.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def routed(folder: Path, prices: Prices) -> SuiteRun:
    policy = make_policy("word_count", prices.weak, prices.strong)
    return evaluate_routing(read_routing_set(folder, prices=prices), policy, prices)


def write(runs: list[SuiteRun], folder: Path) -> tuple[dict, Page, str]:
    report = build_report(runs, data_note=NOTE, generated_at=WHEN)
    write_report(report, folder)
    read_back = json.loads((folder / "report.json").read_text())
    assert read_back == report
    html = (folder / "report.html").read_text()
    assert not re.search(r"url\(|@import|<link|<script", html)
    page = Page(html)
    assert page.references == []
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("h1") == 1
    return report, page, (folder / "report.md").read_text()


def test_the_whole_report(routing_run: SuiteRun, retrieval_run: SuiteRun, tmp_path: Path) -> None:
    report, page, markdown = write([routing_run, retrieval_run], tmp_path / "out")
    for name in ("Routing: cost against quality", "Retrieval", "Monthly cost", "Integrity"):
        assert name in page.text
    assert page.tags.count("h2") == 5
    assert page.tags.count("title") == 3  # the page and the two sizes of the chart
    assert {"figure", "figcaption", "caption", "polyline"} - set(page.tags) == {"caption"}
    for text in (page.text, markdown):
        assert NOTE in text
        assert "simulated" in text
        assert "live" in text
        assert "20,000 turns a month" in text
    assert "simulated" in json.dumps(report["verdict"])
    assert report["schema"] == "msp.report/1"


def test_every_router_is_in_curve_and_table(routing_run: SuiteRun, tmp_path: Path) -> None:
    report, page, _ = write([routing_run], tmp_path)
    section = report["routing"]
    lines = {line["system"]: line["points"] for line in section["curve"]["lines"]}
    assert set(lines) == {"random", "regex", "word_count", "policy", "oracle"}
    weak, strong = (1.5, 0.5), (15.0, 1.0)
    for points in lines.values():
        assert tuple(points[0]) == pytest.approx(weak)
        assert tuple(points[-1]) == pytest.approx(strong)
    points = {point["system"] for point in section["curve"]["points"]}
    assert points == {"always_weak", "always_strong", "regex", "word_count", "policy"}
    assert "always strong" in page.text


def test_misroutes_and_regret(routing_run: SuiteRun, tmp_path: Path) -> None:
    report, _, markdown = write([routing_run], tmp_path)
    misroutes = report["routing"]["misroutes"]
    assert [row["id"] for row in misroutes["missed"]] == ["t4"]
    assert [row["id"] for row in misroutes["needless"]] == ["t5"]
    assert misroutes["needless_usd"] == pytest.approx(0.0135)
    categories = {row["value"]: row for row in report["routing"]["by_slice"]["category"]}
    assert (categories["Network"]["missed"], categories["Network"]["regret"]) == (1, 0.2)
    assert (categories["General"]["needless"], categories["General"]["regret"]) == (1, 0)
    assert "please analyse this" in markdown


def test_monthly_cost_is_the_mean_times_the_volume(routing_run: SuiteRun) -> None:
    report = build_report([routing_run], data_note=NOTE, generated_at=WHEN, monthly_turns=1000)
    costs = {row["system"]: row["usd"]["value"] for row in report["routing"]["monthly"]["rows"]}
    assert costs["always_weak"] == pytest.approx(1.5)
    assert costs["policy"] == pytest.approx(8.25)
    assert costs["always_strong"] == pytest.approx(15)


def test_weakest_queries_and_counts(retrieval_run: SuiteRun, tmp_path: Path) -> None:
    report, page, _ = write([retrieval_run], tmp_path)
    rows = {(row["system"], row["n_scored"]) for row in report["integrity"]}
    # 3 judged queries, 1 without an answer; speed and cost are of all 4.
    assert rows == {(s, n) for s in ("bm25", "dense", "fused") for n in (3, 1, 4)}
    assert report["routing"] is None
    assert "Monthly cost" not in page.text
    assert [row["type"] for row in report["retrieval"]["by_type"]] == ["follow_up", "symptom"]


def test_fused_is_compared_with_both_and_cost_is_simulated(
    retrieval_run: SuiteRun, tmp_path: Path
) -> None:
    report, page, markdown = write([retrieval_run], tmp_path)
    rows = report["retrieval"]["differences"]
    assert [(row["system"], row["over"]) for row in rows] == [("fused", "bm25"), ("fused", "dense")]
    dense = retrieval_run.result.find("ndcg@10_vs_dense", "fused")
    assert (rows[1]["figure"]["value"], rows[1]["figure"]["n"]) == (dense.value, 3)
    verdict = report["verdict"][0]["text"]
    assert "BM25 alone (no interval of the difference)" in verdict, "it is the same on every draw"
    assert "meaning alone (no interval of the difference)" in verdict
    assert [row["customer"] for row in report["retrieval"]["by_customer"]] == [
        "medora",
        "northwind",
    ]
    for text in (page.text, markdown):
        assert "Differences in nDCG@10" in text
        assert "nDCG@10 by customer" in text
        assert "$3.50" in text
        assert "Search systems on 3 queries (1 more without an answer" in text


def test_a_difference_with_an_interval_states_it(retrieval_run: SuiteRun, tmp_path: Path) -> None:
    result = retrieval_run.result
    metrics = tuple(replace(metric, low=0.01, high=0.02) for metric in result.metrics)
    run = replace(retrieval_run, result=replace(result, metrics=metrics))
    verdict = write([run], tmp_path)[0]["verdict"][0]["text"]
    assert "BM25 alone (95% interval of the difference 0.010 to 0.020)" in verdict


def test_weak_labels_are_marked(retrieval_run: SuiteRun, tmp_path: Path) -> None:
    dataset = replace(retrieval_run.result.dataset, split="weak")
    run = replace(retrieval_run, result=replace(retrieval_run.result, dataset=dataset))
    report, page, markdown = write([run], tmp_path)
    assert "Weak labels." in page.text
    assert "labels are weak" in markdown
    assert report["retrieval"]["weak_labels"] is True


def test_without_judged_sets_there_is_no_quality_figure(tmp_path: Path) -> None:
    report, page, markdown = write([], tmp_path)
    assert NO_QUALITY in page.text
    assert NO_QUALITY in markdown
    assert not summary_lines(report)


def test_without_prices_the_curve_is_over_strong_calls(
    routing_folder: Writer, prices: Prices, tmp_path: Path
) -> None:
    report, page, _ = write([routed(routing_folder(), replace(prices, weak=None))], tmp_path)
    assert report["routing"]["curve"]["x"] == "strong_rate"
    assert report["routing"]["monthly"] is None
    assert "share of strong calls" in page.text


def test_outcomes_without_a_gap_and_a_single_turn(tmp_path: Path, prices: Prices) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text("id,query,weak_score,strong_score\n1,a,1,1\n")
    report, page, _ = write([routed(path, prices)], tmp_path / "out")
    assert "no gap to recover" in page.text
    assert report["routing"]["kind"] == "recorded"


def test_hostile_text_stays_text(
    routing_folder: Writer, retrieval_folder: Writer, embedder, prices: Prices, tmp_path: Path
) -> None:
    turns = [
        {
            "id": HOSTILE + str(number),
            "split": "dev",
            "customer_id": HOSTILE,
            "text": HOSTILE + " " + "word " * (80 * number),
            "category": HOSTILE,
            "required_model": "strong" if number == 0 else "weak",
            "reason": HOSTILE,
            "tokens": {"input": 1, "output": 1},
        }
        for number in (0, 1)
    ]
    folder = retrieval_folder(
        corpus=[{"_id": HOSTILE, "title": HOSTILE, "text": "a"}, {"_id": "b", "text": HOSTILE}],
        queries=[{"_id": "q", "text": HOSTILE, "type": HOSTILE}],
        qrels=f"q\t{HOSTILE}\t1\n",
    )
    runs = [
        routed(routing_folder(turns), prices),
        evaluate_retrieval(read_retrieval_set(folder), embedder),
    ]
    report = build_report(runs, data_note=HOSTILE, generated_at=WHEN, title=HOSTILE)
    write_report(report, tmp_path / "out")
    html = (tmp_path / "out/report.html").read_text()
    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE in Page(html).text
    markdown = (tmp_path / "out/report.md").read_text()
    assert not re.search(r"(?<!\\)<(?!br>|/?sub>)", markdown)
    for block in markdown.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1


def test_the_summary_is_aligned(routing_run: SuiteRun, retrieval_run: SuiteRun) -> None:
    report = build_report([routing_run, retrieval_run], data_note=NOTE, generated_at=WHEN)
    lines = summary_lines(report)
    assert lines[1].startswith("Routing quality")
    assert "83.3%" in lines[1]
    assert lines[1].endswith("simulated")
    assert len({line.rfind("  ") for line in lines[1:]}) == 1


def test_two_runs_of_a_suite_and_odd_volumes_are_refused(routing_run: SuiteRun) -> None:
    with pytest.raises(UsageError, match="one result per suite"):
        build_report([routing_run, routing_run], data_note=NOTE, generated_at=WHEN)
    with pytest.raises(ValueError, match="volume"):
        build_report([routing_run], data_note=NOTE, generated_at=WHEN, monthly_turns=0)
    other = replace(routing_run, result=replace(routing_run.result, suite="bench_api"))
    with pytest.raises(UsageError, match="no section for bench_api"):
        build_report([other], data_note=NOTE, generated_at=WHEN)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = build_report([], data_note=NOTE, generated_at=WHEN)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_report(report, tmp_path / "file" / "out")
