from datetime import UTC, datetime

import pytest

from app.steps import format_cost
from app.wording import plain, shortened, when

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def test_markup_is_taken_literally() -> None:
    assert plain("a *b* [c](d) `e` $f$ <g>") == r"a \*b\* \[c\](d) \`e\` \$f\$ \<g\>"
    assert plain("two\nlines") == "two lines"


def test_a_long_line_is_cut() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (datetime(2026, 11, 2, 8, 5, tzinfo=UTC), None, "08:05"),
        (datetime(2026, 11, 2, 8, 5, tzinfo=UTC), "Europe/Berlin", "09:05"),
        (datetime(2026, 11, 1, 23, 30, tzinfo=UTC), "Europe/Berlin", "00:30"),
        (datetime(2026, 11, 1, 23, 30, tzinfo=UTC), "no/zone", "yesterday"),
        (datetime(2026, 10, 3, 8, 0, tzinfo=UTC), None, "3 Oct"),
        (datetime(2025, 10, 3, 8, 0, tzinfo=UTC), None, "3 Oct 2025"),
    ],
)
def test_times_are_short_and_local(moment: datetime, zone: str | None, expected: str) -> None:
    assert when(moment, NOW, zone) == expected


def test_costs() -> None:
    assert format_cost(0.00121) == "$0.0012"
    assert format_cost(1234.5) == "$1,234.50"
    assert format_cost(None) == "no known price"
