from datetime import UTC, date, datetime, time, timedelta

import pytest

from msp_core.customers import BusinessHours, Customer
from msp_core.tickets.working_time import WorkingTime

WEEK = ["mon", "tue", "wed", "thu", "fri"]


def working(
    *,
    zone: str = "Europe/Berlin",
    days: list[str] | None = None,
    hours: tuple[str, str] = ("08:00", "18:00"),
    holidays: list[date] | None = None,
) -> WorkingTime:
    row = {
        "days": WEEK if days is None else days,
        "from": time.fromisoformat(hours[0]),
        "to": time.fromisoformat(hours[1]),
    }
    return WorkingTime(
        Customer(
            customer_id="keller",
            name="Keller",
            sla_plan="gold",
            timezone=zone,
            business_hours=BusinessHours.model_validate(row),
            holidays=holidays or [],
            targets_minutes={},
        )
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-02T08:00", "2026-11-02T09:30", 1.5),  # Monday, Berlin is an hour ahead
        ("2026-11-02T01:00", "2026-11-02T09:00", 2),  # before the shift nothing passes
        ("2026-11-02T16:00", "2026-11-03T08:00", 2),  # over night
        ("2026-11-06T16:00", "2026-11-09T08:00", 2),  # over a weekend
        ("2026-11-02T09:00", "2026-11-02T09:00", 0),
        ("2026-11-02T09:00", "2026-11-02T08:00", 0),  # a clock that was set back
    ],
)
def test_working_time_between_two_moments(start: str, end: str, expected: float) -> None:
    assert working().passed(at(start), at(end)) == hours(expected)


def test_holidays_do_not_count() -> None:
    some = working(holidays=[date(2026, 11, 3)])
    assert some.passed(at("2026-11-02T16:00"), at("2026-11-04T08:00")) == hours(2)
    assert some.after(at("2026-11-02T16:00"), hours(2)) == at("2026-11-04T08:00")


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-11-02T08:00", 4, "2026-11-02T12:00"),
        ("2026-11-02T16:00", 1, "2026-11-02T17:00"),  # to the very end of the shift
        ("2026-11-02T16:00", 1.5, "2026-11-03T07:30"),
        ("2026-11-06T17:00", 1, "2026-11-09T08:00"),
        ("2026-11-07T12:00", 0.25, "2026-11-09T07:15"),
        ("2026-11-02T08:00", 50, "2026-11-09T08:00"),  # five days of ten hours
    ],
)
def test_when_an_amount_will_have_passed(start: str, amount: float, expected: str) -> None:
    assert working().after(at(start), hours(amount)) == at(expected)


def test_the_change_to_and_from_summer_time() -> None:
    """The shift begins at 8 by the clock on the wall: 7 UTC in winter, 6 UTC in summer."""
    spring, autumn = at("2026-03-27T17:00"), at("2026-10-23T16:00")  # Fridays, end of the shift
    assert working().after(spring, hours(1)) == at("2026-03-30T07:00")
    assert working().after(autumn, hours(1)) == at("2026-10-26T08:00")
    always = working(days=[*WEEK, "sat", "sun"], hours=("00:00", "00:00"))
    assert always.passed(at("2026-03-28T23:00"), at("2026-03-29T22:00")) == hours(23)
    night = working(days=["sat"], hours=("22:00", "06:00"))
    assert night.passed(at("2026-03-28T12:00"), at("2026-03-30T00:00")) == hours(7)
    assert night.passed(at("2026-10-24T12:00"), at("2026-10-26T00:00")) == hours(9)


def test_a_shift_inside_the_skipped_hour_is_no_shift() -> None:
    odd = working(zone="America/New_York", days=["sun"], hours=("02:00", "02:30"))
    assert odd.passed(at("2026-03-08T00:00"), at("2026-03-09T00:00")) <= hours(0.5)


def test_a_night_shift_goes_on_after_midnight() -> None:
    night = working(zone="UTC", days=["mon"], hours=("22:00", "06:00"))
    assert night.after(at("2026-11-03T01:00"), hours(5)) == at("2026-11-03T06:00")
    assert night.passed(at("2026-11-03T01:00"), at("2026-11-04T00:00")) == hours(5)


def test_pauses_are_cut_out() -> None:
    pauses = [
        (at("2026-11-02T08:00"), at("2026-11-02T09:00")),
        (at("2026-11-02T10:00"), at("2026-11-02T10:30")),
        (at("2026-11-02T16:30"), at("2026-11-03T08:00")),
    ]
    start = at("2026-11-02T07:30")
    assert working().passed(start, at("2026-11-02T11:00"), pauses) == hours(2)
    assert working().after(start, hours(9), pauses) == at("2026-11-03T09:30")


def test_who_never_works_is_never_due() -> None:
    assert working(days=[]).after(at("2026-11-02T08:00"), hours(1)) is None
    assert working(days=[]).passed(at("2026-11-02T08:00"), at("2027-11-02T08:00")) == hours(0)


def test_the_parts_of_a_time_sum_up_to_it() -> None:
    some = working(zone="America/New_York", holidays=[date(2026, 3, 20)])
    start, end = at("2026-02-27T00:00"), at("2026-04-04T00:00")
    total = some.passed(start, end)
    cuts = [start + hours(5 * n) for n in range(173) if start + hours(5 * n) < end]
    steps = [some.passed(one, two) for one, two in zip(cuts, [*cuts[1:], end], strict=True)]
    assert sum(steps, timedelta()) == total == hours(25 * 10)
    assert some.after(start, total) == at("2026-04-03T22:00")
