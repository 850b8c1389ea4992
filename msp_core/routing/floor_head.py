"""A small learned head for floor turns that are put in other words than the patterns know."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from msp_core.errors import CorruptData
from msp_core.routing.floor_patterns import Floor, match_floor

Embed = Callable[[Sequence[str]], Any]
"""Texts to unit vectors, shape (n, dimension); what an `Embedder` offers."""
FindFloor = Callable[[str], Floor | None]

SCHEMA = "msp.floor-head/1"
LONGEST_WORDS = 40
"""The head learned from short messages; a longer one has room for words that the patterns know."""


@dataclass(frozen=True)
class FloorHead:
    """A logistic regression for each floor on the message's vector.

    Attributes:
        embedding: id of the model that it was fitted on.
        threshold: a probability at or above it is the floor.
        weights: by floor, one for each dimension and the intercept last.
    """

    embedding: str
    threshold: float
    weights: dict[Floor, tuple[float, ...]]

    def probabilities(self, vector: Any) -> dict[Floor, float]:
        """The probability of each floor for one vector of shape (dimension,)."""
        import numpy as np

        return {
            floor: float(1 / (1 + np.exp(-(vector @ np.array(row[:-1]) + row[-1]))))
            for floor, row in self.weights.items()
        }

    def find(self, vector: Any) -> Floor | None:
        """The likeliest floor at or above the threshold, or None."""
        likely = self.probabilities(vector)
        best = max(likely, key=lambda floor: likely[floor])
        return best if likely[best] >= self.threshold else None


def head_json(head: FloorHead) -> str:
    """The head as the text of its file, stamped with the hash of its figures."""
    body = {
        "embedding": head.embedding,
        "threshold": head.threshold,
        "weights": {floor: list(row) for floor, row in head.weights.items()},
    }
    return json.dumps({"schema": SCHEMA, "sha256": _digest(body), **body}, indent=0) + "\n"


def parse_head(text: str, *, name: str) -> FloorHead:
    """The head of a file's text.

    Raises:
        CorruptData: it is no such file, of another version, or its hash is wrong.
    """
    try:
        raw = json.loads(text)
        body = {key: raw[key] for key in ("embedding", "threshold", "weights")}
        schema, digest = raw["schema"], raw["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptData(f"{name} is not readable as a floor head ({error}).") from error
    if schema != SCHEMA:
        raise CorruptData(f"{name} has the format {schema}, and this version reads {SCHEMA}.")
    if digest != _digest(body):
        raise CorruptData(f"{name} is damaged: its figures do not have the hash that it states.")
    weights = {floor: tuple(row) for floor, row in body["weights"].items()}
    return FloorHead(body["embedding"], body["threshold"], weights)


@cache
def shipped_head() -> FloorHead:
    """The head that ships; `eval/training/floors` holds what it was fitted on."""
    path = files("msp_core.routing") / "floor_head.json"
    return parse_head(path.read_text(encoding="utf-8"), name="floor_head.json")


def make_find_floor(embed: Embed, head: FloorHead) -> FindFloor:
    """Patterns first; then, for a short message, the head."""

    def find(text: str) -> Floor | None:
        floor = match_floor(text)
        if floor is not None or not text.strip() or len(text.split()) > LONGEST_WORDS:
            return floor
        return head.find(embed([text])[0])

    return find


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
