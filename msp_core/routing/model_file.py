"""The file of a learned router: JSON that carries its format and its own hash; no pickle."""

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from msp_core.errors import ConfigurationError, CorruptData
from msp_core.files import whole_file
from msp_core.routing.features import FEATURES_ID, NAMES
from msp_core.routing.logistic import Floats, Head
from msp_core.routing.router_model import (
    Calibration,
    Neighbours,
    RouterModel,
    Scaling,
    TrainedOn,
    TwoHeads,
    Vectors,
)

FORMAT = "msp.router/1"
_DIGITS = 5  # far more than decide anything, and fewer than rounding on another machine moves
_BYTE = 127
_AGAIN = "Train it anew: msp routing train --labels routing (or --outcomes FILE)."

_Numbers = list[float]
_Count = Annotated[int, Field(ge=0)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _TrainedOn(_Row):
    name: str
    split: str
    sha256: str
    n: _Count
    n_left_out: _Count
    groups: _Count
    kind: str
    seed: int


class _Head(_Row):
    weights: _Numbers
    intercept: float


class _Body(_Row):
    trained_on: _TrainedOn
    embedder_id: str
    features_id: str
    mean: _Numbers
    spread: _Numbers
    lexical: _Head
    weak: _Head
    strong: _Head
    dimension: Annotated[int, Field(ge=1)]
    vectors: str
    full_byte: Annotated[float, Field(gt=0)]
    gains: Annotated[_Numbers, Field(min_length=1)]
    k: Annotated[int, Field(ge=1)]
    calibration_scores: Annotated[_Numbers, Field(min_length=1)]
    calibration_gains: _Numbers
    threshold: float
    threshold_note: str
    least_familiar: float
    settings: dict[str, float]


def default_model() -> RouterModel:
    """The router that ships: trained on split `train` of the routing labels.

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
        mean=_numbers(model.scaling.mean),
        spread=_numbers(model.scaling.spread),
        lexical=_head(model.lexical),
        weak=_head(model.two_head.weak),
        strong=_head(model.two_head.strong),
        dimension=model.neighbours.vectors.shape[1],
        vectors=packed,
        full_byte=full,
        gains=_numbers(model.neighbours.gains),
        k=model.neighbours.k,
        calibration_scores=_numbers(model.calibration.scores),
        calibration_gains=_numbers(model.calibration.gains),
        threshold=round(model.threshold, _DIGITS),
        threshold_note=model.threshold_note,
        least_familiar=round(model.least_familiar, _DIGITS),
        settings=dict(model.settings),
    ).model_dump()
    head = {"format": FORMAT, "sha256": _digest(body), "body": body}
    return (json.dumps(head, sort_keys=True, separators=(",", ":")) + "\n").encode()


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
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The routing model {path} cannot be read ({error.strerror}). Check the path."
        ) from error
    try:
        head = json.loads(content)
    except ValueError as error:
        raise CorruptData(f"{path} is no routing model: it is not JSON. {_AGAIN}") from error
    found = head.get("format") if isinstance(head, dict) else None
    if found != FORMAT:
        raise CorruptData(
            f"{path} has the format {found!r}, and this version reads {FORMAT!r}. {_AGAIN}"
        )
    if head.get("sha256") != _digest(head.get("body")):
        raise CorruptData(
            f"{path} is damaged or was edited: its content does not have the SHA-256 that it "
            f"states. {_AGAIN}"
        )
    try:
        return _model(_Body.model_validate(head["body"]))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CorruptData(
            f"{path} is no routing model: {where}: {first['msg']}. {_AGAIN}"
        ) from error
    except ValueError as error:
        raise CorruptData(f"{path} cannot be used: {error}. {_AGAIN}") from error


def _pack(vectors: Vectors) -> tuple[str, float]:
    """A signed byte per component, as base64, and what a full byte stands for."""
    full = round(float(np.abs(vectors).max()), _DIGITS) or 1.0
    stored = np.clip(np.round(vectors * (_BYTE / full)), -_BYTE, _BYTE).astype(np.int8)
    return base64.b64encode(stored.tobytes()).decode(), full


def _model(body: _Body) -> RouterModel:
    if body.features_id != FEATURES_ID:
        raise ValueError("it was trained on the text features of another version")
    stored = np.frombuffer(base64.b64decode(body.vectors, validate=True), dtype=np.int8)
    n, lexical, two_head = len(body.gains), len(NAMES), len(NAMES) + body.dimension
    lengths = {
        "vectors": (stored.size, n * body.dimension),
        "mean": (len(body.mean), len(NAMES)),
        "spread": (len(body.spread), len(NAMES)),
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
        scaling=Scaling(np.array(body.mean), np.array(body.spread)),
        lexical=_to_head(body.lexical),
        two_head=TwoHeads(_to_head(body.weak), _to_head(body.strong)),
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


def _numbers(array: Floats) -> _Numbers:
    return [round(float(value), _DIGITS) + 0.0 for value in array]


def _head(head: Head) -> _Head:
    return _Head(weights=_numbers(head.weights), intercept=round(head.intercept, _DIGITS))


def _to_head(head: _Head) -> Head:
    return Head(np.array(head.weights), head.intercept)


def _digest(body: object) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
