"""What the offline stand-in does next: rules over the conversation."""

import json
import re
from dataclasses import dataclass
from typing import Any

from msp_core.assistant import offline_answer as answer
from msp_core.assistant.offline_calls import (
    add_note,
    create_ticket,
    delete_ticket,
    fields_named,
    get_ticket,
    list_tickets,
    search_knowledge,
    update_ticket,
)
from msp_core.assistant.offline_dialogue import Call, Dialogue, read_dialogue
from msp_core.knowledge.statistics.query_terms import query_terms
from msp_core.tickets.values import TICKET_ID

MAX_TICKETS_AT_ONCE = 3


@dataclass(frozen=True)
class UseTools:
    """The next step calls tools."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Say:
    """The next step is an answer."""

    text: str


Step = UseTools | Say


_YES = re.compile(
    r"^\W*(yes|y$|yep|yeah|sure|ok(ay)?|please( do)?|go ahead|do (it|that)|correct)\b", re.I
)
_NO = re.compile(r"^\W*(no|n$|nope|not now|don'?t|cancel|never mind|forget it)\b", re.I)
_GREETING = re.compile(
    r"^\W*(hi|hello|hey|good (morning|afternoon|evening)|guten tag|hola|bonjour)\b[\s!,.]*$", re.I
)
_THANKS = re.compile(r"^\W*(thanks?|thank you|thx|cheers|great|perfect)\b[^?]{0,40}$", re.I)
_HELP = re.compile(r"^\W*(help|what can you do|who are you|how does this work)\b.{0,30}$", re.I)
_ORDINAL = re.compile(
    r"\b(?:the |number |no\.? |#)?(first|second|third|fourth|fifth|last)"
    r"(?: one| ticket)?\b|^\W*#?([1-9]|10)\W*$",
    re.I,
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_THIS_TICKET = re.compile(r"\b(its?|this|that|the) ?(ticket|one|case)?\b", re.I)
_LIST = re.compile(
    r"\b(list|show|see|display|which|what|how many|any|give me)"
    r"\b[^.?!]{0,60}\b(tickets|cases|requests)\b"
    r"|^\W*(my |our |all )?(open |active |critical |recent )*tickets\W*$",
    re.I,
)
_DELETE = re.compile(r"\b(delete|remove|erase)\b", re.I)
_FINISH = re.compile(r"\b(resolve|close|mark\b.{0,30}\b(?:as )?(?:resolved|closed|done))\b", re.I)
_REOPEN = re.compile(r"\breopen\b", re.I)
_FIELD_ASKED = re.compile(
    r"\b(status|state|priority|assigned|assignee|category|details|notes?|show|open it|read)\b", re.I
)
_NOTE = re.compile(
    r"\b(?:add|leave|write|put|make)\b.{0,30}?\b(internal |public )?(?:note|comment)\b", re.I
)
_NOTE_TEXT = re.compile(r"(?:[:\-–]\s*|\bsaying (?:that )?|\bthat )(.+)$", re.I | re.S)
_CREATE = re.compile(
    r"\b(create|open|raise|log|file|make|submit)\b[^.?!:]{0,30}\b(ticket|case|request)\b", re.I
)
_CREATE_LEAD = re.compile(
    r"^.*?\b(?:ticket|case|request)\b\s*(?:for this|for"
    r" it|please)?\s*(?:(?:about|for|because|that|saying|titled)\b|[:,\-–.])?\s*",
    re.I | re.S,
)
_FIELDS_ONLY = re.compile(
    r"^\W*((with|and|please|now|it|this|that|of|for|me|us|in|as|(the )?(priority|category)"
    r"|low|medium|high|critical|urgent|asap|network|hardware|software|security|general)\b\W*)*$",
    re.I,
)
_HOW = re.compile(
    r"\b(how|why|what (do|should|can|could|would)|fix|solve|troubleshoot|investigate|help"
    r"|similar|advice)\b",
    re.I,
)
_BEYOND = re.compile(
    r"\b(send (an? )?(e-?mail|sms)|call (him|her|them|the)|phone (him|her|them)|reboot"
    r" (the|my|our)|restart (the|my|our) server"
    r"|remote (in|into)|order (a|an|me)|buy|schedule (a|the) (call|meeting|visit))\b",
    re.I,
)


def plan(messages: list[Any], tools: frozenset[str]) -> Step:
    """The next step of a conversation in Strands' message form.

    Args:
        messages: the conversation; the last one is the person's, or tool results.
        tools: names of the tools that may be called.
    """
    dialogue = read_dialogue(messages)
    if dialogue.calls:
        return _after_tools(dialogue)
    step = _first_step(dialogue)
    if isinstance(step, UseTools) and (missing := {call.tool for call in step.calls} - tools):
        return Say(answer.cannot_use(sorted(missing)[0]))
    return step


def _first_step(talk: Dialogue) -> Step:
    for rule in _RULES:
        step = rule(talk)
        if step is not None:
            return step
    query = f"{talk.problem} {talk.text}" if talk.problem and _follows_up(talk.text) else talk.text
    return UseTools((search_knowledge(query),))


def _follows_up(text: str) -> bool:
    """Whether a question leans on what was said before: "and on a Mac?", "how do I check that"."""
    leans = re.search(r"\b(it|its|that|this|they|them|those|these|there|instead)\b", text, re.I)
    begins = re.match(r"^\W*(and|but|also|what about|what if|or)\b", text, re.I)
    terms = len(query_terms(text))
    return terms <= 1 or (terms <= 5 and bool(leans or begins))


def _after_tools(talk: Dialogue) -> Step:
    call, result, ok = talk.calls[-1]
    if not ok:
        return Say(answer.failure(result))
    read_one = call.tool == "get_ticket" and len(talk.calls) == 1
    if read_one and _HOW.search(TICKET_ID.sub("", talk.text)):
        ticket = json.loads(result)
        return UseTools((search_knowledge(f"{ticket['title']}\n{ticket['description']}"),))
    if call.tool == "search_knowledge":
        question = str(call.arguments["query"])
        about = json.loads(talk.calls[0][1]) if talk.calls[0][0].tool == "get_ticket" else None
        return Say(answer.from_passages(question, json.loads(result), ticket=about))
    if call.tool == "get_ticket":
        return Say(
            "\n\n".join(
                answer.describe_ticket(json.loads(text)) for _, text, good in talk.calls if good
            )
        )
    if call.tool == "list_tickets":
        return Say(answer.ticket_list(json.loads(result), call.arguments))
    return Say(answer.written(json.loads(result)))


def _answer_to_question(talk: Dialogue) -> Step | None:
    """The person answers what the stand-in asked last."""
    if not talk.asked:
        return None
    if _NO.match(talk.text):
        return Say(answer.ALL_RIGHT)
    if answer.OFFER_TICKET in talk.asked and _YES.match(talk.text) and talk.problem:
        return UseTools((create_ticket(talk.problem, extra=talk.text),))
    if answer.ASK_PROBLEM in talk.asked:
        return UseTools((create_ticket(talk.text),))
    if answer.ASK_RESOLUTION in talk.asked and talk.ticket:
        status = "Closed" if re.search(r"\bclose", talk.before, re.I) else "Resolved"
        fields = {"status": status, "resolution": talk.text}
        return UseTools((update_ticket(talk.ticket, fields),))
    if answer.ASK_NOTE in talk.asked and talk.ticket:
        return UseTools((add_note(talk.ticket, talk.text, talk.before),))
    if answer.ASK_WHICH in talk.asked:
        found = _tickets_named(talk)
        if found:
            return _on_tickets(found, f"{talk.before} {talk.text}")
    return None


def _about_ticket(talk: Dialogue) -> Step | None:
    """A ticket is read or changed: by id, by place in the list, or as the one last spoken of."""
    named = _tickets_named(talk)
    fields = fields_named(talk.text)
    wants_change = fields.keys() - {"category"} or any(
        pattern.search(talk.text) for pattern in (_DELETE, _FINISH, _REOPEN, _NOTE)
    )
    if named:
        return _on_tickets(named, talk.text)
    words = len(talk.text.split())
    if not wants_change:
        about_it = (
            words <= 10
            and _HOW.search(talk.text)
            and re.search(r"\b(it|this|that)\b", talk.text, re.I)
        )
        asks_field = (
            words <= 10 and _THIS_TICKET.search(talk.text) and _FIELD_ASKED.search(talk.text)
        )
        if talk.ticket and (asks_field or (about_it and talk.ticket == talk.shown)):
            return UseTools((get_ticket(talk.ticket),))
        return None
    if re.search(r"\btickets\b", talk.text, re.I):
        return Say(answer.ONE_AT_A_TIME)
    short = words <= 25
    only_tickets_have_it = _NOTE.search(talk.text) or fields
    if talk.ticket and short and (only_tickets_have_it or _THIS_TICKET.search(talk.text)):
        return _on_tickets([talk.ticket], talk.text)
    if short and (only_tickets_have_it or re.search(r"\b(ticket|case)\b", talk.text, re.I)):
        return Say(answer.ASK_WHICH)
    return None


def _on_tickets(ids: list[str], text: str) -> Step:
    bare = TICKET_ID.sub(" ", text)
    if len(ids) > 1:
        if _DELETE.search(bare) or _FINISH.search(bare):
            return Say(answer.ONE_AT_A_TIME)
        return UseTools(tuple(get_ticket(id_) for id_ in ids[:MAX_TICKETS_AT_ONCE]))
    ticket_id = ids[0]
    asks_how = bool(re.match(r"^\W*(how|why)\b", bare, re.I))
    if asks_how:
        return UseTools((get_ticket(ticket_id),))
    if _NOTE.search(bare):
        said = _NOTE_TEXT.search(bare)
        if said is None:
            return Say(answer.ASK_NOTE)
        return UseTools((add_note(ticket_id, said.group(1).strip(), bare),))
    if _DELETE.search(bare):
        return UseTools((delete_ticket(ticket_id),))
    if _REOPEN.search(bare):
        return UseTools((update_ticket(ticket_id, {"status": "Open"}),))
    if _FINISH.search(bare):
        return _close_or_resolve(ticket_id, bare)
    if fields := fields_named(bare):
        return UseTools((update_ticket(ticket_id, fields),))
    return UseTools((get_ticket(ticket_id),))


def _close_or_resolve(ticket_id: str, text: str) -> Step:
    status = "Closed" if re.search(r"\bclose", text, re.I) else "Resolved"
    said = re.search(
        r"(?::|\bbecause\b|\bwith(?: the)? resolution\b|\bsince\b|\bby\b)\s*(.{3,})$",
        text,
        re.I | re.S,
    )
    if said is None:
        return Say(answer.ASK_RESOLUTION)
    fields = {"status": status, "resolution": said.group(1).strip()}
    return UseTools((update_ticket(ticket_id, fields),))


def _new_ticket(talk: Dialogue) -> Step | None:
    if not _CREATE.search(talk.text) or re.match(r"^\W*(how|why|can i|where)\b", talk.text, re.I):
        return None
    rest = _CREATE_LEAD.sub("", talk.text, count=1).strip()
    if len(rest.split()) >= 2 and not _FIELDS_ONLY.match(rest):
        return UseTools((create_ticket(rest, extra=talk.text),))
    if talk.problem:
        return UseTools((create_ticket(talk.problem, extra=talk.text),))
    return Say(answer.ASK_PROBLEM)


def _ticket_list(talk: Dialogue) -> Step | None:
    if not _LIST.search(talk.text):
        return None
    return UseTools((list_tickets(talk.text),))


def _small_talk(talk: Dialogue) -> Step | None:
    replies: tuple[tuple[re.Pattern[str], str], ...] = (
        (_GREETING, answer.GREETING),
        (_HELP, answer.HELP),
        (_THANKS, answer.WELCOME),
        (_BEYOND, answer.BEYOND),
    )
    for pattern, reply in replies:
        if pattern.search(talk.text):
            return Say(reply)
    if _YES.match(talk.text) and len(talk.text.split()) <= 3:
        return Say(answer.YES_TO_WHAT)
    if _NO.match(talk.text) and len(talk.text.split()) <= 3:
        return Say(answer.ALL_RIGHT)
    return None


def _which_one(talk: Dialogue) -> Step | None:
    """A place in a list that was never shown."""
    short = len(talk.text.split()) <= 6
    return (
        Say(answer.ASK_WHICH) if short and _ORDINAL.search(talk.text) and not talk.listed else None
    )


def _tickets_named(talk: Dialogue) -> list[str]:
    ids = list(dict.fromkeys(TICKET_ID.findall(talk.text.upper())))
    if ids or not talk.listed:
        return ids
    match = _ORDINAL.search(talk.text)
    if match is None or len(talk.text.split()) > 12:
        return []
    word, digit = match.group(1), match.group(2)
    place = _ORDINALS[word.lower()] if word else int(digit) - 1
    return [talk.listed[place]] if -1 <= place < len(talk.listed) else []


_RULES = (_answer_to_question, _about_ticket, _new_ticket, _ticket_list, _small_talk, _which_one)
"""Tried in turn; the first that has a step wins, and a search is made when none has."""
