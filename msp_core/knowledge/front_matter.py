"""The YAML between two lines `---` at the start of a Markdown file."""

import re

import yaml

FENCE = "---"


def split_front_matter(text: str) -> tuple[object, str]:
    """What the front matter says, every value as text, and the body without blank lines around it.

    Raises:
        ValueError: there is none, it does not end, or it is not valid YAML; says so.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise ValueError("it does not start with front matter (a line `---`)")
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            body = "\n".join(lines[number + 1 :])
            head = _parsed("\n".join(lines[1:number]))
            return head, re.sub(r"\A(?:[ \t]*\n)+", "", body).rstrip()
    raise ValueError("its front matter does not end (a second line `---` is missing)")


def _parsed(head: str) -> object:
    try:
        # BaseLoader takes every value as text, so that the tags 365 and 0x800f0922 and the title
        # No stay what was written; a model gives the types. It makes no objects either.
        return yaml.load(head, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        first_line = str(error).partition("\n")[0] or "nested too deeply"
        raise ValueError(f"its front matter is not valid YAML ({first_line})") from error
