"""Which floor a turn falls under, by its words (`floor_patterns.toml`)."""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Literal

from msp_core.routing.request import RouteRequest

Floor = Literal["security", "outage", "destructive", "contract"]

FindFloor = Callable[[RouteRequest], Floor | None]
"""The floor that a turn falls under, given as what it means (`what_is_meant`), or None."""

FLOORS: tuple[Floor, ...] = ("security", "outage", "destructive", "contract")
"""In the order in which they are looked for; a turn falls under the first."""
FIRST, LAST = 6_000, 2_000
"""Characters that are looked at, from the start and the end of a long message."""

_SENTENCE_END = re.compile(r"[.!?;]+(?=\s|$)|\n+")
_WRAPPED = re.compile(r"(?<=[\w,])\n(?=[a-zäöü])")
_NAME = re.compile(r"<([a-z]+)>")


def pattern_floor(request: RouteRequest) -> Floor | None:
    """The floor of the message's own words: the `FindFloor` that needs no model."""
    return match_floor(request.text)


def match_floor(text: str) -> Floor | None:
    """The first floor whose words stand in the text outside of routine phrases, or None."""
    found = floor_words(text)
    return found[0] if found else None


def floor_words(text: str) -> tuple[Floor, str] | None:
    """That floor, and the words that put the text under it."""
    if len(text) > FIRST + LAST:
        text = f"{text[:FIRST]}\n{text[-LAST:]}"
    routine, floors = _patterns()
    text = routine.sub(" ", _one_sentence_a_line(text))
    for floor in FLOORS:
        if match := floors[floor].search(text):
            return floor, match.group().strip()
    return None


@cache
def _patterns() -> tuple[re.Pattern[str], dict[Floor, re.Pattern[str]]]:
    """The routine phrases, and the words of each floor."""
    path = files("msp_core.routing") / "floor_patterns.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    names: dict[str, str] = raw["names"]

    def joined(section: dict[str, str]) -> re.Pattern[str]:
        lines = [line for block in section.values() for line in block.split("\n") if line]
        whole = "|".join(_NAME.sub(lambda found: names[found[1]], line) for line in lines)
        return re.compile(whole, re.IGNORECASE)

    return joined(raw["routine"]), {floor: joined(raw[floor]) for floor in FLOORS}


def _one_sentence_a_line(text: str) -> str:
    """So that `.` stays within a sentence; lines that only wrap are joined."""
    return _SENTENCE_END.sub("\n", _WRAPPED.sub(" ", text))
