"""Names of people, where mails and tickets put them: salutations, signatures, header lines."""

import re
from collections.abc import Iterator

from msp_core.guardrails.pii_given_names import GIVEN_NAMES
from msp_core.guardrails.pii_values import Found
from msp_core.guardrails.pii_words import (
    CLOSINGS,
    GREETINGS,
    HEADER_LABELS,
    INTRODUCTIONS,
    NOT_NAMES,
    SIGNATURE_HINTS,
    TITLES,
)

_UPPER = "A-ZÀ-ÖØ-Þ"
_PART = rf"[{_UPPER}][\w'’]{{0,24}}(?:-[{_UPPER}][\w'’]{{1,24}})?"
_SMALL = r"(?:van der|van den|van|von der|von|zu|de la|de los|del|de|du|da|di|la|le|el|al|bin|ter)"
_NAME = rf"{_PART}\.?(?: (?:{_SMALL} )?{_PART}\.?){{0,3}}"
_FULL = rf"{_PART}\.?(?: (?:{_SMALL} )?{_PART}\.?){{1,3}}"
_LINE_END = r"[ \t]*(?:[,;.!]|[ \t][-–—|/(]|$)"

_TITLED = re.compile(rf"(?<![\w.]){TITLES}(?: (?:Dr\.|Prof\.))? (?P<name>{_NAME})")
_HEADER = re.compile(
    rf"^[ \t>*_]{{0,8}}{HEADER_LABELS}[*_]{{0,2}}[ \t]{{0,2}}:[*_]{{0,2}}[ \t]{{1,4}}"
    r"(?P<rest>[^\n]{2,300})$",
    re.M,
)
_IN_HEADER = re.compile(
    rf"(?:^|[;,>)\]][ \t]{{0,3}}|[\"'])(?P<name>{_PART}, {_PART}|{_FULL}|{_PART})"
    r"(?=[ \t]*(?:[<;(\[\"',|/-]|$|via ))"
)
_SALUTATION = re.compile(
    rf"(?:^[ \t>]{{0,6}}|[.!?] ){GREETINGS},? (?:{TITLES} )?(?P<name>{_NAME})"
    r"(?=[ \t]*[,!.:;\n–-]|$| (?:and|und|y|et) )",
    re.M,
)
_CLOSING = re.compile(
    rf"^[ \t>]{{0,6}}{CLOSINGS}[ \t]{{0,2}}(?P<stop>[,.!:;–—-]{{0,3}})[ \t]{{0,3}}"
    r"(?P<same>[^\n]{0,60})$",
    re.M | re.I,
)
_SIGNED = re.compile(rf"[ \t>*_]{{0,6}}[-–—/~]{{0,3}} ?(?P<name>{_NAME})[*_]{{0,2}}{_LINE_END}")
_DASHED = re.compile(
    rf"(?:^[ \t>]{{0,4}}|[.!?] )(?:--|[-–—~]) ?(?P<name>{_NAME})(?=[ \t]{{0,3}}(?:$|[,(/|]))", re.M
)
_FULL_LINE = re.compile(
    rf"^[ \t>*_]{{0,6}}(?P<name>{_FULL})[*_]{{0,2}}"
    r"(?P<behind>[ \t]{0,2}$|,? [-–—|] [^\n]{2,60}$|, [^\n]{2,60}$)",
    re.M,
)
_SAID = re.compile(rf"(?<!\w){INTRODUCTIONS} (?P<name>{_FULL})(?![\w\\])")
# The surname stands in a look-ahead, so that `Ask Wolfgang Esser` is tried at each of its words.
_FULL_NAME = re.compile(
    rf"(?<![\w'’.@/\\-])(?P<given>[{_UPPER}][\w'’]{{1,24}})"
    rf"(?=(?P<rest>(?:-[{_UPPER}][\w'’]{{1,24}})?"
    rf"(?: [{_UPPER}]\.)?(?: {_SMALL})? {_PART})(?![\w@\\]))"
)
_SIGNATURE_HINT = re.compile(
    rf"\d{{3}}[ .)/-]{{1,2}}\d{{2,4}}|@|\bwww\.|https?:|\b{SIGNATURE_HINTS}\b"
)
_WORDS = re.compile(r"[^\W\d_][\w'’-]*")


def names(text: str) -> Iterator[Found]:
    """Names of people: by their place, and in running text by a common given name before them."""
    for match in _HEADER.finditer(text):
        offset = match.start("rest")
        for inner in _IN_HEADER.finditer(match["rest"]):
            yield from _kept(text, offset + inner.start("name"), offset + inner.end("name"))
    for pattern in (_TITLED, _SALUTATION, _DASHED, _SAID):
        for match in pattern.finditer(text):
            yield from _kept(text, *match.span("name"))
    for match in _FULL_NAME.finditer(text):
        if match["given"].lower() in GIVEN_NAMES:
            yield from _kept(text, match.start(), match.end("rest"))
    for match in _CLOSING.finditer(text):
        yield from _behind_closing(text, match)
    for match in _FULL_LINE.finditer(text):
        # A line that is a name and its role, or a name above lines of a signature.
        behind = match["behind"].strip() or text[match.end() : match.end() + 160]
        if _SIGNATURE_HINT.search("\n".join(behind.strip("\n").split("\n")[:3])):
            yield from _kept(text, *match.span("name"))


def _behind_closing(text: str, closing: re.Match[str]) -> Iterator[Found]:
    same = closing["same"].strip()
    if same:
        if closing["stop"] or closing["same"][:1].isupper():
            yield from _signed(text, closing.start("same"), closing.end("same"))
        return
    at = closing.end()
    for _ in range(2):  # a blank line may stand between
        start = at + 1
        if start > len(text):
            return
        newline = text.find("\n", start, start + 200)
        at = newline if newline >= 0 else min(len(text), start + 200)
        if text[start:at].strip(" \t\r>"):
            yield from _signed(text, start, at)
            return


def _signed(text: str, start: int, end: int) -> Iterator[Found]:
    match = _SIGNED.match(text, start, end)
    if match:
        yield from _kept(text, *match.span("name"))


def _kept(text: str, start: int, end: int) -> Iterator[Found]:
    """The name without words at its ends that are none; nothing when no word is left."""
    words = [
        (start + word.start(), start + word.end()) for word in _WORDS.finditer(text[start:end])
    ]
    while words and _is_none(text[slice(*words[0])]):
        words.pop(0)
    # Behind a given name a surname in capitals is none of the acronyms.
    shouting = bool(words) and text[slice(*words[0])].lower() in GIVEN_NAMES
    for place, (begin, end_of_word) in enumerate(words[1:], start=1):
        word = text[begin:end_of_word]
        if word[0].isupper() and _is_none(word.capitalize() if shouting else word):
            words = words[:place]
            break
    if not words:
        return
    first, last = words[0][0], words[-1][1]
    if text[last - 2 : last] in {"'s", "’s"}:
        last -= 2
    if last - first > 1:
        yield "PERSON", first, last


def _is_none(word: str) -> bool:
    lower = word.lower()
    if lower in GIVEN_NAMES:
        return False
    acronym = len(word) > 1 and word.isupper()
    return lower in NOT_NAMES or acronym or any(mark.isdigit() for mark in word)
