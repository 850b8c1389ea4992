"""What only the file can show; the rest is in tests/contract."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msp_core.clock import fixed_clock
from msp_core.conversations.sqlite import MIGRATIONS, SqliteConversationStore
from msp_core.conversations.store import CONVERSATION_LIFE, Turn
from msp_core.scope import Role, Scope

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TOM = Scope("tom", Role.TECHNICIAN, frozenset({"keller"}), "keller")


def test_a_file_of_the_first_format_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute(
            "INSERT INTO conversations VALUES"
            " ('s1', 'tom', 'keller', 'VPN', '2026-11-01T09:00:00Z')"
        )
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    (row,) = SqliteConversationStore(path, fixed_clock(NOW)).recent(TOM)
    assert row.title == "VPN"
    assert row.expires_at == NOW - timedelta(days=1) + CONVERSATION_LIFE


def test_nothing_of_an_expired_conversation_is_left_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    store = SqliteConversationStore(path, fixed_clock(NOW))
    store.open("s1", TOM, title="secret", at=NOW)
    with closing(sqlite3.connect(path)) as connection:
        # Another process has the file open, so SQLite does not tidy up by closing.
        connection.execute("SELECT count(*) FROM conversations").fetchall()
        store.save_turn("s1", Turn("t1", "secret " * 1000, (), True), at=NOW)
        later = NOW + CONVERSATION_LIFE
        SqliteConversationStore(path, fixed_clock(later)).open("s2", TOM, title="other", at=later)
        files = list(tmp_path.glob("conversations.db*"))
        assert len(files) == 3
        assert not any(b"secret" in file.read_bytes() for file in files)
        titles = connection.execute("SELECT title FROM conversations").fetchall()
    assert titles == [("other",)]
