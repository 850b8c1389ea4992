"""`msp routing train`: learn a router from outcomes or labels into a model file."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import json_option, note, print_json, services_from_env
from msp_core.errors import UsageError

if TYPE_CHECKING:
    from eval.routing_set import RoutingSet

group_option = click.option(
    "--group", metavar="COLUMN", help="Rows with one value of it belong together."
)
SEED = 7


@click.command("train", help="Learn a router from recorded outcomes or from labels.")
@click.option(
    "--outcomes",
    type=click.Path(exists=True, path_type=Path),
    help="CSV, CSV.gz or JSONL; docs/outcomes.md has the columns.",
)
@click.option(
    "--labels",
    metavar="NAME|DIR",
    multiple=True,
    help="A set of labels, such as routing; again for more sets, your own beside it.",
)
@click.option(
    "--words",
    "word_sets",
    metavar="NAME|DIR",
    multiple=True,
    help="A set of labels whose words alone are learned from: turns unlike a desk's mix.",
)
@click.option("--split", metavar="S", help="Of each set; default: train, or the only one.")
@click.option("--cv", "folds", type=click.IntRange(2, 20), default=5, show_default=True)
@group_option
@click.option("--seed", type=int, default=SEED, show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The model file."
)
@click.option(
    "--keep-vectors",
    is_flag=True,
    help="Keep the vectors beside the data: then every machine learns the same bytes from it.",
)
@json_option
def command(
    outcomes: Path | None,
    labels: tuple[str, ...],
    word_sets: tuple[str, ...],
    split: str | None,
    folds: int,
    group: str | None,
    seed: int,
    out: Path,
    keep_vectors: bool,
    as_json: bool,
) -> None:
    """Run it."""
    require_checkout("msp routing train")
    from eval.routing_learning import (
        read_training_set,
        train_on,
        write_vectors,
    )
    from eval.routing_set import join_sets
    from eval.set_vectors import training_embedder
    from msp_core.bootstrap.knowledge import classifier_embedder
    from msp_core.routing.model_file import write_model

    if (outcomes is None) == (not labels):
        raise UsageError("Give either --outcomes FILE or --labels NAME to learn from.")
    services = services_from_env()

    def read(sources: Iterable[str]) -> "list[tuple[RoutingSet, Path]]":
        return [
            read_training_set(source, split=split, group=group, catalog=services.catalog)
            for source in sources
        ]

    taught = read(labels if outcomes is None else [str(outcomes)])
    data = join_sets([one for one, _ in taught])
    words = join_sets([one for one, _ in read(word_sets)]) if word_sets else None
    note(f"{data.name}, split {data.split}: {len(data.turns):,} turns ({data.kind})")
    if words is not None:
        note(f"and the words of {words.name}: {len(words.turns):,} turns")
    if data.ignored_note is not None:
        note(f"note: {data.ignored_note}")
    own = classifier_embedder(services.settings, services.embedder)
    if keep_vectors:
        for one, folder in taught:
            write_vectors(folder, training_embedder(own, folder), one.turns)
    embedder = training_embedder(own, *(folder for _, folder in taught))
    model = train_on(
        data, embedder, words=words, folds=folds, seed=seed, own_groups=group is not None
    )
    write_model(out, model)
    about = model.trained_on
    if about.groups == 1:
        note("all rows are of one group, so single rows make the folds: expect less of others")
    if about.n_left_out:
        note(f"learned from a sample of {about.n:,}; {about.n_left_out:,} were left out")
    facts = {
        "file": str(out),
        "trained_on": vars(about),
        "settings": dict(model.settings),
        "threshold": model.threshold,
        "threshold_note": model.threshold_note,
        "least_familiar": model.least_familiar,
    }
    if as_json:
        print_json(facts)
        return
    click.echo(f"written: {out} ({out.stat().st_size:,} bytes)")
    click.echo(f"learned from {about.n:,} turns in {about.groups:,} groups ({about.kind})")
    click.echo(f"threshold {model.threshold:.3f}: {model.threshold_note}")
    click.echo(f"out of distribution below a likeness of {model.least_familiar:.3f}")
    click.echo(f"try it: msp eval routing --model {out} ...; use it: MSP_ROUTING_MODEL={out}")
