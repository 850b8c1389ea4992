"""Every figure of every router on the same turns, and on the same resamples of them."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics.aiq import aiq
from eval.metrics.apgr import apgr
from eval.metrics.cpt import cpt
from eval.metrics.saving import saving_at_loss
from eval.metrics.tradeoff import Floats, Outcomes, Tradeoff
from eval.result import Kind, Metric
from eval.routing_set import Prices, RoutingSet, Turn
from eval.routing_systems import REGEX, UNTRAINED, WORD_COUNT, System
from eval.stats import Interval, statistic_intervals
from eval.ticket_cost import TokenProfile, usd_per_1k_tickets

FEWEST_FOR_INTERVAL = 10
"""Of fewer turns an interval would only look like one."""
PER_TICKETS, PER_TICKETS_CACHED = "usd_per_1k_tickets", "usd_per_1k_tickets_cached"
LOWER_IS_BETTER = frozenset(
    {
        "cpt50",
        "cpt80",
        "cost_usd",
        "strong_rate",
        "regret",
        "floor_miss_rate",
        "forced_by_floor",
        "decision_ms",
        PER_TICKETS,
        PER_TICKETS_CACHED,
    }
)
COMPARED_TO = (WORD_COUNT, REGEX)

# Undefined (no gap to recover, no costs) is a ValueError of the metric.
_CURVE: dict[str, Callable[[Tradeoff], float]] = {
    "apgr": apgr,
    "cpt50": lambda tradeoff: cpt(tradeoff, 0.5),
    "cpt80": lambda tradeoff: cpt(tradeoff, 0.8),
    "aiq": aiq,
    "saving@2": lambda tradeoff: saving_at_loss(tradeoff, 2),
    "saving@5": lambda tradeoff: saving_at_loss(tradeoff, 5),
    "saving@10": lambda tradeoff: saving_at_loss(tradeoff, 10),
}


def over(name: str) -> str:
    """The metric of a paired difference in APGR: `apgr_over_word_count`."""
    return f"apgr_over_{name}"


@dataclass(frozen=True, eq=False)
class Columns:
    """The turns of a set as arrays, shape (n,) each; costs are None when one is not known."""

    weak: Floats
    strong: Floats
    costs: tuple[Floats, Floats] | None
    groups: tuple[str, ...]
    kind: Kind

    @classmethod
    def of(cls, data: RoutingSet, rows: Sequence[int] | None = None) -> "Columns":
        """Of all turns, or of some."""
        turns: Sequence[Turn] = data.turns if rows is None else [data.turns[row] for row in rows]
        costs = None
        if data.priced:
            costs = (
                np.array([turn.weak_cost_usd for turn in turns], dtype=np.float64),
                np.array([turn.strong_cost_usd for turn in turns], dtype=np.float64),
            )
        return cls(
            np.array([turn.weak_score for turn in turns]),
            np.array([turn.strong_score for turn in turns]),
            costs,
            tuple(turn.group for turn in turns),
            data.kind,
        )

    def costs_of(self, system: System) -> tuple[Floats, Floats] | None:
        """USD of each turn when it stays weak and when it goes strong."""
        if self.costs is None:
            return None
        weak, strong = self.costs
        return weak, (weak + strong if system.drafts else strong)

    def at_threshold(self, system: System) -> dict[str, Floats]:
        """Quality, strong calls, regret and cost of each turn; empty without a threshold."""
        strong = system.strong
        if strong is None:
            return {}
        quality = self.weak + strong * (self.strong - self.weak)
        columns = {
            "quality": quality,
            "strong_rate": strong,
            "regret": np.maximum(self.weak, self.strong) - quality,
        }
        costs = self.costs_of(system)
        if costs is not None:
            weak, dear = costs
            columns["cost_usd"] = weak + strong * (dear - weak)
        return columns


class Figures:
    """The figures of all systems as one statistic of weighted turns, so that all are paired.

    Args:
        columns: the turns.
        systems: on these turns.
        prices: of the two models, for tickets of the profile.
        profile: the user's tickets.
    """

    def __init__(
        self,
        columns: Columns,
        systems: Sequence[System],
        *,
        prices: Prices,
        profile: TokenProfile,
    ) -> None:
        self._columns = columns
        self._prices = prices
        self._profile = profile
        self._curves = {
            system.name: _curve(columns, system, system.scores)
            for system in systems
            if system.scores is not None
        }
        self._drafting = frozenset(system.name for system in systems if system.drafts)
        points = {
            (system.name, name): values
            for system in systems
            for name, values in columns.at_threshold(system).items()
        }
        self._point_names = tuple(points)
        self._points = np.array(list(points.values()))
        self._ticket_costs: dict[tuple[float, bool], float] = {}

    def metrics(self, seed: int) -> Iterator[Metric]:
        """Each figure that is defined, with its interval."""
        n = len(self._columns.weak)
        keys = list(self._named(np.ones(n)))
        intervals = _intervals(
            lambda weights: list(self._named(weights).values()), self._columns.groups, seed
        )
        for (system, name), interval in zip(keys, intervals, strict=True):
            if math.isfinite(interval.value):
                yield metric(name, system, "all", interval, n, self._columns.kind)

    def _named(self, weights: Floats) -> dict[tuple[str, str], float]:
        """Value by system and metric; NaN where it is undefined; always the same keys."""
        found: dict[tuple[str, str], float] = {}
        total = weights.sum()
        weak = float(self._columns.weak @ weights / total)
        gap = float(self._columns.strong @ weights / total) - weak
        for name, curve in self._curves.items():
            tradeoff = curve.tradeoff(weights)
            for key, figure in _CURVE.items():
                found[name, key] = _or_nan(figure, tradeoff)
        # Not by BLAS: its threads wait for each other longer than so short a sum takes.
        means = np.einsum("pn,n->p", self._points, weights) / total
        found.update(zip(self._point_names, means.tolist(), strict=True))
        for name in dict.fromkeys(name for name, _ in self._point_names):
            rate = found[name, "strong_rate"]
            found[name, "gain_over_random"] = found[name, "quality"] - (weak + rate * gap)
            if name not in self._drafting:  # a profile says nothing of calls made twice
                found.update({(name, key): usd for key, usd in self._per_tickets(rate)})
        for other in COMPARED_TO:
            for name in self._curves:
                if name not in UNTRAINED or (name == WORD_COUNT and other == REGEX):
                    found[name, over(other)] = found[name, "apgr"] - found[other, "apgr"]
        return found

    def _per_tickets(self, strong_rate: float) -> Iterator[tuple[str, float]]:
        weak, strong = self._prices.weak, self._prices.strong
        if weak is None or strong is None:
            return
        rate = min(1.0, max(0.0, round(strong_rate, 3)))
        for name, cached in ((PER_TICKETS, False), (PER_TICKETS_CACHED, True)):
            if (rate, cached) not in self._ticket_costs:
                self._ticket_costs[rate, cached] = usd_per_1k_tickets(
                    self._profile, weak, strong, strong_rate=rate, cached=cached
                )
            yield name, self._ticket_costs[rate, cached]


def slice_metrics(data: RoutingSet, system: System, seed: int) -> Iterator[Metric]:
    """The figures at a system's threshold, by category, customer and priority."""
    if system.strong is None:
        return
    rows_of: dict[str, list[int]] = {}
    for row, turn in enumerate(data.turns):
        for name, value in turn.slices.items():
            rows_of.setdefault(f"{name}={value}", []).append(row)
    for slice_ in sorted(rows_of):
        rows = rows_of[slice_]
        columns = Columns.of(data, rows)
        part = System(system.name, None, system.strong[rows], system.drafts)
        values = columns.at_threshold(part)
        intervals = _intervals(_means_of(np.array(list(values.values()))), columns.groups, seed)
        for name, interval in zip(values, intervals, strict=True):
            yield metric(name, system.name, slice_, interval, len(rows), data.kind)


