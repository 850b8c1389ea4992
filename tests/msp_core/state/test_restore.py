"""A whole state folder into a file and back, while others use it, and when it goes wrong."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from msp_core.database import Database
from msp_core.errors import ConfigurationError, CorruptData, DependencyFailed, UsageError
from msp_core.state.backup import back_up
from msp_core.state.restore import PENDING, StateDatabase, finish_restore, restore
from tests.msp_core.state.folders import (
    KNOWN,
    NOW,
    SCHEMA,
    add,
    bring_back,
    database,
    filled,
    said,
    words,
)


def test_a_backup_restores_everything(state: Path, archive: Path) -> None:
    assert said(state) == {"old", "new"}
    kept = bring_back(state, archive)
    assert said(state) == {"old"}
    assert kept is not None
    bring_back(state, kept)
    assert said(state) == {"old", "new"}, "the state before was kept"


def test_a_backup_restores_into_an_empty_folder(archive: Path, tmp_path: Path) -> None:
    assert bring_back(tmp_path / "another", archive) is None
    assert said(tmp_path / "another") == {"old"}
    add(tmp_path / "another", "goes on")


def test_the_indexes_come_back_and_say_that_they_are_new(state: Path, tmp_path: Path) -> None:
    add(state, "old", name="knowledge/cold")
    archive = back_up(state, tmp_path / "x.zip", at=NOW).path
    add(state, "new", name="knowledge/cold")
    bring_back(state, archive)
    assert words(state, "knowledge/cold") == ["old", "restored"]


def test_keys_and_other_files_stay_out(state: Path, tmp_path: Path) -> None:
    for name in ("token.key", "tickets.db.format-1.backup", "before-restore-x.zip", "notes.txt"):
        (state / name).write_text("secret")
    report = back_up(state, tmp_path / "x.zip", at=NOW)
    assert set(report.files) == {
        "tickets.db",
        "conversations.db",
        "customers.json",
        "sessions/session_s1/agents/agent.json",
    }


def test_a_database_that_the_backup_lacks_stays(state: Path, archive: Path) -> None:
    add(state, "mine", name="memory")
    bring_back(state, archive)
    assert words(state, "memory") == ["mine"]


def test_no_backup_is_replaced_and_none_made_of_nothing(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.zip"
    target.write_text("mine")
    with pytest.raises(UsageError, match="already"):
        back_up(state, target, at=NOW)
    assert target.read_text() == "mine"
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="no state yet"):
        back_up(tmp_path / "empty", tmp_path / "y.zip", at=NOW)
    with pytest.raises(ConfigurationError, match="does not exist"):
        back_up(state, tmp_path / "none" / "y.zip", at=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "state", "x.zip"]


def test_a_backup_while_others_write_is_of_one_moment(state: Path, tmp_path: Path) -> None:
    stop = Event()

    def write() -> int:
        number = 0
        while not stop.is_set():
            add(state, f"{number}a", f"{number}b")  # in one transaction
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        archives = [back_up(state, tmp_path / f"{n}.zip", at=NOW).path for n in range(5)]
        stop.set()
        assert writing.result() > 5
    sizes = []
    for number, archive in enumerate(archives):
        folder = tmp_path / f"restored-{number}"
        bring_back(folder, archive)
        assert len(words(folder)) % 2 == 1, "old and whole pairs"
        sizes.append(len(words(folder)))
    assert sizes == sorted(sizes)
    assert len(words(state)) >= sizes[-1]


def test_a_restore_while_others_read_and_write(state: Path, archive: Path) -> None:
    stop = Event()
    add(state, *["new"] * 999)
    seen: set[int] = set()

    def use() -> None:
        opened = database(state)
        while not stop.is_set():
            with opened.read() as connection:
                seen.add(connection.execute("SELECT count(*) FROM words").fetchone()[0])
            with opened.write() as connection:
                connection.execute("DELETE FROM words WHERE word = 'later'")
                connection.execute("INSERT INTO words VALUES ('later')")

    with ThreadPoolExecutor(2) as pool:
        using = [pool.submit(use) for _ in range(2)]
        time.sleep(0.1)
        bring_back(state, archive)
        time.sleep(0.1)
        stop.set()
        for future in using:
            future.result()
    assert seen <= {1, 2, 1001, 1002}, "before or after, nothing in between"
    assert words(state)[0] == "old"
    assert set(words(state)) == {"old", "later"}


def test_an_older_backup_is_brought_to_the_format_of_those_who_have_it_open(
    state: Path, archive: Path
) -> None:
    migrations = [*SCHEMA, "ALTER TABLE words ADD COLUMN lang TEXT NOT NULL DEFAULT 'de'"]
    opened = Database(state / "tickets.db", migrations)
    with opened.write() as connection:
        connection.execute("INSERT INTO words VALUES ('newer', 'en')")
    known = KNOWN | {"tickets.db": StateDatabase(migrations)}
    restore(state, archive, known=known, at=NOW)
    with opened.write() as connection:
        connection.execute("INSERT INTO words VALUES ('later', 'fr')")
        rows = [tuple(row) for row in connection.execute("SELECT * FROM words ORDER BY rowid")]
    assert rows == [("old", "de"), ("later", "fr")]
    assert not (state / PENDING).exists()


def damage(path: Path) -> None:
    """Overwrite the pages in the middle of a database."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)


