"""Where conversations, finished turns and approvals are kept: the port."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from msp_core.scope import Scope

Event = dict[str, Any]


@dataclass(frozen=True)
class Conversation:
    """One conversation: it belongs to one actor and one customer (None: the desk-wide view)."""

    session_id: str
    actor_id: str
    customer_id: str | None
    title: str
    last_activity: datetime


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


class ConversationStore(Protocol):
    """Keeps conversations. One of another actor or customer is `NotFound`, like none at all.

    A write is visible to every later read of any thread and process.
    """

    def open(self, session_id: str, scope: Scope, *, title: str, at: datetime) -> Conversation:
        """The conversation, made on first use, its last activity set to `at`."""

    def recent(self, scope: Scope, *, limit: int = 50) -> list[Conversation]:
        """The scope's conversations, most recent activity first."""

    def turns(self, session_id: str, scope: Scope) -> list[Turn]:
        """All turns of a conversation, oldest first."""

    def turn(self, session_id: str, turn_id: str) -> Turn | None:
        """One turn of an opened conversation, or None."""

    def save_turn(self, session_id: str, turn: Turn, *, at: datetime) -> None:
        """Store or overwrite a turn."""

    def add_approval(self, approval: Approval) -> None:
        """Store an approval that waits."""

    def pending_approval(self, session_id: str) -> Approval | None:
        """The conversation's newest approval that was not used, or None; it may have expired."""

    def use_approval(self, approval_id: str, session_id: str, scope: Scope) -> Approval:
        """Take an approval, atomically: of two callers one gets it.

        Raises:
            NotFound: none of this id, session, actor and customer, or used already.
        """
