"""The file of a learned router: JSON that carries its format and its own hash; no pickle."""

import base64
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from msp_core.files import whole_file
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
from msp_core.learning.words import WordCounts, odds_of
from msp_core.routing.features import FEATURES_ID, NAMES
from msp_core.routing.router_model import (
    Calibration,
    Neighbours,
    RouterModel,
    TrainedOn,
    TwoHeads,
    Vectors,
)

FORM = StampedForm(
    "msp.router/2",
    "routing model",
    "Train it anew: msp routing train --labels routing (or --outcomes FILE).",
)
_BYTE = 127
_CLASSES = 2
"""Of the words: turns that gain little by the strong model, and turns that gain much."""
_Count = Annotated[int, Field(ge=0)]


class _TrainedOn(StampedRow):
    name: str
    split: str
    sha256: str
    n: _Count
    n_left_out: _Count
    groups: _Count
    kind: str
    seed: int
    words_sha256: str


class _Body(StampedRow):
    trained_on: _TrainedOn
    embedder_id: str
    features_id: str
    texts: tuple[_Count, ...]
    terms: dict[str, tuple[_Count, ...]]
    mean: Numbers
    spread: Numbers
    lexical: HeadRow
    weak: HeadRow
    strong: HeadRow
    dimension: Annotated[int, Field(ge=1)]
    vectors: str
    full_byte: Annotated[float, Field(gt=0)]
    gains: Annotated[Numbers, Field(min_length=1)]
    k: Annotated[int, Field(ge=1)]
    calibration_scores: Annotated[Numbers, Field(min_length=1)]
    calibration_gains: Numbers
    threshold: float
    threshold_note: str
    least_familiar: float
    settings: dict[str, float]


def default_model() -> RouterModel:
    """The router that ships: trained on split `train` of the routing labels and on own turns.

    Raises:
        CorruptData: see `read_model`.
    """
    return read_model(Path(str(files("msp_core.routing") / "default_router.json")))


def encode_model(model: RouterModel) -> bytes:
    """The file's content: the same model gives the same bytes."""
    packed, full = _pack(model.neighbours.vectors)
    body = _Body(
        trained_on=_TrainedOn(**vars(model.trained_on)),
        embedder_id=model.embedder_id,
        features_id=FEATURES_ID,
        texts=model.words.texts,
        terms=dict(model.words.terms),
        mean=numbers(model.scaling.mean),
        spread=numbers(model.scaling.spread),
        lexical=HeadRow.of(model.lexical),
        weak=HeadRow.of(model.two_head.weak),
        strong=HeadRow.of(model.two_head.strong),
        dimension=model.neighbours.vectors.shape[1],
        vectors=packed,
        full_byte=full,
        gains=numbers(model.neighbours.gains),
        k=model.neighbours.k,
        calibration_scores=numbers(model.calibration.scores),
        calibration_gains=numbers(model.calibration.gains),
        threshold=round(model.threshold, DIGITS),
        threshold_note=model.threshold_note,
        least_familiar=round(model.least_familiar, DIGITS),
        settings=dict(model.settings),
    )
    return encode_stamped(FORM, body)


def write_model(path: Path, model: RouterModel) -> None:
    """Write the file, whole or not at all.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    content = encode_model(model)
    with whole_file(path, advice="Choose another file with --out.") as file:
        file.write(content)


def read_model(path: Path) -> RouterModel:
    """The router in a file.

    Raises:
        ConfigurationError: the file cannot be read.
        CorruptData: no router, another version's, or its content does not have its hash.
    """
    return read_stamped(path, FORM, lambda body: _model(_Body.model_validate(body)))


def _pack(vectors: Vectors) -> tuple[str, float]:
    """A signed byte per component, as base64, and what a full byte stands for."""
    full = round(float(np.abs(vectors).max()), DIGITS) or 1.0
    stored = np.clip(np.round(vectors * (_BYTE / full)), -_BYTE, _BYTE).astype(np.int8)
    return base64.b64encode(stored.tobytes()).decode(), full


def _model(body: _Body) -> RouterModel:
    if body.features_id != FEATURES_ID:
        raise ValueError("it was trained on the text features of another version")
    stored = np.frombuffer(base64.b64decode(body.vectors, validate=True), dtype=np.int8)
    if any(len(counts) != _CLASSES for counts in (body.texts, *body.terms.values())):
        raise ValueError(f"texts and terms need {_CLASSES} counts each")
    n, lexical = len(body.gains), len(NAMES) + odds_of(_CLASSES)
    two_head = lexical + body.dimension
    lengths = {
        "vectors": (stored.size, n * body.dimension),
        "mean": (len(body.mean), lexical),
        "spread": (len(body.spread), lexical),
        "lexical": (len(body.lexical.weights), lexical),
        "weak": (len(body.weak.weights), two_head),
        "strong": (len(body.strong.weights), two_head),
        "calibration_gains": (len(body.calibration_gains), len(body.calibration_scores)),
    }
    for name, (length, wanted) in lengths.items():
        if length != wanted:
            raise ValueError(f"{name} has {length} numbers and needs {wanted}")
    return RouterModel(
        trained_on=TrainedOn(**body.trained_on.model_dump()),
        embedder_id=body.embedder_id,
        words=WordCounts(body.texts, body.terms),
        scaling=Scaling(np.array(body.mean), np.array(body.spread)),
        lexical=body.lexical.head(),
        two_head=TwoHeads(body.weak.head(), body.strong.head()),
        neighbours=Neighbours(
            stored.reshape(n, body.dimension) * np.float32(body.full_byte / _BYTE),
            np.array(body.gains),
            body.k,
        ),
        calibration=Calibration(
            np.array(body.calibration_scores), np.array(body.calibration_gains)
        ),
        threshold=body.threshold,
        threshold_note=body.threshold_note,
        least_familiar=body.least_familiar,
        settings=body.settings,
    )
