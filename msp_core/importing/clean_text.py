"""Texts of a source within the limits of ours; each cut is counted."""

import re

from msp_core.importing.report import ImportReport
from msp_core.tickets.values import MAX_TEXT

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SHORTENED = "\n[shortened on import]"
MAX_NAME = 200


class TextCleaner:
    """Takes out what a canonical text may not hold, and shortens what is too long."""

    def __init__(self, report: ImportReport) -> None:
        self._report = report

    def clean(self, text: str) -> str:
        """The text with Unix line ends and without control characters and lone surrogates."""
        clean, removed = _CONTROL.subn("", text.replace("\r\n", "\n").replace("\r", "\n"))
        self._report.note("control characters taken out", times=removed)
        return clean

    def text(self, text: str) -> str:
        """A text of several lines, `MAX_TEXT` characters at most; may be empty."""
        clean = self.clean(text).strip()
        if len(clean) > MAX_TEXT:
            self._report.note(f"texts longer than {MAX_TEXT:,} characters, shortened")
            clean = clean[: MAX_TEXT - len(_SHORTENED)].rstrip() + _SHORTENED
        return clean

    def line(self, text: str, *, limit: int = MAX_NAME) -> str:
        """One line of at most `limit` characters; may be empty."""
        clean = " ".join(self.clean(text).split())
        if len(clean) > limit:
            self._report.note(f"lines longer than {limit} characters, shortened")
            clean = clean[: limit - 1].rstrip() + "…"
        return clean
