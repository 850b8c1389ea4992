"""What a person is shown of a tool call: the change that it would make, and what came of it."""

import json
import re
from typing import Any

from msp_core.assistant.tools import TurnContext
from msp_core.errors import MspError


def describe_change(
    tool: str, arguments: dict[str, Any], turn: TurnContext
) -> tuple[list[dict[str, Any]], int | None]:
    """What a waiting write would change, for the human who approves it.

    Returns:
        Rows `{"field", "from", "to"}`, and the version of the ticket they were read from (None for
        a new ticket, or one that cannot be read: then the tool itself will say why). The first row
        names the ticket and its customer; `from` and `to` are equal where it stays.
    """
    changes = {name: value for name, value in arguments.items() if name != "ticket_id" and value}
    if tool == "create_ticket":
        changes = {"customer": turn.scope.active_customer, **changes}
        return [{"field": name, "from": None, "to": value} for name, value in changes.items()], None
    try:
        ticket = turn.desk.read(str(arguments.get("ticket_id", "")), turn.scope)
    except MspError:
        return [], None
    turn.evidence.saw_text(ticket.ticket_id)
    about = f"{ticket.ticket_id}: {ticket.title} ({ticket.customer_id})"
    if tool == "delete_ticket":
        return [{"field": "ticket", "from": about, "to": None}], ticket.version
    rows: list[dict[str, Any]] = [{"field": "ticket", "from": about, "to": about}]
    if tool == "add_note":
        visibility = changes.get("visibility", "public")
        rows.append({"field": f"{visibility} note", "from": None, "to": changes.get("text")})
        return rows, ticket.version
    for name, value in changes.items():
        before = (
            ticket.resolution.text
            if name == "resolution" and ticket.resolution
            else getattr(ticket, name, None)
        )
        rows.append({"field": name, "from": None if before is None else str(before), "to": value})
    return rows, ticket.version


def failure_reason(result: str) -> str:
    """The reason in the result of a failed call, without the names of error classes."""
    reason = re.sub(r"^(Error: )?([A-Za-z]+ - )?", "", result.strip(), count=1)
    return "It was not approved." if reason.startswith("CONFIRMATION_FAILED") else reason


def summarise(tool: str, result: str, *, ok: bool) -> str:
    """One line on a tool's result, for progress displays."""
    if not ok:
        return failure_reason(result)[:300]
    data = json.loads(result)
    if tool == "search_knowledge":
        return f"{len(data)} passages" if data else "nothing found"
    if tool == "list_tickets":
        return f"{data['total']} tickets"
    if tool == "get_ticket":
        return f"{data['ticket_id']}: {data['title']}"
    ticket_id = data["ticket_id"] if tool == "delete_ticket" else data["ticket"]["ticket_id"]
    return f"{data['done']} {ticket_id}"
