"""What only processes can show; the rest is in tests/contract."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msp_core.clock import fixed_clock
from msp_core.scope import Role, Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.record import ticket_from_record
from msp_core.tickets.sqlite import SqliteTicketStore
from msp_core.tickets.sqlite_schema import MIGRATIONS

SETUP = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from msp_core.clock import system_clock
from msp_core.scope import Role, Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.sqlite import SqliteTicketStore

desk = Desk(SqliteTicketStore(Path(sys.argv[1])), system_clock)
scope = Scope("mia", Role.MANAGER, frozenset({"keller"}), "keller")
"""
CREATE_ONCE = SETUP + (
    "sys.stdin.readline()\n"
    "print(desk.create(scope, title='a', description='b', key='k').ticket_id)\n"
)
CREATE_FOREVER = SETUP + (
    "for number in range(1_000_000):\n"
    "    ticket = desk.create(scope, title=str(number), description='b', key=str(number))\n"
    "    print(ticket.ticket_id, flush=True)\n"
)
SCOPE = Scope("mia", Role.MANAGER, frozenset({"keller"}), "keller")


def open_desk(path: Path) -> Desk:
    clock = fixed_clock(datetime(2026, 11, 2, 9, 0, tzinfo=UTC))
    return Desk(SqliteTicketStore(path), clock)


def start(code: str, path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_eight_processes_with_one_key_make_one_ticket(tmp_path: Path) -> None:
    path = tmp_path / "state" / "tickets.db"
    children = [start(CREATE_ONCE, path) for _ in range(8)]
    ids = [child.communicate("go\n")[0].strip() for child in children]
    assert len(ids) == 8
    assert len(set(ids)) == 1
    assert [ticket.ticket_id for ticket in open_desk(path).find(SCOPE).tickets] == ids[:1]


def test_acknowledged_tickets_survive_a_kill_and_are_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    with start(CREATE_FOREVER, path) as child:
        assert child.stdout is not None
        ids = [child.stdout.readline() for _ in range(20)]
        child.kill()
        ids += child.stdout.readlines()
    acknowledged = [id_.strip() for id_ in ids]
    desk = open_desk(path)
    for id_ in acknowledged:
        assert desk.read(id_, SCOPE).description == "b"
    total = desk.count(SCOPE)
    assert len(acknowledged) <= total <= len(acknowledged) + 1
    again = desk.create(SCOPE, title="3", description="b", key="3")
    assert again.ticket_id == acknowledged[3]
    assert desk.count(SCOPE) == total


def test_a_file_of_the_first_format_goes_on(tmp_path: Path) -> None:
    """Its tickets stay, its deleted tickets lose their text, and their ids stay taken."""
    path = tmp_path / "tickets.db"
    row = (
        "INSERT INTO tickets VALUES (?, 'keller', 'Open', 'High', 'General', 'tom', 'carla',"
        " '2026-11-02T09:00:00Z', 1, ?, ?)"
    )
    kept, gone = f"{TICKET_ID}1", f"{TICKET_ID}2"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MIGRATIONS[0])
        for id_, deleted in ((kept, 0), (gone, 1)):
            connection.execute(row, (id_, deleted, json.dumps(record(id_))))
        connection.execute("INSERT INTO idempotency VALUES ('mia', 'k', 'x', ?)", (kept,))
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    desk = open_desk(path)
    assert [ticket.ticket_id for ticket in desk.find(SCOPE).tickets] == [kept]
    assert desk.read(kept, SCOPE).title == "secret words"
    assert SqliteTicketStore(path).load([ticket_from_record(record(gone))]) == 0
    with closing(sqlite3.connect(path)) as connection:
        dump = [str(line) for line in connection.execute("SELECT * FROM tickets WHERE deleted")]
    assert "secret words" not in "".join(dump)


def test_nothing_of_a_deleted_ticket_is_left_in_the_files(tmp_path: Path) -> None:
    """While the desk is open, so that SQLite has not tidied up by closing."""
    path = tmp_path / "tickets.db"
    desk = open_desk(path)
    long = "secret words " * 1000
    made = desk.create(SCOPE, title="secret words", description=long, key="k")
    desk.add_note(made.ticket_id, "secret words", SCOPE, key="k2")
    desk.delete(made.ticket_id, SCOPE)
    files = sorted(tmp_path.glob("tickets.db*"))
    assert [file.name for file in files] == ["tickets.db", "tickets.db-shm", "tickets.db-wal"]
    assert not any(b"secret words" in file.read_bytes() for file in files)
    with closing(sqlite3.connect(path)) as connection:
        rows = [
            str(row)
            for table in ("tickets", "written_once")
            for row in connection.execute(f"SELECT * FROM {table}")
        ]
    assert len(rows) == 3
    assert "secret words" not in "".join(rows)
    assert "'2026-11-02T09:00:00Z', 'mia'" in rows[0], "the tombstone: when, and by whom"


TICKET_ID = "TKT-20261102-0000000"


def record(ticket_id: str) -> dict[str, object]:
    return {
        "ticket_id": ticket_id,
        "customer_id": "keller",
        "title": "secret words",
        "description": "secret words",
        "status": "Open",
        "priority": "High",
        "category": "General",
        "created_at": "2026-11-02T09:00:00Z",
        "updated_at": "2026-11-02T09:00:00Z",
        "requester": "carla",
    }
