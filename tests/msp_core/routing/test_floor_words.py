import math

import numpy as np
import pytest

from msp_core.routing.floor_patterns import FLOORS
from msp_core.routing.floor_words import LEAST_TURNS, REACH, FloorWords, terms_of

OUTAGE = FLOORS.index("outage")


def words() -> FloorWords:
    """Four outages that say "dark", four contracts that say "lawyer", and four ordinary turns."""
    said = [("the site is dark", "outage"), ("the lawyer asks", "contract"), ("the mouse", None)]
    return FloorWords.of(
        (terms_of(text), floor) for text, floor in said for _ in range(LEAST_TURNS)
    )


def test_terms_are_words_and_near_pairs() -> None:
    found = terms_of("Nobody in THE office can print")
    assert {"nobody", "the", "nobody in", "in office", "nobody office"} <= found
    assert "nobody can" not in found
    assert max(len(term.split()) for term in found) == 2
    assert len(terms_of(" ".join(f"w{i}" for i in range(5000)))) < 400 * (1 + REACH)
    assert terms_of("") == set()


def test_rare_terms_are_not_kept() -> None:
    once = FloorWords.of([(terms_of("rare"), "outage")] * (LEAST_TURNS - 1))
    assert once.terms == {}
    assert once.turns == (0, 0, LEAST_TURNS - 1, 0, 0)
    assert once.log_odds([{"rare"}]).tolist() == [[0.0] * 5]


def test_the_odds_of_one_word_by_hand() -> None:
    # In 4 of 4 outages, in none of 4 ordinary turns, in none of 4 contracts; half a turn is added.
    (odds,) = words().log_odds([{"dark", "never seen"}])
    by_hand = math.log(4.5 / 5) - math.log(0.5 / 5)
    assert odds[OUTAGE] == pytest.approx(by_hand / math.sqrt(2))
    assert odds[FLOORS.index("contract")] == pytest.approx(0.0)
    any_floor = math.log(4.5 / 9) - math.log(0.5 / 5)
    assert odds[-1] == pytest.approx(any_floor / math.sqrt(2))


def test_a_floor_s_own_words_speak_for_it() -> None:
    odds = words().log_odds([terms_of(text) for text in ("all dark", "a lawyer", "the mouse")])
    assert odds.shape == (3, 5)
    assert [FLOORS[row[:4].argmax()] for row in odds[:2]] == ["outage", "contract"]
    assert (odds[2] < 0).all()
    assert words().log_odds([]).shape == (0, 5)
    assert np.isfinite(words().log_odds([set()])).all()


def test_the_strongest_terms_say_why() -> None:
    assert words().strongest("it is dark, the lawyer says", "outage", 2) == ["dark", "is"]
    assert words().strongest("the mouse", "outage", 5) == []
