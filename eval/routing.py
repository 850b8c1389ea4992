"""The routing suite: what each router keeps of the strong model's quality, and at what cost."""

import time
from collections.abc import Iterator, Mapping, Sequence

from eval.metrics.miss_bound import miss_rate_bound
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Metric, Result, SuiteRun
from eval.routing_figures import Columns, Figures, metric, over, slice_metrics
from eval.routing_set import Prices, RoutingSet
from eval.routing_systems import (
    POLICY,
    UNTRAINED,
    WORD_COUNT,
    LearnedScores,
    System,
    all_systems,
    main_system,
)
from eval.stats import Interval, mean_interval
from eval.ticket_cost import TokenProfile
from msp_core.routing.policy import RouteDecision, RoutingPolicy

SUITE = "routing"
TIMED_TURNS = 30
ITEMS_OF_ALL_UP_TO = 20_000
"""With more turns than this only the main system's items are kept; the curves are the same."""


def evaluate_routing(
    data: RoutingSet,
    policy: RoutingPolicy | None,
    prices: Prices,
    *,
    learned: Mapping[str, LearnedScores] | None = None,
    profile: TokenProfile | None = None,
    context: RunContext | None = None,
    notes: Sequence[str] = (),
    timed: RoutingPolicy | None = None,
    router: str | None = None,
) -> SuiteRun:
    """Score the policy, the learned scorers and all baselines on the same turns.

    Figures along each router's whole curve (`apgr`, `cpt50`, `cpt80`, `aiq`, `saving@2`,
    `saving@5`, `saving@10`), at its threshold (`quality`, `strong_rate`, `regret` against the
    better model of each turn, `gain_over_random` at the same rate, mean `cost_usd` of a turn,
    `usd_per_1k_tickets` of the profile and the same `_cached`), and paired: `apgr_over_word_count`
    and `apgr_over_regex`. Of the policy `floor_recall` over the turns with a floor label,
    `floor_miss_rate` with its upper bound, `floor_strong`, the share of those turns that go strong
    for whatever reason (these three for the split `floor` alone too), `forced_by_floor` over those
    without, and `decision_ms`, the mean over the
    first `TIMED_TURNS` turns. The main system's figures at its
    threshold come by slice too.

    Args:
        data: the turns.
        policy: None when it is left out.
        prices: of the two models.
        learned: scores of learned scorers on the turns of `data`, by system name.
        profile: the user's tickets; default see `TokenProfile`.
        context: for the provenance.
        timed: in place of the policy where decisions are timed: one that has no vectors ready.
        notes: what was left out before, for the result's notes.
        router: what the learned scores come from, for the provenance.

    Returns:
        Figures with intervals over groups; `kind` as the data set's. What is undefined is left
        out, and `notes` says so.
    """
    context = context or RunContext()
    recording = Recording(
        context,
        models={
            "weak": prices.weak_model,
            "strong": prices.strong_model,
            "policy": policy.name if policy is not None else "none",
            **({} if router is None else {"router": router}),
        },
        price_date=prices.read_on if prices.weak and prices.strong else None,
    )
    decisions = None if policy is None else [policy.decide(turn.request) for turn in data.turns]
    systems = all_systems(data.turns, decisions, learned or {})
    columns = Columns.of(data)
    figures = Figures(columns, systems, prices=prices, profile=profile or TokenProfile())
    main = main_system([system.name for system in systems])
    metrics = list(figures.metrics(context.seed))
    items: list[Item] = []
    for system in systems:
        if system.name == main:
            metrics += slice_metrics(data, system, context.seed)
        if system.name == main or len(data.turns) <= ITEMS_OF_ALL_UP_TO:
            items += _items(data, columns, system, decisions, main=system.name == main)
    if policy is not None and decisions is not None:
        metrics += _floors(data, policy, decisions, context.seed)
        metrics.append(_decision_ms(data, timed or policy))
    info = DatasetInfo(data.name, data.split, data.sha256, len(data.turns))
    result = Result(
        SUITE,
        info,
        recording.finish(),
        tuple(metrics),
        notes=(*notes, *_undefined(data, columns, prices), *_no_better_than_length(metrics)),
    )
    return SuiteRun(result, items)


