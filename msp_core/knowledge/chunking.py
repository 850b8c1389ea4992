"""Where to cut a text: at headings, then at blocks, never inside a code block, table or list."""

import itertools
import re
from collections.abc import Iterable, Iterator

CHUNKER = "blocks-130/1"
"""Names the rules below; stored with an index, so a change of them asks for a rebuild."""

TARGET_SIZE = 130
_MOST_TIMES = 2
"""A list, table or fenced block may be so many times the target before it is cut."""
_CHARACTERS_PER_WORD = 10

Span = tuple[int, int]
"""Start and end character offset, end exclusive."""

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+")
_FENCE = re.compile(r"[ \t]*(?:>[ \t]?)*(`{3,}+(?![^\n`]*`)|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")


def size(text: str) -> int:
    """Size in words, where a long unbroken run (a hash, a log field) counts 1 per 10 characters."""
    return max(len(text.split()), len(text) // _CHARACTERS_PER_WORD)


def split_headings(text: str) -> list[tuple[str, Span]]:
    """The sections of a Markdown text: (heading path such as `Fix - On the server`, body span).

    Sections come in order of the text, without those whose body is blank. Text before the first
    heading has the path "". A `#` inside a fenced code block is no heading.
    """
    sections: list[tuple[str, Span]] = []
    path: list[tuple[int, str]] = []
    body_start = 0
    for start, end, fenced in _lines(text):
        match = None if fenced else _HEADING.match(text, start, end)
        if match is None:
            continue
        sections.append((_joined(path), (body_start, start)))
        level, name = len(match[1]), _heading_name(text[match.end() : end])
        path = [(above, outer) for above, outer in path if above < level] + [(level, name)]
        body_start = end
    sections.append((_joined(path), (body_start, len(text))))
    return [(name, span) for name, raw in sections if (span := _trimmed(text, raw)) is not None]


def pack(text: str, spans: Iterable[Span], *, target_size: int = TARGET_SIZE) -> list[Span]:
    """Cut consecutive spans into chunks of about `target_size`, in order.

    A span that fits stays whole. Of a longer one, paragraphs, lists, tables and fenced blocks
    stay whole; a list, table or fenced block above twice that is cut between lines, a paragraph
    above it between lines or sentences.

    Args:
        text: the document's.
        spans: in order.
        target_size: as `size` counts; indexes are made with the default one only.

    Returns:
        Spans without white space at their ends; none of a blank text.
    """
    units: list[Span] = []
    for raw in spans:
        span = _trimmed(text, raw)
        if span is None:
            continue
        units += (
            [span] if size(text[slice(*span)]) <= target_size else _blocks(text, span, target_size)
        )
    chunks: list[Span] = []
    for start, end in units:
        if chunks and size(text[chunks[-1][0] : end]) <= target_size:
            chunks[-1] = (chunks[-1][0], end)
        else:
            chunks.append((start, end))
    return chunks


def _blocks(text: str, span: Span, target_size: int) -> list[Span]:
    found: list[Span] = []
    for start, end, is_prose in _raw_blocks(text, span):
        limit = target_size if is_prose else _MOST_TIMES * target_size
        block = _trimmed(text, (start, end))
        if block is not None:
            found += _cut(text, block, limit)
    return found


def _raw_blocks(text: str, span: Span) -> Iterator[tuple[int, int, bool]]:
    """(start, end, is prose) of each block; blank lines end it, but in lists and fences."""
    kind = ""
    block_start = span[0]
    blank_before = False
    for start, end, fenced in _lines(text, span):
        line = text[start:end]
        if fenced:
            inside_list = kind == "list" and line[:1].isspace()
            starts = (kind != "fence" or blank_before) and not inside_list
            wanted = "fence"
        elif not line.strip():
            blank_before = True
            continue
        elif kind == "list" and (_ITEM.match(line) or line[:1].isspace() or not blank_before):
            starts, wanted = False, "list"
        else:
            wanted = (
                "list" if _ITEM.match(line) else "table" if line.lstrip()[0] == "|" else "prose"
            )
            starts = blank_before or wanted != kind
        if starts:
            if start > block_start:
                yield block_start, start, kind == "prose"
            block_start, kind = start, wanted
        blank_before = False
    yield block_start, span[1], kind == "prose"


def _cut(text: str, span: Span, limit: int) -> list[Span]:
    """The span in pieces of at most `limit`, cut where it hurts least: lines, sentences, words."""
    if size(text[slice(*span)]) <= limit:
        return [span]
    lines = [(start, end) for start, end, _ in _lines(text, span)]
    parts = lines if len(lines) > 1 else _sentences(text, span, limit)
    pieces: list[Span] = []
    for start, end in parts:
        if pieces and size(text[pieces[-1][0] : end]) <= limit:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    result: list[Span] = []
    for raw in pieces:
        if (piece := _trimmed(text, raw)) is not None:
            result += [piece] if len(parts) == 1 else _cut(text, piece, limit)
    return result


def _sentences(text: str, span: Span, limit: int) -> list[Span]:
    """A single line cut at sentence ends, else at white space, else every so many characters."""
    start, end = span
    for pattern in (r"(?<=[.!?;])\s+", r"\s+"):
        ends = [match.end() for match in re.finditer(pattern, text[start:end])]
        if ends:
            edges = [start, *(start + edge for edge in ends), end]
            return list(itertools.pairwise(edges))
    step = limit * _CHARACTERS_PER_WORD
    return [(at, min(at + step, end)) for at in range(start, end, step)]


def _lines(text: str, span: Span | None = None) -> Iterator[tuple[int, int, bool]]:
    """(start, end with line end, belongs to a fenced block) of each line."""
    start, stop = span or (0, len(text))
    fence = ""
    while start < stop:
        newline = text.find("\n", start, stop)
        end = stop if newline < 0 else newline + 1
        mark = _FENCE.match(text, start, end)
        if fence:
            yield start, end, True
            if mark and mark[1].startswith(fence) and not text[mark.end() : end].strip():
                fence = ""
        else:
            fence = mark[1] if mark else ""
            yield start, end, bool(fence)
        start = end


def _trimmed(text: str, span: Span) -> Span | None:
    """The span without blank lines before it and white space behind it; None when it is blank."""
    start, end = span
    body = text[start:end]
    if not body.strip():
        return None
    lead = re.match(r"(?:[ \t]*\n)*", body)
    return start + (lead.end() if lead else 0), start + len(body.rstrip())


def _heading_name(rest: str) -> str:
    name = rest.strip()
    open_end = name.rstrip("#")  # "## Fix ##" is closed by a space and hashes; "## About C#" is not
    return open_end.strip() if not open_end or open_end[-1].isspace() else name


def _joined(path: list[tuple[int, str]]) -> str:
    return " - ".join(name for _, name in path if name)
