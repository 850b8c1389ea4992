"""Conversations in a SQLite file."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path

from msp_core.clock import Clock, from_iso, to_iso
from msp_core.conversations.store import (
    CONVERSATION_LIFE,
    Approval,
    Conversation,
    Feedback,
    Thumb,
    Turn,
    approval_not_found,
    approval_taken,
    conversation_not_found,
    turn_not_found,
)
from msp_core.database import Database
from msp_core.scope import Scope

MIGRATIONS = (
    """
    CREATE TABLE conversations (
        session_id TEXT PRIMARY KEY,
        actor_id TEXT NOT NULL,
        customer_id TEXT,
        title TEXT NOT NULL,
        last_activity TEXT NOT NULL
    ) STRICT;
    CREATE TABLE turns (
        session_id TEXT NOT NULL REFERENCES conversations,
        turn_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        message TEXT NOT NULL,
        events TEXT NOT NULL,
        finished INTEGER NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (session_id, turn_id)
    ) STRICT;
    CREATE TABLE approvals (
        approval_id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES conversations,
        turn_id TEXT NOT NULL,
        actor_id TEXT NOT NULL,
        customer_id TEXT,
        tool TEXT NOT NULL,
        arguments_sha256 TEXT NOT NULL,
        ticket_version INTEGER,
        interrupt_id TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        used INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    """
    ALTER TABLE conversations ADD COLUMN expires_at TEXT NOT NULL DEFAULT '';
    UPDATE conversations SET expires_at = strftime('%Y-%m-%dT%H:%M:%SZ', last_activity, '+90 days');
    CREATE INDEX conversations_by_end ON conversations (expires_at);
    CREATE INDEX conversations_by_owner ON conversations (actor_id, customer_id, last_activity);
    CREATE INDEX approvals_by_session ON approvals (session_id);
    CREATE TABLE feedback (
        session_id TEXT NOT NULL,
        turn_id TEXT NOT NULL,
        thumb TEXT NOT NULL,
        comment TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (session_id, turn_id),
        FOREIGN KEY (session_id, turn_id) REFERENCES turns
    ) STRICT;
    CREATE TABLE spending (
        customer_id TEXT NOT NULL,
        day TEXT NOT NULL,
        micro_usd INTEGER NOT NULL,
        PRIMARY KEY (customer_id, day)
    ) STRICT
    """,
    # The ledger keeps what is spent.
    "DROP TABLE spending",
)

_APPROVAL_COLUMNS = (
    "approval_id, session_id, turn_id, actor_id, customer_id, tool, arguments_sha256,"
    " ticket_version, interrupt_id, expires_at"
)

_LIVING = "session_id IN (SELECT session_id FROM conversations WHERE expires_at > ?)"


