"""What only processes can show; the rest is in tests/contract."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from msp_core.clock import fixed_clock
from msp_core.scope import Role, Scope
from msp_core.tickets.desk import Desk
from msp_core.tickets.sqlite import SqliteTicketStore

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
