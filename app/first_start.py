"""Fills an empty index with the shipped data, so that a fresh clone answers at once."""

import logging
import threading
import time

import streamlit as st

from msp_core.bootstrap import Services
from msp_core.errors import MspError
from msp_core.loading import load_knowledge, load_tickets

logger = logging.getLogger(__name__)

_POLL_S = 0.1


class FirstStart:
    """Loads the data once, in a thread of its own: a visitor who leaves does not stop it.

    A file in the state folder marks a load that is not complete, so that one which was killed is
    taken up again. An index that someone else filled is left alone.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._marker = services.settings.state_dir / "first-start"
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ready = False
        self._progress = 0.0
        self._error: Exception | None = None

    def ready(self) -> bool:
        """Whether there is something to search."""
        if not self._ready:
            self._ready = self._services.tiers.cold.stats().chunks > 0 and not self._marker.exists()
        return self._ready

    def begin(self) -> None:
        """Start loading, unless that is under way."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._error = None
                self._thread = threading.Thread(target=self._load, name="first-start", daemon=True)
                self._thread.start()

    def progress(self) -> float | None:
        """How far it is, 0 to 1; None when it is over.

        Raises:
            Exception: what the load failed with.
        """
        if self._thread is not None and self._thread.is_alive():
            return self._progress
        if self._error is not None:
            raise self._error
        return None

    def _load(self) -> None:
        try:
            self._marker.parent.mkdir(parents=True, exist_ok=True)
            self._marker.touch()
            tickets = load_tickets(self._services)
            report = load_knowledge(self._services, progress=self._note)
            for row in report.quarantined:
                logger.warning("left out: %s: %s", row.path, row.reason)
            logger.info("loaded %d documents, %d tickets", report.added, tickets.added)
            self._marker.unlink()
        except Exception as error:  # noqa: BLE001  # raised again in the visitor's thread
            self._error = error

    def _note(self, done: int, total: int) -> None:
        self._progress = done / total if total else 1.0


def show_first_start(start: FirstStart) -> None:
    """Load with a progress bar; returns when there is something to search.

    Raises:
        MspError: the data cannot be read, or holds nothing.
    """
    if start.ready():
        return
    start.begin()
    place = st.empty()
    with place.container():
        st.subheader("Preparing the knowledge base")
        st.caption("This happens once: the shipped articles and tickets are being indexed.")
        bar = st.progress(0.0)
        while (done := start.progress()) is not None:
            bar.progress(done)
            time.sleep(_POLL_S)
    place.empty()
    if not start.ready():
        raise MspError("The knowledge index is empty after loading. Run `msp ingest`, then reload.")
