"""Personal values that have a shape of their own: addresses of mail, cards, accounts, phones."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from msp_core.guardrails.pii_words import COUNT_LABELS, IBAN_LENGTHS, PHONE_LABELS

# Every pattern starts behind a look-behind and repeats a bounded number of times, so that a hostile
# text costs no more than its length.

Found = tuple[str, int, int]
"""Type, start, end."""


class _Card(NamedTuple):
    prefix: re.Pattern[str]
    lengths: frozenset[int]


_CARDS = (
    _Card(re.compile(r"4"), frozenset({13, 16, 19})),
    _Card(re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), frozenset({16})),
    _Card(re.compile(r"3[47]"), frozenset({15})),
    _Card(re.compile(r"3(?:0[0-5]|[68])"), frozenset({14})),
    _Card(re.compile(r"35(?:2[89]|[3-8])"), frozenset({16})),
    _Card(re.compile(r"6(?:011|5|4[4-9])"), frozenset({16})),
    _Card(re.compile(r"62"), frozenset({16, 17, 18, 19})),
)
_CARD = re.compile(
    r"(?<![\w.+-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-])"
)

_IBAN_HEAD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?= ?[A-Za-z0-9])")

_EMAIL = re.compile(
    r"(?<![\w.+%'-])[\w+%][\w.+%'-]{0,63}@(?:[^\W_][\w-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)
_MESSAGE_HEADER = re.compile(r"(?:message-id|in-reply-to|references|content-id)[^\n]{0,200}$", re.I)
_LOGIN_DOMAIN = re.compile(r"\.(?:local|lan|internal|corp|intra)$|\.onmicrosoft\.com$", re.I)

_NOT_PHONE = re.compile(
    r"(?<![\w.-])(?:"
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"  # GUID
    r"|(?:[0-9A-Fa-f]{2}[ :-]){5,40}[0-9A-Fa-f]{2}"  # MAC address, hex dump
    r"|\d{1,4}(?:\.\d{1,6}){3,4}"  # IP address, build number
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d{1,9})?)?)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: \d{1,2}[:.]\d{2}(?:[:.]\d{2})?)?"  # dates
    r"|(?:TKT|INC|CHG|SR|RITM|CVE|KB|S-1)-?\d[\w-]{2,60}"
    r")(?![\w-])"
)
_PHONE_SHAPES = (
    r"\+\d{9,15}",
    r"\+\d{1,3}[ .\-/]?(?:\(0?\d{0,4}\)[ .\-/]?)?\d{1,5}(?:[ .\-/]{1,3}\d{2,8}){0,5}",
    r"00[1-9]\d{0,2}[ \-/](?:\(0\) ?)?\d{1,5}(?:[ \-/]\d{2,8}){1,5}",
    r"(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}",
    r"\(0\d{1,5}\) ?\d{2,8}(?:[ /-]\d{2,8}){0,4}",
    r"0[1-9]\d{1,4}(?: ?[/-] ?| )\d{2,8}(?:[ -]\d{1,8}){0,4}",
    r"0[1-9](?:[ .]\d{2}){4}",
    r"[6-9]\d{2} \d{3} \d{3}|[6-9]\d{2}(?: \d{2}){3}|9\d(?: \d{3})(?: \d{2}){2}",
)
_EXTENSION = r"(?:,? ?(?:ext\.?|extension|x|poste|DW|Durchwahl) ?\d{1,6})?"
_PHONE = re.compile(
    rf"(?<![\w.+\-/\\#])(?<!\d )(?:{'|'.join(_PHONE_SHAPES)}){_EXTENSION}(?![\w-]|\.\d|/\d)"
)
_LABELLED_PHONE = re.compile(
    rf"(?<!\w){PHONE_LABELS}(?: ?(?:no|nr|number|num[ée]ro|nummer))?\.?[ \t]{{0,3}}"
    r"(?: is| ist)?[:#]?[ \t]{0,3}(\+?\(?\d(?:[\d ()./-]{1,22})\d)(?![\w-])",
    re.I,
)
_UNIT_BEHIND = re.compile(
    r"\s?(?:bytes?|[KMGT]i?B|B|EUR|USD|GBP|€|\$|£|%|ms|px|rows?|files?)\b|\s?[€$£%]"
)
_COUNTED_BEFORE = re.compile(
    rf"(?<!\w){COUNT_LABELS}(?: ?(?:no|nr|number|id|nummer))?\.?[ \t]{{0,2}}[:#=]?[ \t]{{0,2}}$",
    re.I,
)


def luhn_ok(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def iban_ok(iban: str) -> bool:
    """Whether an IBAN without spaces has its country's length and check digits (ISO 13616)."""
    if len(iban) != IBAN_LENGTHS.get(iban[:2]):
        return False
    return int("".join(str(int(mark, 36)) for mark in iban[4:] + iban[:4])) % 97 == 1


def cards(text: str) -> Iterator[Found]:
    """Payment card numbers: an issuer's prefix and length, and the check digit."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        known = any(len(digits) in card.lengths and card.prefix.match(digits) for card in _CARDS)
        if known and luhn_ok(digits) and not _counted(text, match.start()):
            yield "CARD", match.start(), match.end()


def ibans(text: str) -> Iterator[Found]:
    """Bank accounts, with or without single spaces."""
    for match in _IBAN_HEAD.finditer(text):
        wanted = IBAN_LENGTHS.get(match[0][:2].upper())
        if wanted is None:
            continue
        marks: list[str] = []
        at = match.start()
        while at < len(text) and len(marks) < wanted:
            if text[at] == " " and text[at - 1] != " ":
                at += 1
                continue
            if not (text[at].isascii() and text[at].isalnum()):
                break
            marks.append(text[at].upper())
            at += 1
        if iban_ok("".join(marks)) and not text[at : at + 1].isalnum():
            yield "IBAN", match.start(), at


def emails(text: str) -> Iterator[Found]:
    """Addresses of mail; those of a login domain (`x@corp.local`) are user ids."""
    for match in _EMAIL.finditer(text):
        if not _MESSAGE_HEADER.search(text, max(0, match.start() - 220), match.start()):
            yield (
                "USER_ID" if _LOGIN_DOMAIN.search(match[0]) else "EMAIL"
            ), match.start(), match.end()


def phones(text: str) -> Iterator[Found]:
    """Phone numbers: of a known shape, or with a word such as `Tel.` before them."""
    taken = [match.span() for match in _NOT_PHONE.finditer(text)]
    for match in _LABELLED_PHONE.finditer(text):
        start, end = match.span(1)
        start += match[1].startswith("(") and ")" not in match[1]
        digits = sum(character.isdigit() for character in match[1])
        if 3 <= digits <= 15 and not _inside(taken, start, end):
            yield "PHONE", start, end
    for match in _PHONE.finditer(text):
        digits = sum(character.isdigit() for character in match[0])
        national = match[0].lstrip("(").startswith("0") and not match[0].startswith("00")
        if not 8 + national <= digits <= 20 or _inside(taken, *match.span()):
            continue
        if _UNIT_BEHIND.match(text, match.end()) or _counted(text, match.start()):
            continue
        yield "PHONE", match.start(), match.end()


def _counted(text: str, start: int) -> bool:
    """Whether the word before says that the number counts or names a thing."""
    return _COUNTED_BEFORE.search(text, max(0, start - 30), start) is not None


def _inside(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    place = bisect_left(taken, (start, start))
    before = place > 0 and taken[place - 1][1] > start
    return before or (place < len(taken) and taken[place][0] < end)
