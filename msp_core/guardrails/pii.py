"""Personal data in texts of IT support: what is found, and masks that stay the same per person."""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from msp_core.guardrails.pii_addresses import addresses
from msp_core.guardrails.pii_names import names
from msp_core.guardrails.pii_secrets import secrets, user_ids
from msp_core.guardrails.pii_values import cards, emails, ibans, phones

PiiType = Literal["SECRET", "CARD", "IBAN", "EMAIL", "USER_ID", "PHONE", "ADDRESS", "PERSON"]
_FINDERS = (secrets, cards, ibans, emails, user_ids, phones, addresses, names)
# Of overlapping finds the kind that is first here stays: its shape proves more.
_RANK = ("SECRET", "CARD", "IBAN", "EMAIL", "USER_ID", "PHONE", "ADDRESS", "PERSON")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_LOCAL_PART = re.compile(r"[._-]")
_MASK = re.compile(r"\[(?:PERSON|EMAIL|PHONE|CARD|IBAN|ADDRESS|USER_ID|SECRET)_(\d+)\]")
_NO_PERSON = frozenset({"", "system", "import", "unknown"})


@dataclass(frozen=True)
class PiiSpan:
    """A piece of personal data: `text` stands at `[start:end]` of what was searched."""

    type: PiiType
    start: int
    end: int
    text: str


def find_pii(text: str) -> list[PiiSpan]:
    """The personal data that patterns find, in order, without overlaps.

    Cards (Luhn), bank accounts (mod 97), mail addresses, phones, postal addresses, user ids,
    secrets, and names where mails put them or behind a common given name. In texts never seen it
    finds about half of the names and four fifths of most other kinds, and next to nothing that is
    none (tests/msp_core/guardrails/test_pii.py): it lowers what leaks and promises nothing. Time
    grows with the length of the text, whatever it holds.
    """
    found = sorted(
        (item for finder in _FINDERS for item in finder(text)),
        key=lambda item: (_RANK.index(item[0]), item[1] - item[2], item[1]),
    )
    return _without_overlaps(text, found)


def _without_overlaps(text: str, found: list[tuple[str, int, int]]) -> list[PiiSpan]:
    starts: list[int] = []
    ends: list[int] = []
    spans: list[PiiSpan] = []
    for type_, start, end in found:
        place = bisect_right(starts, start)
        if (place > 0 and ends[place - 1] > start) or (place < len(starts) and starts[place] < end):
            continue
        starts.insert(place, start)
        ends.insert(place, end)
        spans.insert(place, PiiSpan(type_, start, end, text[start:end]))  # type: ignore[arg-type]
    return spans


class Masker:
    """Replaces personal data by masks such as `[PERSON_1]`; one person keeps one number.

    A person's name and mail address share their number: `[PERSON_3]` writes from `[EMAIL_3]`. They
    belong together when `know` said so, or when the address is spelt like the name
    (`rosa.aguirre@...`). Other values are numbered per kind. Numbers are given in the order in
    which values are first masked, so the same texts in the same order give the same masks.

    Args:
        first_number: the lowest number that is given.
    """

    def __init__(self, *, first_number: int = 1) -> None:
        self._next: Counter[str] = Counter()
        self._first = first_number
        self._numbers: dict[tuple[str, str], int] = {}
        self._person_of: dict[str, str] = {}
        self._full_names: dict[tuple[str, ...], str] = {}
        self.counts: Counter[str] = Counter()

    def know(self, name: str | None, email: str | None) -> None:
        """Say that there is such a person; its full name is then masked wherever it stands."""
        words = _folded_words(name or "")
        address = (email or "").strip().casefold()
        key = self._person_of.get(address) or (" ".join(sorted(words)) if len(words) > 1 else "")
        key = key or _spelt_name(address) or address
        if not key:
            return
        if address:
            self._person_of.setdefault(address, key)
        if len(words) > 1:
            self._full_names.setdefault(tuple(words), key)
            self._full_names.setdefault((*words[-1:], *words[:-1]), key)

    def mask(self, text: str, *, people: tuple[str, ...] = ()) -> str:
        """The text with every find replaced.

        Args:
            people: names and addresses of those who take part; a first name alone is theirs.
        """
        spans = sorted([*find_pii(text), *self._known_names(text)], key=lambda span: span.start)
        parts, at = [], 0
        for span in spans:
            if span.start < at:
                continue
            parts += [text[at : span.start], self._mask_of(span.type, span.text, people)]
            at = span.end
        return "".join([*parts, text[at:]])

    def mask_identity(self, value: str) -> str:
        """The mask of a field that names somebody, by name, address or login."""
        clean = value.strip()
        if clean.casefold() in _NO_PERSON or _MASK.fullmatch(clean):
            return value
        return self._mask_of("EMAIL" if "@" in clean else "PERSON", clean, ())

    def _known_names(self, text: str) -> list[PiiSpan]:
        """Full names of known people, anywhere in the text."""
        if not self._full_names:
            return []
        words = list(_WORD.finditer(text))
        folded = [_fold(word[0]) for word in words]
        found = []
        for length in (4, 3, 2):
            for first in range(len(words) - length + 1):
                if tuple(folded[first : first + length]) in self._full_names:
                    start, end = words[first].start(), words[first + length - 1].end()
                    if end - start <= 120 and "\n" not in text[start:end]:
                        found.append(PiiSpan("PERSON", start, end, text[start:end]))
        return found

    def _mask_of(self, type_: str, value: str, people: tuple[str, ...]) -> str:
        if type_ in {"PERSON", "EMAIL"}:
            key, counter = self._person(value, people), "PERSON"
        else:
            key, counter = re.sub(r"[\s()./-]", "", value).casefold(), type_
        known = self._numbers.get((counter, key))
        if known is None:
            known = self._first + self._next[counter]
            self._next[counter] += 1
            self._numbers[counter, key] = known
        self.counts[type_] += 1
        return f"[{type_}_{known}]"

    def _person(self, value: str, people: tuple[str, ...]) -> str:
        address = value.casefold()
        if "@" in value:
            return self._person_of.get(address) or _spelt_name(address) or address
        words = _folded_words(value)
        whole = self._full_names.get(tuple(words)) or " ".join(sorted(words))
        if len(words) == 1:
            theirs = {self._person(person, ()) for person in people if person != value}
            fitting = [key for key in theirs if words[0] in key.split()]
            if len(fitting) == 1:
                return fitting[0]
        return whole or address


def highest_mask(text: str) -> int:
    """The highest number among the masks in a text, 0 when it holds none."""
    return max((int(match[1]) for match in _MASK.finditer(text)), default=0)


def _fold(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold().replace("ß", "ss"))
    return "".join(mark for mark in plain if not unicodedata.combining(mark))


def _folded_words(name: str) -> list[str]:
    return [_fold(word[0]) for word in _WORD.finditer(name)]


def _spelt_name(address: str) -> str:
    """The key of the person whose name the address spells, or nothing."""
    words = [_fold(word) for word in _LOCAL_PART.split(address.partition("@")[0])]
    spelt = len(words) in (2, 3) and all(len(word) > 1 and word.isalpha() for word in words)
    return " ".join(sorted(words)) if spelt else ""
