"""Files of learned numbers: JSON that carries its format and its own hash; no pickle."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from msp_core.errors import ConfigurationError, CorruptData
from msp_core.learning.logistic import Floats, Head

DIGITS = 5
"""Far more than decide anything, and fewer than rounding on another machine moves."""

Numbers = list[float]
Model = TypeVar("Model")


class StampedRow(BaseModel):
    """A part of a file's body: exactly its fields, no number that is not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class HeadRow(StampedRow):
    """A `Head` as it stands in a file."""

    weights: Numbers
    intercept: float

    @classmethod
    def of(cls, head: Head) -> "HeadRow":
        """The head, rounded."""
        return cls(weights=numbers(head.weights), intercept=round(head.intercept, DIGITS))

    def head(self) -> Head:
        """The head that was written."""
        return Head(np.array(self.weights), self.intercept)


@dataclass(frozen=True)
class StampedForm:
    """A kind of file.

    Attributes:
        format: name and version, such as `msp.router/2`.
        what: what the file is in a message, such as `routing model`.
        again: how to make it anew; a sentence.
    """

    format: str
    what: str
    again: str


def numbers(array: Floats) -> Numbers:
    """Rounded to `DIGITS`, without a negative zero."""
    return [round(float(value), DIGITS) + 0.0 for value in array]


def encode_stamped(form: StampedForm, body: BaseModel) -> bytes:
    """The file's content: the same body gives the same bytes."""
    content = body.model_dump()
    head = {"format": form.format, "sha256": _digest(content), "body": content}
    return (json.dumps(head, sort_keys=True, separators=(",", ":")) + "\n").encode()


def read_stamped(path: Path, form: StampedForm, build: Callable[[object], Model]) -> Model:
    """What `build` makes of the body of a file.

    Args:
        build: checks the body; a ValueError (pydantic's too) says what is wrong with it.

    Raises:
        ConfigurationError: the file cannot be read.
        CorruptData: another kind of file, another version's, its content does not have its hash,
            or `build` refused it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The {form.what} {path} cannot be read ({error.strerror}). Check the path."
        ) from error
    try:
        head = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CorruptData(f"{path} is no {form.what}: it is not JSON. {form.again}") from error
    found = head.get("format") if isinstance(head, dict) else None
    if found != form.format:
        raise CorruptData(
            f"{path} has the format {found!r}, and this version reads {form.format!r}."
            f" {form.again}"
        )
    if head.get("sha256") != _digest(head.get("body")):
        raise CorruptData(
            f"{path} is damaged or was edited: its content does not have the SHA-256 that it "
            f"states. {form.again}"
        )
    try:
        return build(head["body"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CorruptData(
            f"{path} is no {form.what}: {where}: {first['msg']}. {form.again}"
        ) from error
    except ValueError as error:
        raise CorruptData(f"{path} cannot be used: {error}. {form.again}") from error


def _digest(body: object) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
