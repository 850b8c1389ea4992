"""`msp eval`: one suite, one result file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import data_option, json_option, note, services_from_env
from msp_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from eval.result import Item, Metric, SuiteRun

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
@click.option(
    "--chunks",
    type=click.IntRange(min=1),
    help="Blow the corpus up to so many chunks with seeded documents that answer nothing.",
)
@out_option
@json_option
def retrieval(
    dataset: str,
    split: str | None,
    hot_share: float,
    chunks: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run it."""
    from eval.blown_up import blow_up
    from eval.dataset import find_dataset
    from eval.provenance import RunContext, public_settings
    from eval.retrieval import evaluate_retrieval
    from eval.retrieval_set import read_retrieval_set
    from eval.retrieval_systems import SYSTEMS, tiers_beside

    services = services_from_env()
    judged = read_retrieval_set(find_dataset(dataset), split=split)
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    if chunks is not None:
        judged = blow_up(judged, chunks, seed=context.seed)
    note(f"{judged.name}, split {judged.split}: {len(judged.queries)} queries")
    run = evaluate_retrieval(
        judged,
        services.embedder,
        context=context,
        open_tiers=tiers_beside(services),
        systems=SYSTEMS,
        hot_share=hot_share,
        catalog=services.catalog,
        embedding_model=services.settings.bedrock_embedding_model,
    )
    for system in _without_any_find(run.items):
        why = f": no document fits into {hot_share:.0%} of the corpus" if system == "hot" else ""
        note(f"note: {system} found nothing for any query{why}. Its figures say no more than that.")
    for sentence in run.result.notes:
        note(f"note: {sentence}")
    finish(run, out, as_json=as_json)


