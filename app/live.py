"""Reads a turn's events from ordinary code, with a beat whenever the turn is silent."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from typing import cast

from msp_core.conversations.store import Event

BEAT_S = 0.25

_Inbox = asyncio.Queue[Event | BaseException | None]


def with_beats(events: AsyncIterator[Event], *, beat_s: float = BEAT_S) -> Iterator[Event | None]:
    """The events as they come, and None after every `beat_s` seconds without one.

    Streamlit stops a script only where the script touches the page. A page that waited for a slow
    model's first word could not be stopped; on each beat it touches the page. Closing the iterator
    cancels the turn, which then stores what it has shown.

    Raises:
        Exception: whatever ends the turn.
    """
    loop = asyncio.new_event_loop()
    inbox: _Inbox = asyncio.Queue()
    # One task reads everything: an async generator must not change its context between events.
    reader = loop.create_task(_read(events, inbox))
    try:
        while True:
            try:
                item = loop.run_until_complete(asyncio.wait_for(inbox.get(), beat_s))
            except TimeoutError:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        reader.cancel()
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(reader)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _read(events: AsyncIterator[Event], inbox: _Inbox) -> None:
    try:
        async for event in events:
            inbox.put_nowait(event)
    except Exception as error:  # noqa: BLE001  # raised again where the events are consumed
        inbox.put_nowait(error)
    else:
        inbox.put_nowait(None)
    finally:
        # The generator's own clean-up stores the turn; it must not wait for the garbage collector.
        await cast("AsyncGenerator[Event]", events).aclose()
