"""What the offline stand-in does with plain requests, step by step."""

import json
from typing import Any

import pytest

from msp_core.assistant import offline_answer as answer
from msp_core.assistant.offline_plan import Say, UseTools, plan
from msp_core.assistant.tools import READ_TOOLS, WRITE_TOOLS

TOOLS = READ_TOOLS | WRITE_TOOLS
ID = "TKT-20261101-0000AAAA"
OTHER = "TKT-20261102-0000BBBB"
PROBLEM = "Outlook asks for the password on two PCs"
TICKET = {
    "ticket_id": ID,
    "title": "Printer jams",
    "description": "Every second page",
    "status": "Open",
    "priority": "Low",
    "category": "Hardware",
    "assigned_to": None,
    "updated_at": "2026-11-01T09:00:00Z",
    "notes": [{"author": "jo", "visibility": "internal", "text": "Rollers are on order"}],
    "resolution": "Rollers replaced",
}


def person(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"text": text}]}


def called(tool: str, arguments: dict[str, Any], result: Any, *, ok: bool = True) -> list[Any]:
    """A tool call and its result."""
    use = {"toolUseId": "u1", "name": tool, "input": arguments}
    text = result if isinstance(result, str) else json.dumps(result)
    status = "success" if ok else "error"
    return [
        {"role": "assistant", "content": [{"toolUse": use}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "u1", "status": status, "content": [{"text": text}]}}
            ],
        },
    ]


LISTED = [
    person("show my open tickets"),
    *called("list_tickets", {}, {"total": 2, "tickets": [{"ticket_id": ID}, {"ticket_id": OTHER}]}),
    assistant("2 tickets: ..."),
]
SHOWN = [
    person(f"show {ID}"),
    *called("get_ticket", {"ticket_id": ID}, TICKET),
    assistant(f"{ID}: Printer jams"),
]
SEARCHED = [
    person(PROBLEM),
    *called("search_knowledge", {"query": PROBLEM}, []),
    assistant(answer.NOTHING_FOUND),
]


def first(messages: list[Any]) -> tuple[str, dict[str, Any]]:
    """The one tool call that is made next."""
    step = plan(messages, TOOLS)
    assert isinstance(step, UseTools), step
    assert len(step.calls) == 1
    return step.calls[0].tool, step.calls[0].arguments


@pytest.mark.parametrize(
    ("before", "text", "tool", "arguments"),
    [
        ([], "why is the VPN slow", "search_knowledge", {"query": "why is the VPN slow"}),
        ([], f"show {ID}", "get_ticket", {"ticket_id": ID}),
        ([], f"how do we fix {ID}?", "get_ticket", {"ticket_id": ID}),
        ([], "list my critical network tickets", "list_tickets",
         {"priority": "Critical", "category": "Network"}),
        ([], "which tickets are assigned to me?", "list_tickets", {"assigned_to_me": True}),
        ([], "show resolved tickets", "list_tickets", {"status": "Resolved"}),
        (LISTED, "the second one", "get_ticket", {"ticket_id": OTHER}),
        (LISTED, "2", "get_ticket", {"ticket_id": OTHER}),
        (LISTED, "the last one", "get_ticket", {"ticket_id": OTHER}),
        (SHOWN, "how do I fix it?", "get_ticket", {"ticket_id": ID}),
        (SHOWN, "add an internal note: user called back", "add_note",
         {"ticket_id": ID, "text": "user called back", "visibility": "internal"}),
        (SHOWN, "set the priority to high", "update_ticket",
         {"ticket_id": ID, "priority": "High"}),
        (SHOWN, "assign it to maria.lopez", "update_ticket",
         {"ticket_id": ID, "assigned_to": "maria.lopez"}),
        (SHOWN, "delete it", "delete_ticket", {"ticket_id": ID}),
        (SHOWN, "what is the status of it?", "get_ticket", {"ticket_id": ID}),
        (SHOWN, "close this ticket: rollers were replaced", "update_ticket",
         {"ticket_id": ID, "status": "Closed", "resolution": "rollers were replaced"}),
        (SHOWN, "please reopen this ticket", "update_ticket", {"ticket_id": ID, "status": "Open"}),
        ([*SHOWN, person("resolve it"), assistant(answer.ASK_RESOLUTION)], "new rollers",
         "update_ticket", {"ticket_id": ID, "status": "Resolved", "resolution": "new rollers"}),
        ([*SHOWN, person("add a note"), assistant(answer.ASK_NOTE)], "customer will be back Monday",
         "add_note",
         {"ticket_id": ID, "text": "customer will be back Monday", "visibility": "public"}),
        ([person("close the ticket: it works again"), assistant(answer.ASK_WHICH)], ID,
         "update_ticket", {"ticket_id": ID, "status": "Closed", "resolution": "it works again"}),
    ],
)  # fmt: skip
def test_a_plain_request_becomes_this_call(
    before: list[Any], text: str, tool: str, arguments: dict[str, Any]
) -> None:
    assert first([*before, person(text)]) == (tool, arguments)


