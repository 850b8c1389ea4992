"""`msp bench`: speed, as ratios within one run."""

from pathlib import Path

import click

from msp_core.checkout import require_checkout
from msp_core.cli.bench_api import api
from msp_core.cli.common import json_option, note, services_from_env
from msp_core.cli.eval_command import finish, out_option


@click.group("bench", help="Measure speed, as ratios within one run.")
def command() -> None:
    """The group."""
    require_checkout("msp bench")


command.add_command(api)


@command.command("index", help="The embedded index: search, opening, writing, ingestion.")
@click.option("--chunks", type=click.IntRange(min=1000), default=100_000, show_default=True)
@out_option
@json_option
def index(chunks: int, out: Path | None, as_json: bool) -> None:
    """Run it."""
    from eval.bench_index import bench_index
    from eval.dataset import find_dataset
    from eval.provenance import RunContext, public_settings
    from eval.retrieval_set import read_retrieval_set
    from msp_core.bootstrap.knowledge import local_embedder
    from msp_core.loading import read_data

    services = services_from_env()
    documents = read_data(services.data_dir, tuple(services.customers)).documents()
    queries = read_retrieval_set(find_dataset("retrieval"), split="dev")
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    run = bench_index(
        documents,
        queries,
        services.embedder,
        local_embedder(services.settings),
        chunks=chunks,
        context=context,
        note=note,
    )
    finish(run, out, as_json=as_json)


@command.command("routing", help="A routing decision beside one embedding of the same text.")
@click.option("--dataset", default="routing", show_default=True, metavar="NAME|DIR|FILE")
@click.option("--split", metavar="S", help="Default: dev, or the only one.")
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="A trained router.")
@out_option
@json_option
def routing(
    dataset: str, split: str | None, model: Path | None, out: Path | None, as_json: bool
) -> None:
    """Run it."""
    from eval.bench_routing import bench_routing
    from eval.dataset import find_dataset
    from eval.provenance import RunContext, public_settings
    from eval.routing_job import RoutingJob, pair_prices
    from eval.routing_set import read_routing_set
    from msp_core.bootstrap.knowledge import local_embedder
    from msp_core.bootstrap.policy import policy_with, router_of
    from msp_core.knowledge.remembering import RememberingEmbedder
    from msp_core.routing.model_file import read_model

    services = services_from_env()
    prices = pair_prices(RoutingJob(), services)
    data = read_routing_set(find_dataset(dataset), split=split, prices=prices)
    note(f"{data.name}, split {data.split}: {len(data.turns):,} turns, five rounds")
    embedder = local_embedder(services.settings)
    given = None if model is None else read_model(model)
    # Like the assistant's: it embeds a turn once, for floors and score together.
    once = RememberingEmbedder(embedder, most=1)
    run = bench_routing(
        data,
        given or router_of(services.settings),
        embedder,
        policy_with(once, services.settings, services.models, router=given),
        context=RunContext(settings=public_settings(services.settings), clock=services.clock),
    )
    finish(run, out, as_json=as_json)
