"""Fits the floors' head on own examples and turns, and scores judged turns out of fold."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from eval.dataset import find_dataset
from eval.routing_learning import read_training_set
from eval.routing_set import RoutingSet
from eval.set_vectors import VECTORS_FILE, training_embedder
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.embedding_cache import write_cache
from msp_core.learning.logistic import Floats, Head, fit_columns, fit_head
from msp_core.learning.scaling import Scaling
from msp_core.routing.catalog import Catalog
from msp_core.routing.floor_features import floor_features
from msp_core.routing.floor_head import FloorHead, likelihood, text_log_odds
from msp_core.routing.floor_patterns import FLOORS, Floor, match_floor
from msp_core.routing.meaning import what_is_meant
from msp_core.routing.request import RouteRequest

TRAINING = Path(__file__).parent / "training"
EXAMPLES = TRAINING / "floors" / "examples.jsonl"
TURNS = TRAINING / "turns"
LABELS = "routing"
TEXT_RIDGE, TURN_RIDGE = 0.3, 100.0
TEXT_FALSE_ALARMS = 0.05
"""Share of the routine examples that the text heads may call a floor, out of fold."""
FORCED = 0.10
"""Share of the ordinary turns that patterns and head may force strong, out of fold: a needless
strong call costs cents, a floor that is missed may cost a customer."""
FOLDS = 5


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
        examples: short messages without a ticket, for the text heads.
        kept_back: the same, not fitted on.
        taught: turns for the head on the whole turn.
        judged: turns of customers, for its threshold; those in `taught` are left out customer by
            customer.
    """

    examples: Sequence[Case]
    kept_back: Sequence[Case]
    taught: Sequence[Case]
    judged: Sequence[Case]


def read_floor_data(catalog: Catalog) -> FloorData:
    """The examples, and the turns: split `train` and own ones to learn, `train` and `dev` to try.

    Raises:
        MspError: a set is not there or malformed.
    """

    def turns(source: str, split: str) -> list[Case]:
        data, _ = read_training_set(source, split=split, group=None, catalog=catalog)
        return _cases(data)

    train = turns(LABELS, "train")
    return FloorData(
        examples=_read_examples("train"),
        kept_back=_read_examples("check"),
        taught=[*train, *turns(str(TURNS), "train")],
        judged=[*train, *turns(LABELS, "dev")],
    )


def floor_embedder(embedder: Embedder) -> Embedder:
    """The embedder over the vectors that stand beside the data."""
    return training_embedder(embedder, EXAMPLES.parent, TURNS, find_dataset(LABELS))


def write_floor_vectors(data: FloorData, embedder: Embedder) -> None:
    """Write the vectors of what is fitted or tried on and stands in no set that brings its own."""
    brought = {case.request.text for case in data.taught}
    own = {case.request.text for case in (*data.examples, *data.kept_back, *data.judged)}
    write_cache(EXAMPLES.parent / VECTORS_FILE, embedder, own - brought)


def fit_floor_head(data: FloorData, embedder: Embedder) -> FloorHead:
    """Text heads on the examples, and above them a head on those turns that no pattern matches."""
    texts, text_threshold = _fit_texts(data.examples, embedder)
    scaling, turn = _Turns.of(data.taught, texts, embedder).fit()
    scores = out_of_fold(data, texts, text_threshold, embedder)
    ordinary = np.sort([s for s, case in zip(scores, data.judged, strict=True) if not case.floor])
    passing = math.floor(FORCED * len(ordinary))
    return FloorHead(
        embedder_id=embedder.model_id,
        texts=texts,
        text_threshold=text_threshold,
        scaling=scaling,
        turn=turn,
        turn_threshold=float(ordinary[-passing - 1 :][:2].mean()),
    )


def out_of_fold(
    data: FloorData, texts: Sequence[Head], text_threshold: float, embedder: Embedder
) -> Floats:
    """The score of each judged turn by a fit without its customer.

    It is 1 where a pattern matches or the text alone is a floor.
    """
    taught = _Turns.of(data.taught, texts, embedder)
    judged = _Turns.of(data.judged, texts, embedder)
    scores = np.ones(len(data.judged))
    for customer in np.unique(judged.customers):
        scaling, turn = taught.rows(taught.customers != customer).fit()
        own = judged.rows(judged.customers == customer)
        by_turn = turn.probability(scaling.apply(own.features))
        by_text = likelihood(own.features[:, : len(FLOORS)]) >= text_threshold
        scores[own.places] = np.where(by_text, 1.0, by_turn)
    return scores


@dataclass(frozen=True, eq=False)
class _Turns:
    """Those turns that no pattern matches, as columns; `places` are their rows among all."""

    places: npt.NDArray[np.intp]
    features: Floats
    truth: Floats
    customers: npt.NDArray[np.str_]

    @classmethod
    def of(cls, cases: Sequence[Case], texts: Sequence[Head], embedder: Embedder) -> "_Turns":
        """With their features."""
        places = [row for row, case in enumerate(cases) if match_floor(case.request.text) is None]
        left = [cases[row] for row in places]
        odds = text_log_odds(texts, _vectors(left, embedder))
        return cls(
            np.array(places),
            floor_features([case.request for case in left], odds),
            np.array([float(case.floor is not None) for case in left]),
            np.array([case.customer for case in left]),
        )

    def rows(self, chosen: npt.NDArray[np.bool_]) -> "_Turns":
        """Some of them."""
        return _Turns(
            self.places[chosen], self.features[chosen], self.truth[chosen], self.customers[chosen]
        )

    def fit(self) -> tuple[Scaling, Head]:
        """The head that tells floors from ordinary turns."""
        scaling = Scaling.of(self.features)
        return scaling, fit_head(scaling.apply(self.features), self.truth, ridge=TURN_RIDGE)


def _fit_texts(examples: Sequence[Case], embedder: Embedder) -> tuple[tuple[Head, ...], float]:
    """A logistic regression for each floor; the threshold by folds."""
    vectors = _vectors(examples, embedder)
    truth = np.array([[float(case.floor == floor) for floor in FLOORS] for case in examples])
    likeliest = np.empty(len(examples))
    fold = np.arange(len(examples)) % FOLDS
    for held in range(FOLDS):
        (heads,) = fit_columns(vectors[fold != held], truth[fold != held], ridges=[TEXT_RIDGE])
        outside = vectors[fold == held]
        likeliest[fold == held] = np.max([head.probability(outside) for head in heads], axis=0)
    (heads,) = fit_columns(vectors, truth, ridges=[TEXT_RIDGE])
    routine = truth.sum(axis=1) == 0
    return heads, float(np.quantile(likeliest[routine], 1 - TEXT_FALSE_ALARMS))


def _vectors(cases: Sequence[Case], embedder: Embedder) -> Floats:
    return embedder.embed([case.request.text for case in cases]).astype(np.float64)


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
