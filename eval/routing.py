"""The routing suite: what each router keeps of the strong model's quality, and at what cost."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics.apgr import apgr
from eval.metrics.cpt import cpt
from eval.metrics.saving import saving_at_loss
from eval.metrics.tradeoff import Floats, Outcomes, Tradeoff
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Kind, Metric, Result, SuiteRun
from eval.routing_set import Prices, RoutingSet, Turn
from eval.stats import Interval, mean_interval, statistic_intervals
from msp_core.routing.policy import RouteDecision, RoutingPolicy, make_policy
from msp_core.routing.scorers import regex_rules, word_count

SUITE = "routing"
POLICY, RANDOM, ORACLE = "policy", "random", "oracle"
ALWAYS_WEAK, ALWAYS_STRONG = "always_weak", "always_strong"
OWN_ROUTER = "router"
"""The system that a user's own `router_score` column is shown as."""
ITEMS_OF_ALL_UP_TO = 20_000
"""With more turns than this only the policy's items are kept; the curves are the same."""

LOWER_IS_BETTER = frozenset({"cpt50", "cpt80", "cost_usd", "strong_rate"})

# Undefined (no gap to recover, no costs) is a ValueError of the metric.
_CURVE_METRICS: dict[str, Callable[[Tradeoff], float]] = {
    "apgr": apgr,
    "cpt50": lambda tradeoff: cpt(tradeoff, 0.5),
    "cpt80": lambda tradeoff: cpt(tradeoff, 0.8),
    "saving@2": lambda tradeoff: saving_at_loss(tradeoff, 2),
    "saving@5": lambda tradeoff: saving_at_loss(tradeoff, 5),
    "saving@10": lambda tradeoff: saving_at_loss(tradeoff, 10),
}


@dataclass(frozen=True)
class _System:
    """A router on all turns.

    Attributes:
        scores: higher = strong first, shape (n,); None has no order of its own.
        strong: part of each turn that goes strong at the system's threshold, 0 to 1, shape (n,);
            None has no threshold of its own.
    """

    name: str
    scores: Floats | None
    strong: Floats | None


def evaluate_routing(
    data: RoutingSet, policy: RoutingPolicy, prices: Prices, *, context: RunContext | None = None
) -> SuiteRun:
    """Score the policy and all baselines on the same turns.

    Figures along each router's whole curve (`apgr`, `cpt50`, `cpt80`, `saving@2`, `saving@5`,
    `saving@10`), at its threshold (`quality`, `strong_rate`, mean `cost_usd` of a turn), and the
    policy's `floor_recall`: the share of turns with a floor label on which it finds a floor. The
    policy's figures at its threshold come by slice too. `random` sends as many turns strong as the
    policy does. What is undefined is left out: curves where the strong model is not better on
    average, costs and savings where a price is not known.

    Returns:
        Figures with intervals over groups; `kind` as the data set's.
    """
    context = context or RunContext()
    recording = Recording(
        context,
        models={"weak": prices.weak_model, "strong": prices.strong_model, "policy": policy.name},
        price_date=prices.read_on if data.priced and data.kind == "simulated" else None,
    )
    decisions = [policy.decide(turn.request) for turn in data.turns]
    systems = _systems(data.turns, decisions)
    table = _Table(data)
    metrics: list[Metric] = []
    items: list[Item] = []
    for system in systems:
        metrics += table.metrics(system, context.seed)
        if system.name == POLICY:
            metrics += table.slice_metrics(system, context.seed)
        if system.name == POLICY or len(data.turns) <= ITEMS_OF_ALL_UP_TO:
            items += table.items(system, decisions)
    metrics += _floor_recall(data, policy, context.seed)
    info = DatasetInfo(data.name, data.split, data.sha256, len(data.turns))
    return SuiteRun(Result(SUITE, info, recording.finish(), tuple(metrics)), items)


def _systems(turns: Sequence[Turn], decisions: Sequence[RouteDecision]) -> list[_System]:
    def array(values: Iterable[float]) -> Floats:
        return np.array(list(values), dtype=np.float64)

    n = len(turns)
    policy_strong = array(decision.choice == "strong" for decision in decisions)
    gain = array(turn.strong_score - turn.weak_score for turn in turns)
    systems = [
        _System(ALWAYS_WEAK, None, np.zeros(n)),
        _System(ALWAYS_STRONG, None, np.ones(n)),
        # One score for all turns sends them strong in random order.
        _System(RANDOM, np.zeros(n), np.full(n, policy_strong.mean())),
        _System(ORACLE, gain, (gain > 0).astype(np.float64)),
    ]
    for name, scorer in (("word_count", word_count), ("regex", regex_rules)):
        scores = array(scorer(turn.request) for turn in turns)
        threshold = make_policy(name, None, None).threshold
        systems.append(_System(name, scores, (scores >= threshold).astype(np.float64)))
    own = [turn.router_score for turn in turns if turn.router_score is not None]
    if len(own) == n:
        systems.append(_System(OWN_ROUTER, array(own), None))
    systems.append(_System(POLICY, array(decision.score for decision in decisions), policy_strong))
    return systems


