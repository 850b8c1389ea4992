"""Knowledge-base articles: Markdown files with front matter."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.knowledge.front_matter import split_front_matter
from msp_core.scope import SLUG
from msp_core.tickets.ticket import Category

Audience = Literal["public", "internal"]

MAX_BYTES = 1_000_000
_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


def _day(value: object) -> date:
    return date.fromisoformat(str(value))


_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Id = Annotated[str, StringConstraints(pattern=_ID)]


@dataclass(frozen=True)
class Article:
    """One article of the knowledge base.

    Attributes:
        article_id: the file's name without `.md`.
        updated: the day of the last change.
        audience: `internal` is never shown to a customer's employee.
        customer_id: the one customer it belongs to; None is shared by all.
        superseded_by: id of the article that replaced this one.
        variant_of: id of an article that is alike but for another version.
        hostile: it quotes text that tries to instruct its reader; known to evaluation only.
        text: the Markdown body, with Unix line ends and no blank lines around it.
    """

    article_id: str
    title: str
    category: Category
    tags: tuple[str, ...]
    updated: date
    audience: Audience
    customer_id: str | None
    superseded_by: str | None
    variant_of: str | None
    hostile: bool
    text: str


@dataclass(frozen=True)
class Quarantined:
    """Something left out, and why; the rest goes on without it."""

    path: str
    reason: str


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: _Id
    title: _Line
    category: Category
    tags: Annotated[list[_Line], Field(max_length=30)]
    updated: Annotated[date, BeforeValidator(_day)]
    audience: Audience
    customer_id: Annotated[str, StringConstraints(pattern=f"^{SLUG.pattern}$")] | None = None
    superseded_by: _Id | None = None
    variant_of: _Id | None = None
    hostile: bool = False

    @field_validator("customer_id", "superseded_by", "variant_of", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return None if value in ("", "~", "null") else value


def read_article(path: Path) -> Article:
    """The article in a file; a byte order mark and Windows line ends are tolerated.

    Raises:
        InvalidInput: names the path and what is wrong: not readable, over 1 MB, not UTF-8, no or
            malformed front matter, a missing or unknown field, an id unlike the file's name, an
            empty body.
    """
    text = _read_text(path)
    try:
        head, body = split_front_matter(text)
    except ValueError as error:
        raise _refused(path, str(error)) from error
    try:
        fields = _FrontMatter.model_validate(head)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'front matter'}: {item['msg']}"
            for item in error.errors()
        )
        raise _refused(path, f"its front matter is not valid ({problems})") from error
    if fields.id != path.stem:
        raise _refused(path, f"its id is {fields.id!r}, and the file's name says {path.stem!r}")
    if fields.id in (fields.superseded_by, fields.variant_of):
        raise _refused(path, "it names itself in superseded_by or variant_of")
    if not body:
        raise _refused(path, "it has no text below the front matter")
    return Article(
        article_id=fields.id,
        title=fields.title,
        category=fields.category,
        tags=tuple(fields.tags),
        updated=fields.updated,
        audience=fields.audience,
        customer_id=fields.customer_id,
        superseded_by=fields.superseded_by,
        variant_of=fields.variant_of,
        hostile=fields.hostile,
        text=body,
    )


def read_articles(folder: Path) -> tuple[list[Article], list[Quarantined]]:
    """Every `*.md` of a folder, sorted by id, and those that could not be read, sorted by path.

    Raises:
        ConfigurationError: there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"There is no folder {folder} with articles. Make it, or name the folder whose kb/ "
            "holds the Markdown files."
        )
    articles, quarantined = [], []
    for path in sorted(folder.glob("*.md")):
        if path.name.startswith("."):
            continue
        try:
            articles.append(read_article(path))
        except InvalidInput as error:
            quarantined.append(Quarantined(str(path), str(error)))
    return sorted(articles, key=lambda article: article.article_id), quarantined


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refused(path, f"it cannot be read ({error.strerror})") from error
    if len(data) > MAX_BYTES:
        raise _refused(path, "it is larger than 1 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path, f"it is not UTF-8 (byte {error.start})") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refused(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(f"{path} is not a usable article: {reason}. Mend the file.")
