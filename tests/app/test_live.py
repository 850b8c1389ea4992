import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any, cast

import pytest

from app.live import with_beats
from msp_core.conversations.store import Event


class _Turn:
    """Emits events with pauses, and notes how it ended."""

    def __init__(self, pauses: list[float], error: Exception | None = None) -> None:
        self._pauses = pauses
        self._error = error
        self.ended = ""

    async def events(self) -> AsyncIterator[Event]:
        try:
            for number, pause in enumerate(self._pauses):
                await asyncio.sleep(pause)
                yield {"seq": number}
            if self._error is not None:
                raise self._error
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        finally:
            self.ended = self.ended or "done"


def test_silence_gives_beats_and_no_event_is_lost() -> None:
    turn = _Turn([0, 0.3, 0])
    seen = list(with_beats(turn.events(), beat_s=0.05))
    assert [event["seq"] for event in seen if event] == [0, 1, 2]
    assert seen.count(None) >= 3
    assert turn.ended == "done"


def test_closing_cancels_the_turn_and_waits_for_its_clean_up() -> None:
    turn = _Turn([0, 60])
    with closing(cast("Any", with_beats(turn.events(), beat_s=0.05))) as events:
        assert next(events) == {"seq": 0}
        assert next(events) is None
    assert turn.ended == "cancelled"


def test_closing_between_two_ready_events_ends_the_turn_too() -> None:
    turn = _Turn([0, 0, 0])
    with closing(cast("Any", with_beats(turn.events()))) as events:
        assert next(events) == {"seq": 0}
    assert turn.ended


def test_an_error_reaches_the_caller() -> None:
    turn = _Turn([0], ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        list(with_beats(turn.events()))
    assert turn.ended == "done"
