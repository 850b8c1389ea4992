"""How far a long job is, on stderr."""

import time
from collections.abc import Callable

from msp_core.cli.common import note


class ProgressNotes:
    """Called with (done, total): says so, how many a second, and how long the rest takes.

    Args:
        what: the things that are counted.
        clock: seconds, for tests.
    """

    def __init__(self, what: str, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._what = what
        self._clock = clock
        self._first: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        """Say it."""
        note(self.line(done, total))

    def line(self, done: int, total: int) -> str:
        """The line; the first call's `done` was there before, and counts for no rate."""
        now = self._clock()
        if self._first is None:
            self._first = (now, done)
        since, there = self._first
        line = f"indexed {done:,} of {total:,} {self._what}"
        if done == there or now <= since:
            return line
        rate = (done - there) / (now - since)
        left = "" if done >= total else f", about {_duration((total - done) / rate)} left"
        return f"{line} ({rate:,.1f}/s{left})"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
