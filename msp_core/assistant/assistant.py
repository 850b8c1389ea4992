"""Conversations with the assistant; everything that talks to it uses this."""

import re
import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from msp_core.assistant.bridge import run_in_thread
from msp_core.assistant.events import Event
from msp_core.assistant.parts import Parts
from msp_core.assistant.turn_run import TurnRun
from msp_core.conversations.store import Turn
from msp_core.errors import Conflict, NotFound, UsageError
from msp_core.scope import Scope
from msp_core.tickets.values import check_text

MAX_MESSAGE = 20_000
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Assistant:
    """Answers turns of conversations; one object serves any number of them, from any thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def stream(
        self, message: str, scope: Scope, session_id: str, *, turn_id: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """The events of one turn (`events.py`), as they happen.

        The same `turn_id` again replays what was shown and repeats nothing. A turn that a crash cut
        off is run again; its writes, keyed by session, turn and tool use, count once.

        Args:
            message: 1 to 20,000 characters.
            scope: who asks; from the door, never from the message.
            session_id: letters, digits, `-` and `_`, 64 at most; made on first use.

        Raises:
            UsageError: an empty or too long message, a malformed session id.
            InvalidInput: control characters in the message.
            NotFound: another actor's or customer's conversation.
            Conflict: `turn_id` was used for another message.
            CorruptData: the stored conversation is damaged.
        """
        message, turn_id = _check(message, session_id, turn_id)
        conversations, now = self._parts.conversations, self._parts.clock()
        conversations.open(session_id, scope, title=message[:80], at=now)
        earlier = conversations.turn(session_id, turn_id)
        if earlier is not None and earlier.message != message:
            raise Conflict(f"The turn {turn_id} was another message. Use a new turn id.")
        if earlier is not None and earlier.finished:
            for event in earlier.events:
                yield event
            return
        conversations.save_turn(session_id, Turn(turn_id, message, (), False), at=now)
        again = earlier is not None
        run = TurnRun(self._parts, scope, session_id, turn_id, message, again=again)
        async with aclosing(run.start()) as events:
            async for event in events:
                yield event

    async def resume(
        self, session_id: str, approval_id: str, approved: bool, scope: Scope
    ) -> AsyncGenerator[Event, None]:
        """Go on with a turn that waits for approval; the events continue that turn's.

        Raises:
            NotFound: no such approval of this actor, customer and conversation, or used already.
        """
        approval = self._parts.conversations.use_approval(approval_id, session_id, scope)
        turn = self._parts.conversations.turn(session_id, approval.turn_id)
        if turn is None:
            raise NotFound(f"The turn of approval {approval_id} is gone. Ask for the change again.")
        run = TurnRun(
            self._parts,
            scope,
            session_id,
            turn.turn_id,
            turn.message,
            approval=approval,
            earlier=turn.events,
        )
        async with aclosing(run.go_on(approved=approved)) as events:
            async for event in events:
                yield event

    def ask(
        self, message: str, scope: Scope, session_id: str, *, turn_id: str | None = None
    ) -> Iterator[Event]:
        """`stream` for callers without an event loop, or inside somebody else's.

        Closing the iterator stops the turn; what was shown until then is kept.
        """
        return run_in_thread(lambda: self.stream(message, scope, session_id, turn_id=turn_id))

    def answer_approval(
        self, session_id: str, approval_id: str, approved: bool, scope: Scope
    ) -> Iterator[Event]:
        """`resume` for callers without an event loop."""
        return run_in_thread(lambda: self.resume(session_id, approval_id, approved, scope))


def new_session_id() -> str:
    """A fresh conversation id."""
    return f"s-{secrets.token_hex(8)}"


def _check(message: str, session_id: str, turn_id: str | None) -> tuple[str, str]:
    if not message.strip():
        raise UsageError("The question is empty. Write what you want to know or have done.")
    if len(message) > MAX_MESSAGE:
        raise UsageError(
            f"The question has {len(message):,} characters; at most {MAX_MESSAGE:,} are read. "
            "Send the part that matters, or attach the rest to a ticket."
        )
    for name, value in (("session", session_id), ("turn", turn_id)):
        if value is not None and not _SESSION_ID.fullmatch(value):
            raise UsageError(f"The {name} id may hold letters, digits, - and _, 64 at most.")
    return check_text(message, field="message"), turn_id or f"t-{secrets.token_hex(8)}"
