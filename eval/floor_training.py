"""Fits the floors' head on own examples and turns, and scores judged turns out of fold."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from eval.routing_learning import read_training_set
from eval.routing_set import RoutingSet
from msp_core.learning.folds import folds_of
from msp_core.learning.logistic import Floats, Head, fit_head
from msp_core.learning.scaling import Scaling
from msp_core.learning.words import WordCounts, common_terms
from msp_core.routing.catalog import Catalog
from msp_core.routing.floor_features import (
    CLASSES,
    COUNT,
    class_of,
    floor_features,
    wordless_features,
)
from msp_core.routing.floor_head import WITH_PATTERN, FloorHead
from msp_core.routing.floor_patterns import FLOORS, Floor
from msp_core.routing.meaning import what_is_meant
from msp_core.routing.request import RouteRequest

_TRAINING = Path(__file__).parent / "training"
ROUTER_TURNS, FLOOR_TURNS = _TRAINING / "turns", _TRAINING / "floors"
EXAMPLES = FLOOR_TURNS / "examples.jsonl"
LABELS = "routing"
RIDGE = 10.0
JUDGED_TIMES = 3
"""A judged turn counts so often: the own ones are hard on purpose, and half of them floors."""
FORCED = 0.07
"""Share of the ordinary turns that is forced strong, out of fold: a needless strong call costs
cents, a floor that is missed may cost a customer. A tenth is the most that is wanted, and of turns
that the patterns were not written in view of (the own conversations) about a third more is."""
FOLDS = 5

_Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """A turn as what it means, and the floor that it falls under; None is an ordinary one.

    Attributes:
        customer: turns of one customer never stand on both sides of a fold.
        group: turns of one group are resampled together.
    """

    request: RouteRequest
    floor: Floor | None
    customer: str
    group: str


@dataclass(frozen=True)
class FloorData:
    """What the head is fitted and tried on.

    Attributes:
        own: examples and turns that were written for training.
        kept_back: short examples that are not fitted on.
        train, dev: judged turns of customers; only `train` is fitted on, both are for the
            threshold, each scored by a fit without its customer.
    """

    own: Sequence[Case]
    kept_back: Sequence[Case]
    train: Sequence[Case]
    dev: Sequence[Case]

    @property
    def judged(self) -> list[Case]:
        """Those of `train`, then those of `dev`."""
        return [*self.train, *self.dev]


def read_floor_data(catalog: Catalog) -> FloorData:
    """The examples, the own turns, and the judged ones.

    Raises:
        MspError: a set is not there or malformed.
    """

    def turns(source: str, split: str) -> list[Case]:
        data, _ = read_training_set(source, split=split, group=None, catalog=catalog)
        return _cases(data)

    own = [case for folder in (ROUTER_TURNS, FLOOR_TURNS) for case in turns(str(folder), "train")]
    return FloorData(
        own=[*_read_examples("train"), *own],
        kept_back=_read_examples("check"),
        train=turns(LABELS, "train"),
        dev=turns(LABELS, "dev"),
    )


def fit_floor_head(data: FloorData) -> FloorHead:
    """The head on all that is to be learned from; its threshold from the judged turns."""
    columns = _Columns(data)
    scaling, head = columns.fit(columns.taught)
    ordinary = np.sort(
        [s for s, case in zip(out_of_fold(data), data.judged, strict=True) if not case.floor]
    )
    passing = math.floor(FORCED * len(ordinary))
    return FloorHead(
        words=columns.words(columns.taught),
        scaling=scaling,
        head=head,
        threshold=float(ordinary[-passing - 1 :][:2].mean()),
    )


def out_of_fold(data: FloorData) -> Floats:
    """The probability that each judged turn is a floor, by a fit without its customer.

    It is 1 where a pattern matches and nothing speaks against it.
    """
    columns = _Columns(data)
    scores = np.empty(len(data.judged))
    for customer in sorted({case.customer for case in data.judged}):
        own = columns.customers == customer
        scaling, head = columns.fit(columns.taught & ~own)
        held = own & columns.judged
        features = columns.features(columns.words(columns.taught & ~own), held)
        scores[held[: len(scores)]] = head.probability(scaling.apply(features))
    said_outright = columns.matched[: len(scores)] & (scores >= WITH_PATTERN)
    return np.where(said_outright, 1.0, scores)


@cache
def _wordless(request: RouteRequest) -> Floats:
    row: Floats = wordless_features([request])[0]  # the patterns are slow
    return row


class _Columns:
    """All turns, the judged ones first, of which fits take some.

    Attributes:
        customers: of each.
        judged, taught: which are judged, and which may be fitted on.
        matched: which a pattern matches.
    """

    def __init__(self, data: FloorData) -> None:
        cases = [*data.judged, *data.own]
        self._terms = common_terms(case.request.text for case in cases)
        self._wordless = np.array([_wordless(case.request) for case in cases])
        self._classes = [class_of(case.floor) for case in cases]
        self._times = np.repeat([JUDGED_TIMES, 1], [len(data.judged), len(data.own)])
        self.matched = self._wordless[:, : len(FLOORS)].sum(axis=1) > 0
        self.customers = np.array([case.customer for case in cases])
        row = np.arange(len(cases))
        self.judged = row < len(data.judged)
        self.taught = (row < len(data.train)) | ~self.judged

    def words(self, chosen: _Rows) -> WordCounts:
        """How the words of some turns speak for floors."""
        rows = ((self._terms[row], self._classes[row]) for row in _places(chosen))
        return WordCounts.of(rows, classes=CLASSES)

    def features(self, words: WordCounts, chosen: _Rows) -> Floats:
        """Those of some turns."""
        odds = words.log_odds([self._terms[row] for row in _places(chosen)])
        return floor_features(odds, self._wordless[chosen])

    def fit(self, chosen: _Rows) -> tuple[Scaling, Head]:
        """The head; what it is shown of a turn's words comes from turns of other customers."""
        places = _places(chosen)
        fold = np.full(len(chosen), -1)
        fold[places] = folds_of(self.customers[places].tolist(), FOLDS)
        features = np.zeros((len(chosen), COUNT))
        for held in range(FOLDS):
            others = self.words(chosen & (fold != held))
            features[fold == held] = self.features(others, fold == held)
        again = np.repeat(places, self._times[places])
        truth = np.array([float(self._classes[row] > 0) for row in again])
        scaling = Scaling.of(features[again])
        return scaling, fit_head(scaling.apply(features[again]), truth, ridge=RIDGE)


def _places(chosen: _Rows) -> npt.NDArray[np.intp]:
    return np.flatnonzero(chosen)


def _read_examples(split: Literal["train", "check"]) -> list[Case]:
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    return [
        Case(RouteRequest(row["text"]), row["floor"], row["id"], row["id"])
        for row in rows
        if row["split"] == split
    ]


def _cases(data: RoutingSet) -> list[Case]:
    return [
        Case(what_is_meant(turn.request), turn.floor, turn.slices["customer"], turn.group)
        for turn in data.turns
    ]
