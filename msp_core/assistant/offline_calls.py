"""The tool calls of the offline stand-in, and the values it reads for them out of a text."""

import re
from collections.abc import Mapping
from typing import Any

from msp_core.assistant import offline_answer as answer
from msp_core.assistant.offline_dialogue import Call

_LONGEST_QUERY = 1_000
_STATUS = re.compile(r"\b(in progress|on hold)\b", re.I)
_CHANGE = re.compile(r"\b(set|change|put|move|update|raise|lower|make|mark|escalate|bump)\b", re.I)
_PRIORITY = re.compile(r"\b(low|medium|high|critical)\b", re.I)
_CATEGORY = re.compile(r"\b(network|hardware|software|security|general)\b", re.I)
_ASSIGN = re.compile(r"\bassign\b.{0,60}?\bto (?!me\b)([a-z]+\.[a-z]+|[a-z]{2,20})\b", re.I)
_WISH_AT_END = re.compile(
    r"[\s,;:-]*\b((with |as )?(low|medium|high|critical) priority|priority (is )?"
    r"(low|medium|high|critical)|urgent(ly)?( please)?|asap|please)$",
    re.I,
)


def search_knowledge(query: str) -> Call:
    """A search; of a long text the beginning counts."""
    return Call("search_knowledge", {"query": query[:_LONGEST_QUERY]})


def get_ticket(ticket_id: str) -> Call:
    """The reading of a ticket."""
    return Call("get_ticket", {"ticket_id": ticket_id})


def list_tickets(text: str) -> Call:
    """A list, narrowed to what the text names."""
    arguments: dict[str, Any] = {}
    if re.search(r"\b(open|active|unresolved|outstanding|pending)\b", text, re.I):
        arguments["status"] = "active"
    elif match := re.search(r"\b(resolved|closed|in progress|on hold)\b", text, re.I):
        arguments["status"] = match.group(1).title()
    if match := _PRIORITY.search(text):
        arguments["priority"] = match.group(1).title()
    if match := _CATEGORY.search(text):
        arguments["category"] = match.group(1).title()
    if re.search(r"\bassigned to me\b", text, re.I):
        arguments["assigned_to_me"] = True
    return Call("list_tickets", arguments)


def create_ticket(problem: str, *, extra: str = "") -> Call:
    """A ticket of the person's own words."""
    first = re.split(r"(?<=[.!?])\s|\n", problem.strip(), maxsplit=1)[0]
    first = _WISH_AT_END.sub("", first.rstrip(".!? ")) or first
    title = first if len(first) <= 80 else first[:77].rsplit(" ", 1)[0] + "..."
    priority = _PRIORITY.search(extra) if re.search(r"\bpriority\b", extra, re.I) else None
    urgent = re.search(r"\b(urgent|asap|emergency)\b", f"{problem} {extra}", re.I)
    arguments = {
        "title": title[:1].upper() + title[1:],
        "description": problem.strip(),
        "priority": priority.group(1).title() if priority else "High" if urgent else "Medium",
        "category": answer.guess_category(problem),
    }
    return Call("create_ticket", arguments)


def update_ticket(ticket_id: str, fields: Mapping[str, str]) -> Call:
    """A change of these fields."""
    return Call("update_ticket", {"ticket_id": ticket_id, **fields})


def delete_ticket(ticket_id: str) -> Call:
    """The deletion of a ticket."""
    return Call("delete_ticket", {"ticket_id": ticket_id})


def add_note(ticket_id: str, text: str, request: str) -> Call:
    """A note, public unless the request asks for an internal one."""
    visibility = "internal" if re.search(r"\binternal\b", request, re.I) else "public"
    return Call("add_note", {"ticket_id": ticket_id, "text": text, "visibility": visibility})


def fields_named(text: str) -> dict[str, str]:
    """The fields that a text wants changed, with their new values."""
    fields: dict[str, str] = {}
    if assignee := _ASSIGN.search(text):
        fields["assigned_to"] = assignee.group(1).lower()
    if _CHANGE.search(text):
        for name, pattern in (
            ("status", _STATUS),
            ("priority", _PRIORITY),
            ("category", _CATEGORY),
        ):
            if match := pattern.search(text):
                fields[name] = match.group(1).title()
    return fields