@pytest.mark.parametrize(
    ("before", "text", "title", "priority"),
    [
        (
            [],
            "open a ticket: scanner at reception is dead",
            "Scanner at reception is dead",
            "Medium",
        ),
        (
            [],
            "create a ticket for a dead dock, urgent please",
            "A dead dock",
            "High",
        ),
        (SEARCHED, "create a ticket for this, priority high", PROBLEM, "High"),
        (SEARCHED, "please open a ticket for it with low priority", PROBLEM, "Low"),
        (SEARCHED, "yes please", PROBLEM, "Medium"),
        ([person("open a ticket"), assistant(answer.ASK_PROBLEM)], PROBLEM, PROBLEM, "Medium"),
    ],
)
def test_a_new_ticket_is_titled_with_the_problem(
    before: list[Any], text: str, title: str, priority: str
) -> None:
    tool, arguments = first([*before, person(text)])
    assert (tool, arguments["title"], arguments["priority"]) == ("create_ticket", title, priority)


@pytest.mark.parametrize(
    ("before", "text", "said"),
    [
        ([], "hello", answer.GREETING),
        ([], "thanks!", answer.WELCOME),
        ([], "what can you do", answer.HELP),
        ([], "yes", answer.YES_TO_WHAT),
        ([], "please reboot the server", answer.BEYOND),
        ([], "open a ticket", answer.ASK_PROBLEM),
        ([], "add an internal note: user called back", answer.ASK_WHICH),
        ([], "close the ticket", answer.ASK_WHICH),
        ([], "the second one", answer.ASK_WHICH),
        ([], "close all my tickets", answer.ONE_AT_A_TIME),
        ([], f"delete {ID} and {OTHER}", answer.ONE_AT_A_TIME),
        (SHOWN, "resolve it", answer.ASK_RESOLUTION),
        (SHOWN, "add a note to this ticket", answer.ASK_NOTE),
        (SEARCHED, "no", answer.ALL_RIGHT),
    ],
)
def test_a_plain_request_is_answered_at_once(before: list[Any], text: str, said: str) -> None:
    assert plan([*before, person(text)], TOOLS) == Say(said)


def test_a_role_without_the_tool_is_told_so() -> None:
    step = plan([person(f"delete {ID}")], TOOLS - {"delete_ticket"})
    assert step == Say(answer.cannot_use("delete_ticket"))


def test_a_failed_call_is_reported_and_not_repeated() -> None:
    step = plan([person(f"show {ID}"), *called("get_ticket", {}, "Error: gone", ok=False)], TOOLS)
    assert step == Say("That was not done. gone")


def test_a_ticket_that_was_read_is_described() -> None:
    step = plan([person(f"show {ID}"), *called("get_ticket", {"ticket_id": ID}, TICKET)], TOOLS)
    assert isinstance(step, Say)
    for part in ("Printer jams", "Status Open", "Rollers are on order", "Rollers replaced"):
        assert part in step.text


def test_a_question_about_a_ticket_searches_with_its_text() -> None:
    messages = [person(f"how do we fix {ID}?"), *called("get_ticket", {"ticket_id": ID}, TICKET)]
    assert first(messages) == ("search_knowledge", {"query": "Printer jams\nEvery second page"})


def test_a_follow_up_searches_with_the_question_before_it() -> None:
    tool, arguments = first([*SEARCHED, person("and on a Mac?")])
    assert tool == "search_knowledge"
    assert arguments["query"] == f"{PROBLEM} and on a Mac?"
