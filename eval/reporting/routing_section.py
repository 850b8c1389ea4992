"""What the report says about routing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eval.metrics.tradeoff import Floats, Outcomes
from eval.reporting.figure import clip, figure, find_figure
from eval.result import Item, SuiteRun
from eval.routing_figures import PER_TICKETS, PER_TICKETS_CACHED, over
from eval.routing_systems import (
    ALWAYS_STRONG,
    ALWAYS_WEAK,
    CASCADE,
    ORACLE,
    OWN_ROUTER,
    POLICY,
    RANDOM,
    REGEX,
    WORD_COUNT,
    main_system,
)

SYSTEM_ORDER = (
    ALWAYS_WEAK,
    RANDOM,
    REGEX,
    WORD_COUNT,
    "lexical",
    "knn",
    "two_head",
    OWN_ROUTER,
    CASCADE,
    POLICY,
    ORACLE,
    ALWAYS_STRONG,
)
FIGURES = (
    "quality",
    "strong_rate",
    "regret",
    "gain_over_random",
    "apgr",
    "cpt50",
    "cpt80",
    "aiq",
    "saving@2",
    "saving@5",
    "saving@10",
    over(WORD_COUNT),
    over(REGEX),
    PER_TICKETS,
    PER_TICKETS_CACHED,
)
POLICY_FIGURES = (
    "floor_recall",
    "floor_miss_rate",
    "floor_strong",
    "forced_by_floor",
    "decision_ms",
)
PER_TURNS = 1000
_MAX_POINTS = 200
_WORST = 8
_SLICES = ("category", "customer", "priority")


def routing_section(run: SuiteRun, *, monthly_turns: int) -> dict[str, Any]:
    """The section as data.

    Args:
        run: of the suite `routing`.
        monthly_turns: the volume that monthly costs are stated for.
    """
    result = run.result
    present = {metric.system for metric in result.metrics}
    systems = [_system_row(run, name) for name in SYSTEM_ORDER if name in present]
    priced = any(row["cost_per_1k_usd"] is not None for row in systems)
    main = main_system([row["system"] for row in systems])
    # A router of the user's own has an order and no threshold: no turn of it went anywhere.
    items = [item for item in run.items if item.system == main and "quality" in item.scores]
    return {
        "main": main,
        "dataset": {"name": result.dataset.name, "split": result.dataset.split},
        "n": result.dataset.n,
        "kind": result.metrics[0].kind if result.metrics else "simulated",
        "policy": result.provenance.models.get("policy", POLICY),
        "models": {
            "weak": result.provenance.models.get("weak"),
            "strong": result.provenance.models.get("strong"),
        },
        "groups": len({item.group for item in run.items}),
        "priced": priced,
        "systems": systems,
        **{name: find_figure(result, name, POLICY) for name in POLICY_FIGURES},
        "transfer": _transfer(run),
        "notes": list(result.notes),
        "curve": _curve(run.items, systems, priced=priced),
        "by_slice": {
            name: rows for name in _SLICES if len(rows := _slice_rows(run, items, name, main)) > 1
        },
        "misroutes": _misroutes(items),
        "monthly": _monthly(run, monthly_turns) if priced else None,
    }


def _system_row(run: SuiteRun, system: str) -> dict[str, Any]:
    row: dict[str, Any] = {"system": system}
    for name in FIGURES:
        row[name] = find_figure(run.result, name, system)
    row["cost_per_1k_usd"] = find_figure(run.result, "cost_usd", system, scale=PER_TURNS)
    return row


def _curve(
    items: Sequence[Item], systems: Sequence[Mapping[str, Any]], *, priced: bool
) -> dict[str, Any]:
    x_name = "cost_per_1k_usd" if priced else "strong_rate"
    lines = []
    for name in SYSTEM_ORDER:
        own = [item for item in items if item.system == name]
        if own and all(item.raw.get("router_score") is not None for item in own):
            lines.append({"system": name, "points": _line(own, priced=priced)})
    points = [
        {"system": row["system"], "x": row[x_name]["value"], "quality": row["quality"]}
        for row in systems
        if row["system"] not in (RANDOM, ORACLE) and row["quality"] and row[x_name]
    ]
    return {"x": x_name, "lines": lines, "points": points}


def _line(items: Sequence[Item], *, priced: bool) -> list[list[float]]:
    def column(name: str) -> Floats:
        return np.array([item.raw[name] for item in items], dtype=np.float64)

    tradeoff = Outcomes(
        column("router_score"),
        column("weak_score"),
        column("strong_score"),
        weak_costs=column("weak_cost_usd") if priced else None,
        strong_costs=column("strong_cost_usd") if priced else None,
    ).tradeoff()
    x = tradeoff.strong_share if tradeoff.cost_usd is None else tradeoff.cost_usd * PER_TURNS
    corners = x.size
    kept = np.unique(np.linspace(0, corners - 1, min(corners, _MAX_POINTS)).round().astype(int))
    return [[round(float(x[i]), 6), round(float(tradeoff.quality[i]), 6)] for i in kept]


def _number(item: Item, name: str) -> float:
    value = item.raw.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _loss(item: Item) -> float:
    """Quality lost against the better of the two models."""
    best = max(_number(item, "weak_score"), _number(item, "strong_score"))
    return best - item.scores["quality"]


def _went_strong(item: Item) -> bool:
    return item.scores["strong_rate"] == 1


def _needless_usd(item: Item) -> float:
    """What a strong call cost more, where the weak model was as good."""
    weak_is_enough = _number(item, "weak_score") >= _number(item, "strong_score")
    if not _went_strong(item) or not weak_is_enough:
        return 0.0
    return _number(item, "strong_cost_usd") - _number(item, "weak_cost_usd")


def _is_needless(item: Item) -> bool:
    weak_is_enough = _number(item, "weak_score") >= _number(item, "strong_score")
    return _went_strong(item) and weak_is_enough


def _transfer(run: SuiteRun) -> list[dict[str, Any]]:
    """APGR on each category of a router that was trained without it."""
    rows = []
    for metric in run.result.metrics:
        if metric.name == "transfer_apgr" and metric.system != WORD_COUNT:
            length = find_figure(run.result, "transfer_apgr", WORD_COUNT, metric.slice)
            rows.append(
                {
                    "left_out": clip(metric.slice.partition("=")[2], 60),
                    "system": metric.system,
                    "apgr": figure(metric),
                    "word_count": length,
                }
            )
    return rows


def _slice_rows(run: SuiteRun, items: Sequence[Item], name: str, main: str) -> list[dict[str, Any]]:
    rows = []
    for value in sorted({item.slices[name] for item in items if name in item.slices}):
        own = [item for item in items if item.slices.get(name) == value]
        rows.append(
            {
                "value": clip(value, 60),
                "n": len(own),
                "quality": find_figure(run.result, "quality", main, f"{name}={value}"),
                "strong_rate": find_figure(run.result, "strong_rate", main, f"{name}={value}"),
                "regret": sum(map(_loss, own)) / len(own),
                "missed": sum(_loss(item) > 0 for item in own),
                "needless": sum(map(_is_needless, own)),
            }
        )
    return sorted(rows, key=lambda row: (-row["regret"], -row["needless"], row["value"]))


def _misroutes(items: Sequence[Item]) -> dict[str, Any]:
    missed = sorted((item for item in items if _loss(item) > 0), key=lambda i: (-_loss(i), i.id))
    needless = sorted(filter(_is_needless, items), key=lambda i: (-_needless_usd(i), i.id))

    def shown(item: Item) -> dict[str, Any]:
        reasons = item.raw.get("reasons")
        return {
            "id": clip(item.id, 60),
            "customer": clip(item.slices.get("customer", ""), 60),
            "category": clip(item.slices.get("category", ""), 60),
            "text": clip(item.raw.get("text", "")),
            "reasons": clip("; ".join(map(str, reasons)) if isinstance(reasons, list) else ""),
            "note": clip(item.raw.get("note", "")),
            "loss": _loss(item),
            "needless_usd": _needless_usd(item),
        }

    return {
        "n_missed": len(missed),
        "n_needless": len(needless),
        "needless_usd": sum(map(_needless_usd, items)),
        "missed": [shown(item) for item in missed[:_WORST]],
        "needless": [shown(item) for item in needless[:_WORST]],
    }


def _monthly(run: SuiteRun, turns: int) -> dict[str, Any]:
    rows = []
    for system in (ALWAYS_WEAK, "regex", POLICY, ALWAYS_STRONG):
        cost = find_figure(run.result, "cost_usd", system, scale=turns)
        if cost is not None:
            rows.append(
                {
                    "system": system,
                    "usd": cost,
                    "quality": find_figure(run.result, "quality", system),
                }
            )
    return {"turns": turns, "rows": rows}
