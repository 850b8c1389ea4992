"""What the floors find of turns with a known label, and how many others they force."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.floor_training import Case, FloorData, out_of_fold
from eval.stats import Interval, mean_interval
from msp_core.routing.floor_head import FloorHead
from msp_core.routing.floor_patterns import FLOORS, FindFloor, Floor, pattern_floor


@dataclass(frozen=True)
class FloorCheck:
    """The share of floor turns found, in all and of each floor, and of ordinary ones forced."""

    recall: Interval
    by_floor: dict[Floor, float]
    forced: Interval
    n_floor: int
    n_ordinary: int


def check_all(data: FloorData, head: FloorHead) -> dict[str, FloorCheck]:
    """Patterns, and the head that goes by them too: on messages alone and on turns of tickets.

    A turn is scored by a fit without its customer; the patterns were written with these turns in
    view.
    """
    found = [bool(score >= head.threshold) for score in out_of_fold(data)]
    return {
        "message, patterns": check_floors(data.kept_back, pattern_floor),
        "message, head": check_floors(data.kept_back, head.find),
        "turn, patterns": check_floors(data.judged, pattern_floor),
        "turn, head": check_found(data.judged, found),
    }


def check_floors(cases: Sequence[Case], find_floor: FindFloor) -> FloorCheck:
    """What `find_floor` finds in these; any floor counts for any."""
    return check_found(cases, [find_floor(case.request) is not None for case in cases])


def check_found(cases: Sequence[Case], found: Sequence[bool]) -> FloorCheck:
    """The figures of what was found; by group resampled intervals."""
    floors = [row for row, case in enumerate(cases) if case.floor is not None]
    ordinary = [row for row, case in enumerate(cases) if case.floor is None]
    by_floor = {
        floor: float(np.mean([found[row] for row in floors if cases[row].floor == floor]))
        for floor in FLOORS
    }

    def share(rows: list[int]) -> Interval:
        hits = [float(found[row]) for row in rows]
        return mean_interval(hits, [cases[row].group for row in rows], seed=0)

    return FloorCheck(
        recall=share(floors),
        by_floor=by_floor,
        forced=share(ordinary),
        n_floor=len(floors),
        n_ordinary=len(ordinary),
    )
