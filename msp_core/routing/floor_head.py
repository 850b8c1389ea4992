"""A small learned head for floor turns that are put in other words than the patterns know."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from msp_core.learning.logistic import Floats, Head
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
from msp_core.routing.floor_features import COUNT, FLOOR_FEATURES_ID, floor_features, has_ticket
from msp_core.routing.floor_patterns import FLOORS, FindFloor, Floor, match_floor
from msp_core.routing.learned import Embed
from msp_core.routing.request import RouteRequest

FORM = StampedForm(
    "msp.floor-head/2",
    "floor head",
    "Fit it anew: msp routing floors --out msp_core/routing/floor_head.json.",
)


@dataclass(frozen=True, eq=False)
class FloorHead:
    """Logistic regressions on the message's vector, and one on the whole turn above them.

    Attributes:
        embedder_id: of the vectors that it was fitted on.
        texts: for each floor, in the order of `FLOORS`, one on the vector.
        text_threshold: from which probability on a text is its likeliest floor.
        scaling: of the turn's features.
        turn: "any floor" by the scaled features.
        turn_threshold: from which probability on a turn is a floor.
    """

    embedder_id: str
    texts: tuple[Head, ...]
    text_threshold: float
    scaling: Scaling
    turn: Head
    turn_threshold: float

    def find(self, request: RouteRequest, vector: npt.NDArray[np.float32]) -> Floor | None:
        """The floor of a turn that no pattern matched.

        The text alone can make it one, and so can the whole turn when it belongs to a ticket. The
        name is that of the likeliest floor of the text; where the text alone would be none and the
        ticket is about security, it is `security`.

        Args:
            request: the turn as what it means.
            vector: of its text, shape (dimension,).
        """
        odds = text_log_odds(self.texts, vector[None].astype(np.float64))
        likeliest = int(odds[0].argmax())
        if likelihood(odds)[0] >= self.text_threshold:
            return FLOORS[likeliest]
        if not has_ticket(request):
            return None
        scaled = self.scaling.apply(floor_features([request], odds))
        if self.turn.probability(scaled)[0] < self.turn_threshold:
            return None
        return "security" if request.category == "Security" else FLOORS[likeliest]


def likelihood(odds: Floats) -> Floats:
    """The probability of each text's likeliest floor, shape (n,), from log odds, shape (n, 4)."""
    probability: Floats = 1 / (1 + np.exp(-odds.max(axis=1)))
    return probability


def text_log_odds(texts: Sequence[Head], vectors: Floats) -> Floats:
    """Of each floor, shape (n, 4), for vectors of shape (n, dimension)."""
    return np.stack([vectors @ head.weights + head.intercept for head in texts], axis=1)


def make_find_floor(embed: Embed, head: FloorHead) -> FindFloor:
    """Patterns first; what they pass over is left to the head."""

    def find(request: RouteRequest) -> Floor | None:
        floor = match_floor(request.text)
        if floor is not None or not request.text.strip():
            return floor
        return head.find(request, embed([request.text])[0])

    return find


class _Body(StampedRow):
    embedder_id: str
    features_id: str
    texts: dict[Floor, HeadRow]
    text_threshold: float
    mean: Numbers
    spread: Numbers
    turn: HeadRow
    turn_threshold: float


def encode_head(head: FloorHead) -> bytes:
    """The file's content: the same head gives the same bytes."""
    rows = (HeadRow.of(text) for text in head.texts)
    body = _Body(
        embedder_id=head.embedder_id,
        features_id=FLOOR_FEATURES_ID,
        texts=dict(zip(FLOORS, rows, strict=True)),
        text_threshold=round(head.text_threshold, DIGITS),
        mean=numbers(head.scaling.mean),
        spread=numbers(head.scaling.spread),
        turn=HeadRow.of(head.turn),
        turn_threshold=round(head.turn_threshold, DIGITS),
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
    if {*body.texts} != {*FLOORS}:
        raise ValueError(f"it needs one text head for each of {', '.join(FLOORS)}")
    if not len(body.mean) == len(body.spread) == len(body.turn.weights) == COUNT:
        raise ValueError(f"mean, spread and the turn's weights need {COUNT} numbers each")
    return FloorHead(
        embedder_id=body.embedder_id,
        texts=tuple(body.texts[floor].head() for floor in FLOORS),
        text_threshold=body.text_threshold,
        scaling=Scaling(np.array(body.mean), np.array(body.spread)),
        turn=body.turn.head(),
        turn_threshold=body.turn_threshold,
    )
