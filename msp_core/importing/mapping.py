"""The mapping file: how a source's columns and words become ours."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from msp_core.customers import BusinessHours, Target
from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.importing.dates import DateOrder
from msp_core.scope import SLUG
from msp_core.tickets.ticket import Category, Priority, Status

Kind = Literal["tickets", "articles", "customers"]

_TICKET_FIELDS = """
    id title description status priority category customer requester requester_name created_at
    updated_at resolved_at resolution assigned_to team tags conversation internal_notes attachments
    duplicate_of
"""
FIELDS: dict[Kind, frozenset[str]] = {
    "tickets": frozenset(_TICKET_FIELDS.split()),
    "articles": frozenset(
        {"id", "title", "text", "category", "updated", "audience", "tags", "customer"}
    ),
    "customers": frozenset({"name"}),
}
"""What a column can be mapped to, by kind of row."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Berlin") from error
    return name


_Zone = Annotated[str, AfterValidator(_zone)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CsvMapping(_Table):
    """How the CSV files are written; what is not said is found out and reported."""

    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    encoding: str | None = None


class DateMapping(_Table):
    """How times are written."""

    order: DateOrder | None = None
    timezone: _Zone | None = None


class RowMapping(_Table):
    """Which files hold rows of this kind, and which of their columns is which field of ours."""

    files: str | None = None
    columns: dict[str, str] = {}


class ValueMapping(_Table):
    """The source's words, whatever their case, to ours."""

    status: dict[str, Status] = {}
    priority: dict[str, Priority] = {}
    category: dict[str, Category] = {}


class CustomerMapping(_Table):
    """What an export does not say of a customer; every key may be left out."""

    id: Annotated[str, StringConstraints(pattern=f"^{SLUG.pattern}$")] | None = None
    sla_plan: str | None = None
    timezone: _Zone | None = None
    business_hours: BusinessHours | None = None
    targets_minutes: dict[Priority, Target] | None = None


class Defaults(_Table):
    """What is taken where the source says nothing."""

    customer: str | None = None
    priority: Priority = Priority.MEDIUM
    category: Category = Category.GENERAL
    audience: Literal["internal", "public"] = "internal"


class Mapping(_Table):
    """A whole mapping file.

    Attributes:
        fields: for JSON exports, where `status`, `priority`, `category`, `customer` or `resolution`
            stand in a ticket, as a path such as `custom_fields.cf_area`.
        customers: by the company's name in the source; `*` holds for all others.
    """

    csv: CsvMapping = CsvMapping()
    dates: DateMapping = DateMapping()
    tickets: RowMapping = RowMapping()
    articles: RowMapping = RowMapping()
    customers: dict[str, CustomerMapping] = {}
    customer_rows: RowMapping = Field(default=RowMapping(), alias="customer-rows")
    values: ValueMapping = ValueMapping()
    fields: dict[Literal["status", "priority", "category", "customer", "resolution"], str] = {}
    defaults: Defaults = Defaults()

    @model_validator(mode="after")
    def _only_known_fields(self) -> Self:
        for kind, known in FIELDS.items():
            unknown = sorted(self.rows(kind).columns.keys() - known)
            if unknown:
                raise ValueError(
                    f"[{kind}.columns] has {', '.join(unknown)}, and these are known: "
                    f"{', '.join(sorted(known))}"
                )
        return self

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone of times that name none, or None."""
        return ZoneInfo(self.dates.timezone) if self.dates.timezone else None

    def rows(self, kind: Kind) -> RowMapping:
        """The part for rows of one kind."""
        return {
            "tickets": self.tickets,
            "articles": self.articles,
            "customers": self.customer_rows,
        }[kind]

    def kind_of(self, file_name: str) -> Kind | None:
        """What a file holds by its name, when the mapping says so."""
        kinds: tuple[Kind, ...] = ("tickets", "articles", "customers")
        for kind in kinds:
            pattern = self.rows(kind).files
            if pattern is not None and fnmatch(file_name, pattern):
                return kind
        return None


def read_mapping(path: Path | None) -> Mapping:
    """The mapping in a TOML file; None is an empty one.

    Raises:
        ConfigurationError: it cannot be read, is not TOML, or has a key or value that is not
            known; names each.
    """
    if path is None:
        return Mapping()
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise ConfigurationError(
            f"The mapping file {path} cannot be read ({error.strerror})."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The mapping file {path} is not TOML: {error}.") from error
    except ValidationError as error:
        listed = "\n  ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )
        raise ConfigurationError(f"The mapping file {path} is not usable:\n  {listed}") from error


def mapped_value(
    field: Literal["status", "priority", "category"],
    raw: str,
    mapping: Mapping,
    known: dict[str, str],
) -> str:
    """Our word for the source's: by the mapping file, else by what the desk documents, else as is.

    Args:
        known: the desk's documented words, in lower case, to ours.

    Raises:
        InvalidInput: none of these knows it; nothing is guessed.
    """
    enum = {"status": Status, "priority": Priority, "category": Category}[field]
    word = raw.strip().casefold()
    own = {
        key.strip().casefold(): str(value) for key, value in getattr(mapping.values, field).items()
    }
    same = {str(value).casefold(): str(value) for value in enum}
    for table in (own, known, same):
        if word in table:
            return table[word]
    if "*" in own:  # the user said what every other word is to mean
        return own["*"]
    raise InvalidInput(
        f"{field}: {raw.strip()[:60]!r} is not known; say what it means under [values.{field}] in "
        "the mapping file"
    )
