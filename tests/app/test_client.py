from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from app.client import Client
from msp_core.bootstrap import Services
from msp_core.clock import system_clock
from msp_core.conversations.store import Event
from msp_core.errors import NotFound, UsageError

QUESTION = "VPN drops every hour for Northwind users, what do we do?"


def _send(
    client: Client, session_id: str, message: str, customer_id: str | None = "northwind"
) -> list[Event]:
    return [event for event in client.send(customer_id, session_id, message) if event is not None]


def test_a_turn_is_answered_listed_and_loaded_again(services: Services) -> None:
    client = Client(services)
    events = _send(client, "s-1", QUESTION)
    assert any(event["type"] == "citation" for event in events)
    (turn,) = client.turns("northwind", "s-1")
    assert list(turn.events) == events
    assert [row.title for row in client.conversations("northwind")] == [QUESTION]
    assert client.conversations("keller") == []


def test_a_conversation_of_another_customer_is_not_found(services: Services) -> None:
    client = Client(services)
    _send(client, "s-1", QUESTION)
    for read in (client.turns, client.open_approval):
        with pytest.raises(NotFound):
            read("keller", "s-1")


def test_an_approval_waits_until_it_is_answered(services: Services) -> None:
    client = Client(services)
    _send(client, "s-1", QUESTION)
    _send(client, "s-1", "create a ticket for this")
    approval_id = client.open_approval("northwind", "s-1")
    assert approval_id is not None
    rest = [
        event for event in client.answer("northwind", "s-1", approval_id, approved=True) if event
    ]
    assert rest[-1]["stop"] == "end_turn"
    assert client.open_approval("northwind", "s-1") is None
    assert len(services.desk.find(services.local_scope("northwind")).tickets) == 1


def test_an_expired_approval_does_not_wait(services: Services) -> None:
    client = Client(services)
    _send(client, "s-1", QUESTION)
    _send(client, "s-1", "create a ticket for this")
    later = replace(services.settings, now=system_clock() + timedelta(hours=1))
    assert Client(Services(later, services.data_dir)).open_approval("northwind", "s-1") is None


def test_an_unacceptable_message_is_refused(services: Services) -> None:
    with pytest.raises(UsageError):
        _send(Client(services), "s-1", "   ")


def test_closing_keeps_what_was_shown(services: Services) -> None:
    client = Client(services)
    events = client.send("northwind", "s-1", QUESTION)
    assert next(events) is not None
    events.close()  # type: ignore[attr-defined]  # the iterator is a generator
    (turn,) = client.turns("northwind", "s-1")
    assert turn.finished
    assert turn.events[-1]["stop"] == "cancelled"


def test_a_reader_waits_for_a_turn_that_is_being_stopped(services: Services) -> None:
    client = Client(services)
    events = client.send("northwind", "s-1", QUESTION)
    assert next(events) is not None
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(client.turns, "northwind", "s-1")
        events.close()  # type: ignore[attr-defined]  # the iterator is a generator
        (turn,) = reading.result()
    assert turn.finished


def test_turns_of_one_conversation_run_one_after_the_other(services: Services) -> None:
    client = Client(services)
    first = client.send("northwind", "s-1", QUESTION)
    assert next(first) is not None
    second = client.send("northwind", "s-1", "thanks")
    assert next(second) is None
    assert list(first)
    rest = [event for event in second if event]
    assert rest[-1]["type"] == "turn_done"
