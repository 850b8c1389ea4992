"""`msp tier`: which documents are hot."""

from dataclasses import asdict
from pathlib import Path

import click

from msp_core.cli.common import json_option, note, print_json, services_from_env
from msp_core.errors import ConfigurationError, InvalidInput

DEFAULT_SHARES = (0, 5, 10, 20, 50, 100)


@click.group("tier", help="Choose which documents are hot; try capacities on a log.")
def command() -> None:
    """The group."""


@command.command("run", help="Move documents so that the hot index holds the most used ones.")
@click.option(
    "--capacity",
    metavar="CHUNKS|all",
    help="What the hot index takes, from now on; without it, as it was set before.",
)
@json_option
def run(capacity: str | None, as_json: bool) -> None:
    """Run it."""
    from msp_core.knowledge.tiering.run import check_capacity, run_tiering

    services = services_from_env()
    if capacity is not None:
        chunks = _capacity(capacity)
        check_capacity(chunks)
        services.tier_state.set_capacity(chunks)
    report = run_tiering(services.tiers, services.tier_state, services.clock)
    if as_json:
        print_json(asdict(report))
        return
    if report.resumed:
        note("a run that was stopped before is completed")
    limit = "all" if report.capacity is None else f"{report.capacity} chunks"
    click.echo(
        f"{report.promoted} documents promoted, {report.demoted} demoted; hot: "
        f"{report.hot_documents} documents, {report.hot_chunks} chunks (capacity: {limit})"
    )


@command.command(
    "simulate",
    help="Over a query log: what hot tiers of several capacities would find alone, and cost.",
)
@click.option(
    "--log",
    "log_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON lines {"at", "text", "customer_id"}; default: a seeded log of titles.',
)
@click.option(
    "--share",
    "shares",
    multiple=True,
    type=click.FloatRange(0, 100),
    default=DEFAULT_SHARES,
    show_default=True,
    help="Percent of all chunks; may be repeated.",
)
@click.option(
    "--searches-per-month", type=click.FloatRange(min=0), default=100_000.0, show_default=True
)
@json_option
def simulate_command(
    log_file: Path | None, shares: tuple[float, ...], searches_per_month: float, as_json: bool
) -> None:
    """Run it."""
    from msp_core.knowledge.tiering.search_log import read_log, search_again, seeded_log
    from msp_core.knowledge.tiering.simulation import simulate

    services = services_from_env()
    tiers = services.tiers
    sizes = {name: counted.chunks for name, counted in tiers.statistics.documents().items()}
    if not sizes:
        raise ConfigurationError("The knowledge index is empty. Run `msp ingest` first.")
    asked = seeded_log(tiers, services.clock()) if log_file is None else read_log(log_file)
    different = len({(entry.text, entry.customer_id) for entry in asked})
    note(f"asking {len(asked)} searches again, {different} of them different ...")
    log = search_again(asked, tiers, services.embedder, frozenset(services.customers))
    note(f"{len(asked)} searches, {len(log)} of them found something")
    if not log:
        raise InvalidInput(
            f"Of {len(asked)} searches none found anything, so there is nothing to simulate. Give"
            " a log of this desk's searches with --log, or leave it out for a made-up one."
        )
    total = sum(sizes.values())
    catalog = services.catalog
    outcomes = simulate(
        log,
        sizes,
        [round(total * share / 100) for share in shares],
        dimension=services.embedder.dimension,
        searches_per_month=searches_per_month,
        prices=catalog.knowledge,
    )
    if as_json:
        print_json(
            {
                "kind": "simulated",
                "searches": len(log),
                "price_date": catalog.read_on.isoformat(),
                "capacities": [asdict(outcome) for outcome in outcomes],
            }
        )
        return
    click.echo("hot chunks  best is hot  missed by hot alone  moves/day  hot $/month  cold $/month")
    for one in outcomes:
        click.echo(
            f"{one.capacity:>10,}  {one.hit_rate:>11.3f}  {one.recall_lost:>19.3f}"
            f"  {one.moves_per_day:>9.1f}  {one.hot_usd_per_month:>11.2f}"
            f"  {one.cold_usd_per_month:>12.2f}"
        )
    click.echo(f"simulated; n={len(log)} searches; prices of {catalog.read_on}")
    click.echo(
        "Missed: the mean share of the documents found that a search of the hot tier alone would"
        " not see.\nA search asks both tiers and misses none of them."
    )


def _capacity(text: str) -> int | None:
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is neither a number nor `all`") from error
