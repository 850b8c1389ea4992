"""A small learned head for floor turns that are put in other words than the patterns know."""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from msp_core.learning.logistic import Head
from msp_core.learning.scaling import Scaling
from msp_core.learning.stamped_file import (
    DIGITS,
    HeadRow,
    Numbers,
    StampedForm,
    StampedRow,
    encode_stamped,
    numbers,
    read_stamped,
)
from msp_core.learning.words import WordCounts, terms_of
from msp_core.routing.floor_features import (
    CLASSES,
    COUNT,
    FLOOR_FEATURES_ID,
    floor_features,
    wordless_features,
)
from msp_core.routing.floor_patterns import FLOORS, Floor, match_floor
from msp_core.routing.language import is_foreign
from msp_core.routing.request import RouteRequest

FORM = StampedForm(
    "msp.floor-head/3",
    "floor head",
    "Fit it anew: msp routing floors --out msp_core/routing/floor_head.json.",
)


WITH_PATTERN = 0.3
"""From which probability on a turn that a pattern matches is a floor: what is said outright counts
unless the rest of the turn speaks against it. Chosen on turns of writers left out one by one."""


_MOST_LINES = 200


@dataclass(frozen=True, eq=False)
class FloorHead:
    """A logistic regression over words, patterns, ticket and conversation: "is it any floor?".

    Attributes:
        words: how they speak for each floor.
        scaling: of the features.
        head: on the scaled features.
        threshold: from which probability on a turn is a floor; see `WITH_PATTERN` too.
    """

    words: WordCounts
    scaling: Scaling
    head: Head
    threshold: float

    def find(self, request: RouteRequest) -> Floor | None:
        """The floor of a turn: a `FindFloor`.

        Its name is that of the pattern that matches, else of the floor that the words speak for
        most. It has learned from English turns: in another language the patterns decide alone.

        Args:
            request: the turn as what it means.
        """
        matched = match_floor(request.text)
        if not request.text.strip() or is_foreign(request.text):
            return matched
        lines = request.text.splitlines()[:_MOST_LINES] if matched else []
        # A pasted log or mail drowns what is said outright beside it: a line may tell alone.
        alone = [line for line in lines if len(lines) > 1 and match_floor(line)]
        texts = [request.text, *alone]
        return next(filter(None, (self._find(replace(request, text=text)) for text in texts)), None)

    def _find(self, request: RouteRequest) -> Floor | None:
        matched = match_floor(request.text)
        odds = self.words.log_odds([terms_of(request.text)])
        features = floor_features(odds, wordless_features([request]))
        bar = self.threshold if matched is None else min(self.threshold, WITH_PATTERN)
        if self.head.probability(self.scaling.apply(features))[0] < bar:
            return None
        return matched or FLOORS[int(odds[0, : len(FLOORS)].argmax())]


class _Body(StampedRow):
    features_id: str
    texts: tuple[int, ...]
    terms: dict[str, tuple[int, ...]]
    mean: Numbers
    spread: Numbers
    head: HeadRow
    threshold: float


def encode_head(head: FloorHead) -> bytes:
    """The file's content: the same head gives the same bytes."""
    body = _Body(
        features_id=FLOOR_FEATURES_ID,
        texts=head.words.texts,
        terms=dict(head.words.terms),
        mean=numbers(head.scaling.mean),
        spread=numbers(head.scaling.spread),
        head=HeadRow.of(head.head),
        threshold=round(head.threshold, DIGITS),
    )
    return encode_stamped(FORM, body)


def read_head(path: Path) -> FloorHead:
    """The head in a file.

    Raises:
        ConfigurationError: the file cannot be read.
        CorruptData: no floor head, another version's, or its content does not have its hash.
    """
    return read_stamped(path, FORM, lambda body: _head(_Body.model_validate(body)))


@cache
def shipped_head() -> FloorHead:
    """The head that ships; `eval/floor_training.py` fits it."""
    return read_head(Path(str(files("msp_core.routing") / "floor_head.json")))


def _head(body: _Body) -> FloorHead:
    if body.features_id != FLOOR_FEATURES_ID:
        raise ValueError("it was fitted on the features of another version")
    if any(len(counts) != CLASSES for counts in (body.texts, *body.terms.values())):
        raise ValueError(f"texts and terms need {CLASSES} counts each")
    if not len(body.mean) == len(body.spread) == len(body.head.weights) == COUNT:
        raise ValueError(f"mean, spread and weights need {COUNT} numbers each")
    return FloorHead(
        words=WordCounts(body.texts, body.terms),
        scaling=Scaling(np.array(body.mean), np.array(body.spread)),
        head=body.head.head(),
        threshold=body.threshold,
    )
