"""The shipped floor head, its examples, and what it reaches on those that were kept back."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

from eval.floor_training import EXAMPLES, check_floors, fit_floor_head, read_examples
from msp_core.errors import CorruptData
from msp_core.knowledge.minilm import MiniLm
from msp_core.routing.floor_head import (
    FloorHead,
    head_json,
    make_find_floor,
    parse_head,
    shipped_head,
)
from msp_core.routing.floor_patterns import FLOORS, match_floor

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Vectors

SPLITS: tuple[Literal["train", "check"], ...] = ("train", "check")


class Remembering:
    """MiniLM on all examples at once; a batch is far quicker than one by one."""

    def __init__(self) -> None:
        model = MiniLm()
        self.model_id, self.dimension = model.model_id, model.dimension
        texts = [row.text for split in SPLITS for row in read_examples(split)]
        self._known = dict(zip(texts, model.embed(texts), strict=True))

    def embed(self, texts: Sequence[str]) -> "Vectors":
        return np.stack([self._known[text] for text in texts])


@pytest.fixture(scope="module")
def minilm() -> Remembering:
    return Remembering()


def test_the_examples_are_many_and_all_different() -> None:
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    assert len({row["text"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)
    assert sum(row["floor"] is not None for row in rows) >= 400
    assert sum(row["floor"] is None for row in rows) >= 400
    assert {row["floor"] for row in rows} == {*FLOORS, None}
    assert 0.28 < sum(row["split"] == "check" for row in rows) / len(rows) < 0.4


def test_the_shipped_head_is_what_the_examples_give(minilm: Remembering) -> None:
    fitted, shipped = fit_floor_head(read_examples("train"), minilm), shipped_head()
    assert fitted.embedding == shipped.embedding == minilm.model_id
    assert fitted.threshold == shipped.threshold
    for floor in FLOORS:
        np.testing.assert_allclose(fitted.weights[floor], shipped.weights[floor], atol=2e-3)


def test_the_head_adds_to_the_patterns_on_kept_back_examples(minilm: Remembering) -> None:
    examples = read_examples("check")
    patterns = check_floors(examples, match_floor)
    both = check_floors(examples, make_find_floor(minilm.embed, shipped_head()))
    assert both.recall.value >= patterns.recall.value + 0.03
    assert both.recall.value >= 0.9
    assert both.false_alarms.value <= 0.12


def test_a_head_survives_its_file_and_no_change_to_it() -> None:
    head = FloorHead("m", 0.5, dict.fromkeys(FLOORS, (0.1, -0.2, 0.3)))
    text = head_json(head)
    assert parse_head(text, name="x") == head
    for damaged in (
        text.replace("-0.2", "-0.3", 1),
        text.replace("msp.floor-head/1", "msp.floor-head/2"),
        text[:50],
        "{}",
        "[]",
    ):
        with pytest.raises(CorruptData, match="x "):
            parse_head(damaged, name="x")


def test_a_long_message_is_left_to_the_patterns() -> None:
    sure = FloorHead("m", 0.0, dict.fromkeys(FLOORS, (0.0, 0.0)))
    find = make_find_floor(lambda texts: np.ones((len(texts), 1), dtype=np.float32), sure)
    assert find("a b c") is not None
    assert find("word " * 41) is None
    assert find("  ") is None
