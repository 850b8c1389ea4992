"""Checks a sentence of an answer before it is shown: does it rest on what this conversation saw?"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msp_core.tickets.values import TICKET_ID

CITATION = re.compile(r"\[((?:article|ticket|file|s3):[^\]\s]{1,600})\]")
_REFERENCE = re.compile(r"\b(?:article|ticket):[\w.-]*\w", re.IGNORECASE)
_WORD = re.compile(r"\w{3,}")
# What the output guard has to see whole; a group has matched when its end is still missing.
_WHOLE = re.compile(
    r"!\[(?:[^)\n]|\n(?![ \t]*\n))*(?:\)|\n|(\Z))"  # an image, which no paragraph outlives
    r"|<img\b[^>]*(?:>|(\Z))"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]|-(?!----END ))*(?:-----END [^\n]*|(\Z))",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?\]])[ \t]+(?=[^\s\[])|(?<=\n)")


@dataclass
class Evidence:
    """What a turn may rest on: passages by document id, and ticket ids that were seen."""

    passages: dict[str, str] = field(default_factory=dict)
    ticket_ids: set[str] = field(default_factory=set)

    def saw_text(self, text: str) -> None:
        """Every ticket id in `text` counts as seen."""
        self.ticket_ids.update(TICKET_ID.findall(text.upper()))


def seed_passages(evidence: Evidence, rows: Sequence[dict[str, Any]]) -> None:
    """Let the answer rest on these passages (`id`, `title`, `text`) and the tickets they name."""
    for row in rows:
        known = evidence.passages.get(row["id"], "")
        evidence.passages[row["id"]] = f"{known}\n{row['title']}\n{row['text']}".strip()
        evidence.saw_text(row["text"])


def find_problems(sentence: str, evidence: Evidence) -> list[str]:
    """What is wrong with a sentence; empty when it may be shown.

    A citation, in whatever brackets, must name a passage that was retrieved; a ticket id must come
    from a tool or the person.
    """
    problems = [
        f"cites {cited}, which was not retrieved"
        for cited in dict.fromkeys(CITATION.findall(sentence) + _REFERENCE.findall(sentence))
        if cited not in evidence.passages
    ]
    without_citations = _REFERENCE.sub("", CITATION.sub("", sentence)).upper()
    problems += [
        f"names {ticket_id}, which was not looked up"
        for ticket_id in dict.fromkeys(TICKET_ID.findall(without_citations))
        if ticket_id not in evidence.ticket_ids
    ]
    return problems


def find_citations(sentence: str, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Each cited id with the part of its passage that shares most words with the sentence."""
    words = set(_WORD.findall(CITATION.sub("", sentence).lower()))
    for cited in dict.fromkeys(CITATION.findall(sentence)):
        parts = _SENTENCE_END.split(evidence.passages[cited])
        best = max(parts, key=lambda part: len(words & set(_WORD.findall(part.lower()))))
        yield cited, best.strip()[:300]


class SentenceBuffer:
    """Cuts streamed text into sentences and lines, each to be checked before it is shown.

    What the output guard has to see whole, an image or a private key, is never cut.
    """

    def __init__(self) -> None:
        self._text = ""

    def push(self, delta: str) -> list[str]:
        """The pieces that `delta` completes; joined with `rest()` they give the text unchanged."""
        self._text += delta
        whole = [
            (match.start(), len(self._text) + 1 if match.lastindex else match.end())
            for match in _WHOLE.finditer(self._text)
        ]
        complete = []
        start = 0
        for match in _SENTENCE_END.finditer(self._text):
            end = match.end()
            while whole and whole[0][1] <= end:
                whole.pop(0)
            if not whole or end <= whole[0][0]:
                complete.append(self._text[start:end])
                start = end
        self._text = self._text[start:]
        return complete

    def rest(self) -> str:
        """What has not been returned yet; the buffer is empty afterwards."""
        rest, self._text = self._text, ""
        return rest
