"""The cost ledger in a SQLite file."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from msp_core.clock import from_iso, to_iso
from msp_core.costs.ledger import GroupBy, ModelCall, Spent
from msp_core.database import Database

MIGRATIONS = (
    """
    CREATE TABLE calls (
        at TEXT NOT NULL,
        session_id TEXT NOT NULL,
        turn_id TEXT NOT NULL,
        customer_id TEXT,
        model_id TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_tokens INTEGER NOT NULL,
        cache_write_tokens INTEGER NOT NULL,
        cost_usd REAL,
        simulated INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX calls_by_time ON calls (at);
    CREATE INDEX calls_by_session ON calls (session_id, model_id)
    """,
)

_COLUMNS = (
    "at, session_id, turn_id, customer_id, model_id, input_tokens, output_tokens, cache_tokens,"
    " cache_write_tokens, cost_usd, simulated"
)
_KEYS: dict[GroupBy, str] = {
    "turn": "turn_id",
    "session": "session_id",
    "customer": "customer_id",
    "model": "model_id",
    "day": "substr(at, 1, 10)",
}


class SqliteLedger:
    """A `Ledger` in one file; a connection per operation."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS)

    def record(self, call: ModelCall) -> None:
        """See `Ledger.record`."""
        values = [getattr(call, name.strip()) for name in _COLUMNS.split(",")]
        values[0], values[-1] = to_iso(call.at), int(call.simulated)
        with self._database.write() as connection:
            connection.execute(
                f"INSERT INTO calls ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values
            )

    def spent_usd(self, day: date, *, customer_id: str | None = None) -> float:
        """See `Ledger.spent_usd`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT total(cost_usd) FROM calls WHERE at >= ? AND at < ? || '~'"
                " AND (? IS NULL OR customer_id = ?)",
                (day.isoformat(), day.isoformat(), customer_id, customer_id),
            ).fetchone()
        return float(row[0])

    def last_call(self, session_id: str, model_id: str) -> ModelCall | None:
        """See `Ledger.last_call`."""
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM calls WHERE session_id = ? AND model_id = ?"
                " ORDER BY rowid DESC LIMIT 1",
                (session_id, model_id),
            ).fetchone()
        if row is None:
            return None
        values = dict(row)
        return ModelCall(
            **{**values, "at": from_iso(values["at"]), "simulated": bool(values["simulated"])}
        )

    def sums(
        self,
        by: GroupBy,
        *,
        session_id: str | None = None,
        customer_id: str | None = None,
        since: date | None = None,
    ) -> Sequence[Spent]:
        """See `Ledger.sums`."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT {_KEYS[by]} AS key, count(*) AS calls, sum(input_tokens) AS input_tokens,"
                " sum(output_tokens) AS output_tokens, sum(cache_tokens) AS cache_tokens,"
                " total(cost_usd) AS cost_usd, sum(cost_usd IS NULL) AS unpriced_calls,"
                " sum(simulated) AS simulated_calls FROM calls"
                " WHERE (:session IS NULL OR session_id = :session)"
                " AND (:customer IS NULL OR customer_id = :customer)"
                " AND (:since IS NULL OR at >= :since)"
                " GROUP BY key ORDER BY total(cost_usd) DESC, key",
                {
                    "session": session_id,
                    "customer": customer_id,
                    "since": since.isoformat() if since else None,
                },
            ).fetchall()
        return [Spent(**dict(row)) for row in rows]
