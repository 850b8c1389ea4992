import math

import numpy as np
import pytest

from msp_core.learning.words import (
    LEAST_TEXTS,
    REACH,
    WordCounts,
    common_terms,
    odds_of,
    terms_of,
)

PLAIN, DARK, LAW = range(3)


def counts() -> WordCounts:
    """Four texts that say "dark", four that say "lawyer", and four plain ones."""
    said = [("the site is dark", DARK), ("the lawyer asks", LAW), ("the mouse", PLAIN)]
    texts = [(terms_of(text), number) for text, number in said for _ in range(LEAST_TEXTS)]
    return WordCounts.of(texts, classes=3)


def test_terms_are_words_and_near_pairs() -> None:
    found = terms_of("Nobody in THE office can print")
    assert {"nobody", "the", "nobody in", "in office", "nobody office"} <= found
    assert "nobody can" not in found
    assert max(len(term.split()) for term in found) == 2
    assert len(terms_of(" ".join(f"w{i}" for i in range(5000)))) < 400 * (1 + REACH)
    assert terms_of("") == set()


def test_rare_terms_are_left_out() -> None:
    often, rarely = ["common"] * LEAST_TEXTS, ["rare"] * (LEAST_TEXTS - 1)
    assert common_terms([*often, *rarely, "common rare"])[-1] == {"common", "rare"}
    assert common_terms([*often, *rarely])[-1] == set()
    few = WordCounts.of([(terms_of("rare"), DARK)] * (LEAST_TEXTS - 1), classes=3)
    assert (few.terms, few.texts) == ({}, (0, LEAST_TEXTS - 1, 0))
    assert few.log_odds([{"rare"}]).tolist() == [[0.0] * odds_of(3)]


def test_the_odds_of_one_word_by_hand() -> None:
    # In 4 of 4 dark texts, in none of 4 plain ones and of 4 others; half a text is added.
    (odds,) = counts().log_odds([{"dark", "never seen"}])
    by_hand = math.log(4.5 / 5) - math.log(0.5 / 5)
    assert odds[DARK - 1] == pytest.approx(by_hand / math.sqrt(2))
    assert odds[LAW - 1] == pytest.approx(0.0)
    assert odds[-1] == pytest.approx((math.log(4.5 / 9) - math.log(0.5 / 5)) / math.sqrt(2))


def test_two_classes_have_one_odds() -> None:
    texts = [(terms_of(text), number) for number, text in enumerate(("no", "yes"))] * LEAST_TEXTS
    odds = WordCounts.of(texts, classes=2).log_odds([{"yes"}, {"no"}, set()])
    assert odds.shape == (3, odds_of(2)) == (3, 1)
    assert odds[0, 0] == -odds[1, 0] > 0 == odds[2, 0]


def test_a_class_s_own_words_speak_for_it() -> None:
    odds = counts().log_odds([terms_of(text) for text in ("all dark", "a lawyer", "the mouse")])
    assert (odds[:2, :2].argmax(axis=1) + 1).tolist() == [DARK, LAW]
    assert (odds[2] < 0).all()
    assert counts().log_odds([]).shape == (0, 3)
    assert np.isfinite(counts().log_odds([set()])).all()


def test_the_strongest_terms_say_why() -> None:
    assert counts().strongest("it is dark, the lawyer says", DARK, 2) == ["dark", "is"]
    assert counts().strongest("the mouse", DARK, 5) == []
