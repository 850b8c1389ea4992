"""Bringing a backup back: all of it or nothing, while others read and write.

The archive is unpacked and checked beside the state. Renaming that folder to `restore.pending` is
the moment at which the restore has happened: from then on it is only carried out, file by file, by
this process or, when it dies, by the next one that starts.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msp_core.database import Database
from msp_core.errors import CorruptData, DependencyFailed
from msp_core.state.backup import back_up, unpack
from msp_core.state.files import KNOWLEDGE, SESSIONS, check_database, databases, explained, sync

PENDING = "restore.pending"
_LOCK = "restore.lock"
_PATIENCE_S = 60


@dataclass(frozen=True)
class RestoreReport:
    """What was brought back, and where the state before is kept (None: there was none)."""

    files: tuple[str, ...]
    kept: Path | None


@dataclass(frozen=True)
class StateDatabase:
    """What this version knows of a database.

    Attributes:
        migrations: all that it knows, oldest first; those that a backup lacks are done on it.
        on_restore: a statement that tells those who have it open that all of it is new.
        oldest: the first format that can be brought to the newest.
    """

    migrations: Sequence[str]
    on_restore: str | None = None
    oldest: int = 0


def restore(
    folder: Path, archive: Path, *, known: Mapping[str, StateDatabase], at: datetime
) -> RestoreReport:
    """Make the state of a folder that of a backup; the state before is kept beside it.

    What an older version wrote is brought to this version's format first, for those who have the
    files open. Databases that the backup does not have stay as they are. What others write in the
    moment between keeping and replacing may be in neither.

    Args:
        known: the databases that this version knows, by name.

    Raises:
        ConfigurationError: the archive cannot be read, or the folder not written.
        CorruptData: the archive is damaged, foreign, or of a newer version; nothing was changed.
        DependencyFailed: the disk is full; nothing was changed.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with explained(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".restore.") as scratch:
        ready = Path(scratch, "ready")
        ready.mkdir()
        names = unpack(archive, ready)
        for database in databases(ready):
            _prepare(database, known.get(database.relative_to(ready).as_posix()), archive)
        finish_restore(folder)  # an earlier one that was cut off
        kept = _keep(folder, at)
        sync(ready)
        os.replace(ready, folder / PENDING)
        sync(folder)
    finish_restore(folder)
    return RestoreReport(tuple(names), kept)


def finish_restore(folder: Path) -> None:
    """Carry out a restore that has happened but was cut off; nothing to do is the usual case.

    Raises:
        DependencyFailed: another process holds a database for too long, or the disk is full.
    """
    pending = folder / PENDING
    if not pending.is_dir():
        return
    try:
        with closing(sqlite3.connect(folder / _LOCK, timeout=_PATIENCE_S)) as lock:
            lock.execute("BEGIN EXCLUSIVE")  # ends with this process, however it ends
            for database in databases(pending):
                target = folder / database.relative_to(pending)
                target.parent.mkdir(exist_ok=True)
                _put_back(database, target)
                database.unlink()
            if (pending / SESSIONS).is_dir():
                shutil.rmtree(folder / SESSIONS, ignore_errors=True)
                os.replace(pending / SESSIONS, folder / SESSIONS)
            for file in pending.glob("*.json"):
                os.replace(file, folder / file.name)
            shutil.rmtree(pending, ignore_errors=True)
    except (sqlite3.OperationalError, OSError) as error:
        raise DependencyFailed(
            f"The restore of {folder} could not be finished ({error}). Free some space or end what"
            " holds the files; the next `msp` command goes on with it."
        ) from error


def _prepare(database: Path, known: StateDatabase | None, archive: Path) -> None:
    version = check_database(database)
    if known is None or not known.oldest <= version <= len(known.migrations):
        raise CorruptData(
            f"{archive} was made by another version of msp ({database.name} has format {version})."
            " Update msp, or restore it with that version; nothing was changed."
        )
    try:
        with Database(database, known.migrations).write() as connection:
            if known.on_restore is not None:
                connection.execute(known.on_restore)
    except sqlite3.OperationalError as error:
        raise CorruptData(
            f"{archive} was not made by msp: {database.name} says it has format {version} and has "
            f"not ({error}). Choose another backup; nothing was changed."
        ) from error
    for copy in database.parent.glob(f"{database.name}.format-*"):
        copy.unlink()  # the archive has it


def _put_back(source: Path, target: Path) -> None:
    """Replace the content of a database in one transaction; those who have it open go on."""
    try:
        _copy_into(source, target)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        # What is there is no database any more, so nobody can be using it.
        for suffix in ("", "-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        _copy_into(source, target)


def _copy_into(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source)) as restored,
        closing(sqlite3.connect(target, timeout=_PATIENCE_S)) as live,
    ):
        live.execute("PRAGMA synchronous = FULL")
        live.execute("PRAGMA journal_mode = WAL")
        restored.backup(live)


def _keep(folder: Path, at: datetime) -> Path | None:
    """Store the state as it is; of a damaged one, the bare files."""
    if not databases(folder):
        return None
    stem = f"before-restore-{at:%Y%m%dT%H%M%SZ}"
    taken = len(list(folder.glob(f"{stem}*")))
    name = f"{stem}-{taken + 1}" if taken else stem
    try:
        return back_up(folder, folder / f"{name}.zip", at=at).path
    except CorruptData:
        kept = folder / name
        kept.mkdir()
        for path in [*folder.glob("*.db*"), *(folder / KNOWLEDGE).glob("*.db*")]:
            target = kept / path.relative_to(folder)
            target.parent.mkdir(exist_ok=True)
            shutil.copy2(path, target)
        return kept
