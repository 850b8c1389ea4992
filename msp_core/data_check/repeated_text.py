"""Word sequences that many tickets share: the mark of texts made from templates."""

import re
from collections.abc import Iterator

from msp_core.data_check.findings import Check
from msp_core.data_check.folder import TICKETS, Folder
from msp_core.data_check.profile import Profile
from msp_core.guardrails.pii_words import CLOSINGS
from msp_core.tickets.ticket import Ticket

LENGTH = 8
_LEAST_TICKETS = 3
_MOST_READ = 5000
_WORD = re.compile(r"[^\W_]+")
_SIGNATURE = re.compile(
    rf"^[ \t>]*(?:--|—|__+|{CLOSINGS})[ \t]*[,.!]?[ \t]*[^\n]{{0,40}}$", re.M | re.I
)
_LONGEST_SIGNATURE = 12
_DISCLAIMER = re.compile(
    r"confidential|intended (?:only|solely)|disclaimer|vertraulich|confidencial|confidentiel|"
    r"external (?:e-?mail|sender)|registered (?:office|in)|amtsgericht|handelsregister",
    re.I,
)


def own_words(text: str) -> list[str]:
    """The words of a message without its signature and without disclaimers.

    A signature is a line that is a closing (`Kind regards`) or a rule of dashes, with what follows
    it, when that is 12 lines at most. A disclaimer is a paragraph with a word such as
    `confidential`.
    """
    for match in _SIGNATURE.finditer(text):
        if text.count("\n", match.end()) <= _LONGEST_SIGNATURE:
            text = text[: match.start()]
            break
    kept = (part for part in re.split(r"\n\s*\n", text) if not _DISCLAIMER.search(part))
    return [word.lower() for word in _WORD.findall("\n".join(kept))]


def check_repeated_text(folder: Folder, profile: Profile) -> tuple[Check, str]:
    """Sequences of 8 words in more tickets than the profile's share, and in three at least.

    Returns:
        The check, and the largest share found, with its sequence.
    """
    tickets = folder.tickets[-_MOST_READ:]
    seen: dict[int, int] = {}
    for ticket in tickets:
        for key in {hash(words) for words in _sequences(ticket)}:
            seen[key] = seen.get(key, 0) + 1
    most = max(seen.values(), default=0)
    limit = max(profile.largest_share_of_sequence * len(tickets), _LEAST_TICKETS - 1)
    wanted = {key for key, count in seen.items() if count > limit or count == most > 1}
    texts: dict[int, str] = {}
    first: dict[int, int] = {}
    for ticket in tickets:
        for words in _sequences(ticket):
            key = hash(words)
            if key in wanted and key not in texts:
                texts[key], first[key] = " ".join(words), folder.lines.get(ticket.ticket_id, 0)
    problems = tuple(
        profile.problem(TICKETS, first[key], f"{seen[key]} tickets hold “{texts[key]}”")
        for key in sorted(texts, key=lambda key: (-seen[key], texts[key]))
        if seen[key] > limit
    )
    example = min((text for key, text in texts.items() if seen[key] == most), default="")
    shown = f"{most} of {len(tickets)} tickets" + (f" (“{example}”)" if example else "")
    return Check("repeated word sequences", "tickets", len(tickets), problems), shown


def _sequences(ticket: Ticket) -> Iterator[tuple[str, ...]]:
    texts = [ticket.title, ticket.description, *(note.text for note in ticket.notes)]
    if ticket.resolution is not None:
        texts.append(ticket.resolution.text)
    for text in texts:
        words = own_words(text)
        yield from (tuple(words[at : at + LENGTH]) for at in range(len(words) - LENGTH + 1))
