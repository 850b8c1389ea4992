"""A customer's working time: how much of it passed, and when an amount of it will have passed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msp_core.customers import Customer

Span = tuple[datetime, datetime]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON = timedelta(days=3660)
"""A customer that does not work within ten years never does."""


class WorkingTime:
    """The hours in which a customer's clocks run.

    Hours are wall-clock hours in the customer's zone, so on the night of the change to summer time
    a shift may be an hour shorter or longer. Hours that end at or before their start end on the
    next day: 22:00 to 06:00 is a night shift, 00:00 to 00:00 the whole day. A holiday takes away
    the shift that starts on it.
    """

    def __init__(self, customer: Customer) -> None:
        hours = customer.business_hours
        self._zone = ZoneInfo(customer.timezone)
        self._from, self._to = hours.from_, hours.to
        self._days = frozenset(_DAYS.index(day) for day in hours.days)
        self._holidays = frozenset(customer.holidays)
        self._shifts: dict[date, Span | None] = {}

    def passed(self, start: datetime, end: datetime, pauses: Sequence[Span] = ()) -> timedelta:
        """How much working time lies between two moments, without the pauses."""
        total = timedelta()
        for begin, stop in self._spans(start, pauses):
            if begin >= end:
                break
            total += min(stop, end) - begin
        return total

    def after(
        self, start: datetime, amount: timedelta, pauses: Sequence[Span] = ()
    ) -> datetime | None:
        """The moment (UTC) at which `amount` of working time will have passed since `start`.

        Returns:
            None when that takes more than ten years: the customer never works.
        """
        left = amount
        for begin, stop in self._spans(start, pauses):
            if stop - begin >= left:
                return begin + left
            left -= stop - begin
        return None

    def _spans(self, start: datetime, pauses: Sequence[Span]) -> Iterator[Span]:
        """The stretches of working time from `start` on, oldest first, the pauses cut out.

        Args:
            pauses: in order of time, apart from each other.
        """
        if not self._days:
            return
        day = start.astimezone(self._zone).date() - timedelta(days=1)  # a night shift lasts on
        last = (start + _HORIZON).date()
        while day < last:
            shift = self._shift(day)
            day += timedelta(days=1)
            if shift is None or shift[1] <= start:
                continue
            begin, end = max(shift[0], start), shift[1]
            for pause_from, pause_to in pauses:
                if pause_to <= begin or pause_from >= end:
                    continue
                if pause_from > begin:
                    yield begin, pause_from
                begin = pause_to
                if begin >= end:
                    break
            if begin < end:
                yield begin, end

    def _shift(self, day: date) -> Span | None:
        if day not in self._shifts:
            self._shifts[day] = self._make_shift(day)
        return self._shifts[day]

    def _make_shift(self, day: date) -> Span | None:
        if day.weekday() not in self._days or day in self._holidays:
            return None
        last = day if self._to > self._from else day + timedelta(days=1)
        begin = datetime.combine(day, self._from, self._zone).astimezone(UTC)
        end = datetime.combine(last, self._to, self._zone).astimezone(UTC)
        return (begin, end) if begin < end else None
