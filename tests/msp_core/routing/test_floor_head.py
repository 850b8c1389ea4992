from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msp_core.errors import CorruptData
from msp_core.learning.logistic import Head
from msp_core.learning.scaling import Scaling
from msp_core.learning.words import WordCounts
from msp_core.routing.floor_features import (
    CATEGORIES,
    COUNT,
    ODDS,
    PRIORITIES,
    wordless_features,
)
from msp_core.routing.floor_head import FloorHead, encode_head, read_head, shipped_head
from msp_core.routing.floor_patterns import FLOORS
from msp_core.routing.request import RouteRequest

ANY = ODDS - 1
PATTERN = ODDS
TICKET = ODDS + len(FLOORS)
SECURITY = TICKET + CATEGORIES.index("Security")
WORDS = WordCounts((9, 9, 9, 9, 9), {"dark": (0, 0, 9, 0, 0), "lawyer": (0, 0, 0, 0, 9)})


def head() -> FloorHead:
    """Goes by the words' odds of any floor, by a matching pattern, and by a Security ticket."""
    slopes = np.zeros(COUNT)
    slopes[[ANY, SECURITY]] = 2.0, 4.0
    slopes[PATTERN:TICKET] = 4.0
    return FloorHead(WORDS, Scaling(np.zeros(COUNT), np.ones(COUNT)), Head(slopes, -2.0), 0.5)


@pytest.mark.parametrize(
    ("text", "category", "floor"),
    [
        ("it went dark", None, "outage"),
        ("their lawyer", None, "contract"),
        ("we were hacked", None, "security"),
        ("we were hacked, says the lawyer", "Hardware", "security"),
        ("a b c", None, None),
        ("a b c", "Hardware", None),
        ("a b c", "Security", "security"),
        ("a b c", "another desk's name", None),
        ("  ", "Security", None),
    ],
)
def test_words_patterns_and_ticket_make_a_floor(
    text: str, category: str | None, floor: str | None
) -> None:
    assert head().find(RouteRequest(text, category=category)) == floor


def test_what_is_said_outright_counts_unless_the_turn_speaks_against_it() -> None:
    strict = replace(head(), threshold=1.0)
    assert strict.find(RouteRequest("we were hacked")) == "security"
    assert strict.find(RouteRequest("so dark here")) is None
    slopes = head().head.weights.copy()
    slopes[PATTERN:TICKET] = 0.5
    doubtful = replace(strict, head=Head(slopes, -2.0))
    assert doubtful.find(RouteRequest("we were hacked")) is None


def test_a_pasted_log_does_not_drown_what_is_said_outright() -> None:
    log = "\n".join(f"2026-11-03 02:14:{n:02d} sshd[{n}]: read error=0x{n:x}" for n in range(12))
    said = "we have ransomware on three servers"
    assert shipped_head().find(RouteRequest(f"{said}\n{log}")) == "security"
    assert shipped_head().find(RouteRequest(f"status of the ticket\n{log}")) is None


def test_in_another_language_the_patterns_decide_alone() -> None:
    sceptical = replace(head(), threshold=0.99)
    text = "Wir sind gehackt worden und niemand kann sich mehr anmelden, bitte helfen Sie uns"
    assert sceptical.find(RouteRequest(text)) is not None
    assert head().find(RouteRequest("Der Drucker hat leider keinen Toner, dark dark")) is None


def test_the_features_see_patterns_ticket_and_conversation() -> None:
    bare = wordless_features([RouteRequest("and now")])[0]
    assert bare.shape == (COUNT - ODDS,)
    full = RouteRequest("and now", ("before",), category="Security", priority="High")
    added = wordless_features([full])[0] - bare
    ticket = len(FLOORS) + len(CATEGORIES)
    assert added[len(FLOORS) + CATEGORIES.index("Security")] == 1
    assert added[ticket + PRIORITIES.index("High")] == 1
    assert added[ticket + len(PRIORITIES) :].any()
    hacked = wordless_features([RouteRequest("we were hacked")])[0]
    assert hacked[: len(FLOORS)].tolist() == [1, 0, 0, 0]


def test_a_head_survives_its_file_and_no_change_to_it(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    content = encode_head(head())
    path.write_bytes(content)
    assert encode_head(read_head(path)) == content
    short = replace(head(), head=Head(np.ones(3), 0.0))
    narrow = replace(head(), words=WordCounts((9, 9), {}))
    for damaged in (
        content.replace(b"4.0", b"5.0", 1),
        content.replace(b"msp.floor-head/3", b"msp.floor-head/2"),
        encode_head(short),
        encode_head(narrow),
        encode_head(head()).replace(b"floors-2", b"floors-1"),
        content[:50],
        b"{}",
        b"[]",
    ):
        path.write_bytes(damaged)
        with pytest.raises(CorruptData, match=r"floor head|head\.json"):
            read_head(path)
