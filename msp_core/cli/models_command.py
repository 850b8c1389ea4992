"""`msp models`: the catalogue, and figures from a published price table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msp_core.cli.common import json_option, note, print_json

if TYPE_CHECKING:
    from msp_core.routing.catalog import Catalog, ModelCard
    from msp_core.routing.price import Price

UNPRICED, UNKNOWN = "unpriced", "?"


@click.group("models", help="Print the model catalogue.", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Print the catalogue when no subcommand is called."""
    if context.invoked_subcommand is not None:
        return
    catalog = _catalog()
    rows = [row for card in catalog.cards.values() for row in _rows(card, catalog)]
    if as_json:
        source = {"source": catalog.source, "read_on": catalog.read_on.isoformat()}
        print_json({**source, "models": rows})
        return
    click.echo(
        f"{'model':<44}{'lifecycle':<11}{'in':>9}{'out':>9}{'cache':>9}{'context':>10}"
        "  tools system stream sampling thinking"
    )
    for row in rows:
        can = row["abilities"]
        click.echo(
            f"{row['model']:<44}{row['lifecycle']:<11}{_usd(row['input']):>9}"
            f"{_usd(row['output']):>9}{_usd(row['cache_read']):>9}"
            f"{_number(row['context_tokens']):>10}"
            f"  {_yes(can['tools']):<5} {_yes(can['system_prompt']):<6}"
            f" {_yes(can['streaming']):<6} {_yes(can['sampling']):<8} {can['thinking'] or UNKNOWN}"
            + (f"  -> {row['successor']}" if row["successor"] else "")
        )
    click.echo("\nUSD per million tokens. A cache price that is unpriced counts as the input's.")
    for source in dict.fromkeys(f"{row['source']}, read {row['read_on']}" for row in rows):
        click.echo(f"Prices: {source}")


@command.command("refresh", help="Compare with a published price table (JSON, USD per token).")
@click.option(
    "--from",
    "table",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The table.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the table's figures to this price file, for MSP_PRICES.",
)
@json_option
def refresh(table: Path, out: Path | None, as_json: bool) -> None:
    """Show where a table differs; nothing is changed unless a file is named."""
    from msp_core.cli.common import services_from_env
    from msp_core.routing.price_file import price_changes, read_price_table, write_price_file

    services = services_from_env()
    today = services.clock().date()
    prices = read_price_table(table, services.catalog, read_on=today)
    changes = price_changes(services.catalog, prices)
    if as_json:
        print_json(
            {
                "read": len(prices),
                "changes": [
                    {"model": row.model_id, "old": _figures(row.old), "new": _figures(row.new)}
                    for row in changes
                ],
            }
        )
    else:
        for change in changes:
            click.echo(change.model_id)
            for name, new in _figures(change.new).items():
                old = _figures(change.old)[name]
                if old != new:
                    click.echo(f"  {name:<12}{_usd(old):>10} -> {_usd(new)}")
        click.echo(f"{len(prices)} prices read, {len(changes)} differ from the catalogue.")
    if out is not None:
        source = next(iter(prices.values())).source
        write_price_file(out, prices, source=source, on=today)
        note(f"written to {out}; set MSP_PRICES={out} to use it")


def _catalog() -> "Catalog":
    from msp_core.cli.common import services_from_env

    return services_from_env().catalog


def _rows(card: "ModelCard", catalog: "Catalog") -> list[dict[str, Any]]:
    """One row for each priced profile; one without figures for a model that has none."""
    from msp_core.routing.catalog import IN_REGION, join_profile

    can = card.abilities
    return [
        {
            "model": join_profile(profile, card.model_id),
            "kind": card.kind,
            "lifecycle": card.lifecycle,
            "successor": card.successor,
            "context_tokens": card.context_tokens,
            **_figures(card.prices.get(profile)),
            "abilities": {
                "tools": can.tools,
                "system_prompt": can.system_prompt,
                "streaming": can.streaming,
                "sampling": can.sampling,
                "thinking": can.thinking,
            },
            "source": (price.source if (price := card.prices.get(profile)) else "")
            or catalog.source,
            "read_on": str((price.read_on if price else None) or catalog.read_on),
        }
        for profile in card.prices or {IN_REGION: None}
    ]


def _figures(price: "Price | None") -> dict[str, float | None]:
    return {
        "input": price.input_usd_per_million if price else None,
        "output": price.output_usd_per_million if price else None,
        "cache_read": price.cache_read_usd_per_million if price else None,
        "cache_write": price.cache_write_usd_per_million if price else None,
    }


def _usd(figure: float | None) -> str:
    return UNPRICED if figure is None else f"{figure:g}"


def _number(figure: int | None) -> str:
    return UNKNOWN if figure is None else f"{figure:,}"


def _yes(can: bool | None) -> str:
    return UNKNOWN if can is None else "yes" if can else "no"