class SqliteConversationStore:
    """A `ConversationStore` in one file; a connection per operation.

    Args:
        clock: decides what has expired.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._database = Database(path, MIGRATIONS)
        self._clock = clock

    def open(self, session_id: str, scope: Scope, *, title: str, at: datetime) -> Conversation:
        """See `ConversationStore.open`."""
        with self._database.write() as connection:
            dropped = self._drop_expired(connection)
            connection.execute(
                "INSERT INTO conversations (session_id, actor_id, customer_id, title,"
                " last_activity) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (session_id, scope.actor_id, scope.active_customer, title, to_iso(at)),
            )
            row = connection.execute(
                "UPDATE conversations SET last_activity = ?, expires_at = ? WHERE session_id = ?"
                " AND actor_id = ? AND customer_id IS ? RETURNING *",
                (
                    to_iso(at),
                    to_iso(at + CONVERSATION_LIFE),
                    session_id,
                    scope.actor_id,
                    scope.active_customer,
                ),
            ).fetchone()
            if row is None:
                raise conversation_not_found(session_id)
        if dropped:
            self._database.empty_log()
        return _conversation(row)

    def recent(self, scope: Scope, *, limit: int = 50) -> list[Conversation]:
        """See `ConversationStore.recent`."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM conversations WHERE actor_id = ? AND customer_id IS ?"
                " AND expires_at > ? ORDER BY last_activity DESC, session_id DESC LIMIT ?",
                (scope.actor_id, scope.active_customer, self._now(), limit),
            ).fetchall()
        return [_conversation(row) for row in rows]

    def turns(self, session_id: str, scope: Scope) -> list[Turn]:
        """See `ConversationStore.turns`."""
        with self._database.read() as connection:
            self._owned(connection, session_id, scope)
            rows = connection.execute(
                "SELECT * FROM turns WHERE session_id = ? ORDER BY number", (session_id,)
            ).fetchall()
        return [_turn(row) for row in rows]

    def turn(self, session_id: str, turn_id: str) -> Turn | None:
        """See `ConversationStore.turn`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT turns.* FROM turns JOIN conversations USING (session_id)"
                " WHERE session_id = ? AND turn_id = ? AND expires_at > ?",
                (session_id, turn_id, self._now()),
            ).fetchone()
        return None if row is None else _turn(row)

    def save_turn(self, session_id: str, turn: Turn, *, at: datetime) -> None:
        """See `ConversationStore.save_turn`."""
        with self._database.write() as connection:
            self._require_living(connection, session_id)
            connection.execute(
                "INSERT INTO turns (session_id, turn_id, number, message, events, finished, at)"
                " VALUES (?, ?, (SELECT count(*) FROM turns WHERE session_id = ?), ?, ?, ?, ?) ON"
                " CONFLICT (session_id, turn_id) DO UPDATE SET message = excluded.message, events ="
                " excluded.events, finished = excluded.finished, at = excluded.at",
                (
                    session_id,
                    turn.turn_id,
                    session_id,
                    turn.message,
                    json.dumps(turn.events),  # in ASCII: a model may split a surrogate pair
                    int(turn.finished),
                    to_iso(at),
                ),
            )

    def add_approval(self, approval: Approval) -> None:
        """See `ConversationStore.add_approval`."""
        values = [getattr(approval, name.strip()) for name in _APPROVAL_COLUMNS.split(",")]
        values[-1] = to_iso(approval.expires_at)
        with self._database.write() as connection:
            self._require_living(connection, approval.session_id)
            try:
                connection.execute(
                    f"INSERT INTO approvals ({_APPROVAL_COLUMNS}) VALUES"
                    f" ({', '.join('?' * len(values))})",
                    values,
                )
            except sqlite3.IntegrityError as error:
                raise approval_taken(approval.approval_id) from error

    def pending_approval(self, session_id: str) -> Approval | None:
        """See `ConversationStore.pending_approval`."""
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {_APPROVAL_COLUMNS} FROM approvals WHERE session_id = ? AND NOT used "
                f"AND {_LIVING} ORDER BY rowid DESC LIMIT 1",
                (session_id, self._now()),
            ).fetchone()
        return None if row is None else _approval(row)

    def use_approval(self, approval_id: str, session_id: str, scope: Scope) -> Approval:
        """See `ConversationStore.use_approval`."""
        with self._database.write() as connection:
            row = connection.execute(
                "UPDATE approvals SET used = 1 WHERE approval_id = ? AND session_id = ? AND"
                f" actor_id = ? AND customer_id IS ? AND NOT used AND {_LIVING} RETURNING"
                f" {_APPROVAL_COLUMNS}",
                (approval_id, session_id, scope.actor_id, scope.active_customer, self._now()),
            ).fetchone()
            if row is None:
                raise approval_not_found()
        return _approval(row)

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
        """See `ConversationStore.add_feedback`."""
        with self._database.write() as connection:
            self._owned(connection, session_id, scope)
            try:
                connection.execute(
                    "INSERT OR REPLACE INTO feedback (session_id, turn_id, thumb, comment, at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (session_id, turn_id, thumb, comment, to_iso(at)),
                )
            except sqlite3.IntegrityError as error:
                raise turn_not_found(turn_id) from error

    def feedback(self, session_id: str, scope: Scope) -> list[Feedback]:
        """See `ConversationStore.feedback`."""
        with self._database.read() as connection:
            self._owned(connection, session_id, scope)
            rows = connection.execute(
                "SELECT feedback.* FROM feedback JOIN turns USING (session_id, turn_id)"
                " WHERE session_id = ? ORDER BY number",
                (session_id,),
            ).fetchall()
        return [
            Feedback(row["turn_id"], row["thumb"], row["comment"], from_iso(row["at"]))
            for row in rows
        ]

    def _now(self) -> str:
        return to_iso(self._clock())

    def _owned(self, connection: sqlite3.Connection, session_id: str, scope: Scope) -> None:
        row = connection.execute(
            "SELECT 1 FROM conversations WHERE session_id = ? AND actor_id = ? AND customer_id IS ?"
            " AND expires_at > ?",
            (session_id, scope.actor_id, scope.active_customer, self._now()),
        ).fetchone()
        if row is None:
            raise conversation_not_found(session_id)

    def _require_living(self, connection: sqlite3.Connection, session_id: str) -> None:
        living = f"SELECT 1 FROM conversations WHERE session_id = ? AND {_LIVING}"
        if connection.execute(living, (session_id, self._now())).fetchone() is None:
            raise conversation_not_found(session_id)

    def _drop_expired(self, connection: sqlite3.Connection) -> bool:
        """Delete all expired conversations; whether there were any."""
        expired = "session_id IN (SELECT session_id FROM conversations WHERE expires_at <= ?)"
        before = connection.total_changes
        for table in ("feedback", "approvals", "turns", "conversations"):
            connection.execute(f"DELETE FROM {table} WHERE {expired}", (self._now(),))
        return connection.total_changes > before


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        row["session_id"],
        row["actor_id"],
        row["customer_id"],
        row["title"],
        from_iso(row["last_activity"]),
        from_iso(row["expires_at"]),
    )


def _turn(row: sqlite3.Row) -> Turn:
    return Turn(
        row["turn_id"], row["message"], tuple(json.loads(row["events"])), bool(row["finished"])
    )


def _approval(row: sqlite3.Row) -> Approval:
    return Approval(**{**dict(row), "expires_at": from_iso(row["expires_at"])})
