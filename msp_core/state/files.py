"""What the state folder holds, and copies of it that others may go on writing to."""

import errno
import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msp_core.errors import ConfigurationError, CorruptData, DependencyFailed

SESSIONS = "sessions"
KNOWLEDGE = "knowledge"
_PLAIN = ("customers.json", "teams.json")
_NAME = re.compile(
    r"(knowledge/)?[a-z_]+\.db|customers\.json|teams\.json|sessions(/[\w.-]*\w[\w.-]*)+", re.ASCII
)


def is_state_name(name: str) -> bool:
    """Whether a file of the state folder can be called so; nothing leads out of the folder."""
    return _NAME.fullmatch(name) is not None and ".." not in name.split("/")


def databases(folder: Path) -> list[Path]:
    """The SQLite files of a state folder, those of demo and notebooks below it not included."""
    return sorted([*folder.glob("*.db"), *(folder / KNOWLEDGE).glob("*.db")])


def check_database(path: Path) -> int:
    """Read every page of a database file and return its format (`user_version`).

    Raises:
        CorruptData: it is damaged, or no database.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        verdict, version = str(error), 0
    if verdict != "ok":
        raise CorruptData(
            f"{path} is damaged ({verdict}). Restore it with `msp state restore`, or move it away "
            "to start empty."
        )
    return version


def copy_state(folder: Path, target: Path) -> list[str]:
    """Copy all state files into an empty folder, and return their names.

    Each database is copied as it is at one moment, while others read and write.

    Raises:
        CorruptData: a database is damaged.
        DependencyFailed: the disk is full, or a database cannot be read.
    """
    names = []
    for database in databases(folder):
        name = database.relative_to(folder).as_posix()
        copy = target / name
        copy.parent.mkdir(exist_ok=True)
        try:
            with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(copy)) as file:
                live.backup(file)
                file.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        except sqlite3.OperationalError as error:
            raise DependencyFailed(
                f"{database} could not be copied ({error}). Nothing was changed. Free some space "
                "where the state is and where the backup goes, and try again."
            ) from error
        except sqlite3.DatabaseError as error:
            raise CorruptData(
                f"{database} is damaged ({error}). Move it away and go on without it, or restore a"
                " backup."
            ) from error
        check_database(copy)
        names.append(name)
    others = [folder / name for name in _PLAIN if (folder / name).is_file()]
    others += sorted(path for path in (folder / SESSIONS).rglob("*") if path.is_file())
    for path in others:
        name = path.relative_to(folder).as_posix()
        if not is_state_name(name):
            continue  # a file that is just being written
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, target / name)
        except FileNotFoundError:
            continue  # deleted meanwhile
        names.append(name)
    return names


def sha256_of(path: Path) -> str:
    """The hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, safely to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the system's errors of writing below a folder into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise DependencyFailed(
                f"There is no space left in {folder} ({error.strerror}). Nothing was changed. Free "
                "some and try again."
            ) from error
        raise ConfigurationError(
            f"{folder} cannot be written ({error.strerror}). Choose a folder that you may write."
        ) from error