def test_a_damaged_state_is_not_backed_up(state: Path, tmp_path: Path) -> None:
    add(state, *["x" * 500] * 200)
    damage(state / "tickets.db")
    with pytest.raises(CorruptData, match=r"tickets\.db"):
        back_up(state, tmp_path / "x.zip", at=NOW)
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("how", ["pages", "whole"])
def test_a_damaged_state_is_restored_and_its_files_kept(
    state: Path, archive: Path, how: str
) -> None:
    path = state / "tickets.db"
    if how == "pages":
        add(state, *["x" * 500] * 200)
        damage(path)
    else:
        path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    content = path.read_bytes()
    kept = bring_back(state, archive)
    assert said(state) == {"old"}
    assert kept is not None
    assert (kept / "tickets.db").read_bytes() == content


LIMITED = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from msp_core.errors import MspError
from msp_core.state.backup import back_up
from msp_core.state.restore import StateDatabase, restore

SCHEMA = ["CREATE TABLE words (word TEXT NOT NULL) STRICT"]
KNOWN = {name: StateDatabase(SCHEMA) for name in ("tickets.db", "conversations.db")}
state, archive, what, size = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
now = datetime(2026, 11, 2, tzinfo=UTC)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if size:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
print("go", flush=True)
try:
    if what == "restore":
        restore(state, archive, known=KNOWN, at=now)
    else:
        back_up(state, archive, at=now)
except MspError as error:
    print(f"{type(error).__name__}: {error}")
"""


def child(state: Path, archive: Path, what: str, size: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", LIMITED, str(state), str(archive), what, str(size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_full_disk_leaves_nothing_of_a_backup(state: Path, tmp_path: Path) -> None:
    add(state, *[str(random.Random(n).random()) * 20 for n in range(2000)])
    target = tmp_path / "x.zip"
    told = child(state, target, "backup", 100_000).communicate()[0]
    assert "DependencyFailed: " in told
    assert "Nothing was changed" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]


def test_a_full_disk_leaves_the_state_as_it_was(state: Path, tmp_path: Path) -> None:
    add(state, *["x" * 500] * 2000)
    archive = back_up(state, tmp_path / "state.zip", at=NOW).path
    filled(state, "new")
    before = said(state)
    told = child(state, archive, "restore", 200_000).communicate()[0]
    assert "DependencyFailed: " in told
    assert said(state) == before
    assert not (state / PENDING).exists()


def test_a_killed_restore_has_happened_wholly_or_not_at_all(tmp_path: Path) -> None:
    small = filled(tmp_path / "small", "old", times=20_000)
    archive = back_up(small, tmp_path / "state.zip", at=NOW).path
    outcomes = set()
    for number, delay in enumerate([0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.14]):
        state = filled(tmp_path / f"state-{number}", "new", times=20_000)
        with child(state, archive, "restore") as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        finish_restore(state)
        found = said(state)
        assert found in ({"old"}, {"new"})
        outcomes |= found
        with closing(sqlite3.connect(state / "tickets.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert "new" in outcomes


def test_a_restore_that_was_cut_off_is_finished_by_the_next(state: Path, archive: Path) -> None:
    """As after a crash right behind the moment at which it happened, for each number of steps."""
    os.environ.pop("MSP_STATE_DIR", None)
    from msp_core.state import restore as module

    done = 0

    def stop_after(steps: int) -> Callable[[Path, Path], None]:
        def put_back(source: Path, target: Path) -> None:
            nonlocal done
            if done == steps:
                raise KeyboardInterrupt
            done += 1
            original(source, target)

        return put_back

    original = module._put_back
    for steps in (0, 1):
        filled(state, "new")
        done = 0
        module._put_back = stop_after(steps)
        try:
            with pytest.raises(KeyboardInterrupt):
                bring_back(state, archive)
        finally:
            module._put_back = original
        assert (state / PENDING).is_dir()
        finish_restore(state)
        assert said(state) == {"old"}
        assert not (state / PENDING).exists()


def test_a_database_that_is_held_for_too_long_is_told(
    state: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msp_core.state.restore._PATIENCE_S", 0.1)
    with closing(sqlite3.connect(state / "restore.lock", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DependencyFailed, match="goes on with it"):
            bring_back(state, archive)
    finish_restore(state)
    assert said(state) == {"old"}
