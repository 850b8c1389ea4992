"""The one source of time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time as an aware UTC datetime in whole seconds, as times are stored."""


def system_clock() -> datetime:
    """The real time, UTC."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  # this is the one place


def fixed_clock(moment: datetime) -> Clock:
    """A clock that stands still at `moment`, which must be aware.

    Raises:
        ValueError: moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a fixed clock needs a time with a time zone")
    utc = moment.astimezone(UTC).replace(microsecond=0)
    return lambda: utc


def to_iso(moment: datetime) -> str:
    """`2024-12-02T10:30:00Z`: UTC, whole seconds, the form of every stored and shown time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """The aware UTC datetime of an ISO 8601 text.

    Raises:
        ValueError: not ISO 8601, or without a time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; end it with Z")
    return moment.astimezone(UTC)
