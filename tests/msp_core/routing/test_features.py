import numpy as np
import pytest

from msp_core.routing.features import NAMES, lexical_matrix, named_features
from msp_core.routing.request import RouteRequest


def feature(name: str, request: RouteRequest) -> float:
    return float(np.expm1(named_features(request)[NAMES.index(name)]))


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("words", "the printer is broken", 4),
        ("questions", "why? how?", 2),
        ("numbers", "port 443 and 8443", 2),
        ("tickets", "see TKT-20241202-A1B2C3D4", 1),
        ("log_lines", "it says\n09:12:44 ERROR x\nend", 1),
        ("cause", "Warum? pourquoi? why?", 3),
        ("judgement", "should we, is it safe", 2),
        ("regex", "compare both", 1),
    ],
)
def test_a_named_feature(name: str, text: str, count: float) -> None:
    assert feature(name, RouteRequest(text)) == pytest.approx(count)


def test_what_came_before_counts() -> None:
    request = RouteRequest("and that one?", ("one two", "one two three"), asked="which of these")
    assert feature("turns_before", request) == pytest.approx(2)
    assert feature("words_before", request) == pytest.approx(3)
    assert feature("words_asked", request) == pytest.approx(3)


@pytest.mark.parametrize(
    ("priority", "rank"), [(None, 1), ("Low", 0), ("Critical", 3), ("Urgent", 1)]
)
def test_the_ticket_s_priority(priority: str | None, rank: int) -> None:
    assert feature("priority", RouteRequest("x", priority=priority)) == pytest.approx(rank)


@pytest.mark.parametrize("text", ["", "...", "\ud800", "🖨️", "x" * 200_000, "ошибка принтера"])
def test_any_text_has_finite_features(text: str) -> None:
    matrix = lexical_matrix([RouteRequest(text)])
    assert matrix.shape == (1, len(NAMES))
    assert np.isfinite(matrix).all()


def test_no_requests() -> None:
    assert lexical_matrix([]).shape == (0, len(NAMES))
