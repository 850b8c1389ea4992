"""`msp eval`: one suite, one result file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import json_option, note, services_from_env

if TYPE_CHECKING:
    from eval.result import SuiteRun

split_option = click.option("--split", metavar="S", help="Default: dev, or the only one.")
out_option = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for result.json and items.jsonl.",
)


@click.group("eval", help="Run an evaluation suite and write its result file.")
def command() -> None:
    """The group."""
    require_checkout("msp eval")


@command.command("retrieval", help="What each search finds, against judged queries.")
@click.option("--dataset", default="retrieval", show_default=True, metavar="NAME|DIR")
@split_option
@click.option(
    "--hot-share",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="How much of the corpus is hot, by a seeded log.",
)
@out_option
@json_option
def retrieval(
    dataset: str, split: str | None, hot_share: float, out: Path | None, as_json: bool
) -> None:
    """Run it."""
    from eval.dataset import find_dataset
    from eval.provenance import RunContext, public_settings
    from eval.retrieval import evaluate_retrieval
    from eval.retrieval_set import read_retrieval_set
    from eval.retrieval_systems import SYSTEMS

    services = services_from_env()
    judged = read_retrieval_set(find_dataset(dataset), split=split)
    note(f"{judged.name}, split {judged.split}: {len(judged.queries)} queries")
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    run = evaluate_retrieval(
        judged, services.embedder, context=context, systems=SYSTEMS, hot_share=hot_share
    )
    finish(run, out, as_json=as_json)


@command.command("routing", help="What each router costs and loses, against outcomes or labels.")
@click.option("--dataset", default="routing", show_default=True, metavar="NAME|DIR|FILE")
@split_option
@out_option
@json_option
def routing(dataset: str, split: str | None, out: Path | None, as_json: bool) -> None:
    """Run it."""
    from eval.dataset import find_dataset
    from eval.provenance import RunContext, public_settings
    from eval.routing import evaluate_routing
    from eval.routing_set import Prices, read_routing_set
    from msp_core.routing.catalog import load_catalog

    services = services_from_env()
    models = services.models
    prices = Prices.of(models.weak.model_id, models.strong.model_id, load_catalog())
    turns = read_routing_set(find_dataset(dataset), split=split, prices=prices)
    note(f"{turns.name}, split {turns.split}: {len(turns.turns)} turns")
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    finish(evaluate_routing(turns, services.policy, prices, context=context), out, as_json=as_json)


def finish(run: "SuiteRun", out: Path | None, *, as_json: bool) -> None:
    """Write the result where it is wanted, and print it."""
    from eval.result import result_json, write_result

    if out is not None:
        write_result(out, run.result, run.items, files=run.files)
        note(f"written to {out}")
    if as_json:
        click.echo(result_json(run.result), nl=False)
        return
    overall = [metric for metric in run.result.metrics if metric.slice == "all"]
    for metric in overall:
        interval = "" if metric.low is None else f"  [{metric.low:.3f}, {metric.high:.3f}]"
        click.echo(
            f"{metric.system:<10} {metric.name:<27}{metric.value:>9.4f}{interval:<18}  "
            f"n={metric.n_scored} failed={metric.n_failed} {metric.kind}"
        )
