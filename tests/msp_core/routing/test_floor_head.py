from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msp_core.errors import CorruptData
from msp_core.learning.logistic import Head
from msp_core.learning.scaling import Scaling
from msp_core.routing.floor_features import CATEGORIES, COUNT, PRIORITIES, floor_features
from msp_core.routing.floor_head import FloorHead, encode_head, make_find_floor, read_head
from msp_core.routing.floor_patterns import FLOORS
from msp_core.routing.request import RouteRequest

SECURITY = len(FLOORS) + CATEGORIES.index("Security")
OUTAGE, PLAIN = np.array([0, 1, 0], np.float32), np.array([0, 0, 0], np.float32)


def head() -> FloorHead:
    """The text heads look for their floor's place in the vector, the turn's for Security."""
    turn = np.zeros(COUNT)
    turn[SECURITY] = 4.0
    return FloorHead(
        embedder_id="m",
        texts=tuple(Head(np.eye(len(FLOORS), 3)[row] * 4, -2.0) for row in range(len(FLOORS))),
        text_threshold=0.5,
        scaling=Scaling(np.zeros(COUNT), np.ones(COUNT)),
        turn=Head(turn, -2.0),
        turn_threshold=0.5,
    )


@pytest.mark.parametrize(
    ("category", "vector", "floor"),
    [
        (None, OUTAGE, "outage"),
        (None, PLAIN, None),
        ("Hardware", OUTAGE, "outage"),
        ("Hardware", PLAIN, None),
        ("Security", OUTAGE, "outage"),
        ("Security", PLAIN, "security"),
        ("another desk's name", PLAIN, None),
    ],
)
def test_the_text_alone_or_with_its_ticket_makes_a_floor(
    category: str | None, vector: np.ndarray, floor: str | None
) -> None:
    find = make_find_floor(lambda texts: np.stack([vector] * len(texts)), head())
    assert find(RouteRequest("a b c", category=category)) == floor


def test_patterns_come_first_and_nothing_said_is_nothing() -> None:
    find = make_find_floor(lambda texts: np.stack([OUTAGE] * len(texts)), head())
    assert find(RouteRequest("we were hacked", category="Hardware")) == "security"
    assert find(RouteRequest("  ")) is None


def test_the_features_see_text_ticket_and_conversation() -> None:
    odds = np.array([[1.0, 2.0, 3.0, 4.0]])
    bare = floor_features([RouteRequest("and now")], odds)[0]
    assert bare.shape == (COUNT,)
    assert bare[:4].tolist() == [1, 2, 3, 4]
    full = RouteRequest("and now", ("before",), category="Security", priority="High")
    added = floor_features([full], odds)[0] - bare
    assert added[SECURITY] == added[len(FLOORS) + len(CATEGORIES) + PRIORITIES.index("High")] == 1
    assert added[len(FLOORS) + len(CATEGORIES) + len(PRIORITIES) :].any()


def test_a_head_survives_its_file_and_no_change_to_it(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    content = encode_head(head())
    path.write_bytes(content)
    assert encode_head(read_head(path)) == content
    short = replace(head(), turn=Head(np.ones(3), 0.0))
    for damaged in (
        content.replace(b"4.0", b"5.0", 1),
        content.replace(b"msp.floor-head/2", b"msp.floor-head/1"),
        encode_head(short),
        encode_head(head()).replace(b"floors-1", b"floors-0"),
        content[:50],
        b"{}",
        b"[]",
    ):
        path.write_bytes(damaged)
        with pytest.raises(CorruptData, match=r"floor head|head\.json"):
            read_head(path)
