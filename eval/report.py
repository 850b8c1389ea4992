"""The report: one dict, written as HTML, Markdown and JSON."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from eval import retrieval, routing, triage
from eval.files import write_lines
from eval.reporting.figure import with_interval, write_interval, write_value
from eval.reporting.markdown import render_markdown
from eval.reporting.page import render_page
from eval.reporting.retrieval_section import retrieval_section
from eval.reporting.routing_section import routing_section
from eval.reporting.table import system_name
from eval.reporting.triage_section import triage_section
from eval.result import Result, SuiteRun
from eval.retrieval_figures import PRIMARY
from eval.routing_figures import over
from eval.routing_systems import ALWAYS_STRONG, POLICY, WORD_COUNT
from msp_core.clock import to_iso
from msp_core.errors import UsageError

SCHEMA = "msp.report/1"
MONTHLY_TURNS = 20_000
NO_QUALITY = "No judged sets: no quality figure."


def build_report(
    runs: Sequence[SuiteRun],
    *,
    data_note: str,
    generated_at: datetime,
    title: str = "Routing, retrieval and triage report",
    monthly_turns: int = MONTHLY_TURNS,
) -> dict[str, Any]:
    """Everything the report says, as JSON values.

    Args:
        runs: at most one per suite; with none the report says that there is no quality figure.
        data_note: where texts and labels come from, in a sentence or two.
        generated_at: aware.
        monthly_turns: the volume that monthly costs are stated for, 1 or more.

    Raises:
        UsageError: two runs of one suite, or a suite that has no section here.
        ValueError: no volume.
    """
    by_suite = {run.result.suite: run for run in runs}
    if len(by_suite) < len(runs):
        raise UsageError("The report takes one result per suite. Leave all but one out.")
    if unknown := by_suite.keys() - {routing.SUITE, retrieval.SUITE, triage.SUITE}:
        raise UsageError(
            f"The report has no section for {', '.join(sorted(unknown))}. Give results of"
            f" {retrieval.SUITE}, {routing.SUITE} and {triage.SUITE}."
        )
    if monthly_turns < 1:
        raise ValueError(f"the monthly volume must be 1 or more, not {monthly_turns}")
    routed, found = by_suite.get(routing.SUITE), by_suite.get(retrieval.SUITE)
    routing_data = routing_section(routed, monthly_turns=monthly_turns) if routed else None
    retrieval_data = retrieval_section(found) if found else None
    triaged = by_suite.get(triage.SUITE)
    triage_data = triage_section(triaged) if triaged else None
    return {
        "schema": SCHEMA,
        "title": title,
        "generated_at": to_iso(generated_at),
        "data_note": data_note,
        "verdict": _verdict(routing_data, retrieval_data, triage_data),
        "key_figures": _key_figures(routing_data, retrieval_data, triage_data),
        "routing": routing_data,
        "retrieval": retrieval_data,
        "triage": triage_data,
        "provenance": [_provenance(run.result) for run in runs],
        "integrity": [row for run in runs for row in _integrity(run.result)],
    }


def write_report(report: dict[str, Any], folder: Path) -> None:
    """Write `report.html`, `report.md` and `report.json`, each whole or not at all.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    text = json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_lines(folder / "report.json", [text, "\n"])
    write_lines(folder / "report.md", [render_markdown(report)])
    write_lines(folder / "report.html", [render_page(report)])


def summary_lines(report: dict[str, Any]) -> list[str]:
    """The key figures as a small table for a terminal; empty when there are none."""
    rows = [("", "figure", "95% interval", "n", "")]
    for key in report["key_figures"]:
        shown = key["figure"]
        rows.append(
            (
                key["label"],
                write_value(shown["value"], key["format"]),
                write_interval(shown, key["format"]) or "-",
                str(shown["n"]),
                shown["kind"],
            )
        )
    if len(rows) == 1:
        return []
    label, value, interval, n, _ = (max(len(row[i]) for row in rows) for i in range(5))
    return [
        f"{row[0]:<{label}}  {row[1]:>{value}}  {row[2]:>{interval}}  {row[3]:>{n}}  {row[4]}"
        for row in rows
    ]


