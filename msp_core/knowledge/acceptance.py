"""Which documents an index can take: what every backend, the strictest included, can store."""

import unicodedata

from msp_core.knowledge.document import Document

MAX_CHARACTERS = 2_000_000
MAX_ID_BYTES = 512
MAX_TITLE_BYTES = 2000
"""Of the title, and of each heading."""
MAX_LABEL_BYTES = 1800
"""Ids, customer, category and successor together: S3 Vectors takes 2 KB of what it filters by."""


def refusal(document: Document) -> str | None:
    """Why a document cannot be indexed, and what to do; None when it can be."""
    labels = [document.document_id, document.customer_id, document.category, document.superseded_by]
    given = [label for label in labels if label is not None]
    for text in (*given, document.title, document.text):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return (
                f"it holds half a character (a lone surrogate at {error.start}): save it as UTF-8"
            )
    if not document.document_id or any(map(_has_control, given)):
        return "its id or a label is empty or holds a control character: rename it"
    if _size(document.document_id) > MAX_ID_BYTES:
        return f"its id is longer than {MAX_ID_BYTES} bytes: shorten it"
    if sum(map(_size, given)) > MAX_LABEL_BYTES:
        return f"its ids and labels are longer than {MAX_LABEL_BYTES} bytes together: shorten them"
    if _size(document.title) > MAX_TITLE_BYTES:
        return f"its title is longer than {MAX_TITLE_BYTES} bytes: shorten it"
    if any(_size(part.heading) > MAX_TITLE_BYTES for part in document.parts):
        return f"a heading in it is longer than {MAX_TITLE_BYTES} bytes: shorten it"
    if len(document.text) > MAX_CHARACTERS:
        return f"it is longer than {MAX_CHARACTERS:,} characters: split it"
    return None


def _size(text: str) -> int:
    return len(text.encode())


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)
