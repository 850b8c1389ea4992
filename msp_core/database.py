"""SQLite files under the state folder: a connection per operation, migrations, clear errors."""

import sqlite3
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from msp_core.errors import ConfigurationError, CorruptData, DependencyFailed

BUSY_TIMEOUT_S = 30
_RETRY_S = 0.02
_LOG_PATIENCE_MS = 2000
# Overwritten bytes that SQLite reports like a mistake in a query.
_DAMAGE = ("decode to UTF-8", "vtable constructor failed", "invalid fts5 file format")


class Database:
    """One SQLite file in WAL mode whose schema is a list of migrations.

    A connection is opened for each operation, so any thread or process may use the same file;
    Streamlit serves each visitor from another thread.

    Args:
        path: the file; its folder is made when missing.
        migrations: SQL scripts, oldest first. The file's `user_version` counts those applied.
        oldest: files of earlier formats than this are not brought up to date but refused.
        held: keep one more connection open, which is never used: without any, each write that
            closes copies the whole log into the file and syncs it twice, and each read opens the
            log anew. For many small writes or reads.
        regenerate: the command that makes the file anew, for the message when it is damaged.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[str],
        *,
        oldest: int = 0,
        held: bool = False,
        regenerate: str | None = None,
    ) -> None:
        self.path = path
        self._migrations = migrations
        self._oldest = oldest
        self._regenerate = regenerate
        self._held = held
        self._ready = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for queries; sees one consistent state."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A connection in a write transaction: committed at the end, rolled back on any error."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def vacuum(self) -> None:
        """Rewrite the file without unused space."""
        with self._connection() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def empty_log(self) -> None:
        """Bring the log into the file and empty it: what was deleted is then in neither.

        While others read or write for too long, or the disk is full, it stays as it is, until the
        next call or until nobody has the file open.
        """
        with self._connection() as connection:
            connection.execute(f"PRAGMA busy_timeout = {_LOG_PATIENCE_MS}")
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def delete_files(self) -> None:
        """Delete the file, whatever state it is in; the next operation makes it anew.

        Only for a file that cannot be read: one that another process has open goes on without it.

        Raises:
            ConfigurationError: it cannot be deleted.
        """
        for suffix in ("", "-wal", "-shm"):
            path = self.path.with_name(self.path.name + suffix)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    f"{path} cannot be deleted ({error.strerror}). Mend the permissions, or set "
                    "MSP_STATE_DIR to a folder that you may write."
                ) from error

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            if not self._ready or not self.path.exists():
                self._prepare()
            with closing(self._connect()) as connection:
                yield connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        return connection

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"The state folder {self.path.parent} cannot be made ({error.strerror}). "
                "Set MSP_STATE_DIR to a folder that you may write."
            ) from error
        with closing(self._connect()) as connection:
            self._use_wal(connection)
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(self._migrations):
                raise CorruptData(
                    f"{self.path} has format {version}, and this version of msp knows up to "
                    f"{len(self._migrations)}. Update msp, or set MSP_STATE_DIR to another folder."
                )
            if 0 < version < self._oldest:
                raise CorruptData(
                    f"{self.path} has format {version}, of an earlier version of msp, which cannot "
                    f"be brought up to date. {self._remedy}"
                )
            if version < len(self._migrations):
                self._migrate(connection)
        if self._held:
            self._hold()
        self._ready = True

    def _hold(self) -> None:
        idle = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, idle.close)
        idle.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only now it is attached

    @staticmethod
    def _use_wal(connection: sqlite3.Connection) -> None:
        """Switch the file to WAL mode; of processes that make it at once, one fails without wait.

        SQLite does not wait here, since two that wait for each other would wait for ever.
        """
        end = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(_RETRY_S)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "BEGIN IMMEDIATE"
        )  # of two processes, the second waits and finds it done
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if 0 < version < len(self._migrations):
                self._back_up(version)
            for script in self._migrations[version:]:
                for statement in script.split(";"):  # executescript would commit in the middle
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(self._migrations)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled back already
                connection.execute("ROLLBACK")
            raise

    def _back_up(self, version: int) -> None:
        target = self.path.with_name(f"{self.path.name}.format-{version}.backup")
        with closing(self._connect()) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into ours; ours pass through."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            text = str(error)
            if "unable to open" in text or "readonly" in text:
                raise ConfigurationError(
                    f"{self.path} cannot be written ({text}). Set MSP_STATE_DIR to a folder that"
                    " you may write, or mend the permissions."
                ) from error
            if "disk is full" in text or "disk I/O" in text:
                raise DependencyFailed(
                    f"{self.path} could not be written: {text}. Nothing of this step was stored. "
                    "Free some space and try again."
                ) from error
            if "locked" in text:
                raise DependencyFailed(
                    f"{self.path} was held by another process for {BUSY_TIMEOUT_S} s. Try again."
                ) from error
            if any(sign in text for sign in _DAMAGE):
                raise self._damaged(error) from error
            raise
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: sqlite3.Error) -> CorruptData:
        return CorruptData(f"{self.path} is damaged ({error}). {self._remedy}")

    @property
    def _remedy(self) -> str:
        if self._regenerate:
            return f"Run `{self._regenerate}` to make it anew."
        return "Restore it from a backup, or move it away to start empty."
