"""A check of a service that is not repeated for every search."""

import threading
import time
from collections.abc import Callable

HOLDS_S = 60.0


class RecentCheck:
    """Makes a check once, and again when a minute has passed; safe in threads.

    Args:
        check: raises when it fails; one that passed calls `passed`, whoever asked for it.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._at: float | None = None

    def passed(self) -> None:
        """Note that it passed just now."""
        self._at = time.monotonic()

    def forget(self) -> None:
        """Have it made again at the next call."""
        self._at = None

    def __call__(self) -> None:
        """Pass if it passed within the last minute; else make it, in one thread at a time."""
        before = self._at
        if before is not None and time.monotonic() - before < HOLDS_S:
            return
        with self._lock:
            if self._at == before:
                self._check()
