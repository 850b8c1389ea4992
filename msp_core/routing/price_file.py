"""A user's own prices, and figures taken over from a published price table."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from msp_core.errors import ConfigurationError
from msp_core.files import whole_file
from msp_core.routing.catalog import Catalog
from msp_core.routing.price import Price

_PER_MILLION = 1e6
_MOST_BYTES = 50_000_000
_Usd = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
_ID = re.compile(r"[A-Za-z0-9._:/-]{1,200}")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")
    model: Annotated[str, Field(pattern=f"^{_ID.pattern}$")]
    input: _NotNegative
    output: _NotNegative
    cache_read: _NotNegative | None = None
    cache_write: _NotNegative | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    source: Annotated[str, Field(min_length=1, max_length=300)]
    read_on: date
    price: list[_Row]


class _TableRow(BaseModel):
    """The figures of one model in a table of USD per token; what else it says is not looked at."""

    input_cost_per_token: _Usd
    output_cost_per_token: _NotNegative = 0.0
    cache_read_input_token_cost: _NotNegative | None = None
    cache_creation_input_token_cost: _NotNegative | None = None


@dataclass(frozen=True)
class PriceChange:
    """One model whose price in a table is not the catalogue's; `old` None was unpriced."""

    model_id: str
    old: Price | None
    new: Price


def read_price_file(path: Path) -> dict[str, Price]:
    """The prices of a TOML file (README.md shows one), by model id.

    Here 0 is a price: a model of one's own may cost nothing by the token.

    Raises:
        ConfigurationError: the file is missing, is no TOML, or has a malformed or repeated row.
    """
    try:
        raw = tomllib.loads(_read(path).decode("utf-8"))
        file = _File.model_validate(raw)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not readable as TOML: {error}.") from error
    except ValidationError as error:
        raise ConfigurationError(f"{path} is no price file: {_first(error)}.") from error
    prices: dict[str, Price] = {}
    for row in file.price:
        if row.model in prices:
            raise ConfigurationError(f"{path} prices {row.model} twice. Keep one of the two.")
        prices[row.model] = Price(
            row.input,
            row.output,
            row.cache_read,
            row.cache_write,
            source=file.source,
            read_on=file.read_on,
        )
    return prices


def read_price_table(path: Path, catalog: Catalog, *, read_on: date) -> dict[str, Price]:
    """The prices that a published table has for models of the catalogue, by model id.

    The table is JSON, model id -> USD per token (`input_cost_per_token`, `output_cost_per_token`,
    `cache_read_input_token_cost`, `cache_creation_input_token_cost`), the form in which litellm
    publishes its table. An id may stand with a profile's prefix. Every profile that the catalogue
    or the table has is read.

    Raises:
        ConfigurationError: the file is no such table, a known model's row is malformed, or it
            holds none of the catalogue's models.
    """
    content = _read(path)
    try:
        table = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not readable as JSON: {error}.") from error
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path} is no price table: it must be an object of models.")
    digest = hashlib.sha256(content).hexdigest()
    source = f"{path.name}, sha256 {digest[:12]}"
    prices = {}
    for model_id, row in table.items():
        card = catalog.card(model_id)
        if card is None or card.lifecycle == "retired" or not isinstance(row, Mapping):
            continue
        if "input_cost_per_token" not in row:
            continue  # listed there without a price: it stays as it is
        try:
            figures = _TableRow.model_validate(row)
        except ValidationError as error:
            raise ConfigurationError(f"{path}, {model_id}: {_first(error)}.") from error
        prices[model_id] = _price(figures, source, read_on)
    if not prices:
        raise ConfigurationError(
            f"{path} has no price of any model in the catalogue. Is it the right file?"
        )
    return prices


def price_changes(catalog: Catalog, prices: Mapping[str, Price]) -> list[PriceChange]:
    """Where these prices differ from the catalogue's, by model id."""
    changes = []
    for model_id, new in sorted(prices.items()):
        old = catalog.price(model_id)
        if old is None or _figures(old) != _figures(new):
            changes.append(PriceChange(model_id, old, new))
    return changes


def write_price_file(path: Path, prices: Mapping[str, Price], *, source: str, on: date) -> None:
    """Write prices as a file that `read_price_file` reads; an old file is replaced whole."""
    lines = [f"source = {json.dumps(source)}", f"read_on = {on.isoformat()}"]
    for model_id, price in sorted(prices.items()):
        lines += ["", "[[price]]", f"model = {json.dumps(model_id)}"]
        lines += [
            f"{name} = {figure!r}"
            for name, figure in zip(_NAMES, _figures(price), strict=True)
            if figure is not None
        ]
    with whole_file(path) as file:
        file.write(("\n".join(lines) + "\n").encode())


_NAMES = ("input", "output", "cache_read", "cache_write")


def _figures(price: Price) -> tuple[float | None, ...]:
    return (
        price.input_usd_per_million,
        price.output_usd_per_million,
        price.cache_read_usd_per_million,
        price.cache_write_usd_per_million,
    )


def _price(row: _TableRow, source: str, read_on: date) -> Price:
    def million(usd: float | None) -> float | None:
        return None if usd is None else round(usd * _PER_MILLION, 9)

    return Price(
        round(row.input_cost_per_token * _PER_MILLION, 9),
        round(row.output_cost_per_token * _PER_MILLION, 9),
        million(row.cache_read_input_token_cost),
        million(row.cache_creation_input_token_cost),
        source=source,
        read_on=read_on,
    )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(f"{path} is larger than 50 MB and surely no price file.")
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The price file {path} cannot be read ({error.strerror}). Check the path, in"
            " MSP_PRICES or after --from; without MSP_PRICES the shipped catalogue counts."
        ) from error


def _first(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
