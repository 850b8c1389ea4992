from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from msp_core.tickets.sla import ClockState, Sla, SlaRules
from msp_core.tickets.ticket import (
    SYSTEM,
    Category,
    Change,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
)
from tests.fakes.agreements import customer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
RULES = SlaRules({"northwind": customer()})
TICKET = Ticket(
    ticket_id="TKT-20261102-0A1B2C3D",
    customer_id="northwind",
    title="VPN",
    description="down",
    status=Status.OPEN,
    priority=Priority.HIGH,
    category=Category.NETWORK,
    created_at=NOW,
    updated_at=NOW,
    requester="carla",
    history=(Change(NOW, "carla", "status", None, "Open"),),
)
RUNNING, PAUSED, MET, BREACHED = ClockState


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def moved(ticket: Ticket, status: Status, minutes: float, actor: str = "tom") -> Ticket:
    resolution = Resolution(after(minutes), "done") if status is Status.RESOLVED else None
    values = {} if resolution is None else {"resolution": resolution}
    return ticket.changed(at=after(minutes), actor=actor, status=status, **values)


def sla(ticket: Ticket, minutes: float) -> Sla:
    found = RULES.of(ticket, after(minutes))
    assert found is not None
    return found


def states(ticket: Ticket, minutes: float) -> tuple[ClockState, ClockState]:
    found = sla(ticket, minutes)
    return found.respond.state, found.resolve.state


def test_both_clocks_run_from_the_start() -> None:
    found = sla(TICKET, 10)
    assert (found.respond.due, found.resolve.due) == (after(60), after(480))
    assert (found.respond.used, found.respond.target) == (
        timedelta(minutes=10),
        timedelta(minutes=60),
    )
    assert states(TICKET, 60) == (RUNNING, RUNNING)
    assert states(TICKET, 60.1) == (BREACHED, RUNNING)
    assert sla(TICKET, 481).breached == ("respond", "resolve")


def note(author: str, minutes: float, visibility: str = "public") -> Note:
    return Note("n", after(minutes), author, "text", visibility)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([note("tom", 20)], 20),
        ([note("tom", 50), note("tom", 20)], 20),
        ([note("carla", 20)], None),  # the requester adds something
        ([note("tom", 20, "internal")], None),
        ([note(SYSTEM, 20)], None),
    ],
)
def test_what_counts_as_a_response(answers: list[Note], expected: float | None) -> None:
    ticket = replace(TICKET, notes=tuple(answers))
    assert ticket.timeline.responded_at == (None if expected is None else after(expected))
    assert states(ticket, 100)[0] is (BREACHED if expected is None else MET)


def test_taking_a_ticket_is_a_response_and_the_requesters_own_move_is_none() -> None:
    assert states(moved(TICKET, Status.IN_PROGRESS, 20), 100)[0] is MET
    assert states(moved(TICKET, Status.IN_PROGRESS, 20, actor="carla"), 100)[0] is BREACHED


def test_a_late_response_stays_breached() -> None:
    ticket = replace(TICKET, notes=(note("tom", 61),))
    assert states(ticket, 62)[0] is BREACHED


def test_on_hold_pauses_and_moves_what_is_due() -> None:
    held = moved(TICKET, Status.ON_HOLD, 100)
    assert states(held, 200) == (BREACHED, PAUSED)
    assert sla(held, 200).resolve.due == after(580)
    assert sla(held, 10_000).resolve.used == timedelta(minutes=100)
    again = moved(held, Status.IN_PROGRESS, 400)
    assert sla(again, 500).resolve.due == after(780)
    assert states(again, 780)[1] is RUNNING
    assert states(again, 781)[1] is BREACHED


def test_resolving_stops_and_closing_changes_nothing() -> None:
    resolved = moved(moved(TICKET, Status.IN_PROGRESS, 10), Status.RESOLVED, 400)
    closed = moved(resolved, Status.CLOSED, 5000, actor=SYSTEM)
    for ticket in (resolved, closed):
        found = sla(ticket, 9000)
        assert found.resolve.state is MET
        assert found.resolve.used == timedelta(minutes=400)
        assert found.resolve.due == after(480)
    late = moved(TICKET, Status.RESOLVED, 500)
    assert states(late, 9000) == (BREACHED, BREACHED)


def test_resolving_answers_too() -> None:
    assert states(moved(TICKET, Status.RESOLVED, 30, actor="carla"), 100) == (MET, MET)


def test_a_ticket_resolved_on_hold_used_no_time_there() -> None:
    held = moved(moved(TICKET, Status.IN_PROGRESS, 5), Status.ON_HOLD, 100)
    assert sla(moved(held, Status.RESOLVED, 900), 1000).resolve.used == timedelta(minutes=100)


def test_a_reopened_ticket_goes_on_where_it_stopped() -> None:
    reopened = moved(moved(TICKET, Status.RESOLVED, 40), Status.OPEN, 1000, actor="carla")
    found = sla(reopened, 1010)
    assert found.resolve.used == timedelta(minutes=50)
    assert found.resolve.due == after(1440)
    assert found.resolve.state is RUNNING


def test_the_targets_are_those_of_the_priority_now() -> None:
    urgent = TICKET.changed(at=after(5), actor="tom", priority=Priority.CRITICAL)
    assert sla(urgent, 10).resolve.due == after(240)


def test_without_an_agreement_there_is_no_clock() -> None:
    assert RULES.of(replace(TICKET, customer_id="unknown"), NOW) is None
    assert RULES.of(replace(TICKET, priority=Priority.LOW), NOW) is None


def test_a_ticket_that_came_without_history() -> None:
    bare = replace(TICKET, history=(), updated_at=after(100))
    assert states(bare, 10) == (RUNNING, RUNNING)
    held = replace(bare, status=Status.ON_HOLD)
    assert sla(held, 500).resolve.used == timedelta(minutes=100)
    done = replace(bare, status=Status.CLOSED, resolution=Resolution(after(50), "x"))
    assert states(done, 9000) == (MET, MET)


def test_a_list_row_tells_the_same_as_the_ticket() -> None:
    ticket = moved(moved(TICKET, Status.ON_HOLD, 10), Status.IN_PROGRESS, 70)
    assert RULES.of(ticket.row(), after(90)) == sla(ticket, 90)