@command.command(
    "retrieval-sweep", help="Weight of words, chunk size and number of passages, tried on dev."
)
@click.option("--dataset", default="retrieval", show_default=True, metavar="NAME|DIR")
@click.option("--split", metavar="S", help="Default: dev, or the only one; never test.")
@click.option("--weight", "weights", multiple=True, type=click.FloatRange(0, 1), help="Of words.")
@click.option("--chunk-size", "sizes", multiple=True, type=click.IntRange(10, 2000))
@click.option("--k", "ks", multiple=True, type=click.IntRange(1, 100))
@out_option
@json_option
def retrieval_sweep(
    dataset: str,
    split: str | None,
    weights: tuple[float, ...],
    sizes: tuple[int, ...],
    ks: tuple[int, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Run it."""
    from eval.dataset import find_dataset
    from eval.provenance import RunContext, public_settings
    from eval.retrieval_set import read_retrieval_set
    from eval.retrieval_sweep import CHUNK_SIZES, KS, WEIGHTS, sweep_retrieval
    from eval.retrieval_systems import tiers_beside

    services = services_from_env()
    run = sweep_retrieval(
        read_retrieval_set(find_dataset(dataset), split=split),
        services.embedder,
        context=RunContext(settings=public_settings(services.settings), clock=services.clock),
        open_tiers=tiers_beside(services),
        weights=weights or WEIGHTS,
        chunk_sizes=sizes or CHUNK_SIZES,
        ks=ks or KS,
        progress=note,
    )
    for sentence in run.result.notes:
        note(f"note: {sentence}")
    finish(run, out, as_json=as_json)


@command.command("routing", help="What each router costs and loses, against outcomes or labels.")
@click.option("--dataset", metavar="NAME|DIR|FILE", help="Default: routing, the shipped labels.")
@click.option(
    "--outcomes",
    type=click.Path(exists=True, path_type=Path),
    help="CSV, CSV.gz or JSONL; docs/outcomes.md has the columns.",
)
@split_option
@click.option(
    "--train", "train_source", metavar="NAME|DIR|FILE", help="Learn the routers from this."
)
@click.option(
    "--cv",
    "folds",
    type=click.IntRange(2, 20),
    help="Folds of the training; without --train, of the evaluated turns themselves.",
)
@click.option("--group", metavar="COLUMN", help="Rows with one value of it belong together.")
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="A trained router.")
@click.option("--weak-model", metavar="ID", help="Price labels for this model, not the set one.")
@click.option("--strong-model", metavar="ID", help="Likewise.")
@click.option("--profile", metavar="turns=N,calls=N,...", help="Tokens of one of your tickets.")
@out_option
@json_option
def routing(
    dataset: str | None,
    outcomes: Path | None,
    split: str | None,
    train_source: str | None,
    folds: int | None,
    group: str | None,
    model: Path | None,
    weak_model: str | None,
    strong_model: str | None,
    profile: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run it."""
    from eval.provenance import RunContext, public_settings
    from eval.routing_job import RoutingJob, run_routing_job

    if dataset is not None and outcomes is not None:
        raise UsageError("Give either --dataset or --outcomes, not both.")
    job = RoutingJob(
        source=str(outcomes) if outcomes is not None else dataset or "routing",
        split=split,
        train_source=train_source,
        folds=folds,
        group=group,
        model_file=model,
        weak_model=weak_model,
        strong_model=strong_model,
        profile=profile,
    )
    services = services_from_env()
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    run = run_routing_job(job, services, context=context)
    about = run.result.dataset
    note(f"{about.name}, split {about.split}: {about.n:,} turns")
    for sentence in run.result.notes:
        note(f"note: {sentence}")
    finish(run, out, as_json=as_json)


@command.command("triage", help="How often triage is right, and whether its confidence is true.")
@click.option("--dataset", default="triage", show_default=True, metavar="NAME|DIR")
@split_option
@click.option(
    "--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A trained one."
)
@data_option
@out_option
@json_option
def triage(
    dataset: str,
    split: str | None,
    model: Path | None,
    data_dir: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run it."""
    from eval.provenance import RunContext, public_settings
    from eval.triage_job import run_triage_job

    services = services_from_env(data_dir)
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    run = run_triage_job(services, dataset=dataset, split=split, model_file=model, context=context)
    about = run.result.dataset
    note(f"{about.name}, split {about.split}: {about.n:,} tickets")
    for sentence in run.result.notes:
        note(f"note: {sentence}")
    finish(run, out, as_json=as_json)


def _without_any_find(items: "Iterable[Item]") -> list[str]:
    """The systems that did not find one document."""
    found: dict[str, bool] = {}
    for item in items:
        found[item.system] = found.get(item.system, False) or bool(item.raw["found"])
    return [system for system, any_ in found.items() if not any_]


def finish(run: "SuiteRun", out: Path | None, *, as_json: bool) -> None:
    """Write the result where it is wanted, and print it."""
    from eval.result import result_json, write_result

    if out is not None:
        write_result(out, run.result, run.items, files=run.files)
        note(f"written to {out}")
    if as_json:
        click.echo(result_json(run.result), nl=False)
        return
    for line in _lines([metric for metric in run.result.metrics if metric.slice == "all"]):
        click.echo(line)


def _lines(metrics: "Sequence[Metric]") -> "Iterator[str]":
    """A table of figures, one block a system, under one heading."""
    wide = max([12, *(len(metric.system) for metric in metrics)]) + 2
    heading = f"{'system':<{wide}}{'figure':<26}{'value':>9}  {'95% interval':<18}"
    yield f"{heading}{'n':>7}  {'failed':>6}  kind"
    for system in dict.fromkeys(metric.system for metric in metrics):
        yield ""
        for metric in metrics:
            if metric.system != system:
                continue
            interval = "" if metric.low is None else f"{_plain(metric.low, 3)} to "
            interval += "" if metric.high is None else _plain(metric.high, 3)
            yield (
                f"{system:<{wide}}{metric.name:<26}{_plain(metric.value, 4):>9}  {interval:<18}"
                f"{metric.n_scored:>7}  {metric.n_failed:>6}  {metric.kind}"
            )


def _plain(figure: float, digits: int) -> str:
    """Rounded, and never -0."""
    return f"{round(figure, digits) + 0.0:.{digits}f}"
