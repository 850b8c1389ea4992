"""Postal addresses: a street with its number, with the town behind it."""

import re
from collections.abc import Iterator

from msp_core.guardrails.pii_values import Found
from msp_core.guardrails.pii_words import NO_PLACE, NO_STREET, STREET_WORDS

_UPPER = "A-ZÀ-ÖØ-Þ"
_WORD = rf"[{_UPPER}][\w'’.-]{{1,24}}"
_NUMBER = r"\d{1,5}[A-Za-z]?(?:[-/]\d{1,4}[a-z]?)?"
_TOWN = rf"{_WORD}(?: {_WORD}| (?:am|an|der|im|la|le|de|del|upon|sur) {_WORD}){{0,3}}"
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?[\w-]{1,6})?"
_AMERICAN = rf",? {_TOWN},? [A-Z]{{2}}\.? (?:\d{{5}}(?:-\d{{4}})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)"
_BRITISH = r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"
_CODE_TOWN = rf"(?:,|\n|,\n| -| –)? ?(?:[A-Z]{{1,2}}-)?\d{{4,5}} {_TOWN}"

_ENGLISH = re.compile(
    rf"(?<![\w.,:/#\\-]){_NUMBER} (?P<name>(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.? )?"
    rf"(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th))(?: {_WORD}){{0,2}}) {STREET_WORDS}\b\.?{_UNIT}"
    rf"(?:{_AMERICAN}|,? {_TOWN},? {_BRITISH}|,? {_BRITISH}|,\n?{_TOWN},? {_BRITISH})?"
)
_GERMAN = re.compile(
    rf"(?<![\w-])(?:(?:[{_UPPER}][\w-]{{1,30}}"
    r"(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer))"
    rf"|(?:{_WORD} ){{1,2}}(?:Straße|Strasse|Str\.|Allee|Weg|Platz)"
    rf"|(?:Am|An der|Im|In der|Auf dem|Zum|Zur) (?:Alten |Neuen )?(?!{NO_PLACE}\b)"
    rf"[{_UPPER}][\w-]{{2,24}}) {_NUMBER}(?![\w:.%])(?:{_CODE_TOWN})?"
)
_CANADIAN = rf"{_TOWN}(?: ?\([A-Z]\w{{1,10}}\))?,? ?(?:QC|ON|Québec)? ?[A-Z]\d[A-Z] ?\d[A-Z]\d"
_FRENCH = re.compile(
    rf"(?<![\w-]){_NUMBER},? (?:bis,? |ter,? )?"
    r"(?:[Rr]ue|[Aa]venue|[Aa]v\.|[Bb]oulevard|[Bb]d|[Pp]lace|[Cc]hemin|[Aa]llée|[Ii]mpasse|"
    r"[Qq]uai|[Rr]oute|[Cc]ours) (?:(?:de|du|des|la|le|les|l['’]|d['’]|Saint|Sainte)[ -]?){0,3}"
    rf"{_WORD}(?:[ -]{_WORD}){{0,3}}(?:,?[\n ]? ?(?:\d{{5}} {_TOWN}|{_CANADIAN}))?"
)
_SPANISH = re.compile(
    rf"(?<![\w-])(?:C/|[Cc]alle|[Aa]v(?:enida|da\.?|\.)|[Pp]laza|[Pp]aseo|[Cc]amino|[Cc]arretera|"
    rf"[Pp]ol[íi]gono(?: [Ii]ndustrial)?) ?(?:(?:de|del|la|las|los|el|el) ){{0,2}}{_WORD}"
    rf"(?: (?:(?:de|del|la|y) ){{0,2}}{_WORD}){{0,3}},? ?(?:n[º°.]? ?)?{_NUMBER}"
    rf"(?:,? \d{{1,2}}[ºª°]? ?[A-Za-z]{{0,3}}\b)?(?:{_CODE_TOWN})?"
)
_PO_BOX = re.compile(
    rf"(?<!\w)(?:P\.? ?O\.? Box|Postfach|Apartado) \d{{2,7}}(?:{_AMERICAN}|{_CODE_TOWN})?"
)
_CANDIDATE = re.compile(r"\d")


def addresses(text: str) -> Iterator[Found]:
    """Streets with a house number, post boxes; postal code and town are taken along."""
    if not _CANDIDATE.search(text):
        return
    for match in _ENGLISH.finditer(text):
        if not NO_STREET & set(match["name"].lower().split()):
            yield "ADDRESS", match.start(), match.end()
    for pattern in (_GERMAN, _FRENCH, _SPANISH, _PO_BOX):
        for match in pattern.finditer(text):
            yield "ADDRESS", match.start(), match.end()
