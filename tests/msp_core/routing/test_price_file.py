import json
from datetime import date
from pathlib import Path

import pytest

from msp_core.errors import ConfigurationError
from msp_core.routing.catalog import load_catalog
from msp_core.routing.price_file import (
    price_changes,
    read_price_file,
    read_price_table,
    write_price_file,
)

SONNET = "us.anthropic.claude-sonnet-4-6"
TODAY = date(2026, 11, 23)
GOOD = f"""
source = "our contract"
read_on = 2026-10-01
[[price]]
model = "{SONNET}"
input = 2.5
output = 12.0
cache_read = 0.25
"""


def test_own_prices_are_read_with_their_source(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(GOOD)
    price = read_price_file(path)[SONNET]
    assert (price.input_usd_per_million, price.output_usd_per_million) == (2.5, 12.0)
    assert (price.cache_read_usd_per_million, price.cache_write_usd_per_million) == (0.25, None)
    assert (price.source, price.read_on) == ("our contract", date(2026, 10, 1))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not toml [", "not readable as TOML"),
        (GOOD.replace("2.5", "-1"), "price.0.input"),
        (GOOD.replace("2.5", "nan"), "price.0.input"),
        (GOOD.replace("2.5", '"two"'), "price.0.input"),
        (GOOD.replace("cache_read", "cash_read"), "cash_read"),
        (GOOD.replace('source = "our contract"', ""), "source"),
        (GOOD + GOOD[GOOD.index("[[price]]") :], "twice"),
        ("\xff", "price file"),
    ],
)
def test_a_malformed_price_file_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=says if content != "\xff" else "TOML"):
        read_price_file(path)


def test_a_missing_price_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        read_price_file(tmp_path / "none.toml")


def table(tmp_path: Path, rows: object) -> Path:
    path = tmp_path / "table.json"
    path.write_text(json.dumps(rows))
    return path


def test_a_table_gives_the_prices_of_known_models_and_what_changed(tmp_path: Path) -> None:
    rows = {
        "sample_spec": {"input_cost_per_token": "a price"},
        SONNET: {
            "input_cost_per_token": 3.3e-06,
            "output_cost_per_token": 1.65e-05,
            "cache_read_input_token_cost": 3.3e-07,
        },
        "us.amazon.nova-2-lite-v1:0": {
            "input_cost_per_token": 4e-07,
            "output_cost_per_token": 2.75e-06,
            "max_tokens": 5,
        },
        "eu.amazon.nova-2-lite-v1:0": {
            "input_cost_per_token": 5e-07,
            "output_cost_per_token": 3e-06,
        },
        "amazon.titan-text-express-v1": {
            "input_cost_per_token": 1e-06,
            "output_cost_per_token": 1e-06,
        },
        "unheard/of": {"input_cost_per_token": 1},
    }
    prices = read_price_table(table(tmp_path, rows), load_catalog(), read_on=TODAY)
    assert prices.keys() == {SONNET, "us.amazon.nova-2-lite-v1:0", "eu.amazon.nova-2-lite-v1:0"}
    changes = {row.model_id: row for row in price_changes(load_catalog(), prices)}
    assert changes.keys() == {"us.amazon.nova-2-lite-v1:0", "eu.amazon.nova-2-lite-v1:0"}
    assert changes["eu.amazon.nova-2-lite-v1:0"].old is None
    changed = changes["us.amazon.nova-2-lite-v1:0"]
    assert changed.old is not None
    assert (changed.old.input_usd_per_million, changed.new.input_usd_per_million) == (0.33, 0.4)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        {},
        {"unheard/of": {"input_cost_per_token": 1}},
        {SONNET: {"input_cost_per_token": -1}},
        {SONNET: {"input_cost_per_token": 0, "output_cost_per_token": 0}},
        {SONNET: {"input_cost_per_token": "free"}},
    ],
)
def test_a_table_that_tells_nothing_usable_is_refused(tmp_path: Path, rows: object) -> None:
    with pytest.raises(ConfigurationError):
        read_price_table(table(tmp_path, rows), load_catalog(), read_on=TODAY)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(GOOD)
    prices = read_price_file(path)
    write_price_file(tmp_path / "again.toml", prices, source="our contract", on=date(2026, 10, 1))
    assert read_price_file(tmp_path / "again.toml") == prices
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again.toml", "prices.toml"]