def _row(section: dict[str, Any], system: str) -> dict[str, Any]:
    rows = [row for row in section["systems"] if row["system"] == system]
    return rows[0] if rows else {}


def _verdict(
    routing_data: dict[str, Any] | None,
    retrieval_data: dict[str, Any] | None,
    triage_data: dict[str, Any] | None,
) -> list[dict[str, str]]:
    sentences = []
    if routing_data is not None:
        sentences.append({"kind": routing_data["kind"], "text": _routing_verdict(routing_data)})
    if retrieval_data is not None and retrieval_data["systems"]:
        text = _retrieval_verdict(retrieval_data)
        sentences.append({"kind": retrieval_data["kind"], "text": text})
    if triage_data is not None:
        sentences.append({"kind": triage_data["kind"], "text": _triage_verdict(triage_data)})
    return sentences or [{"kind": "", "text": NO_QUALITY}]


def _routing_verdict(section: dict[str, Any]) -> str:
    main, strong = _row(section, section["main"]), _row(section, ALWAYS_STRONG)
    name = section["policy"] if section["main"] == POLICY else section["main"]
    text = f"Routing by {system_name(name)}"
    if main["quality"] is not None:
        simulated = section["kind"] == "simulated"
        of = "of turns get a model that suffices" if simulated else "mean quality"
        text += f": {with_interval(main['quality'], 'percent')} {of}"
    if main["cost_per_1k_usd"] and strong["cost_per_1k_usd"]["value"] > 0:
        ratio = main["cost_per_1k_usd"]["value"] / strong["cost_per_1k_usd"]["value"]
        change = f"{abs(1 - ratio):.0%} {'less' if ratio <= 1 else 'more'}"
        cost = write_value(main["cost_per_1k_usd"]["value"], "usd")
        text += f", at {cost} per 1,000 turns: {change} than always the strong model"
    text += "."
    curve = main["apgr"]
    if curve is None:
        return f"{text} The strong model is not better on average, so there is no gap to recover."
    if curve["low"] is not None and curve["low"] > 0.5:
        against = "better than sending turns at random (0.500)"
    elif curve["high"] is not None and curve["high"] < 0.5:
        against = "worse than sending turns at random (0.500)"
    else:
        against = "not told apart from sending turns at random (0.500)"
    text += f" Its APGR is {with_interval(curve, 'ratio')}: {against} on {curve['n']} turns"
    return f"{text}{_against_length(main[over(WORD_COUNT)])}."


def _against_length(difference: dict[str, Any] | None) -> str:
    """What the paired difference to word count says, as the end of a sentence."""
    if difference is None or difference["low"] is None:
        return ""
    better = "better" if difference["low"] > 0 else "not better"
    return (
        f", and {better} than length alone (difference {difference['value']:+.3f}, 95% interval"
        f" {difference['low']:+.3f} to {difference['high']:+.3f})"
    )


def _retrieval_verdict(section: dict[str, Any]) -> str:
    main = _row(section, section["main"])
    if main.get(PRIMARY) is None:
        return "Retrieval: only questions without an answer were asked; no ranking to judge."
    text = (
        f"Retrieval, {section['main']}: nDCG@10 is {with_interval(main[PRIMARY], 'ratio')} and "
        f"{write_value(main['recall@5']['value'], 'percent')} of the relevant documents stand in "
        f"the first five, over {main[PRIMARY]['n']} queries"
    )
    for difference in section["differences"]:
        if difference["system"] == section["main"]:
            text += _gain(difference["over"], difference["figure"])
    if section["weak_labels"]:
        text += ". The labels are weak: the articles that solved tickets name"
    return f"{text}."


def _triage_verdict(section: dict[str, Any]) -> str:
    main, trust = _row(section, section["main"]), section["fields"][0]
    scored = main["category_macro_f1"]
    text = f"Triage: macro-F1 of the category is {with_interval(scored, 'ratio')}"
    text += f" over {scored['n']} tickets"
    gain = trust["f1_over_nearest"]
    if gain is not None:
        where = "above" if gain["value"] >= 0 else "below"
        text += (
            f", {write_value(abs(gain['value']), 'ratio')} {where} copying the nearest ticket"
            f" ({_of_difference(gain)})"
        )
        if gain["low"] is None or gain["low"] <= 0 <= gain["high"]:
            text += f", which {section['customers']} customers cannot tell from no difference"
    if trust["sure_precision"] is not None:
        text += (
            f". It is sure for {write_value(trust['sure_coverage']['value'], 'percent')} of them"
            f" and then right for {with_interval(trust['sure_precision'], 'percent')}"
        )
    return f"{text}."


