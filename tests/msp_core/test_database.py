import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from msp_core.database import Database
from msp_core.errors import ConfigurationError, CorruptData, DependencyFailed

FIRST = "CREATE TABLE words (word TEXT NOT NULL) STRICT; CREATE INDEX by_word ON words (word)"
SECOND = "ALTER TABLE words ADD COLUMN size INTEGER; UPDATE words SET size = length(word)"
BROKEN = "ALTER TABLE words ADD COLUMN colour TEXT; INSERT INTO nowhere VALUES (1)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "words.db"


def add(database: Database, word: str) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO words (word) VALUES (?)", (word,))


def words(database: Database) -> list[str]:
    with database.read() as connection:
        return [row["word"] for row in connection.execute("SELECT word FROM words ORDER BY rowid")]


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_the_folder_and_the_file_are_made_on_first_use(path: Path) -> None:
    database = Database(path, [FIRST])
    assert not path.parent.exists()
    add(database, "a")
    assert words(Database(path, [FIRST])) == ["a"]
    assert version(path) == 1


def test_a_failed_write_leaves_nothing(path: Path) -> None:
    database = Database(path, [FIRST])

    def fail() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO words (word) VALUES ('a')")
            raise KeyError("stop")

    with pytest.raises(KeyError):
        fail()
    assert words(database) == []
    add(database, "b")
    assert words(database) == ["b"]


def test_a_reader_sees_one_state(path: Path) -> None:
    database = Database(path, [FIRST])
    add(database, "a")
    with database.read() as connection:
        count = "SELECT count(*) FROM words"
        assert connection.execute(count).fetchone()[0] == 1
        with ThreadPoolExecutor(1) as pool:
            pool.submit(add, database, "b").result()
        assert connection.execute(count).fetchone()[0] == 1
    assert words(database) == ["a", "b"]


def test_an_older_format_is_migrated_and_backed_up(path: Path) -> None:
    add(Database(path, [FIRST]), "old")
    database = Database(path, [FIRST, SECOND])
    with database.read() as connection:
        assert [tuple(row) for row in connection.execute("SELECT word, size FROM words")] == [
            ("old", 3)
        ]
    assert version(path) == 2
    backup = path.with_name("words.db.format-1.backup")
    assert version(backup) == 1
    assert words(Database(backup, [FIRST])) == ["old"]


def test_a_new_file_goes_through_every_migration_without_a_backup(path: Path) -> None:
    add(Database(path, [FIRST, SECOND]), "new")
    assert version(path) == 2
    assert list(path.parent.glob("*.backup")) == []


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    add(Database(path, [FIRST]), "old")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        words(Database(path, [FIRST, SECOND, BROKEN]))
    assert version(path) == 1
    assert words(Database(path, [FIRST])) == ["old"]


def test_processes_that_migrate_at_once_do_it_once(path: Path) -> None:
    add(Database(path, [FIRST]), "old")
    code = (
        "import sys; from pathlib import Path; from msp_core.database import Database\n"
        "with Database(Path(sys.argv[1]), sys.argv[2:]).read() as connection:\n"
        "    print(connection.execute('SELECT size FROM words').fetchone()[0])"
    )
    command = [sys.executable, "-c", code, str(path), FIRST, SECOND]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [run.communicate()[0].strip() for run in runs] == ["3"] * 4
    assert version(path) == 2


def test_a_file_that_another_process_is_making_is_waited_for(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, other.execute, ["COMMIT"])
        timer.start()
        add(Database(path, [FIRST]), "new")
        timer.join()
    assert words(Database(path, [FIRST])) == ["new"]


def test_a_newer_format_is_refused_and_not_touched(path: Path) -> None:
    add(Database(path, [FIRST, SECOND]), "new")
    before = path.read_bytes()
    with pytest.raises(CorruptData, match=r"format 2.*up to 1.*Update msp") as caught:
        words(Database(path, [FIRST]))
    assert caught.value.exit_code == 3
    assert path.read_bytes() == before


def test_a_file_of_another_kind_is_refused_and_kept(path: Path) -> None:
    content = b"not a database, but long enough to look at" * 30
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=r"is damaged.*Restore it from a backup"):
        words(Database(path, [FIRST]))
    with pytest.raises(CorruptData, match="Run `msp ingest`"):
        words(Database(path, [FIRST], regenerate="msp ingest"))
    assert path.read_bytes() == content


