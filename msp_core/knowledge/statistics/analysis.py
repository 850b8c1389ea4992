"""Texts as terms, cut and stemmed by the tokenizer of the embedded lexical index."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

_MARK = "\x02"  # put before and after each matched word by SQLite's highlight()
_MARKED = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")


def term_counts(texts: Sequence[str]) -> list[Counter[str]]:
    """How often each term stands in each text."""
    with _tokenized(texts) as connection:
        return _counts(connection, "", (), len(texts))


def stems(words: Sequence[str]) -> list[str]:
    """The term of each word; "" for a word that the tokenizer drops or cuts in several."""
    with _tokenized(words) as connection:
        counts = _counts(connection, "", (), len(words))
    return [next(iter(found)) if found.total() == 1 else "" for found in counts]


class Analysis:
    """What scoring needs of some texts: terms of interest, lengths, words as they are written.

    Args:
        texts: by id.
        terms: the terms that are looked for (see `stems`).
        words: the words that they come from, for `matched`.
    """

    def __init__(
        self, texts: Mapping[str, str], terms: Sequence[str], words: Sequence[str]
    ) -> None:
        ids = list(texts)
        self.counts: dict[str, Mapping[str, int]] = {}
        self.lengths: dict[str, int] = {}
        self.matched: dict[str, tuple[str, ...]] = {}
        with _tokenized(list(texts.values())) as connection:
            marks = ", ".join("?" * len(terms))
            counts = _counts(connection, f"WHERE term IN ({marks})", terms, len(ids))
            self.counts = dict(zip(ids, counts, strict=True))
            for row, packed in connection.execute("SELECT id, sz FROM texts_docsize"):
                self.lengths[ids[row]] = _varint(packed)
            expression = " OR ".join(f'"{word}"' for word in words)
            for row, marked in connection.execute(
                "SELECT rowid, highlight(texts, 0, ?, ?) FROM texts WHERE texts MATCH ?",
                (_MARK, _MARK, expression or '""'),
            ):
                found = (word.lower() for word in _MARKED.findall(marked))
                self.matched[ids[row]] = tuple(dict.fromkeys(found))


@contextmanager
def _tokenized(texts: Sequence[str]) -> Iterator[sqlite3.Connection]:
    """A database in memory whose lexical index holds the texts, numbered from 0."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE VIRTUAL TABLE texts USING fts5 (t, tokenize='porter unicode61')")
        connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (texts, instance)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO texts (rowid, t) VALUES (?, ?)", enumerate(texts))
        yield connection


def _counts(
    connection: sqlite3.Connection, where: str, values: Sequence[str], texts: int
) -> list[Counter[str]]:
    result: list[Counter[str]] = [Counter() for _ in range(texts)]
    for term, row, count in connection.execute(
        f"SELECT term, doc, count(*) FROM terms {where} GROUP BY term, doc", values
    ):
        result[row][term] = count
    return result


def _varint(packed: bytes) -> int:
    """The number that FTS5 keeps as the size of a text: seven bits a byte, the highest first."""
    value = 0
    for byte in packed:
        value = value << 7 | byte & 0x7F
    return value
