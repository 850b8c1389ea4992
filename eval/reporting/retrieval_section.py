"""What the report says about retrieval."""

from collections.abc import Sequence
from typing import Any

from eval.reporting.figure import clip, figure, find_figure
from eval.result import WEAK_LABELS_SPLIT, Item, SuiteRun
from eval.retrieval_figures import ANSWERED, LATENCIES, METRICS, PRIMARY, USD_PER_1K, over
from eval.retrieval_systems import DIFFERENCES, SYSTEMS

MAIN = "fused"
_WEAKEST = 8


def retrieval_section(run: SuiteRun) -> dict[str, Any]:
    """The section as data.

    Args:
        run: of the suite `retrieval`.
    """
    result = run.result
    present = {metric.system for metric in result.metrics}
    systems = [name for name in SYSTEMS if name in present]
    main = MAIN if MAIN in systems else systems[-1] if systems else MAIN
    return {
        "dataset": {"name": result.dataset.name, "split": result.dataset.split},
        "n": result.dataset.n,
        "kind": result.metrics[0].kind if result.metrics else "live",
        "weak_labels": result.dataset.split == WEAK_LABELS_SPLIT,
        "groups": len({item.group for item in run.items}),
        "main": main,
        "systems": [_system_row(run, name) for name in systems],
        "differences": _differences(run),
        "by_type": _by_slice(run, systems, "type"),
        "by_customer": _by_slice(run, systems, "customer"),
        "weakest": _weakest([item for item in run.items if item.system == main]),
    }


def _system_row(run: SuiteRun, system: str) -> dict[str, Any]:
    row: dict[str, Any] = {"system": system}
    for name in (*METRICS, ANSWERED, *LATENCIES, USD_PER_1K):
        row[name] = find_figure(run.result, name, system)
    return row


def _differences(run: SuiteRun) -> list[dict[str, Any]]:
    found = ((new, old, run.result.find(over(old), new)) for new, old in DIFFERENCES)
    return [
        {"system": new, "over": old, "figure": figure(metric)}
        for new, old, metric in found
        if metric is not None
    ]


def _by_slice(run: SuiteRun, systems: Sequence[str], name: str) -> list[dict[str, Any]]:
    rows = []
    for value in sorted({i.slices[name] for i in run.items if name in i.slices}):
        figures = {
            system: found
            for system in systems
            if (found := find_figure(run.result, PRIMARY, system, f"{name}={value}")) is not None
        }
        if figures:
            rows.append({name: clip(value, 60), PRIMARY: figures})
    return rows


def _weakest(items: Sequence[Item]) -> list[dict[str, Any]]:
    weak = [item for item in items if item.scores.get(PRIMARY, 1.0) < 1.0]
    weak.sort(key=lambda item: (item.scores[PRIMARY], item.scores.get("mrr", 0.0), item.id))

    def ids(item: Item, name: str, limit: int) -> list[str]:
        value = item.raw.get(name)
        return [clip(id_, 80) for id_ in value[:limit]] if isinstance(value, list) else []

    return [
        {
            "id": clip(item.id, 60),
            "query": clip(item.raw.get("query", "")),
            "type": clip(item.slices.get("type", ""), 60),
            "status": item.status,
            PRIMARY: item.scores[PRIMARY],
            "found": ids(item, "found", 3),
            "relevant": ids(item, "relevant", 3),
        }
        for item in weak[:_WEAKEST]
    ]
