"""Where conversations, finished turns and approvals are kept: the port."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from msp_core.errors import Conflict, NotFound
from msp_core.scope import Scope

Event = dict[str, Any]
Thumb = Literal["up", "down"]
CONVERSATION_LIFE = timedelta(days=90)
"""How long a conversation is kept after its last activity."""


@dataclass(frozen=True)
class Conversation:
    """One conversation: it belongs to one actor and one customer (None: the desk-wide view)."""

    session_id: str
    actor_id: str
    customer_id: str | None
    title: str
    last_activity: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Turn:
    """A turn as it was shown. `finished` is False for one that was cut off by a crash."""

    turn_id: str
    message: str
    events: tuple[Event, ...]
    finished: bool


@dataclass(frozen=True)
class Approval:
    """A tool call that waits for a human; valid once, for exactly these arguments.

    Attributes:
        interrupt_id: what the agent loop needs to go on.
        ticket_version: version of the ticket that the human was shown; None when there is none.
    """

    approval_id: str
    session_id: str
    turn_id: str
    actor_id: str
    customer_id: str | None
    tool: str
    arguments_sha256: str
    ticket_version: int | None
    interrupt_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Feedback:
    """What a person thinks of a turn; the comment may be empty."""

    turn_id: str
    thumb: Thumb
    comment: str
    at: datetime


class ConversationStore(Protocol):
    """Keeps conversations. One of another actor or customer is `NotFound`, like none at all.

    An expired conversation is like none; what was kept of it is deleted some time later.
    A write is visible to every later read of any thread and process, and with SQLite to `recent`
    too; DynamoDB's index follows a moment later.
    """

    def open(self, session_id: str, scope: Scope, *, title: str, at: datetime) -> Conversation:
        """The conversation, made on first use, its last activity set to `at`.

        Raises:
            NotFound: the id is another's.
        """

    def recent(self, scope: Scope, *, limit: int = 50) -> list[Conversation]:
        """The scope's conversations, most recent activity first, then by id descending."""

    def turns(self, session_id: str, scope: Scope) -> list[Turn]:
        """All turns of a conversation, oldest first.

        Raises:
            NotFound: no such conversation of the scope.
        """

    def turn(self, session_id: str, turn_id: str) -> Turn | None:
        """One turn of an opened conversation, or None."""

    def save_turn(self, session_id: str, turn: Turn, *, at: datetime) -> None:
        """Store or overwrite a turn of an opened conversation; a turn keeps its place.

        Raises:
            InvalidInput: it is too big for the store.
            NotFound: the conversation is not there, or has expired.
        """

    def add_approval(self, approval: Approval) -> None:
        """Store an approval that waits; its id is a new one.

        Raises:
            Conflict: the conversation has one of this id, used or not; that one stays as it is.
            NotFound: the conversation is not there, or has expired.
        """

    def pending_approval(self, session_id: str) -> Approval | None:
        """The conversation's newest approval that was not used, or None; it may have expired."""

    def use_approval(self, approval_id: str, session_id: str, scope: Scope) -> Approval:
        """Take an approval, atomically: of two callers one gets it.

        Raises:
            NotFound: none of this id, session, actor and customer, or used already.
        """

    def add_feedback(
        self,
        session_id: str,
        turn_id: str,
        scope: Scope,
        *,
        thumb: Thumb,
        comment: str = "",
        at: datetime,
    ) -> None:
        """Store what the owner of a conversation thinks of a turn; it takes an earlier one's place.

        Raises:
            NotFound: no such conversation of the scope, or no such turn.
        """

    def feedback(self, session_id: str, scope: Scope) -> list[Feedback]:
        """The feedback on a conversation, by the order of its turns.

        Raises:
            NotFound: no such conversation of the scope.
        """


def conversation_not_found(session_id: str) -> NotFound:
    """The one error for a conversation that is not there, expired or another's."""
    return NotFound(
        f"There is no conversation {session_id!r} of yours for this customer. Start another one."
    )


def turn_not_found(turn_id: str) -> NotFound:
    """The error for a turn that is not there."""
    return NotFound(f"There is no turn {turn_id!r} in this conversation.")


def approval_taken(approval_id: str) -> Conflict:
    """The error for an approval whose id was used for another."""
    return Conflict(f"There is an approval {approval_id!r} already. Ask for the change again.")


def approval_not_found() -> NotFound:
    """The one error for an approval that is not there, another's or used."""
    return NotFound(
        "This approval does not exist, is not yours, or was used already. Ask for the change again."
    )
