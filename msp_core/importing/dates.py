"""Times as exports write them, read only when they can be read in one way."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msp_core.errors import InvalidInput
from msp_core.importing.drafts import Moment

DateOrder = Literal["day-first", "month-first"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?)? ?(AM|PM)?"
    r" ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.I,
)
_NUMBERS = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:,? +(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)? ?(AM|PM)?"
    r" ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.I,
)
_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(?:(\d{1,2})\.? ([A-Za-z]{3,9})\.?|([A-Za-z]{3,9})\.? (\d{1,2}))"
    r",? (\d{4})"
    r"(?:,?(?: at)? +(\d{1,2}):(\d{2})(?::(\d{2}))?)? ?(AM|PM)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.I,
)


def parse_moment(
    value: Moment, *, order: DateOrder | None = None, zone: ZoneInfo | None = None
) -> datetime:
    """The time in UTC.

    Understood: ISO 8601 (`2026-03-04T09:12:00Z`, `2026-03-04 09:12`), numbers with the year last
    (`04/03/2026 09:12`, also with `.` or `-`, also AM and PM), English month names
    (`4 Mar 2026 09:12`), and seconds since 1970.

    Args:
        order: what stands first when the year is last; without it only dates with one possible
            reading (`25/03/2026`) are taken.
        zone: of times that name none; default UTC.

    Raises:
        InvalidInput: it cannot be read, or could mean two days; says what to set.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else _in_zone(value, None, zone)
    if value is None or value == "":
        raise InvalidInput("a time is missing")
    text = str(value).strip()
    if re.fullmatch(r"\d{9,11}", text):
        return datetime.fromtimestamp(int(text), UTC)
    try:
        if match := _ISO.fullmatch(text):
            year, month, day, *rest = match.groups()
            return _build(year, month, day, rest, zone)
        if match := _NAMED.fullmatch(text):
            day1, name1, name2, day2, year, *rest = match.groups()
            number = _MONTHS.index((name1 or name2)[:3].lower()) + 1
            return _build(year, str(number), day1 or day2, rest, zone)
        if match := _NUMBERS.fullmatch(text):
            first, second, year, *rest = match.groups()
            day, month = _day_and_month(text, first, second, order)
            return _build(year, month, day, rest, zone)
    except ValueError as error:
        raise InvalidInput(f"the time {text[:40]!r} does not exist ({error})") from error
    raise InvalidInput(
        f"the time {text[:40]!r} is not understood; it could be 2026-03-04 09:12, say"
    )


def names_no_zone(value: Moment) -> bool:
    """Whether a time, readable as such, leaves its time zone open."""
    if isinstance(value, datetime):
        return value.tzinfo is None
    text = str(value or "").strip()
    for pattern in (_ISO, _NAMED, _NUMBERS):
        if match := pattern.fullmatch(text):
            return match.groups()[-1] is None
    return False


def _day_and_month(text: str, first: str, second: str, order: DateOrder | None) -> tuple[str, str]:
    if order is None:
        if int(first) <= 12 and int(second) <= 12 and first != second:
            raise InvalidInput(
                f'the date {text[:40]!r} could mean two days; set order = "day-first" or '
                '"month-first" under [dates] in the mapping file'
            )
        order = "month-first" if int(second) > 12 else "day-first"
    return (first, second) if order == "day-first" else (second, first)


def _build(
    year: str, month: str, day: str, rest: list[str | None], zone: ZoneInfo | None
) -> datetime:
    hour, minute, second, half, offset = rest
    if hour is None:  # a day, not a moment: in no time zone may it become the day before
        zone = None
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(f"{hours} {half}")
        hours = hours % 12 + 12 * (half.upper() == "PM")
    day_of_it = date(int(year), int(month), int(day))
    moment = datetime.combine(day_of_it, time(hours, int(minute or 0), int(second or 0)))
    return _in_zone(moment, offset, zone)


def _in_zone(moment: datetime, offset: str | None, zone: ZoneInfo | None) -> datetime:
    if offset is None:
        return moment.replace(tzinfo=zone or UTC).astimezone(UTC)
    if offset.upper() in {"Z", "UTC", "GMT"}:
        return moment.replace(tzinfo=UTC)
    sign = -1 if offset[0] == "-" else 1
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    if minutes > 14 * 60:
        raise ValueError(f"offset {offset}")
    return moment.replace(tzinfo=UTC) - sign * timedelta(minutes=minutes)
