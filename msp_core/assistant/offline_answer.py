"""What the offline stand-in says: fixed sentences, ticket summaries, and quotes from passages."""

import re
from collections.abc import Sequence
from typing import Any

from msp_core.assistant.tool_display import failure_reason
from msp_core.knowledge.statistics.query_terms import query_terms

ASK_PROBLEM = "What is the problem? Tell me what happens, since when, and for whom."
ASK_RESOLUTION = "What was done? A ticket needs a resolution before it is resolved or closed."
ASK_WHICH = "Which ticket do you mean? Give me its id, for example TKT-20241202-A1B2C3D4."
ASK_NOTE = "What should the note say?"
OFFER_TICKET = "Shall I open a ticket for it?"
QUESTIONS = (ASK_PROBLEM, ASK_RESOLUTION, "Which ticket do you mean?", ASK_NOTE, OFFER_TICKET)

ALL_RIGHT = "All right, nothing was changed."
GREETING = "Hello. Describe a problem, or ask me to list, open or change a ticket."
WELCOME = "You are welcome."
YES_TO_WHAT = "I had not asked anything. What would you like me to do?"
ONE_AT_A_TIME = "I change one ticket at a time. Give me the id of the first one."
HELP = (
    "I can search the knowledge base and resolved tickets, list and read tickets, open a new one,"
    " change status, priority or assignee, and add notes. Changes that matter wait for your"
    " approval."
)
BEYOND = (
    "I cannot do that: I only work with tickets and the knowledge base. "
    f"I can open a ticket so that a technician does it. {OFFER_TICKET}"
)
NOTHING_FOUND = f"I found nothing in the knowledge base that answers this. {OFFER_TICKET}"

MIN_COSINE = 0.35
MIN_COVERAGE = 0.34
SURE_COSINE = 0.6
MAX_UNITS = 6
MAX_SOURCES = 3

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.S)
_UNIT = re.compile(r"(?<=[.!?])\s+(?=[A-Z`*\"(0-9])")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_CURE_HEADING = re.compile(
    r"\b(fix\w*|cure|repair\w*|solution|solve|resolve|what (to|we|you) do|do"
    r" this|steps?|procedure|resolution|reset|clear|restart"
    r"|in order|how to|first aid|action|remedy|clean(ing)? up|set up|settings)\b",
    re.I,
)
_CATEGORY_WORDS = {
    "Security": "phish malware virus ransom password mfa hacked suspicious certificate stolen",
    "Network": "vpn wifi wi-fi network internet dns dhcp switch firewall latency ping router",
    "Hardware": "printer laptop monitor dock battery disk keyboard scanner ups toner screen phone",
    "Software": "outlook teams excel word office windows update install licence license onedrive "
    "sharepoint app error",
}


def guess_category(text: str) -> str:
    """The category whose words the text has most; General when none."""
    counts = {
        name: len(re.findall(rf"\b(?:{words.replace(' ', '|')})", text, re.I))
        for name, words in _CATEGORY_WORDS.items()
    }
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "General"


def cannot_use(tool: str) -> str:
    """Said when the role has no such tool."""
    return f"I cannot do that with your role (it needs {tool.replace('_', ' ')})."


def failure(result: str) -> str:
    """Said when a tool failed; `result` is its error text."""
    return f"That was not done. {failure_reason(result)}"


def written(result: dict[str, Any]) -> str:
    """Said after a write that worked."""
    if result["done"] == "deleted":
        return f"Deleted {result['ticket_id']}."
    ticket = result["ticket"]
    if result["done"] == "created":
        return (
            f"Created {ticket['ticket_id']}: {ticket['title']} "
            f"(priority {ticket['priority']}, category {ticket['category']})."
        )
    if result["done"] == "noted":
        return f"Added the {result['visibility']} note to {ticket['ticket_id']}."
    changes = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in result["changed"].items()
    )
    return f"Updated {ticket['ticket_id']}: {changes}."


def describe_ticket(data: dict[str, Any]) -> str:
    """A ticket in a few lines."""
    lines = [
        f"**{data['ticket_id']}: {_plain(data['title'])}**",
        (
            f"Status {data['status']}, priority {data['priority']}, category {data['category']}, "
            f"assigned to {data['assigned_to'] or 'nobody'}, last change {data['updated_at'][:10]}."
        ),
        _shortened(data["description"], 400),
    ]
    if data["notes"]:
        last = data["notes"][-1]
        lines.append(
            f"Latest {last['visibility']} note ({last['author']}): {_shortened(last['text'], 300)}"
        )
    if data["resolution"]:
        lines.append(f"Resolution: {_shortened(data['resolution'], 400)}")
    return "\n\n".join(lines)


