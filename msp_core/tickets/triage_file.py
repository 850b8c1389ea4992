"""The file of a learned triage."""

from functools import cache
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
from msp_core.tickets.ticket import Category, Priority
from msp_core.tickets.triage_features import FEATURES_ID, NAMES
from msp_core.tickets.triage_model import (
    PAIR_NAMES,
    LabelHead,
    PairHead,
    TriageModel,
    TriageTrainedOn,
)

FORM = StampedForm(
    "msp.triage/1", "triage model", "Train it anew: msp tickets triage-train --out FILE."
)
_Above0 = Annotated[float, Field(gt=0)]


class _TrainedOn(StampedRow):
    name: str
    split: str
    sha256: str
    n: int
    groups: int


class _Label(StampedRow):
    values: Annotated[list[str], Field(min_length=2)]
    heads: list[HeadRow]
    temperature: _Above0
    threshold: float


class _Body(StampedRow):
    trained_on: _TrainedOn
    embedder_id: str
    features_id: str
    dimension: Annotated[int, Field(ge=1)]
    precision: float
    mean: Numbers
    spread: Numbers
    category: _Label
    priority: _Label
    team: _Label
    duplicate: HeadRow
    duplicate_threshold: float
    likeness: HeadRow


@cache
def default_triage_model() -> TriageModel:
    """The triage that ships: trained on split `train` of the triage labels.

    Raises:
        CorruptData: see `read_triage_model`.
    """
    return read_triage_model(Path(str(files("msp_core.tickets") / "default_triage.json")))


def encode_triage_model(model: TriageModel) -> bytes:
    """The file's content: the same model gives the same bytes."""
    width = model.category.heads[0].weights.size
    return encode_stamped(
        FORM,
        _Body(
            trained_on=_TrainedOn(**vars(model.trained_on)),
            embedder_id=model.embedder_id,
            features_id=FEATURES_ID,
            dimension=(width - len(NAMES)) // 2,
            precision=model.precision,
            mean=numbers(model.scaling.mean),
            spread=numbers(model.scaling.spread),
            category=_label(model.category),
            priority=_label(model.priority),
            team=_label(model.team),
            duplicate=HeadRow.of(model.duplicate.head),
            duplicate_threshold=round(model.duplicate.threshold, DIGITS),
            likeness=HeadRow.of(model.likeness),
        ),
    )


def write_triage_model(path: Path, model: TriageModel) -> None:
    """Write the file, whole or not at all.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    with whole_file(path, advice="Choose another file with --out.") as file:
        file.write(encode_triage_model(model))


def read_triage_model(path: Path) -> TriageModel:
    """The triage in a file.

    Raises:
        ConfigurationError: the file cannot be read.
        CorruptData: no triage, another version's, or its content does not have its hash.
    """
    return read_stamped(path, FORM, lambda body: _model(_Body.model_validate(body)))


def _label(head: LabelHead) -> _Label:
    return _Label(
        values=list(head.values),
        heads=[HeadRow.of(one) for one in head.heads],
        temperature=round(head.temperature, DIGITS),
        threshold=round(head.threshold, DIGITS),
    )


def _model(body: _Body) -> TriageModel:
    if body.features_id != FEATURES_ID:
        raise ValueError("it was trained on the text features of another version")
    _check_lengths(body)
    for value in body.category.values:
        Category(value)
    for value in body.priority.values:
        Priority(value)
    return TriageModel(
        trained_on=TriageTrainedOn(**body.trained_on.model_dump()),
        embedder_id=body.embedder_id,
        precision=body.precision,
        scaling=Scaling(np.array(body.mean), np.array(body.spread)),
        category=_label_head(body.category),
        priority=_label_head(body.priority),
        team=_label_head(body.team),
        duplicate=PairHead(body.duplicate.head(), body.duplicate_threshold),
        likeness=body.likeness.head(),
    )


def _check_lengths(body: _Body) -> None:
    width = len(NAMES) + 2 * body.dimension
    wanted = {
        "mean": (len(body.mean), len(NAMES)),
        "spread": (len(body.spread), len(NAMES)),
        "duplicate": (len(body.duplicate.weights), len(PAIR_NAMES)),
        "likeness": (len(body.likeness.weights), 1),
    }
    for name, label in (
        ("category", body.category),
        ("priority", body.priority),
        ("team", body.team),
    ):
        wanted[f"{name} heads"] = (len(label.heads), len(label.values))
        for value, head in zip(label.values, label.heads, strict=False):
            wanted[f"{name} {value}"] = (len(head.weights), width)
    for name, (length, needed) in wanted.items():
        if length != needed:
            raise ValueError(f"{name} has {length} numbers and needs {needed}")


def _label_head(label: _Label) -> LabelHead:
    return LabelHead(
        tuple(label.values),
        tuple(head.head() for head in label.heads),
        label.temperature,
        label.threshold,
    )