def _items(
    data: RoutingSet,
    columns: Columns,
    system: System,
    decisions: Sequence[RouteDecision] | None,
    *,
    main: bool,
) -> Iterator[Item]:
    """One per turn; the main system's say what was asked, the policy's why it was decided so."""
    values = columns.at_threshold(system)
    costs = columns.costs_of(system)
    for row, turn in enumerate(data.turns):
        raw: dict[str, object] = {
            "weak_score": turn.weak_score,
            "strong_score": turn.strong_score,
            "weak_cost_usd": turn.weak_cost_usd,
            "strong_cost_usd": turn.strong_cost_usd if costs is None else float(costs[1][row]),
            "router_score": None if system.scores is None else float(system.scores[row]),
        }
        if main:
            raw["text"] = turn.request.text
            raw["note"] = turn.note
        if system.name == POLICY and decisions is not None:
            raw["choice"] = decisions[row].choice
            raw["reasons"] = list(decisions[row].reasons)
        scores = {name: float(column[row]) for name, column in values.items()}
        yield Item(
            id=turn.turn_id,
            system=system.name,
            group=turn.group,
            status="ok",
            cost_usd=scores.pop("cost_usd", None),
            scores=scores,
            slices=turn.slices,
            raw=raw,
        )


def _floors(
    data: RoutingSet, policy: RoutingPolicy, decisions: Sequence[RouteDecision], seed: int
) -> Iterator[Metric]:
    """How many floor turns the policy sees and sends strong, and how many others it forces so."""
    both = bool(data.floor_split) and len(data.floor_turns) > len(data.floor_split)
    for slice_, turns in (
        ("all", data.floor_turns),
        ("split=floor", data.floor_split if both else ()),
    ):
        if not turns:
            continue
        decided = [policy.decide(turn.request) for turn in turns]
        found = [decision.floor is not None for decision in decided]
        strong = [float(decision.choice == "strong") for decision in decided]
        groups = [turn.group for turn in turns]
        n, missed = len(found), found.count(False)
        recall = mean_interval([float(hit) for hit in found], groups, seed=seed)
        yield metric("floor_recall", POLICY, slice_, recall, n, data.kind)
        bound = Interval(missed / n, 0.0, miss_rate_bound(missed, n))
        yield metric("floor_miss_rate", POLICY, slice_, bound, n, data.kind)
        went = mean_interval(strong, groups, seed=seed)
        yield metric("floor_strong", POLICY, slice_, went, n, data.kind)
    ordinary = [row for row, turn in enumerate(data.turns) if turn.floor is None]
    if ordinary:
        forced = mean_interval(
            [float(decisions[row].floor is not None) for row in ordinary],
            [data.turns[row].group for row in ordinary],
            seed=seed,
        )
        yield metric("forced_by_floor", POLICY, "all", forced, len(ordinary), data.kind)


def _decision_ms(data: RoutingSet, policy: RoutingPolicy) -> Metric:
    timed = data.turns[:TIMED_TURNS]
    policy.decide(timed[0].request)  # what is read at the first use
    started = time.perf_counter()
    for turn in timed:
        policy.decide(turn.request)
    took = Interval(1000 * (time.perf_counter() - started) / len(timed), None, None)
    return metric("decision_ms", POLICY, "all", took, len(timed), "live")


def _undefined(data: RoutingSet, columns: Columns, prices: Prices) -> Iterator[str]:
    n = len(data.turns)
    if data.ignored_note is not None:
        yield data.ignored_note
    gap = float((columns.strong - columns.weak).mean())
    if gap <= 0:
        yield (
            f"The strong model is not better than the weak one on these {n} turns (by"
            f" {100 * gap:+.1f} points), so APGR and CPT are undefined and left out. Check that"
            " weak_score and strong_score are not swapped."
        )
    if columns.costs is None:
        said = "What each turn costs is not known, so cost_usd, savings and AIQ are left out."
        if prices.weak is not None and prices.strong is not None:
            said += (
                " usd_per_1k_tickets is of no turn here: it prices the token profile with"
                f" {prices.weak_model} and {prices.strong_model}."
            )
        yield said
    if n < 10:
        yield f"{n} turns are too few for an interval: none is given."


def _no_better_than_length(metrics: Sequence[Metric]) -> Iterator[str]:
    """In words, what the paired differences to word count say."""
    for found in metrics:
        if found.name != over(WORD_COUNT) or found.slice != "all" or found.system in UNTRAINED:
            continue
        if found.low is None or found.high is None or found.low <= 0:
            shown = f"{found.value:+.3f}"
            if found.low is not None and found.high is not None:
                shown += f", 95% interval {found.low:+.3f} to {found.high:+.3f}"
            yield (
                f"{found.system}: not better than length on these {found.n_scored} turns (APGR"
                f" less that of word count: {shown})."
            )