def test_a_damaged_file_is_named(path: Path) -> None:
    database = Database(path, [FIRST])
    with database.write() as connection:
        rows = [("x" * 500,)] * 200
        connection.executemany("INSERT INTO words (word) VALUES (?)", rows)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=str(path)):
        words(Database(path, [FIRST]))


def test_a_file_deleted_while_the_program_runs_is_made_anew(path: Path) -> None:
    database = Database(path, [FIRST])
    add(database, "a")
    for file in path.parent.iterdir():
        file.unlink()
    assert words(database) == []


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"cannot be made.*MSP_STATE_DIR"):
        words(Database(tmp_path / "file" / "state" / "words.db", [FIRST]))


def test_a_file_that_is_a_folder_is_a_configuration_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"cannot be written.*MSP_STATE_DIR"):
        words(Database(path, [FIRST]))


NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


CHILD = """
import os, resource, signal, sys
from pathlib import Path
from msp_core.database import Database
from msp_core.errors import MspError

first, path = sys.argv[1], Path(sys.argv[2])

def add(word):
    with Database(path, [first]).write() as connection:
        connection.execute("INSERT INTO words (word) VALUES (?)", (word,))

def limit(size):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

try:
    exec(sys.argv[3])
except MspError as error:
    print(f"{type(error).__name__}: {error}")
"""


def in_child(path: Path, code: str) -> str:
    """What the code printed, in a process of its own; an error of ours as `Kind: text`."""
    command = [sys.executable, "-c", CHILD, FIRST, str(path), code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("existing", [False, True])
def test_a_read_only_folder_is_a_configuration_error(open_folder: Path, existing: bool) -> None:
    path = open_folder / "state" / "words.db"
    path.parent.mkdir()
    if existing:
        add(Database(path, [FIRST]), "a")
        path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    path.parent.chmod(0o555)
    # Root may write anywhere, so it becomes somebody who may not.
    code = f"if os.getuid() == 0:\n    os.setuid({NOBODY})\nadd('b')"
    try:
        told = in_child(path, code)
    finally:
        path.parent.chmod(0o755)
    assert told.startswith("ConfigurationError: ")
    assert "MSP_STATE_DIR" in told


def test_a_full_disk_loses_nothing_that_was_stored(path: Path) -> None:
    database = Database(path, [FIRST])
    add(database, "kept")

    told = in_child(path, "limit(200_000)\nfor _ in range(100): add('x' * 10_000)")
    assert told.startswith("DependencyFailed: ")
    assert "Nothing of this step was stored" in told
    assert integrity(path) == "ok"
    found = words(database)
    assert found[0] == "kept"
    assert set(found[1:]) <= {"x" * 10_000}
    add(database, "again")


def test_a_full_disk_in_a_migration_keeps_the_old_format(path: Path) -> None:
    add(Database(path, [FIRST]), "kept")
    grow = (
        "INSERT INTO words SELECT hex(zeroblob(2000000))",
        "CREATE TABLE more (word TEXT) STRICT; INSERT INTO more SELECT hex(zeroblob(2000000))",
    )

    code = f"limit(500_000)\nDatabase(path, [first, *{grow!r}]).write().__enter__()"
    assert in_child(path, code).startswith("DependencyFailed: ")
    assert version(path) == 1
    assert words(Database(path, [FIRST])) == ["kept"]


def test_a_lock_that_is_never_released_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msp_core.database.BUSY_TIMEOUT_S", 0.1)
    database = Database(path, [FIRST])
    add(database, "a")
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DependencyFailed, match="held by another process"):
            add(database, "b")
        assert words(database) == ["a"], "reading goes on"


WRITE_FOREVER = """
import sys
from pathlib import Path
from msp_core.database import Database

database = Database(Path(sys.argv[1]), [sys.argv[2]])
for number in range(1_000_000):
    with database.write() as connection:
        for part in "ab":
            connection.execute("INSERT INTO words (word) VALUES (?)", (f"{number}{part}",))
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    for delay in (0.01, 0.05, 0.13):
        command = [sys.executable, "-c", WRITE_FOREVER, str(path), FIRST]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            acknowledged = [child.stdout.readline()]
            time.sleep(delay)
            child.kill()
            acknowledged += child.stdout.readlines()
        last = int(acknowledged[-1])
        assert integrity(path) == "ok"
        database = Database(path, [FIRST])
        found = words(database)
        assert set(found) >= {f"{number}{part}" for number in range(last + 1) for part in "ab"}
        assert len(found) % 2 == 0, "no half transaction"
        with database.write() as connection:
            connection.execute("DELETE FROM words")
