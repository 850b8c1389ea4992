"""The one object that the pages talk to; today it calls the assistant in this process."""

import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from app.live import BEAT_S, with_beats
from msp_core.bootstrap import Services
from msp_core.conversations.store import Conversation, Event, Turn
from msp_core.scope import Scope

PATIENCE_S = 3.0
"""How long a reader waits for a turn that is being stopped; much longer than a beat."""


class Client:
    """Conversations of the visitor, who is the local user.

    Args:
        services: shared by all visitors; everything behind it may be used from any thread.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def now(self) -> datetime:
        """The time, or the pinned one."""
        return self._services.clock()

    def customers(self) -> dict[str, str]:
        """Name by id of each customer that the visitor may choose, by name."""
        rows = self._services.customers.values()
        return {row.customer_id: row.name for row in sorted(rows, key=lambda row: row.name)}

    def conversations(self, customer_id: str | None) -> list[Conversation]:
        """The visitor's conversations for a customer (None: the desk-wide ones), newest first."""
        return self._services.conversations.recent(self._scope(customer_id))

    def turns(self, customer_id: str | None, session_id: str) -> list[Turn]:
        """A conversation's turns, oldest first.

        When a visitor stops a turn or reloads the page, the next run of the page begins while the
        last one is still closing its turn; so this waits a little for a turn under way.

        Raises:
            NotFound: the visitor has no such conversation for this customer.
        """
        scope = self._scope(customer_id)
        self._services.conversations.turns(session_id, scope)  # refuse before waiting
        if self._busy[session_id].acquire(timeout=PATIENCE_S):
            self._busy[session_id].release()
        return self._services.conversations.turns(session_id, scope)

    def open_approval(self, customer_id: str | None, session_id: str) -> str | None:
        """The id of the approval that still waits in this conversation, or None.

        Raises:
            NotFound: the visitor has no such conversation for this customer.
        """
        scope = self._scope(customer_id)
        self._services.conversations.turns(session_id, scope)  # whose conversation it is
        waiting = self._services.conversations.pending_approval(session_id)
        if waiting is None or self._services.clock() >= waiting.expires_at:
            return None
        return waiting.approval_id

    def send(
        self, customer_id: str | None, session_id: str, message: str, *, turn_id: str | None = None
    ) -> Iterator[Event | None]:
        """The events of a turn, and None now and then while it is silent; closing stops the turn.

        Args:
            turn_id: of a turn that a crash cut off, to run it again.

        Raises:
            MspError: the message or the conversation is not acceptable.
        """
        stream = self._services.assistant.stream
        scope = self._scope(customer_id)
        return self._alone(session_id, stream(message, scope, session_id, turn_id=turn_id))

    def answer(
        self, customer_id: str | None, session_id: str, approval_id: str, *, approved: bool
    ) -> Iterator[Event | None]:
        """The further events of the turn that waits for this approval; as `send`.

        Raises:
            NotFound: the approval does not exist or was used already.
        """
        scope = self._scope(customer_id)
        resume = self._services.assistant.resume
        return self._alone(session_id, resume(session_id, approval_id, approved, scope))

    def _alone(self, session_id: str, events: AsyncIterator[Event]) -> Iterator[Event | None]:
        """The events, begun when no other turn of this conversation is under way."""
        busy = self._busy[session_id]
        while not busy.acquire(timeout=BEAT_S):
            yield None
        try:
            yield from with_beats(events)
        finally:
            busy.release()

    def _scope(self, customer_id: str | None) -> Scope:
        return self._services.local_scope(customer_id)
