"""What the report says about retrieval."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from eval.reporting.figure import clip, find_figure
from eval.result import WEAK_LABELS_SPLIT, Item, SuiteRun
from eval.retrieval import ANSWERED, METRICS
from eval.retrieval_set import NO_ANSWER
from eval.stats import paired_difference

MAIN = "fused"
SYSTEM_ORDER = ("bm25", "dense", "fused")
PRIMARY = "ndcg@10"
_WEAKEST = 8


def retrieval_section(run: SuiteRun) -> dict[str, Any]:
    """The section as data.

    Args:
        run: of the suite `retrieval`.
    """
    result = run.result
    present = {metric.system for metric in result.metrics}
    systems = [name for name in SYSTEM_ORDER if name in present]
    main = MAIN if MAIN in systems else systems[-1] if systems else MAIN
    return {
        "dataset": {"name": result.dataset.name, "split": result.dataset.split},
        "n": result.dataset.n,
        "kind": result.metrics[0].kind if result.metrics else "live",
        "weak_labels": result.dataset.split == WEAK_LABELS_SPLIT,
        "groups": len({item.group for item in run.items}),
        "main": main,
        "systems": [_system_row(run, name) for name in systems],
        "over_bm25": _difference(run, "bm25", main),
        "by_type": _by_type(run, systems),
        "weakest": _weakest([item for item in run.items if item.system == main]),
    }


def _system_row(run: SuiteRun, system: str) -> dict[str, Any]:
    row: dict[str, Any] = {"system": system}
    for name in (*METRICS, ANSWERED):
        row[name] = find_figure(run.result, name, system)
    times = [
        item.latency_ms
        for item in run.items
        if item.system == system and item.latency_ms is not None
    ]
    for name, part in (("latency_p50", 0.5), ("latency_p95", 0.95)):
        row[name] = (
            {
                "value": float(np.quantile(times, part)),
                "low": None,
                "high": None,
                "n": len(times),
                "kind": "live",
            }
            if times
            else None
        )
    return row


def _difference(run: SuiteRun, old: str, new: str) -> dict[str, Any] | None:
    def scores(system: str) -> dict[str, Item]:
        return {i.id: i for i in run.items if i.system == system and PRIMARY in i.scores}

    before, after = scores(old), scores(new)
    if old == new or not before or before.keys() != after.keys():
        return None
    difference = paired_difference(
        [item.scores[PRIMARY] for item in before.values()],
        [after[id_].scores[PRIMARY] for id_ in before],
        [item.group for item in before.values()],
        seed=run.result.provenance.seed,
    )
    return {
        "value": difference.value,
        "low": difference.low,
        "high": difference.high,
        "n": len(before),
        "kind": "live",
    }


def _by_type(run: SuiteRun, systems: Sequence[str]) -> list[dict[str, Any]]:
    kinds = sorted({i.slices["type"] for i in run.items if "type" in i.slices} - {NO_ANSWER})
    rows = []
    for kind in kinds:
        figures = {
            name: found
            for name in systems
            if (found := find_figure(run.result, PRIMARY, name, f"type={kind}")) is not None
        }
        if figures:
            rows.append({"type": clip(kind, 60), PRIMARY: figures})
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
