"""`msp ingest`: articles, tickets and files into index and store."""

from dataclasses import asdict
from pathlib import Path
from typing import Literal, get_args

import click

from msp_core.bootstrap import Services
from msp_core.checkout import require_checkout
from msp_core.cli.common import (
    data_option,
    json_option,
    note,
    note_quarantined,
    print_json,
    services_from_env,
)
from msp_core.cli.progress import ProgressNotes
from msp_core.incoming import (
    DryRun,
    Incoming,
    dry_run,
    incoming_files,
    load,
)
from msp_core.knowledge.article import Audience
from msp_core.loading import (
    TicketLoadReport,
    check_same_desk,
    incoming_data,
    load_tickets,
)

_SHOWN_IDS = 20


@click.command("ingest")
@data_option
@click.option(
    "--from",
    "location",
    metavar="FOLDER|s3://BUCKET/PREFIX",
    help="Take Markdown, HTML and text files from there, instead of a data folder.",
)
@click.option("--as", "name", help="The folder's name in document ids (default: its own).")
@click.option(
    "--audience",
    type=click.Choice(get_args(Audience)),
    help="Who may see files that do not say it themselves (default: internal).",
)
@click.option("--customer", metavar="ID", help="Whose such files are (default: everybody's).")
@click.option("--dry-run", "only_say", is_flag=True, help="Say what would be done; store nothing.")
@click.option("--rebuild", is_flag=True, help="Drop both indexes and make them anew.")
@click.option(
    "--replace",
    is_flag=True,
    help="Let it take the place of another desk, another folder of that name, or other options.",
)
@json_option
def command(
    data_dir: Path | None,
    location: str | None,
    name: str | None,
    audience: Audience | None,
    customer: str | None,
    only_say: bool,
    rebuild: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Make index and store hold a data folder, or the index a folder of files.

    Unchanged documents cost nothing, and what vanished from the source is deleted; documents of
    other sources stay. Stopped at any moment, the same command goes on from there.
    """
    if location is None and (name or audience or customer):
        raise click.UsageError("--as, --audience and --customer go with --from.")
    if location is not None and (data_dir or rebuild):
        raise click.UsageError("--from goes with neither --data nor --rebuild.")
    if only_say and rebuild:
        raise click.UsageError("--dry-run goes not with --rebuild, which makes everything anew.")
    tickets: TicketLoadReport | None = None
    if location is not None:
        services = services_from_env()
        incoming = _files(services, location, name, audience or "internal", customer)
    else:
        services = services_from_env(data_dir or require_checkout("msp ingest") / "data")
        if not replace:
            check_same_desk(services)
        incoming = incoming_data(services)  # read before anything is dropped
        if not only_say:
            if rebuild:
                _drop(services)
            tickets = load_tickets(services)
    replace = replace or location is None  # the desk was checked above
    if only_say:
        _show_dry_run(services, incoming, replace=replace, as_json=as_json)
    else:
        _load(services, incoming, tickets, replace=replace, as_json=as_json)


def _files(
    services: Services, location: str, name: str | None, audience: Audience, customer: str | None
) -> Incoming:
    from msp_core.bootstrap.knowledge import file_source
    from msp_core.knowledge.sources.file_document import Defaults

    services.local_scope(customer)  # refuses an unknown one
    source = file_source(services.settings, location, name=name)
    incoming = incoming_files(services, source, Defaults(audience, customer))
    if passed := source.passed_over():
        kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(passed.items()))
        note(f"passed over, being neither Markdown, HTML nor text: {kinds}")
    return incoming


def _drop(services: Services) -> None:
    """Drop both indexes, and say what the data folder will not bring back."""
    from msp_core.errors import MspError
    from msp_core.knowledge.sources.file_source import is_of_files

    try:
        others = sum(map(is_of_files, services.tiers.statistics.documents()))
    except MspError:  # damaged: that may be why they are made anew
        others = 0
    if others:
        note(f"{others} documents of other sources go too: ingest these again with --from")
    services.tiers.remove()


def _load(
    services: Services,
    incoming: Incoming,
    tickets: TicketLoadReport | None,
    *,
    replace: bool,
    as_json: bool,
) -> None:
    report = load(services, incoming, replace=replace, progress=ProgressNotes("documents"))
    note_quarantined(report.quarantined)
    if as_json:
        shown = {} if tickets is None else {"tickets": asdict(tickets)}
        print_json({**shown, "source": incoming.source, "knowledge": asdict(report)})
        return
    if tickets is not None:
        click.echo(f"tickets: {tickets.added} added, {tickets.present} already there")
    click.echo(
        f"documents: {report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.deleted} deleted, {len(report.quarantined)} left out ({report.seconds:.1f} s)"
    )


def _show_dry_run(services: Services, incoming: Incoming, *, replace: bool, as_json: bool) -> None:
    plan = dry_run(services, incoming, replace=replace)
    note_quarantined(plan.quarantined)
    if as_json:
        print_json({"source": incoming.source, "dry_run": asdict(plan)})
        return
    _show_ids(plan, "added")
    _show_ids(plan, "changed")
    _show_ids(plan, "deleted")
    click.echo(f"{plan.unchanged} unchanged, {len(plan.quarantined)} left out; nothing was stored")


def _show_ids(plan: DryRun, what: Literal["added", "changed", "deleted"]) -> None:
    ids = getattr(plan, what)
    click.echo(f"{len(ids)} to be {what}" + (":" if ids else ""))
    for document_id in ids[:_SHOWN_IDS]:
        click.echo(f"  {document_id}")
    if len(ids) > _SHOWN_IDS:
        click.echo(f"  ... and {len(ids) - _SHOWN_IDS} more")
