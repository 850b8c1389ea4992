"""Which documents are hot, and the run that moves them: journalled, safe to kill at any moment."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msp_core import failpoints
from msp_core.clock import Clock
from msp_core.errors import UsageError
from msp_core.knowledge.tiering.state import Action, TierState
from msp_core.knowledge.tiering.writer import promote
from msp_core.knowledge.tiers import Tiers

MOVED_TOGETHER = 50
FAIL_POINTS = (
    "tier.started",
    "tier.planned",
    "tier.demoted",
    "tier.demotion_noted",
    "tier.promoted",
    "tier.promotion_noted",
    "tier.finished",
)


@dataclass(frozen=True)
class TierReport:
    """What a run of tiering did.

    Attributes:
        capacity: in chunks; None is no limit.
        promoted, demoted: documents that this call moved.
        resumed: whether it completed a run that was killed before.
        hot_documents, hot_chunks: what the hot tier holds now.
    """

    capacity: int | None
    promoted: int
    demoted: int
    resumed: bool
    hot_documents: int
    hot_chunks: int


def choose_hot(
    sizes: Mapping[str, int], heat: Mapping[str, float], capacity: int | None
) -> frozenset[str]:
    """The documents that belong into the hot tier: the most used, as many as there is room for.

    Least frequently used with decay. A document that was never used comes after all that were, by
    its id; one that does not fit leaves its room to the next.

    Args:
        sizes: chunks by document id.
        heat: see `TierState.heat`.
        capacity: in chunks, 0 or more; None is no limit.
    """
    if capacity is None:
        return frozenset(sizes)
    chosen = []
    room = capacity
    for name in sorted(sizes, key=lambda name: (-heat.get(name, -math.inf), name)):
        if sizes[name] <= room:
            chosen.append(name)
            room -= sizes[name]
    return frozenset(chosen)


def check_capacity(capacity: int | None) -> None:
    """Pass for 0 or more, or None.

    Raises:
        UsageError: it is negative.
    """
    if capacity is not None and capacity < 0:
        raise UsageError(
            f"The hot tier's capacity is a number of chunks, 0 or more, not {capacity}."
        )


def run_tiering(tiers: Tiers, state: TierState, clock: Clock) -> TierReport:
    """Move documents until the hot tier holds what `choose_hot` says.

    A run that was killed is completed first, by its own plan. Running again changes nothing.
    """
    failpoints.reach("tier.started")
    resumed = False
    promoted = demoted = 0
    while (run_id := state.unfinished()) is not None:
        resumed = True
        up, down = _carry_out(tiers, state, run_id)
        promoted, demoted = promoted + up, demoted + down
        state.finish(run_id, clock())
    moves = _plan(tiers, state)
    if moves:
        run_id = state.begin(moves, clock())
        failpoints.reach("tier.planned")
        up, down = _carry_out(tiers, state, run_id)
        promoted, demoted = promoted + up, demoted + down
        state.finish(run_id, clock())
    failpoints.reach("tier.finished")
    stats = tiers.hot.stats()
    return TierReport(state.capacity(), promoted, demoted, resumed, stats.documents, stats.chunks)


def _plan(tiers: Tiers, state: TierState) -> dict[str, Action]:
    counted = tiers.statistics.documents()
    sizes = {name: document.chunks for name, document in counted.items()}
    chosen = choose_hot(sizes, state.heat(), state.capacity())
    in_hot = tiers.hot.document_hashes()
    moves: dict[str, Action] = dict.fromkeys(sorted(in_hot.keys() - chosen), "demote")
    for name in sorted(chosen):
        if in_hot.get(name) != counted[name].content_hash:
            moves[name] = "promote"
    return moves


def _carry_out(tiers: Tiers, state: TierState, run_id: int) -> tuple[int, int]:
    """Do what is pending: first make room, then fill it. How many went up and down."""
    pending = state.pending(run_id)
    down = [name for name, action in pending.items() if action == "demote"]
    up = [name for name, action in pending.items() if action == "promote"]
    for batch in _batches(down):
        tiers.hot.delete(batch)
        failpoints.reach("tier.demoted")
        state.note_done(run_id, batch)
        failpoints.reach("tier.demotion_noted")
    promoted = 0
    counted = tiers.statistics.documents() if up else {}
    for batch in _batches(up):
        # One that ingestion deleted since the plan was made is no longer counted.
        sizes = {name: counted[name].chunks for name in batch if name in counted}
        promoted += len(promote(tiers, sizes))
        failpoints.reach("tier.promoted")
        state.note_done(run_id, batch)
        failpoints.reach("tier.promotion_noted")
    return promoted, len(down)


def _batches(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[at : at + MOVED_TOGETHER] for at in range(0, len(names), MOVED_TOGETHER)]
