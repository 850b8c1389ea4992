"""Ids for the companies and groups that exports only name."""

import hashlib
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

from msp_core.customers import Customer, Team
from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.importing.mapping import CustomerMapping, Mapping
from msp_core.importing.report import ImportReport

_MAX_ID = 32
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d"})
_HOURS = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}
_TARGETS = {
    "Critical": {"respond": 30, "resolve": 240},
    "High": {"respond": 60, "resolve": 480},
    "Medium": {"respond": 240, "resolve": 1440},
    "Low": {"respond": 480, "resolve": 2880},
}


def slug(name: str) -> str:
    """An id of `[a-z0-9-]`, 1 to 32 characters, such as `alta-foods-s-l` for Alta Foods S.L.

    A name without a letter or digit of the Latin alphabet gives `x-` and a hash of it.
    """
    lower = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN))
    plain = re.sub(r"[^a-z0-9]+", "-", lower.encode("ascii", "ignore").decode())
    return plain.strip("-")[:_MAX_ID].strip("-") or f"x-{_hash(name)}"


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:6]


# What no export says of a customer and its agreement asks for.
_ASSUMED = {"timezone": "UTC", "business_hours": _HOURS, "targets_minutes": _TARGETS}


class _Book:
    """Rows of a file by id; a name that stands there keeps its id."""

    def __init__(self, rows: list[dict[str, Any]], key: str) -> None:
        self._key = key
        self._rows = {row[key]: row for row in rows}
        self._ids = {str(row["name"]).strip().casefold(): row[key] for row in rows}

    def _free_id(self, name: str) -> str:
        wanted = slug(name)
        if wanted not in self._rows:
            return wanted
        return f"{wanted[: _MAX_ID - 7].strip('-')}-{_hash(name)}"

    def _known_id(self, name: str) -> str | None:
        """The id of a name, or of an id given in a name's place."""
        known = self._ids.get(name.strip().casefold())
        return known or (name if name in self._rows else None)

    def add(self, row: dict[str, Any]) -> None:
        """Take over a canonical row, unless its id is there already."""
        if self._rows.setdefault(row[self._key], row) is row:
            self._ids.setdefault(str(row["name"]).strip().casefold(), row[self._key])

    def rows(self) -> list[dict[str, Any]]:
        """Every row, in the order they came."""
        return list(self._rows.values())


class CustomerBook(_Book):
    """The customers: those of the folder as they are, new ones with what the mapping says."""

    def __init__(self, rows: list[dict[str, Any]], mapping: Mapping, report: ImportReport) -> None:
        super().__init__(rows, "customer_id")
        self._given = {name.strip().casefold(): item for name, item in mapping.customers.items()}
        self._zone = mapping.dates.timezone
        self._report = report
        self._used: set[str] = set()

    def id_of(self, name: str) -> str:
        """The id of a company, which becomes a customer if it is none yet.

        Raises:
            InvalidInput: the name is blank.
        """
        name = " ".join(name.split())
        if not name:
            raise InvalidInput("customer: its name is empty")
        known = self._known_id(name)
        if known is None:
            known = self._added(name)
        if known not in self._used:
            self._used.add(known)
            self._note_assumptions(self._rows[known])
        return known

    def _added(self, name: str) -> str:
        own = self._given.get(name.casefold())
        given = own or self._given.get("*") or CustomerMapping()
        customer_id = own.id if own and own.id else self._free_id(name)
        if customer_id in self._rows:
            self._ids[name.casefold()] = customer_id  # two names that the mapping makes one
        else:
            self.add(_customer_row(customer_id, name, given, self._zone))
        return customer_id

    def _note_assumptions(self, row: dict[str, Any]) -> None:
        for field, value in _ASSUMED.items():
            if row[field] == value:
                self._report.note(f"customers whose {field} (see customers.json) is our assumption")


class TeamBook(_Book):
    """The teams: those of the folder, and the groups that tickets name."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__(rows, "team_id")

    def id_of(self, name: str) -> str:
        """The id of a group, which becomes a team if it is none yet."""
        name = " ".join(name.split())
        known = self._known_id(name)
        if known is None:
            known = self._free_id(name)
            self.add({"team_id": known, "name": name, "categories": []})
        return known


def _customer_row(
    customer_id: str, name: str, given: CustomerMapping, zone: str | None
) -> dict[str, Any]:
    said = given.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"id"})
    row = {
        "customer_id": customer_id,
        "name": name,
        "sla_plan": "standard",
        **_ASSUMED,
        **({"timezone": zone} if zone else {}),
        "holidays": [],
        "minimum_priority": {},
        **said,
    }
    Customer.model_validate(row)
    return row


def read_rows(path: Path, model: type[Customer] | type[Team]) -> list[dict[str, Any]]:
    """The rows of customers.json or teams.json as they stand there; none when it is missing.

    Raises:
        ConfigurationError: it is there and not usable.
    """
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
        for row in rows:
            model.model_validate(row)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is not usable, and the import would have to build on it ({error}). Mend it, "
            "or import into another folder."
        ) from error
    return list(rows)