def _gain(other: str, gain: dict[str, Any]) -> str:
    """One paired difference, as a sentence without its end."""
    alone = {"bm25": "BM25 alone", "dense": "meaning alone"}.get(other, system_name(other))
    where = "above" if gain["value"] >= 0 else "below"
    text = (
        f". That is {write_value(abs(gain['value']), 'ratio')} {where} {alone} "
        f"({_of_difference(gain)})"
    )
    if gain["low"] is None or gain["low"] <= 0 <= gain["high"]:
        text += ", which so few queries cannot tell from no difference"
    return text


def _of_difference(gain: dict[str, Any]) -> str:
    interval = write_interval(gain, "ratio")
    if not interval:
        return "no interval of the difference"
    return f"95% interval of the difference {interval}"


def _key_figures(
    routing_data: dict[str, Any] | None,
    retrieval_data: dict[str, Any] | None,
    triage_data: dict[str, Any] | None,
) -> list[dict[str, Any]]:
    wanted: list[tuple[str, dict[str, Any] | None, str]] = []
    if routing_data is not None:
        main = _row(routing_data, routing_data["main"])
        wanted += [
            ("Routing quality", main["quality"], "percent"),
            ("Cost per 1,000 turns", main["cost_per_1k_usd"], "usd"),
            ("Sent to the strong model", main["strong_rate"], "percent"),
            ("Routing APGR", main["apgr"], "ratio"),
            ("APGR over word count", main[over(WORD_COUNT)], "ratio"),
            ("Floor recall", routing_data["floor_recall"], "percent"),
        ]
    if retrieval_data is not None:
        main = _row(retrieval_data, retrieval_data["main"])
        wanted += [
            ("Retrieval nDCG@10", main.get(PRIMARY), "ratio"),
            ("Retrieval recall@5", main.get("recall@5"), "percent"),
            ("Retrieval MRR", main.get("mrr"), "ratio"),
        ]
    if triage_data is not None:
        main, trust = _row(triage_data, triage_data["main"]), triage_data["fields"][0]
        wanted += [
            ("Triage category macro-F1", main["category_macro_f1"], "ratio"),
            ("Triage right where sure", trust["sure_precision"], "percent"),
        ]
    return [
        {"label": label, "figure": shown, "format": form}
        for label, shown, form in wanted
        if shown is not None
    ]


def _provenance(result: Result) -> dict[str, Any]:
    origin = result.provenance
    return {
        "suite": result.suite,
        "dataset": {
            "name": result.dataset.name,
            "split": result.dataset.split,
            "n": result.dataset.n,
            "sha256": result.dataset.sha256,
        },
        "kinds": sorted({metric.kind for metric in result.metrics}),
        "commit": origin.commit,
        "dirty": origin.dirty,
        "version": origin.version,
        "python": origin.python,
        "packages": dict(origin.packages),
        "settings": dict(origin.settings),
        "models": dict(origin.models),
        "prompt_sha256": origin.prompt_sha256,
        "price_date": origin.price_date,
        "seed": origin.seed,
        "started_at": origin.started_at,
        "duration_s": origin.duration_s,
    }


def _integrity(result: Result) -> list[dict[str, Any]]:
    """The counts behind every mean over all items; means with the same counts share a row."""
    rows: dict[tuple[object, ...], dict[str, Any]] = {}
    for metric in result.metrics:
        if metric.slice != "all":
            continue
        counts = (metric.n_scored, metric.n_failed, metric.n_refused)
        row = rows.setdefault(
            (metric.system, *counts),
            {
                "suite": result.suite,
                "system": metric.system,
                "metrics": [],
                "n_scored": metric.n_scored,
                "n_failed": metric.n_failed,
                "n_refused": metric.n_refused,
            },
        )
        row["metrics"].append(metric.name)
    return list(rows.values())