def ticket_list(data: dict[str, Any], filters: dict[str, Any]) -> str:
    """A numbered list, newest first."""
    wanted = " ".join(str(value) for name, value in filters.items() if name != "assigned_to_me")
    mine = " assigned to you" if filters.get("assigned_to_me") else ""
    kind = " ".join(f"{wanted.lower()} tickets{mine}".split())
    if not data["tickets"]:
        return f"There are no {kind}."
    shown = len(data["tickets"])
    lead = f"{data['total']} {kind}" + (f"; the newest {shown}:" if data["total"] > shown else ":")
    rows = [
        f"{number}. {row['ticket_id']} ({row['status']}, {row['priority']}, {row['customer']}): "
        f"{_plain(row['title'])}"
        for number, row in enumerate(data["tickets"], start=1)
    ]
    return "\n".join([lead, "", *rows])


def from_passages(
    question: str, passages: Sequence[dict[str, Any]], *, ticket: dict[str, Any] | None = None
) -> str:
    """An answer made of sentences of the passages that fit the question, each with its source."""
    terms = set(query_terms(question))
    good = [row for row in passages if _answers(row, terms)]
    if not good:
        return NOTHING_FOUND
    lines = []
    if ticket is not None:
        lines += [
            f"For {ticket['ticket_id']} ({_plain(ticket['title'])}), this is what I found:",
            "",
        ]
    for place, row in enumerate(good[:MAX_SOURCES]):
        lead = "" if place == 0 else "See also "
        units = _chosen(row, terms, MAX_UNITS if place == 0 else 2)
        whose = f" (customer: {row['customer']})" if row.get("customer") else ""
        lines += [f"{lead}**{_plain(row['title'])}**{whose} [{row['id']}]"]
        lines += [f"- {unit} [{row['id']}]" for unit in units]
        lines.append("")
    return "\n".join(lines).strip()


def _answers(row: dict[str, Any], terms: set[str]) -> bool:
    words = set(query_terms(f"{row['title']} {row['text']}"))
    coverage = sum(_has(words, term) for term in terms) / len(terms) if terms else 0.0
    near = row["cosine"] >= MIN_COSINE and coverage >= MIN_COVERAGE
    return bool(near or row["cosine"] >= SURE_COSINE)


def _chosen(row: dict[str, Any], terms: set[str], most: int) -> list[str]:
    """What to quote: the start of the section that was found, then the section with the cure.

    A cure stands below the section that says what is wrong; so that one is quoted before it.
    """
    sections = _sections(row["text"])
    found = next(
        (place for place, section in enumerate(sections) if section[0] == row["section"]), 0
    )
    heading, units = sections[found]
    if _CURE_HEADING.search(heading):
        parent = next((own for name, own in sections if heading.startswith(f"{name} - ")), [])
        chosen = parent[: most // 3] + units
    else:
        cure = _cure(sections, found, terms)
        following = [unit for _, own in sections[found + 1 :] for unit in own]
        chosen = units + following if cure is None else units[: most // 3] + sections[cure][1]
    return chosen[:most]


def _cure(sections: list[tuple[str, list[str]]], found: int, terms: set[str]) -> int | None:
    """The section that says what to do: below the found one, else the one that fits best."""
    parent = sections[found][0].split(" - ")[0]
    cures = [
        place
        for place, (heading, units) in enumerate(sections)
        if units and place != found and _CURE_HEADING.search(heading)
    ]
    if not cures:
        return None

    def fit(place: int) -> tuple[bool, int, int]:
        heading, units = sections[place]
        words = set(query_terms(f"{heading} {' '.join(units)}"))
        return (heading.startswith(parent), sum(_has(words, term) for term in terms), -place)

    return max(cures, key=fit)


def _has(words: set[str], term: str) -> bool:
    """Whether the words have the term, in singular or plural."""
    return term in words or f"{term}s" in words or (term.endswith("s") and term[:-1] in words)


def _sections(text: str) -> list[tuple[str, list[str]]]:
    """Each `##` section of a passage with its sentences, list items and code, without markup."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in _FENCE.sub(lambda match: _inline_code(match.group()), text).splitlines():
        if line.startswith("#"):
            sections.append((line.lstrip("#").strip(), []))
        elif not line.startswith("|"):
            bare = _LIST_ITEM.sub("", line)
            sections[-1][1].extend(
                part.strip() for part in _UNIT.split(bare) if len(part.split()) > 2
            )
    return sections if sections[0][1] or len(sections) == 1 else sections[1:]


def _inline_code(fence: str) -> str:
    lines = [line.strip() for line in fence.strip("`\n").splitlines() if line.strip()]
    code = [line for line in lines if not re.fullmatch(r"[a-z0-9+-]{1,12}", line)]
    return "".join(f"\n`{line}`\n" for line in code)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _shortened(text: str, limit: int) -> str:
    flat = _plain(text)
    return flat if len(flat) <= limit else flat[:limit].rsplit(" ", 1)[0] + " ..."