class _Table:
    """The turns of a data set as columns."""

    def __init__(self, data: RoutingSet) -> None:
        self._turns = data.turns
        self._kind: Kind = data.kind
        self._groups = [turn.group for turn in data.turns]
        self._weak = np.array([turn.weak_score for turn in data.turns])
        self._strong = np.array([turn.strong_score for turn in data.turns])
        self._costs: tuple[Floats, Floats] | None = None
        if data.priced:
            self._costs = (
                np.array([turn.weak_cost_usd for turn in data.turns], dtype=np.float64),
                np.array([turn.strong_cost_usd for turn in data.turns], dtype=np.float64),
            )

    def metrics(self, system: _System, seed: int) -> Iterator[Metric]:
        """The figures along its curve and at its threshold, over all turns."""
        if system.scores is not None:
            weak_costs, strong_costs = self._costs or (None, None)
            outcomes = Outcomes(
                system.scores,
                self._weak,
                self._strong,
                weak_costs=weak_costs,
                strong_costs=strong_costs,
            )
            intervals = statistic_intervals(
                lambda weights: _curve_figures(outcomes.tradeoff(weights)), self._groups, seed=seed
            )
            for name, interval in zip(_CURVE_METRICS, intervals, strict=True):
                if math.isfinite(interval.value):
                    yield self._metric(name, system.name, "all", interval, len(self._turns))
        yield from self._at_threshold(system, "all", range(len(self._turns)), seed)

    def slice_metrics(self, system: _System, seed: int) -> Iterator[Metric]:
        """The figures at its threshold, by category, customer and priority."""
        rows_of: dict[str, list[int]] = {}
        for row, turn in enumerate(self._turns):
            for name, value in turn.slices.items():
                rows_of.setdefault(f"{name}={value}", []).append(row)
        for slice_ in sorted(rows_of):
            yield from self._at_threshold(system, slice_, rows_of[slice_], seed)

    def items(self, system: _System, decisions: Sequence[RouteDecision]) -> Iterator[Item]:
        """One per turn; the policy's say what was asked and why it was decided so."""
        columns = self._columns(system)
        for row, (turn, decision) in enumerate(zip(self._turns, decisions, strict=True)):
            raw: dict[str, object] = {
                "weak_score": turn.weak_score,
                "strong_score": turn.strong_score,
                "weak_cost_usd": turn.weak_cost_usd,
                "strong_cost_usd": turn.strong_cost_usd,
                "router_score": None if system.scores is None else float(system.scores[row]),
            }
            if system.name == POLICY:
                raw["text"] = turn.request.text
                raw["choice"] = decision.choice
                raw["reasons"] = list(decision.reasons)
                raw["note"] = turn.note
            scores = {name: float(values[row]) for name, values in columns.items()}
            yield Item(
                id=turn.turn_id,
                system=system.name,
                group=turn.group,
                status="ok",
                cost_usd=scores.pop("cost_usd", None),
                scores=scores,
                slices=dict(turn.slices),
                raw=raw,
            )

    def _at_threshold(
        self, system: _System, slice_: str, rows: Sequence[int], seed: int
    ) -> Iterator[Metric]:
        groups = [self._groups[row] for row in rows]
        for name, values in self._columns(system).items():
            interval = mean_interval(values[list(rows)].tolist(), groups, seed=seed)
            yield self._metric(name, system.name, slice_, interval, len(rows))

    def _columns(self, system: _System) -> dict[str, Floats]:
        if system.strong is None:
            return {}
        share = system.strong
        columns = {
            "quality": self._weak + share * (self._strong - self._weak),
            "strong_rate": share,
        }
        if self._costs is not None:
            weak, strong = self._costs
            columns["cost_usd"] = weak + share * (strong - weak)
        return columns

    def _metric(self, name: str, system: str, slice_: str, interval: Interval, n: int) -> Metric:
        return Metric(
            name=name,
            system=system,
            slice=slice_,
            value=interval.value,
            low=interval.low,
            high=interval.high,
            unit="usd" if name == "cost_usd" else "ratio",
            higher_is_better=name not in LOWER_IS_BETTER,
            n_scored=n,
            n_failed=0,
            n_refused=0,
            kind=self._kind,
        )


def _curve_figures(tradeoff: Tradeoff) -> list[float]:
    figures = []
    for metric in _CURVE_METRICS.values():
        try:
            figures.append(metric(tradeoff))
        except ValueError:
            figures.append(math.nan)
    return figures


def _floor_recall(data: RoutingSet, policy: RoutingPolicy, seed: int) -> Iterator[Metric]:
    if not data.floor_turns:
        return
    found = [float(policy.decide(turn.request).floor is not None) for turn in data.floor_turns]
    interval = mean_interval(found, [turn.group for turn in data.floor_turns], seed=seed)
    yield Metric(
        name="floor_recall",
        system=POLICY,
        slice="all",
        value=interval.value,
        low=interval.low,
        high=interval.high,
        unit="ratio",
        higher_is_better=True,
        n_scored=len(found),
        n_failed=0,
        n_refused=0,
        kind=data.kind,
    )
