"""Fits the floor head on own examples, and says what patterns and head reach on those kept back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from eval.stats import Interval, mean_interval
from msp_core.knowledge.embedding import Embedder
from msp_core.routing.floor_head import FindFloor, FloorHead
from msp_core.routing.floor_patterns import FLOORS, Floor

EXAMPLES = Path(__file__).parent / "training" / "floors" / "examples.jsonl"
PENALTY = 0.3
FALSE_ALARMS = 0.05
"""Share of the routine examples that the head alone may call a floor, out of fold."""
FOLDS = 5
DECIMALS = 3

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A message, and the floor that it falls under; None is a routine one."""

    text: str
    floor: Floor | None
    language: str


@dataclass(frozen=True)
class FloorCheck:
    """The share of floor turns found, in all and of each floor, and of routine ones called so."""

    recall: Interval
    by_floor: dict[Floor, float]
    false_alarms: Interval
    n_floor: int
    n_routine: int


def read_examples(split: Literal["train", "check"]) -> list[Example]:
    """The examples of one split, in the order of the file."""
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    return [
        Example(row["text"], row["floor"], row["language"]) for row in rows if row["split"] == split
    ]


def fit_floor_head(examples: Sequence[Example], embedder: Embedder) -> FloorHead:
    """One logistic regression with an L2 penalty for each floor.

    The threshold is the one that lets `FALSE_ALARMS` of the routine examples pass when each is
    scored by a fit on the other folds. Weights are rounded, so that vectors which differ in the
    last bit give the same file.
    """
    vectors = embedder.embed([example.text for example in examples]).astype(np.float64)
    floors = [example.floor for example in examples]
    routine = np.array([floor is None for floor in floors])
    held_out = np.empty(len(examples))
    for fold in range(FOLDS):
        test = np.arange(len(examples)) % FOLDS == fold
        fits = _fit_all(vectors[~test], [floors[row] for row in np.flatnonzero(~test)])
        held_out[test] = np.max([_probability(vectors[test], row) for row in fits.values()], axis=0)
    threshold = float(np.quantile(held_out[routine], 1 - FALSE_ALARMS))
    weights = {
        floor: tuple(np.round(row, DECIMALS).tolist())
        for floor, row in _fit_all(vectors, floors).items()
    }
    return FloorHead(embedder.model_id, round(threshold, 2), weights)


def check_floors(examples: Sequence[Example], find_floor: FindFloor) -> FloorCheck:
    """What `find_floor` finds in these examples; any floor counts for any."""
    found = [float(find_floor(example.text) is not None) for example in examples]
    floor_rows = [row for row, example in enumerate(examples) if example.floor is not None]
    routine_rows = [row for row, example in enumerate(examples) if example.floor is None]
    by_floor = {
        floor: float(np.mean([found[row] for row in floor_rows if examples[row].floor == floor]))
        for floor in FLOORS
    }
    return FloorCheck(
        recall=_share(found, floor_rows),
        by_floor=by_floor,
        false_alarms=_share(found, routine_rows),
        n_floor=len(floor_rows),
        n_routine=len(routine_rows),
    )


def _share(found: list[float], rows: list[int]) -> Interval:
    return mean_interval([found[row] for row in rows], [str(row) for row in rows], seed=0)


def _fit_all(vectors: Array, floors: Sequence[Floor | None]) -> dict[Floor, Array]:
    return {
        floor: _fit(vectors, np.array([given == floor for given in floors], dtype=np.float64))
        for floor in FLOORS
    }


def _fit(vectors: Array, truth: Array) -> Array:
    """Weights and intercept by Newton's method; the intercept carries no penalty."""
    rows = np.hstack([vectors, np.ones((len(vectors), 1))])
    penalty = np.full(rows.shape[1], PENALTY)
    penalty[-1] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (likely - truth) + penalty * weights
        curvature = (rows * (likely * (1 - likely))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def _probability(vectors: Array, weights: Array) -> Array:
    probability: Array = 1 / (1 + np.exp(-(vectors @ weights[:-1] + weights[-1])))
    return probability
