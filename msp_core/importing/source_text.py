"""The bytes of an export: their encoding, and JSON objects with the line they begin on."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msp_core.errors import ConfigurationError
from msp_core.importing.report import ImportReport, Place

_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(path: Path) -> str:
    """`utf-8-sig`, `utf-16` (by its mark), `utf-8`, else `cp1252` or `latin-1`.

    Reads the whole file in blocks: one byte that is not UTF-8 decides. Of the two single-byte
    encodings Windows' is taken when a byte stands in its printable extra range.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            for mark, name in _MARKS:
                if start.startswith(mark):
                    return name
            file.seek(0)
            decoder = codecs.getincrementaldecoder("utf-8")()
            try:
                while block := file.read(_BLOCK):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
                return "utf-8"
            except UnicodeDecodeError:
                file.seek(0)
            windows = False
            while block := file.read(_BLOCK):
                extra = {byte for byte in block if 0x80 <= byte <= 0x9F}
                if extra & {0x81, 0x8D, 0x8F, 0x90, 0x9D}:
                    return "latin-1"
                windows = windows or bool(extra)
            return "cp1252" if windows else "latin-1"
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}). Check the path."
        ) from error


def read_text(path: Path) -> tuple[str, str]:
    """The text of a file and the encoding it was in; Unix line ends.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    encoding = detect_encoding(path)
    text = path.read_text(encoding=encoding, errors="replace")
    return text, encoding


def json_records(
    path: Path, report: ImportReport
) -> tuple[list[tuple[str, Place, dict[str, Any]]], str]:
    """The objects of a JSON or JSON Lines file as (list's key, place, object), and the encoding.

    An object's list is the key it stands under at the top (`tickets` in `{"tickets": [...]}`), or
    "" in a bare list, in a single object and in JSON Lines. What is no object, and what cannot be
    parsed, is rejected with its line, and reading goes on at the next object of the list.
    """
    text, encoding = read_text(path)
    found: list[tuple[str, Place, dict[str, Any]]] = []
    for key, line, value in _values(text, path, report):
        place = Place(path.name, line)
        if isinstance(value, dict):
            found.append((key, place, value))
        else:
            report.reject(place, f"not an object but {type(value).__name__}")
    return found, encoding


def _values(text: str, path: Path, report: ImportReport) -> Iterator[tuple[str, int, Any]]:
    start = _skip(text, 0)
    reader = _JsonReader(text, path, report)
    if path.suffix.lower() in {".jsonl", ".ndjson"} or _first_line_is_whole(text, start):
        yield from _each_line(text, path, report)
    elif text[start : start + 1] == "[":
        yield from reader.array("", start)
    elif text[start : start + 1] == "{":
        yield from reader.top(start)
    else:
        report.reject(Place(path.name, 1), "not JSON: it begins with neither { nor [")


def _first_line_is_whole(text: str, start: int) -> bool:
    """Whether the text is JSON Lines by another name: one object a line, and more than one."""
    line, _, rest = text[start:].partition("\n")
    if not line.startswith("{") or not rest.strip():
        return False
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True


def _skip(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


_BLANKS = re.compile(r"[ \t\r\n\ufeff]+")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
_MOST_ATTEMPTS = 10_000


class _JsonReader:
    """Reads a text piece by piece, so that each object has its line and a fault costs only one."""

    def __init__(self, text: str, path: Path, report: ImportReport) -> None:
        self._text, self._path, self._report = text, path, report
        self._decoder = json.JSONDecoder()
        self._counted = (0, 1)

    def top(self, start: int) -> Iterator[tuple[str, int, Any]]:
        """A single object, or the rows of every list in an object without an id of its own."""
        try:
            whole, _ = self._decoder.raw_decode(self._text, start)
        except json.JSONDecodeError:
            whole = {}
        if _IDS & whole.keys():
            yield "", self._line(start), whole
            return
        at = _skip(self._text, start + 1)
        try:
            while self._text[at : at + 1] == '"':
                name, end = self._decoder.raw_decode(self._text, at)
                at = _skip(self._text, _skip(self._text, end) + 1)  # behind the colon
                if self._text[at : at + 1] == "[" and self._text[_skip(self._text, at + 1)] == "{":
                    yield from self.array(name, at)
                _, end = self._decoder.raw_decode(self._text, at)
                at = _skip(self._text, end)
                at = _skip(self._text, at + 1) if self._text[at : at + 1] == "," else at
        except (json.JSONDecodeError, IndexError) as error:
            if not self._report.rejected or self._report.rejected[-1].file != self._path.name:
                self._reject(at, str(error))

    def array(self, key: str, start: int) -> Iterator[tuple[str, int, Any]]:
        """The members of the list that begins here, as far as they can be read."""
        at = _skip(self._text, start + 1)
        last: dict[str, Any] = {}
        while at < len(self._text) and self._text[at] != "]":
            try:
                value, end = self._decoder.raw_decode(self._text, at)
            except json.JSONDecodeError as error:
                self._reject(error.pos, error.msg)
                found = self._next_like(last, error.pos)
                if found is None:
                    return
                at = found
                continue
            yield key, self._line(at), value
            last = value if isinstance(value, dict) else last
            at = _skip(self._text, end)
            if self._text[at : at + 1] == ",":
                at = _skip(self._text, at + 1)
            elif self._text[at : at + 1] != "]":
                self._reject(at, "Expecting ',' or ']'")
                return

    def _next_like(self, last: dict[str, Any], at: int) -> int | None:
        """Where the next object begins that has most of the keys of the last good one."""
        for attempt, match in enumerate(_NEXT_OBJECT.finditer(self._text, max(0, at - 1))):
            if not last or attempt >= _MOST_ATTEMPTS:
                break
            try:
                value, _ = self._decoder.raw_decode(self._text, match.end())
            except json.JSONDecodeError:
                continue
            if len(value.keys() & last.keys()) * 2 > len(last):
                return match.end()
        return None

    def _reject(self, at: int, message: str) -> None:
        column = at - self._text.rfind("\n", 0, at)
        reason = (
            f"not JSON ({message}, column {column}); what follows is read from the next whole row"
        )
        self._report.reject(Place(self._path.name, self._text.count("\n", 0, at) + 1), reason)

    def _line(self, at: int) -> int:
        position, line = self._counted
        self._counted = (at, line + self._text.count("\n", position, at))
        return self._counted[1]


_IDS = frozenset({"id", "ticket_id", "helpdesk_ticket", "contact"})


def _each_line(text: str, path: Path, report: ImportReport) -> Iterator[tuple[str, int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield "", number, json.loads(line)
        except json.JSONDecodeError as error:
            report.reject(Place(path.name, number), f"not JSON ({error.msg}, column {error.colno})")
