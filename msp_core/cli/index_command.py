"""`msp index`: the two tiers of knowledge, their state and their repair."""

import sys
from dataclasses import asdict

import click

from msp_core.cli.common import json_option, note, print_json, services_from_env
from msp_core.knowledge.index import Tier

TIERS: tuple[Tier, ...] = ("hot", "cold")


@click.group("index", help="Create, check and repair the knowledge indexes.")
def command() -> None:
    """The group."""


@command.command("create", help="Make both indexes where there is none; safe to repeat.")
def create() -> None:
    """Run it."""
    services = services_from_env()
    if services.settings.opensearch_endpoint is not None:
        note("hot: a new access policy may take two minutes to settle")
    for tier in TIERS:
        services.tiers.of(tier).create()
        click.echo(f"{tier}: ready")


@command.command("status", help="What each tier holds, and whether it answers; exit 1 if not.")
@json_option
def status(as_json: bool) -> None:
    """Run it."""
    services = services_from_env()
    health = {tier: services.tiers.of(tier).health() for tier in TIERS}
    details = {
        tier: asdict(services.tiers.of(tier).stats()) if health[tier].ok else None for tier in TIERS
    }
    capacity = services.tier_state.capacity()
    if as_json:
        shown: dict[str, object] = {
            tier: {**asdict(health[tier]), "stats": details[tier]} for tier in TIERS
        }
        print_json({**shown, "hot_capacity_chunks": capacity})
    else:
        for tier in TIERS:
            click.echo(f"{tier}: {'ok' if health[tier].ok else 'NOT OK'}: {health[tier].detail}")
        click.echo(f"hot capacity: {'all' if capacity is None else f'{capacity} chunks'}")
    if not all(one.ok for one in health.values()):
        sys.exit(1)


@command.command("verify", help="Check all stored data; exit 1 and name what is wrong.")
@json_option
def verify(as_json: bool) -> None:
    """Run it."""
    from msp_core.knowledge.tiering.check import verify_tiers

    problems = verify_tiers(services_from_env().tiers)
    if as_json:
        print_json(problems)
    else:
        for problem in problems:
            click.echo(problem)
        note("no problem found" if not problems else f"{len(problems)} problems")
    if problems:
        sys.exit(1)


@command.command(
    "rebuild",
    help="Make the hot index and the statistics anew from the cold one; nothing is embedded.",
)
def rebuild() -> None:
    """Run it."""
    from msp_core.knowledge.tiering.check import rebuild_from_cold

    services = services_from_env()
    documents = rebuild_from_cold(services.tiers, services.choose_hot)
    stats = services.tiers.hot.stats()
    click.echo(f"hot: {stats.documents} of {documents} documents, {stats.chunks} chunks")


@command.command("quarantine", help="What the last ingestion of each source left out, and why.")
@json_option
def quarantine(as_json: bool) -> None:
    """Run it."""
    from msp_core.bootstrap.knowledge import quarantine_list

    rows = quarantine_list(services_from_env().settings).rows()
    if as_json:
        print_json({source: [asdict(row) for row in own] for source, own in rows.items()})
        return
    for source, own in rows.items():
        for row in own:
            click.echo(f"{source}: {row.path}: {row.reason}")
    note(f"{sum(map(len, rows.values()))} left out")


@command.command("compact", help="Give back the space of deleted chunks.")
def compact() -> None:
    """Run it."""
    tiers = services_from_env().tiers
    for tier in TIERS:
        tiers.of(tier).compact()
        click.echo(f"{tier}: compacted")
