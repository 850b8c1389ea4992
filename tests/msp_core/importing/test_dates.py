from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from msp_core.errors import InvalidInput
from msp_core.importing.dates import names_no_zone, parse_moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-04T09:12:33Z", "2026-03-04T09:12:33"),
        ("2026-03-04T09:12:33.123+02:00", "2026-03-04T07:12:33"),
        ("2026-03-04 09:12 -0530", "2026-03-04T14:42:00"),
        ("2026-03-04 09:12:00 UTC", "2026-03-04T09:12:00"),
        ("2026-03-04", "2026-03-04T00:00:00"),
        ("4 Mar 2026 09:12", "2026-03-04T09:12:00"),
        ("Wed, March 4, 2026 at 9:12 PM", "2026-03-04T21:12:00"),
        ("12/31/2026 12:05 AM", "2026-12-31T00:05:00"),
        ("31.12.2026 23:59", "2026-12-31T23:59:00"),
        ("05/05/2026", "2026-05-05T00:00:00"),
        ("1772640070", "2026-03-04T16:01:10"),
    ],
)
def test_forms(text, expected):
    assert parse_moment(text) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "2026-02-30", "31/31/2026", "2026-03-04 25:00", "04/03/2026",
     "1/2/26", "2026-03-04 09:12 +99:00", "13:00 PM 4 Mar 2026", "4 Brumaire 2026"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_moment(text)


def test_zone_and_summer_time():
    assert parse_moment("2026-01-10 12:00", zone=BERLIN).hour == 11
    assert parse_moment("2026-07-10 12:00", zone=BERLIN).hour == 10
    assert parse_moment("2026-07-10 12:00Z", zone=BERLIN).hour == 12
    assert names_no_zone("2026-07-10 12:00")
    assert not names_no_zone("2026-07-10 12:00Z")


def test_order_decides_what_is_ambiguous():
    assert parse_moment("04-03-2026", order="day-first").month == 3
    assert parse_moment("04-03-2026", order="month-first").month == 4
    with pytest.raises(InvalidInput, match="day-first"):
        parse_moment("04-03-2026")
    with pytest.raises(InvalidInput, match="does not exist"):
        parse_moment("25-03-2026", order="month-first")
