"""The customers of the desk and its teams, as their files give them."""

from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from msp_core.errors import ConfigurationError
from msp_core.scope import SLUG
from msp_core.tickets.ticket import Category, Priority


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone") from error
    return name


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Row = TypeVar("Row")


class BusinessHours(_Row):
    """When the customer works, in its own time zone."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    from_: time = Field(alias="from")
    to: time


class Target(_Row):
    """Minutes of business time until the first response and until the resolution."""

    respond: int = Field(gt=0)
    resolve: int = Field(gt=0)


class Customer(_Row):
    """A customer and what was agreed with it."""

    customer_id: str = Field(pattern=f"^{SLUG.pattern}$")
    name: str = Field(min_length=1)
    sla_plan: str
    timezone: Annotated[str, AfterValidator(_zone)]
    business_hours: BusinessHours
    holidays: list[date]
    targets_minutes: dict[Priority, Target]
    minimum_priority: dict[Category, Priority] = {}


class Team(_Row):
    """A team of the desk and the categories it takes."""

    team_id: str = Field(pattern=f"^{SLUG.pattern}$")
    name: str
    categories: list[Category]


def read_customers(path: Path) -> dict[str, Customer]:
    """The customers of `customers.json` by id.

    Raises:
        ConfigurationError: the file is missing or breaks its form; names the row and field.
    """
    rows = _read(path, TypeAdapter(list[Customer]))
    return _by_id(path, [(row.customer_id, row) for row in rows])


def read_teams(path: Path) -> dict[str, Team]:
    """The teams of `teams.json` by id.

    Raises:
        ConfigurationError: the file is missing or breaks its form; names the row and field.
    """
    rows = _read(path, TypeAdapter(list[Team]))
    return _by_id(path, [(row.team_id, row) for row in rows])


def _by_id(path: Path, rows: list[tuple[str, Row]]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for id_, row in rows:
        if id_ in found:
            raise ConfigurationError(f"{path}: {id_!r} stands in the file twice. Remove one.")
        found[id_] = row
    return found


def _read(path: Path, form: TypeAdapter[list[Row]]) -> list[Row]:
    try:
        return form.validate_json(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}). Check the path."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {where}: {first['msg']}. Mend the file.") from error
