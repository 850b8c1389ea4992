"""`msp tickets triage` and `triage-train`: what a ticket is, and how that is learned."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msp_core.bootstrap import Services
from msp_core.checkout import require_checkout
from msp_core.cli.common import (
    customer_option,
    json_option,
    note,
    print_json,
    services_from_env,
)
from msp_core.errors import UsageError

if TYPE_CHECKING:
    from msp_core.tickets.ticket import Ticket
    from msp_core.tickets.triage_model import Report

LOOKED_AT = 200
"""The customer's tickets, right before this one, that it may repeat or resemble."""
_PRECISION = 0.8


@click.command(
    "triage",
    help="Category, priority, team, duplicate and similar tickets of TICKET: an id, or a new "
    "message, whose first line is the title.",
)
@click.argument("ticket", metavar="TEXT|ID")
@customer_option
@click.option(
    "--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A trained one."
)
@json_option
def triage(ticket: str, customer: str | None, model: Path | None, as_json: bool) -> None:
    """Run it."""
    from msp_core.bootstrap.knowledge import classifier_embedder
    from msp_core.tickets.store import Position
    from msp_core.tickets.triage import Triage
    from msp_core.tickets.triage_file import default_triage_model, read_triage_model

    services = services_from_env()
    report = _report(services, ticket, customer)
    file = model or services.settings.triage_model
    learned = default_triage_model() if file is None else read_triage_model(file)
    embedder = classifier_embedder(services.settings, services.embedder)
    suggester = Triage(learned, embedder.embed, embedder_id=embedder.model_id)
    scope = services.local_scope(report.customer_id)
    itself = Position(report.created_at, report.ticket_id)
    made = suggester.suggest(
        report,
        customer=services.customers[report.customer_id],
        teams=services.teams,
        earlier=services.desk.before(itself, scope, limit=LOOKED_AT),
    )
    if as_json:
        print_json({**asdict(made), "raised": made.raised, "precision": learned.precision})
        return
    for name, guess in (
        ("category", made.category),
        ("priority", made.priority),
        ("team", made.team),
    ):
        if guess is None:
            click.echo(f"{name:<10}none of this desk's")
            continue
        doubt = "" if guess.sure else "  not sure: let a person choose"
        raised = "  (the customer's minimum)" if name == "priority" and made.raised else ""
        click.echo(f"{name:<10}{guess.value:<15}{guess.confidence:4.0%}{raised}{doubt}")
    if made.duplicate_of is not None:
        again = made.duplicate_of
        click.echo(f"duplicate {again.ticket_id}  {again.confidence:4.0%}  {again.title}")
    for one in made.similar:
        click.echo(f"similar   {one.ticket_id}  {one.confidence:4.0%}  {one.title}")
    if any(guess is not None and guess.sure for guess in (made.category, made.priority, made.team)):
        note(f"sure: right in {learned.precision:.0%} of cases, as far as its training tells")


@click.command("triage-train", help="Learn a triage from labelled tickets into a model file.")
@click.option("--labels", default="triage", show_default=True, metavar="NAME|DIR")
@click.option("--split", default="train", show_default=True, metavar="S")
@click.option(
    "--precision",
    type=click.FloatRange(0.5, 1),
    default=_PRECISION,
    show_default=True,
    help="How often a suggestion that is called sure should be right.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option(
    "--keep-vectors",
    is_flag=True,
    help="Keep the vectors beside the labels: then every machine learns the same bytes from them.",
)
@json_option
def train(
    labels: str, split: str, precision: float, out: Path, keep_vectors: bool, as_json: bool
) -> None:
    """Run it."""
    require_checkout("msp tickets triage-train")
    from eval.dataset import find_dataset
    from eval.datasheets.sheets import tickets_by_id
    from eval.triage_learning import train_on_set, write_triage_vectors
    from eval.triage_set import read_triage_set
    from msp_core.bootstrap.knowledge import classifier_embedder
    from msp_core.tickets.triage_file import write_triage_model

    services = services_from_env()
    folder = find_dataset(labels)
    tickets = tickets_by_id(services.data_dir)
    embedder = classifier_embedder(services.settings, services.embedder)
    if keep_vectors:
        data = read_triage_set(folder, tickets, split=split)
        write_triage_vectors(folder, embedder, (*data.labels, *data.others))
    model = train_on_set(folder, tickets, embedder, split=split, precision=precision)
    write_triage_model(out, model)
    thresholds = {
        "category": model.category.threshold,
        "priority": model.priority.threshold,
        "team": model.team.threshold,
        "duplicate": model.duplicate.threshold,
    }
    if as_json:
        print_json(
            {"file": str(out), "trained_on": asdict(model.trained_on), "thresholds": thresholds}
        )
        return
    about = model.trained_on
    click.echo(f"written: {out} ({out.stat().st_size:,} bytes)")
    click.echo(f"learned from {about.n} tickets of {about.groups} customers")
    for name, threshold in thresholds.items():
        sure = f"sure from {threshold:.2f}" if threshold <= 1 else "never sure"
        click.echo(f"{name:<10}{sure}")


def _report(services: Services, ticket: str, customer: str | None) -> "Report | Ticket":
    """The ticket of that id, or a new one of that text."""
    from msp_core.tickets.triage_model import Report
    from msp_core.tickets.values import MAX_TITLE, TICKET_ID, check_text, new_ticket_id

    if TICKET_ID.fullmatch(ticket.strip().upper()):
        return services.desk.read(ticket, services.local_scope(customer))
    if customer is None:
        raise UsageError("Say whose ticket it is: --customer ID.")
    services.local_scope(customer)  # refuses one that is unknown
    text = check_text(ticket, field="description")
    now = services.clock()
    title = text.partition("\n")[0][:MAX_TITLE]
    return Report(new_ticket_id(now), customer, title, text, now)
