"""`msp ingest`: articles and tickets into index and store."""

from dataclasses import asdict
from pathlib import Path

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import (
    data_option,
    json_option,
    note,
    note_quarantined,
    print_json,
    services_from_env,
)
from msp_core.loading import check_same_desk, load_knowledge, load_tickets


@click.command(
    "ingest", help="Make index and store hold the data folder; unchanged documents cost nothing."
)
@data_option
@click.option("--rebuild", is_flag=True, help="Drop both indexes and make them anew.")
@click.option("--replace", is_flag=True, help="Let this data take the place of another desk's.")
@json_option
def command(data_dir: Path | None, rebuild: bool, replace: bool, as_json: bool) -> None:
    """Run it."""
    services = services_from_env(data_dir or require_checkout("msp ingest") / "data")
    if not replace:
        check_same_desk(services)
    if rebuild:
        services.tiers.remove()
    tickets = load_tickets(services)

    def progress(done: int, total: int) -> None:
        note(f"indexed {done} of {total} documents")

    report = load_knowledge(services, progress=progress)
    note_quarantined(report.quarantined)
    if as_json:
        print_json({"tickets": asdict(tickets), "knowledge": asdict(report)})
        return
    click.echo(f"tickets: {tickets.added} added, {tickets.present} already there")
    click.echo(
        f"documents: {report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.deleted} deleted, {len(report.quarantined)} left out ({report.seconds:.1f} s)"
    )
