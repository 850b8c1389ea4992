"""A file of a user's own (Markdown, HTML, plain text) as a document."""

import codecs
import difflib
import posixpath
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from msp_core.errors import InvalidInput
from msp_core.html_text import html_to_text
from msp_core.knowledge.article import Audience
from msp_core.knowledge.document import Document, Part, text_document
from msp_core.knowledge.front_matter import FENCE, split_front_matter
from msp_core.knowledge.sources.file_source import SourceFile, id_of_path
from msp_core.knowledge.sources.html_nesting import check_nesting

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_-]{1,40})", re.I)
_HEADING = re.compile(r"^#[ \t]+([^\n]*)", re.M)
_NO_TEXT = "script, style, nav, template, noscript, svg, iframe, form, [hidden]"
_LABELS = ("audience", "customer_id", "category", "superseded_by")
_WHO_SEES_IT = ("audience", "customer_id")
_LIKE = 0.75
"""`customer`, `audiense` and `Audience` are as like as this, other fields are not."""


@dataclass(frozen=True)
class Defaults:
    """What holds for files that do not say it themselves.

    Attributes:
        audience: internal, so that nothing is shown to a customer's people by oversight.
        customer_id: None is shared by all customers.
    """

    audience: Audience = "internal"
    customer_id: str | None = None


def _nothing(value: object) -> object:
    return None if value in ("", "~", "null") else value


_Text = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None,
    BeforeValidator(_nothing),
]


class _Labels(BaseModel):
    """What a file says of itself; fields of others are passed over."""

    title: _Text = None
    audience: Annotated[Audience | None, BeforeValidator(_nothing)] = None
    customer_id: _Text = None
    category: _Text = None
    superseded_by: _Text = None


@dataclass(frozen=True)
class _Content:
    """What was read from a file; `is_plain` text has no headings."""

    said: object
    title: str | None
    text: str
    is_plain: bool = False


def is_document(name: str) -> bool:
    """Whether a file is of a kind that is read, by its ending."""
    return PurePosixPath(name).suffix.lower() in _READERS


def file_document(file: SourceFile, defaults: Defaults, customers: Collection[str]) -> Document:
    """The document of a file.

    Markdown may have front matter and HTML `<meta name=... content=...>`: `title`, `audience`,
    `customer_id`, `category`, `superseded_by` (a path beside the file's). Without a title the first
    heading is it, else the file's name.

    Args:
        file: with its content.
        defaults: where it says nothing.
        customers: those that there are.

    Raises:
        InvalidInput: why it cannot be used, and what to do.
    """
    if file.content is None:
        raise InvalidInput(file.problem)
    suffix = PurePosixPath(file.path).suffix.lower()
    content = _READERS[suffix](file.content)
    if not content.text:
        raise InvalidInput("it has no text")
    try:
        labels = _Labels.model_validate(content.said)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'front matter'}: {item['msg']}"
            for item in error.errors()
        )
        raise InvalidInput(f"what it says of itself is not valid ({problems})") from error
    customer_id = labels.customer_id or defaults.customer_id
    if customer_id is not None and customer_id not in customers:
        raise InvalidInput(f"customer {customer_id!r} is not in customers.json")
    named = re.sub(r"[-_\s]+", " ", PurePosixPath(file.path).stem).strip()
    document = text_document(
        file.document_id,
        labels.title or content.title or named,
        content.text,
        audience=labels.audience or defaults.audience,
        customer_id=customer_id,
        category=labels.category,
        superseded_by=_beside(file.document_id, labels.superseded_by),
    )
    if not content.is_plain:
        return document
    whole = Part("", labels.audience or defaults.audience, ((0, len(content.text)),))
    return replace(document, parts=(whole,))


def _check_names(names: Iterable[object]) -> None:
    """Pass unless one of them is a label of who may see the file, misspelt: it would not count.

    Raises:
        InvalidInput: says which.
    """
    for name in map(str, names):
        meant = difflib.get_close_matches(name.lower(), _WHO_SEES_IT, n=1, cutoff=_LIKE)
        if meant and name not in _WHO_SEES_IT:
            raise InvalidInput(
                f"it says {name!r}, which is no field: did it mean {meant[0]!r}, which decides who "
                "sees it? Correct the name, or choose another one"
            )


def _beside(document_id: str, path: str | None) -> str | None:
    """The document id of a file, given by its path from another one's."""
    if path is None:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(document_id), id_of_path("", path)))


def _markdown(content: bytes) -> _Content:
    text = _text(content)
    said: object = {}
    if text.split("\n", 1)[0].rstrip() == FENCE:
        try:
            head, body = split_front_matter(text)
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        if isinstance(head, dict):  # else two lines that rule off a paragraph
            _check_names(head)
            said, text = head, body
    headings = (match[1].rstrip("# \t") for match in _HEADING.finditer(text))
    return _Content(said, next(filter(None, headings), None), text)


def _html(content: bytes) -> _Content:
    from selectolax.lexbor import LexborHTMLParser

    declared = _CHARSET.search(content[:2048])
    source = _text(content, declared=declared[1].decode() if declared else None)
    check_nesting(source)
    page = LexborHTMLParser(source)
    title = page.css_first("title") or page.css_first("h1")
    _check_names(tag.attributes.get("name") for tag in page.css("meta[name]"))
    said = {
        name: tag.attributes.get("content")
        for name in _LABELS
        if (tag := page.css_first(f'meta[name="{name}"]')) is not None
    }
    for tag in page.css(_NO_TEXT):
        tag.decompose()
    body = page.css_first("main") or page.body
    text = html_to_text(body.html or "") if body is not None else ""
    return _Content(said, " ".join(title.text().split()) if title else None, text)


def _plain(content: bytes) -> _Content:
    return _Content({}, None, _text(content), is_plain=True)


def _text(content: bytes, *, declared: str | None = None) -> str:
    """The text of a file, with Unix line ends and no blank lines around it."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding is None and b"\0" in content[:8192]:
        raise InvalidInput("it is a binary file: save it as text, or remove it")
    try:
        text = content.decode(encoding or declared or "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise InvalidInput(f"it is not UTF-8 ({error}): save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()


_READERS: dict[str, Callable[[bytes], _Content]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".txt": _plain,
    ".text": _plain,
}
