"""The values that tickets are made of: ids, texts and tags, made and checked."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from msp_core.errors import InvalidInput
from msp_core.scope import SLUG

MAX_TITLE = 200
MAX_TEXT = 20_000
MAX_TAGS = 20
MAX_NAME = 64
"""Characters of a tag or of a person's id."""
TICKET_ID = re.compile(r"TKT-[0-9]{8}-[0-9A-F]{8}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def new_ticket_id(at: datetime) -> str:
    """A fresh id such as `TKT-20241202-A1B2C3D4`: the UTC date and 32 random bits."""
    return f"TKT-{at:%Y%m%d}-{secrets.token_hex(4).upper()}"


def check_text(text: str, *, field: str, limit: int = MAX_TEXT) -> str:
    """The text without surrounding white space.

    Raises:
        InvalidInput: empty, longer than `limit` characters, or with control characters or lone
            surrogates.
    """
    clean = text.strip()
    if not clean:
        raise InvalidInput(f"{field} is empty. Say what it is about.", field=field)
    if len(clean) > limit:
        raise InvalidInput(
            f"{field} has {len(clean):,} characters; at most {limit:,} are kept. Shorten it.",
            field=field,
        )
    if bad := _CONTROL.search(clean):
        raise InvalidInput(
            f"{field} holds the control character U+{ord(bad.group()):04X} at position"
            f" {bad.start()}. Remove it.",
            field=field,
        )
    return clean


def check_slug(text: str, *, field: str) -> str:
    """The id of a team or customer.

    Raises:
        InvalidInput: not 1 to 32 of a-z, 0-9 and the hyphen.
    """
    if not SLUG.fullmatch(text):
        raise InvalidInput(
            f"{field} is {text[:60]!r}; an id has 1 to 32 of a-z, 0-9 and the hyphen.", field=field
        )
    return text


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags without repeats, in the order given.

    Raises:
        InvalidInput: more than `MAX_TAGS`, or one that is empty, over `MAX_NAME` or unreadable.
    """
    if len(tags) > MAX_TAGS:
        raise InvalidInput(
            f"{len(tags)} tags were given; at most {MAX_TAGS} are kept.", field="tags"
        )
    return tuple(dict.fromkeys(check_text(tag, field="tags", limit=MAX_NAME) for tag in tags))


def check_ticket_id(text: str) -> str:
    """The id in canonical form (upper case).

    Raises:
        InvalidInput: not of the form `TKT-YYYYMMDD-XXXXXXXX`.
    """
    wanted = text.strip().upper()
    if not TICKET_ID.fullmatch(wanted):
        raise InvalidInput(
            f"{text[:60]!r} is not a ticket id. One looks like TKT-20241202-A1B2C3D4.",
            field="ticket_id",
        )
    return wanted
