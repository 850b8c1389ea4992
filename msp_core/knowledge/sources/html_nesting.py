"""Whether an HTML page can be parsed in a time that grows with its length."""

import re
from collections import Counter

from msp_core.errors import InvalidInput

MOST_OPEN = 500
MOST_REPEATED = 500_000
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.I)
_FORMATTING_TAGS = "a b big code em font i nobr s small strike strong tt u"
_CONTAINER_TAGS = """
    article aside blockquote details div dl fieldset form main ol section span table ul
"""
_FORMATTING = frozenset(_FORMATTING_TAGS.split())
_CONTAINERS = frozenset(_CONTAINER_TAGS.split())


def check_nesting(html: str) -> None:
    """Pass unless so many tags are open at once that a parser takes long or much memory.

    A parser looks through all open tags again and again, and opens formatting that is not closed
    anew in each block (the HTML standard's "reconstruct the active formatting elements").

    Raises:
        InvalidInput: more than `MOST_OPEN` are open, or formatting would be opened anew more than
            `MOST_REPEATED` times.
    """
    opened: Counter[str] = Counter()
    formatting = containers = repeated = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        repeated += formatting
        step = -1 if tag[1] else 1
        if opened[name] + step >= 0 and name in _FORMATTING:
            opened[name] += step
            formatting += step
        elif opened[name] + step >= 0 and name in _CONTAINERS:
            opened[name] += step
            containers += step
        if formatting + containers > MOST_OPEN or repeated > MOST_REPEATED:
            raise InvalidInput(
                f"its tags are nested too deeply near {tag[0]!r}, character {tag.start():,}: close "
                "those that are left open"
            )