def metric(name: str, system: str, slice_: str, interval: Interval, n: int, kind: Kind) -> Metric:
    """A figure of this suite; of very few turns without interval."""
    few = n < FEWEST_FOR_INTERVAL
    return Metric(
        name=name,
        system=system,
        slice=slice_,
        value=interval.value,
        low=None if few else interval.low,
        high=None if few else interval.high,
        unit=_unit(name),
        higher_is_better=name not in LOWER_IS_BETTER,
        n_scored=n,
        n_failed=0,
        n_refused=0,
        # Tickets are priced by the user's profile, whatever the turns are.
        kind="simulated" if name in (PER_TICKETS, PER_TICKETS_CACHED) else kind,
    )


def _intervals(
    statistics: Callable[[Floats], Sequence[float]], groups: Sequence[str], seed: int
) -> list[Interval]:
    """Of turns too few for an interval nothing is drawn: one group has none."""
    few = len(groups) < FEWEST_FOR_INTERVAL
    return statistic_intervals(statistics, ["all"] * len(groups) if few else groups, seed=seed)


def _unit(name: str) -> str:
    if name == "aiq":
        return "score"
    if name.endswith("_ms"):
        return "ms"
    return "usd" if "usd" in name else "ratio"


def _means_of(table: Floats) -> Callable[[Floats], list[float]]:
    """The weighted mean of each row."""

    def means(weights: Floats) -> list[float]:
        found: list[float] = (table @ weights / weights.sum()).tolist()
        return found

    return means


def _curve(columns: Columns, system: System, scores: Floats) -> Outcomes:
    weak_costs, strong_costs = columns.costs_of(system) or (None, None)
    return Outcomes(
        scores,
        columns.weak,
        columns.strong,
        weak_costs=weak_costs,
        strong_costs=strong_costs,
    )


def _or_nan(figure: Callable[[Tradeoff], float], tradeoff: Tradeoff) -> float:
    try:
        return figure(tradeoff)
    except ValueError:
        return math.nan
