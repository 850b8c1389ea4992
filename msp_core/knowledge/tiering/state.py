"""What is known of how documents are used, the hot tier's capacity, and the journal of moves."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from msp_core.clock import from_iso, to_iso
from msp_core.database import Database

HALF_LIFE = timedelta(days=14)
"""After this time a use counts half."""

Action = Literal["promote", "demote"]
MIGRATIONS = (
    """
    CREATE TABLE heat (document_id TEXT PRIMARY KEY, log2_uses REAL NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE capacity (chunks INTEGER) STRICT;
    INSERT INTO capacity VALUES (NULL);
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, started_at TEXT NOT NULL, finished_at TEXT
    ) STRICT;
    CREATE TABLE moves (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        document_id TEXT NOT NULL,
        action TEXT NOT NULL,
        done INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (run_id, document_id)
    ) STRICT, WITHOUT ROWID
    """,
)
_LISTED = "(SELECT value FROM json_each(?))"
_EPOCH = from_iso("2020-01-01T00:00:00Z")


@dataclass(frozen=True)
class TierRun:
    """A run of `msp tier run` as the journal has it; `finished_at` is None while it is not done."""

    run_id: int
    started_at: datetime
    finished_at: datetime | None
    promoted: int
    demoted: int


def added_use(log2_uses: float, at: datetime, *, half_life: timedelta = HALF_LIFE) -> float:
    """The heat after one more use.

    Heat is the logarithm of the uses, each weighted by 2 ** (its time / half-life). So it never has
    to be decayed: all of it loses the same share with time, and the order stays (forward decay,
    Cormode and others 2009, doi:10.1109/ICDE.2009.65). A clock that was moved back makes a use
    count less, and nothing else.

    Args:
        log2_uses: -inf for a document that was never used.
        at: when it is used.
        half_life: after it a use counts half.
    """
    use = (at - _EPOCH) / half_life
    high, low = max(log2_uses, use), min(log2_uses, use)
    return high + math.log2(1 + 2 ** (low - high))


class TierState:
    """Kept in one SQLite file, for any number of threads and processes.

    Args:
        path: the file; made when missing.

    Raises (from every method):
        ConfigurationError: the file cannot be written.
        CorruptData: the file is damaged or of a newer format.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS)

    def record_use(self, document_ids: Iterable[str], at: datetime) -> None:
        """Count one use of each document."""
        with self._database.write() as connection:
            for document_id in document_ids:
                row = connection.execute(
                    "SELECT log2_uses FROM heat WHERE document_id = ?", (document_id,)
                ).fetchone()
                heat = added_use(-math.inf if row is None else row[0], at)
                connection.execute("INSERT OR REPLACE INTO heat VALUES (?, ?)", (document_id, heat))

    def heat(self) -> dict[str, float]:
        """The heat of each document that was ever used: higher is hotter."""
        with self._database.read() as connection:
            return dict(connection.execute("SELECT document_id, log2_uses FROM heat").fetchall())

    def capacity(self) -> int | None:
        """How many chunks the hot tier takes; None is all there are."""
        with self._database.read() as connection:
            value: int | None = connection.execute("SELECT chunks FROM capacity").fetchone()[0]
        return value

    def set_capacity(self, chunks: int | None) -> None:
        """Let the hot tier take so many chunks from the next run or ingestion on."""
        with self._database.write() as connection:
            connection.execute("UPDATE capacity SET chunks = ?", (chunks,))

    def unfinished(self) -> int | None:
        """The id of a run that was begun and not finished."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT id FROM runs WHERE finished_at IS NULL ORDER BY id LIMIT 1"
            ).fetchone()
        return None if row is None else int(row["id"])

    def begin(self, moves: Mapping[str, Action], at: datetime) -> int:
        """Write down what a run is going to do; its id."""
        with self._database.write() as connection:
            cursor = connection.execute("INSERT INTO runs (started_at) VALUES (?)", (to_iso(at),))
            run_id = cursor.lastrowid
            connection.executemany(
                "INSERT INTO moves (run_id, document_id, action) VALUES (?, ?, ?)",
                [(run_id, document_id, action) for document_id, action in moves.items()],
            )
        assert run_id is not None
        return run_id

    def pending(self, run_id: int) -> dict[str, Action]:
        """What the run has still to do, in the order of document ids."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT document_id, action FROM moves WHERE run_id = ? AND NOT done "
                "ORDER BY document_id",
                (run_id,),
            )
            return {row["document_id"]: row["action"] for row in rows}

    def note_done(self, run_id: int, document_ids: Collection[str]) -> None:
        """Write down that these were moved."""
        with self._database.write() as connection:
            connection.execute(
                f"UPDATE moves SET done = 1 WHERE run_id = ? AND document_id IN {_LISTED}",
                (run_id, json.dumps(sorted(document_ids), ensure_ascii=False)),
            )

    def finish(self, run_id: int, at: datetime) -> None:
        """Write down that the run is complete."""
        with self._database.write() as connection:
            connection.execute("UPDATE runs SET finished_at = ? WHERE id = ?", (to_iso(at), run_id))

    def runs(self, *, last: int = 20) -> Sequence[TierRun]:
        """The newest runs, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id, started_at, finished_at, "
                "(SELECT count(*) FROM moves WHERE run_id = id AND action = 'promote' AND done), "
                "(SELECT count(*) FROM moves WHERE run_id = id AND action = 'demote' AND done) "
                "FROM runs ORDER BY id DESC LIMIT ?",
                (last,),
            ).fetchall()
        return [
            TierRun(
                row[0], from_iso(row[1]), None if row[2] is None else from_iso(row[2]), *row[3:]
            )
            for row in map(tuple, rows)
        ]
