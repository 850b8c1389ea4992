"""Async events for synchronous callers."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing

from msp_core.assistant.events import Event


def run_in_thread(make_events: Callable[[], AsyncGenerator[Event, None]]) -> Iterator[Event]:
    """Iterate async events from synchronous code, on an event loop in a thread of its own."""
    inbox: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
    runner = asyncio.Runner()
    loop = runner.get_loop()

    async def pump() -> None:
        try:
            async with aclosing(make_events()) as events:
                async for event in events:
                    inbox.put(event)
        except Exception as error:  # noqa: BLE001  # raised in the caller's thread
            inbox.put(error)
        finally:
            inbox.put(None)

    task = loop.create_task(pump())

    def run() -> None:
        with runner, contextlib.suppress(asyncio.CancelledError):
            runner.run(_wait_for(task))

    thread = threading.Thread(target=run, name="assistant-turn", daemon=True)
    thread.start()
    try:
        while (item := inbox.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it ended by itself
            loop.call_soon_threadsafe(task.cancel)
        thread.join()


async def _wait_for(task: asyncio.Task[None]) -> None:
    await task
