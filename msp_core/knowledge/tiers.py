"""The two tiers and the statistics of their corpus; what becomes of a tier that is down."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from msp_core.errors import CorruptData, DependencyFailed, MspError
from msp_core.knowledge.index import KnowledgeIndex, Tier
from msp_core.knowledge.statistics.lexical_statistics import StatisticsStore

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Tiers:
    """Where knowledge is kept.

    Attributes:
        hot: quick, searched by words and meaning; holds the documents that are used.
        cold: the system of record, searched likewise; holds every document.
        statistics: of everything that is in the cold index.
    """

    hot: KnowledgeIndex
    cold: KnowledgeIndex
    statistics: StatisticsStore

    def of(self, tier: Tier) -> KnowledgeIndex:
        """The index of a tier."""
        return self.hot if tier == "hot" else self.cold

    def remove(self) -> None:
        """Drop everything; a part that cannot be dropped does not keep the others.

        Raises:
            MspError: of the first part that could not be dropped.
        """
        errors = []
        for part in (self.hot, self.statistics, self.cold):
            try:
                part.remove()
            except MspError as error:
                errors.append(error)
        if errors:
            raise errors[0]


@dataclass(frozen=True)
class Deadlines:
    """How long a search waits, in seconds, before it goes on without; the tiers at once."""

    hot_s: float = 3.0
    cold_s: float = 10.0
    statistics_s: float = 10.0

    def of(self, tier: Tier) -> float:
        """The seconds of a tier."""
        return self.hot_s if tier == "hot" else self.cold_s


@dataclass(frozen=True)
class Unavailable:
    """What did not answer, or not in time; `reason` is a sentence for a person."""

    reason: str


def ask_tiers(
    asks: Mapping[Tier, Callable[[], Answer]], deadlines: Deadlines
) -> dict[Tier, Answer | Unavailable]:
    """Ask the tiers at once; one that is down, damaged or late does not hold up the other.

    A late one is left to finish by itself. Other errors than these are the caller's, and raised.
    """
    waiting = {tier: _Ask(ask) for tier, ask in asks.items()}
    return {
        tier: asked.answer(f"The {tier} index", deadlines.of(tier))
        for tier, asked in waiting.items()
    }


def ask_statistics(ask: Callable[[], Answer], deadlines: Deadlines) -> Answer | Unavailable:
    """Ask the statistics, as a tier is asked."""
    return _Ask(ask).answer("The index of words", deadlines.statistics_s)


class _Ask(Generic[Answer]):
    """One question in a thread of its own, which does not keep the process alive."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._answer: Answer | None = None
        self._error: BaseException | None = None
        self._asked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="knowledge-tier", daemon=True)
        self._thread.start()

    def answer(self, what: str, seconds: float) -> Answer | Unavailable:
        """The answer, if it comes so many seconds after the question."""
        self._thread.join(max(self._asked_at + seconds - time.monotonic(), 0))
        if self._thread.is_alive():
            return Unavailable(f"{what} did not answer within {seconds:g} s.")
        if isinstance(self._error, (DependencyFailed, CorruptData)):
            return Unavailable(f"{what} is not usable: {self._error}")
        if self._error is not None:
            raise self._error
        return self._answer  # type: ignore[return-value]  # set by the thread, without an error

    def _run(self) -> None:
        try:
            self._answer = self._ask()
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            self._error = error
