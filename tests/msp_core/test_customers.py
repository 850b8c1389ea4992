import json
from pathlib import Path
from typing import Any

import pytest

from msp_core.customers import read_customers, read_teams
from msp_core.errors import ConfigurationError
from msp_core.tickets.ticket import Category, Priority

CUSTOMER: dict[str, Any] = {
    "customer_id": "keller",
    "name": "Keller",
    "sla_plan": "gold",
    "timezone": "Europe/Berlin",
    "business_hours": {"days": ["mon", "fri"], "from": "06:00", "to": "18:00"},
    "holidays": ["2026-12-25"],
    "targets_minutes": {"Critical": {"respond": 15, "resolve": 240}},
    "minimum_priority": {"Security": "High"},
}


def write(tmp_path: Path, rows: Any, name: str = "customers.json") -> Path:
    path = tmp_path / name
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows), encoding="utf-8")
    return path


def test_reads_a_customer(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeff" + json.dumps([CUSTOMER]))
    customer = read_customers(path)["keller"]
    assert customer.targets_minutes[Priority.CRITICAL].respond == 15
    assert customer.minimum_priority == {Category.SECURITY: Priority.HIGH}
    assert customer.business_hours.from_.hour == 6


def test_reads_a_team(tmp_path: Path) -> None:
    team = {"team_id": "net", "name": "Networks", "categories": ["Network"]}
    teams = read_teams(write(tmp_path, [team], "teams.json"))
    assert teams["net"].categories == [Category.NETWORK]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"customer_id": "Keller GmbH"}, "customer_id"),
        ({"customer_id": "a" * 33}, "customer_id"),
        ({"timezone": "Mars/Olympus"}, "not an IANA time zone"),
        ({"timezone": "../../etc/passwd"}, "not an IANA time zone"),
        ({"holidays": ["25.12.2026"]}, "holidays.0"),
        ({"targets_minutes": {"Urgent": {"respond": 1, "resolve": 2}}}, "targets_minutes"),
        ({"targets_minutes": {"Low": {"respond": 0, "resolve": 2}}}, "respond"),
        ({"business_hours": {"days": ["monday"], "from": "06:00", "to": "18:00"}}, "days"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_refuses_and_names_the_row_and_field(
    tmp_path: Path, changed: dict[str, Any], where: str
) -> None:
    path = write(tmp_path, [CUSTOMER | {"customer_id": "other"}, CUSTOMER | changed])
    with pytest.raises(ConfigurationError) as caught:
        read_customers(path)
    assert str(path) in str(caught.value)
    assert "1." in str(caught.value)
    assert where in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "null", "[1]", "\x00"])
def test_refuses_what_is_no_list_of_customers(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="customers"):
        read_customers(write(tmp_path, text))


def test_an_id_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'keller' stands in the file twice"):
        read_customers(write(tmp_path, [CUSTOMER, CUSTOMER]))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"teams\.json cannot be read"):
        read_teams(tmp_path / "teams.json")
