from datetime import UTC, datetime, timedelta, timezone

import pytest

from msp_core.clock import fixed_clock, from_iso, system_clock, to_iso

BERLIN = timezone(timedelta(hours=1))


def test_every_time_is_shown_in_utc_with_z() -> None:
    assert to_iso(datetime(2026, 1, 2, 0, 30, 5, 999, tzinfo=BERLIN)) == "2026-01-01T23:30:05Z"


@pytest.mark.parametrize(
    "text", ["2024-12-02T10:30:00Z", "2024-12-02T11:30:00+01:00", "20241202T103000Z"]
)
def test_reads_what_iso_8601_allows(text: str) -> None:
    moment = from_iso(text)
    assert moment == datetime(2024, 12, 2, 10, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "2024-12-02", "2024-12-02T10:30:00", "2024-13-02T10:30:00Z"])
def test_refuses_what_has_no_zone_or_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_iso(text)


def test_a_fixed_clock_stands_still_in_utc() -> None:
    clock = fixed_clock(datetime(2026, 1, 2, 0, 30, tzinfo=BERLIN))
    assert clock() == clock() == datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    assert clock().tzinfo is UTC
    with pytest.raises(ValueError, match="time zone"):
        fixed_clock(datetime(2026, 1, 2))  # noqa: DTZ001


def test_times_survive_being_stored() -> None:
    """What is stored has whole seconds; what is not stored yet must equal it."""
    assert from_iso(to_iso(system_clock())) - system_clock() <= timedelta(seconds=1)
    assert system_clock().microsecond == 0
    assert fixed_clock(datetime(2026, 1, 2, 0, 30, 1, 5, tzinfo=UTC))().microsecond == 0
