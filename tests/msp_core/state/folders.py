"""State folders to back up and restore."""

import json
from datetime import UTC, datetime
from pathlib import Path

from msp_core.database import Database
from msp_core.state.restore import StateDatabase, restore

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SCHEMA = ["CREATE TABLE words (word TEXT NOT NULL) STRICT"]
KNOWN = {
    "tickets.db": StateDatabase(SCHEMA),
    "conversations.db": StateDatabase(SCHEMA),
    "knowledge/cold.db": StateDatabase(SCHEMA, "INSERT INTO words VALUES ('restored')"),
}


def database(folder: Path, name: str = "tickets") -> Database:
    return Database(folder / f"{name}.db", SCHEMA)


def add(folder: Path, *words: str, name: str = "tickets") -> None:
    with database(folder, name).write() as connection:
        connection.executemany("INSERT INTO words VALUES (?)", [(word,) for word in words])


def words(folder: Path, name: str = "tickets") -> list[str]:
    with database(folder, name).read() as connection:
        return [row[0] for row in connection.execute("SELECT word FROM words ORDER BY rowid")]


def filled(folder: Path, word: str, *, times: int = 1) -> Path:
    """A state folder in which everything says `word`."""
    for name in ("tickets", "conversations"):
        add(folder, *[word] * times, name=name)
    (folder / "customers.json").write_text(f'"{word}"')
    session = folder / "sessions" / "session_s1" / "agents"
    session.mkdir(parents=True, exist_ok=True)
    (session / "agent.json").write_text(word)
    return folder


def said(folder: Path) -> set[str]:
    """All that a state folder says."""
    found = {*words(folder), *words(folder, "conversations")}
    found.add(json.loads((folder / "customers.json").read_text()))
    return found | {path.read_text() for path in (folder / "sessions").rglob("*.json")}


def bring_back(folder: Path, archive: Path) -> Path | None:
    return restore(folder, archive, known=KNOWN, at=NOW).kept
