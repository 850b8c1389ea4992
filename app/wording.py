"""Text as the pages show it: plain text in Markdown places, cut lines, times."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MARKUP = re.compile(r"([\\`*_\[\]$<>~#|])")


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def shortened(text: str, limit: int) -> str:
    """The text on one line, cut to about `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def when(moment: datetime, now: datetime, zone: str | None) -> str:
    """`14:05`, `yesterday` or `2 Nov`, in the reader's time zone (UTC when unknown)."""
    try:
        place = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        place = ZoneInfo("UTC")
    local, today = moment.astimezone(place), now.astimezone(place).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return "yesterday"
    return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")
