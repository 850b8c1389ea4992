"""The backends that every contract runs on: a feature counts when all of them agree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import pytest
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from msp_core.conversations.dynamodb import DynamoConversationStore
from msp_core.conversations.sqlite import SqliteConversationStore
from msp_core.conversations.store import ConversationStore
from msp_core.costs.dynamodb import DynamoLedger
from msp_core.costs.ledger import Ledger
from msp_core.costs.sqlite import SqliteLedger
from msp_core.dynamodb.sessions import SESSIONS_TABLE
from msp_core.dynamodb.shape import TableShape
from msp_core.dynamodb.table import Table
from msp_core.tickets.dynamodb import DynamoTicketStore
from msp_core.tickets.dynamodb_items import TICKETS_TABLE
from msp_core.tickets.sqlite import SqliteTicketStore
from msp_core.tickets.store import TicketStore
from tests.contract.stores.making import NOW
from tests.services import dynamodb_local

BACKENDS = ["sqlite", "moto", pytest.param("dynamodb-local", marks=pytest.mark.services)]


@dataclass
class Backend:
    """Makes stores; each call makes a new object over the same data."""

    name: str
    folder: Path
    tables: dict[str, Table] = field(default_factory=dict)
    time: datetime = NOW

    def tickets(self) -> TicketStore:
        if self.name == "sqlite":
            return SqliteTicketStore(self.folder / "tickets.db")
        return DynamoTicketStore(self.table("tickets", TICKETS_TABLE))

    def conversations(self) -> ConversationStore:
        if self.name == "sqlite":
            return SqliteConversationStore(self.folder / "conversations.db", self.clock)
        return DynamoConversationStore(self.table("sessions", SESSIONS_TABLE), self.clock)

    def expire(self, session_id: str) -> None:
        """What DynamoDB does some time after an item's end."""
        if self.name != "sqlite":
            table = self.table("sessions", SESSIONS_TABLE)
            now = self.time.timestamp()
            items = table.partition(f"SES#{session_id}")
            ended = [item for item in items if int(item["expires_at"]) <= now]
            table.delete_all([(str(item["pk"]), str(item["sk"])) for item in ended])

    def ledger(self) -> Ledger:
        if self.name == "sqlite":
            return SqliteLedger(self.folder / "ledger.db")
        return DynamoLedger(self.table("sessions", SESSIONS_TABLE), self.clock)

    def clock(self) -> datetime:
        return self.time

    def table(self, what: str, shape: TableShape) -> Table:
        if what not in self.tables:
            self.tables[what] = Table(f"{what}-{uuid4().hex[:8]}", region="us-east-1")
            self.tables[what].create(shape)
        return self.tables[what]


@pytest.fixture(scope="session")
def dynamodb_url() -> Iterator[str]:
    with dynamodb_local.running() as url:
        yield url


@pytest.fixture(params=BACKENDS)
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    made = Backend(request.param, tmp_path)
    if request.param == "moto":
        _one_call_at_a_time(monkeypatch)
        with mock_aws():
            yield made
        return
    if request.param == "dynamodb-local":
        request.getfixturevalue("java_and_maven")
        url = request.getfixturevalue("dynamodb_url")
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    yield made


def _one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto has no locks, and DynamoDB's writes are atomic."""
    lock = Lock()
    call = DynamoHandler.call_action

    def locked(self: DynamoHandler) -> Any:
        with lock:
            return call(self)

    monkeypatch.setattr(DynamoHandler, "call_action", locked)
