"""What a hot tier of some size would have found, and what both tiers would cost on AWS."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msp_core.knowledge.tiering.cost import cold_usd_per_month, hot_usd_per_month
from msp_core.knowledge.tiering.run import choose_hot
from msp_core.knowledge.tiering.state import added_use
from msp_core.routing.catalog import KnowledgePrices

MOVE_EVERY = timedelta(days=1)
"""How often the simulated `msp tier run` takes place."""


@dataclass(frozen=True)
class LoggedSearch:
    """A search of the past: when, and the documents it found, best first."""

    at: datetime
    found: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a capacity would have meant; every figure is simulated.

    Attributes:
        capacity: of the hot tier, in chunks.
        hit_rate: share of the searches whose best document was hot.
        recall_lost: mean share of the documents found that were not hot: what a search would lose
            if it asked the hot tier alone. One that asks both loses none of them.
        moves_per_day: documents that changed tier, on average.
        hot_usd_per_month, cold_usd_per_month: by the catalogue's prices.
    """

    capacity: int
    hit_rate: float
    recall_lost: float
    moves_per_day: float
    hot_usd_per_month: float
    cold_usd_per_month: float


def simulate(
    log: Sequence[LoggedSearch],
    sizes: Mapping[str, int],
    capacities: Sequence[int],
    *,
    dimension: int,
    searches_per_month: float,
    prices: KnowledgePrices,
) -> list[Outcome]:
    """Replay a log for each capacity; searches that found nothing are passed over.

    The hot tier starts with what has never been used, and is chosen anew every `MOVE_EVERY`.

    Args:
        log: in any order.
        sizes: chunks by document id.
        capacities: in chunks.
        dimension: of the vectors.
        searches_per_month: for the costs.
        prices: of the two tiers.

    Returns:
        One per capacity, in their order; rates are 0 for an empty log.
    """
    ordered = sorted((entry for entry in log if entry.found), key=lambda entry: entry.at)
    chunks = sum(sizes.values())
    cold_usd = cold_usd_per_month(chunks, dimension, searches_per_month, prices)
    outcomes = []
    for capacity in capacities:
        hit_rate, lost, moves = _replay(ordered, sizes, capacity)
        hot_usd = hot_usd_per_month(min(capacity, chunks), dimension, prices)
        outcomes.append(Outcome(capacity, hit_rate, lost, moves, hot_usd, cold_usd))
    return outcomes


def _replay(
    log: Sequence[LoggedSearch], sizes: Mapping[str, int], capacity: int
) -> tuple[float, float, float]:
    if not log:
        return 0.0, 0.0, 0.0
    heat: dict[str, float] = {}
    hot = choose_hot(sizes, heat, capacity)
    next_move = log[0].at + MOVE_EVERY
    hits = moves = 0
    lost = 0.0
    for entry in log:
        while entry.at >= next_move:
            chosen = choose_hot(sizes, heat, capacity)
            moves += len(chosen ^ hot)
            hot = chosen
            # After a pause nothing changes until the next use.
            next_move += MOVE_EVERY * max(1, (entry.at - next_move) // MOVE_EVERY)
        hits += entry.found[0] in hot
        lost += sum(name not in hot for name in entry.found) / len(entry.found)
        for name in entry.found:
            heat[name] = added_use(heat.get(name, -math.inf), entry.at)
    days = max((log[-1].at - log[0].at) / timedelta(days=1), 1.0)
    return hits / len(log), lost / len(log), moves / days
