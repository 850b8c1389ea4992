"""`msp label`: judged sets from a user's own tickets, or a spot check of an existing set."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import data_option, json_option, note, print_json, services_from_env
from msp_core.errors import UsageError

if TYPE_CHECKING:
    from eval.labelling.conclusion import Conclusion
    from eval.labelling.items import Drawn, Item
    from eval.labelling.workspace import Extra, Workspace
    from msp_core.bootstrap import Services

    Draw = Callable[[], tuple[Drawn, list[Item], Extra]]

Kind = Literal["routing", "retrieval"]
_SAMPLE = 50
_ITEMS: dict[Kind, int] = {"routing": 100, "retrieval": 30}


@click.group(
    "label",
    help="Make judged sets from your own tickets, or check labels of a set, key by key. The "
    "protocol: eval/datasets/protocol.md.",
)
def command() -> None:
    """The group."""
    require_checkout("msp label")


def _options(run: Callable[..., None]) -> Callable[..., None]:
    """The options that both kinds share."""
    for option in (
        data_option,
        click.option(
            "--out",
            type=click.Path(file_okay=False, path_type=Path),
            help="The set's folder; the same one goes on (default: datasets/KIND in the data or "
            "state folder).",
        ),
        click.option(
            "--pass",
            "pass_",
            type=click.Choice(["A", "B"]),
            default="A",
            show_default=True,
            help="The second pass is blind to the first.",
        ),
        click.option("--adjudicate", is_flag=True, help="Decide the items that differ."),
        click.option("--items", type=click.IntRange(1), help="How many turns or queries to draw."),
        click.option(
            "--sample",
            type=click.IntRange(1),
            help=f"Check this many labels of an existing set, without seeing them ({_SAMPLE}).",
        ),
        click.option("--dataset", metavar="NAME|DIR", help="The set to check (default: shipped)."),
        click.option("--seed", default=1, show_default=True, help="Of the draw."),
        click.option(
            "--finish", is_flag=True, help="Ask nothing: write the set from what is judged."
        ),
        json_option,
    ):
        run = option(run)
    return run


@command.command("routing", help="Which model each turn needs, why, and with which tools.")
@_options
def routing(**options: Any) -> None:
    """Run it."""
    _label("routing", **options)


@command.command("retrieval", help="Which documents answer each ticket, on a scale of 0 to 2.")
@_options
def retrieval(**options: Any) -> None:
    """Run it."""
    _label("retrieval", **options)


def _label(
    kind: Kind,
    *,
    data_dir: Path | None,
    out: Path | None,
    pass_: Literal["A", "B"],
    adjudicate: bool,
    items: int | None,
    sample: int | None,
    dataset: str | None,
    seed: int,
    finish: bool,
    as_json: bool,
) -> None:
    from eval.labelling.conclusion import conclude
    from eval.labelling.items import ITEMS_FILE
    from eval.labelling.workspace import FOLDER, open_workspace
    from msp_core.cli.label_screen import THIRD, require_terminal, run_pass, say_drawn

    checks = sample is not None or dataset is not None
    if checks and (data_dir is not None or items is not None):
        raise UsageError(
            "--sample and --dataset check an existing set; --data and --items make a new one. "
            "Choose one of the two."
        )
    services = services_from_env(data_dir)
    if checks:
        draw, default = _check(kind, dataset or kind, sample or _SAMPLE, seed, services)
    else:
        draw = _own(kind, data_dir, items or _ITEMS[kind], seed, services)
        default = (data_dir or services.settings.state_dir) / "datasets" / kind
    folder = out or default
    if finish and not (folder / FOLDER / ITEMS_FILE).is_file():
        raise UsageError(f"Nothing is labelled in {folder} yet. Begin without --finish.")
    if not finish:
        require_terminal()
    workspace, begun = open_workspace(folder, kind, draw, services.clock)
    if begun:
        say_drawn(workspace)
    if not finish:
        again = f"msp {' '.join(sys.argv[1:])}"
        try:
            with workspace.journal("third" if adjudicate else pass_) as journal:
                run_pass(workspace, journal, THIRD if adjudicate else f"Pass {pass_}")
        except KeyboardInterrupt:
            note(f"\nNothing is lost. Go on with: {again}")
            raise
    _show(workspace, conclude(workspace), as_json=as_json)


def _own(kind: Kind, data_dir: Path | None, count: int, seed: int, services: "Services") -> "Draw":
    """Draws items from a folder, or from what is loaded."""

    def draw() -> "tuple[Drawn, list[Item], Extra]":
        from eval.labelling.retrieval_items import draw_retrieval
        from eval.labelling.routing_items import draw_routing
        from eval.labelling.source import folder_source, state_source
        from eval.retrieval_set import CORPUS_FILE, QUERIES_FILE

        source = state_source(services) if data_dir is None else folder_source(data_dir)
        if kind == "routing":
            return *draw_routing(source, count=count, seed=seed), {}
        made = draw_retrieval(
            source,
            services.embedder,
            count=count,
            seed=seed,
            progress=lambda done, total: note(f"indexed {done} of {total} documents"),
        )
        return made.drawn, made.items, {CORPUS_FILE: made.corpus, QUERIES_FILE: made.queries}

    return draw


def _check(
    kind: Kind, dataset: str, count: int, seed: int, services: "Services"
) -> "tuple[Draw, Path]":
    """Draws labels of an existing set; and where that check is kept."""
    from eval.dataset import find_dataset
    from eval.labelling.check_items import draw_check

    folder = find_dataset(dataset)
    kept = services.settings.state_dir / "label-checks" / f"{folder.resolve().name}-seed{seed}"
    return lambda: (*draw_check(kind, folder, count=count, seed=seed), {}), kept


def _show(workspace: "Workspace", found: "Conclusion", *, as_json: bool) -> None:
    for text in found.notices:
        note(f"note: {text}")
    if as_json:
        print_json(_json(workspace, found))
        return
    click.echo(
        f"judged, of {found.items}: pass A {found.judged['A']}, pass B {found.judged['B']}; "
        f"differing {found.differing}, decided {found.decided}"
    )
    for label, row in found.agreement.items():
        interval = "" if row.low is None else f"  [{row.low:.3f}, {row.high:.3f}]"
        value = "undefined" if row.kappa is None else f"{row.kappa:.3f}"
        click.echo(f"kappa {label:<16}{value:>10}{interval:<18}  n={row.n} equal={row.agreed:.1%}")
    check = found.spot_check
    if check is not None:
        interval = "" if check.low is None else f"  [{check.low:.3f}, {check.high:.3f}]"
        click.echo(f"would change: {check.changed:.3f}{interval}  n={check.n}")
        for label, share in check.by_label.items():
            click.echo(f"  {label:<16}{share:.3f}")
    if found.written:
        click.echo(f"{workspace.folder}: {', '.join(found.written)}")
        click.echo(f"try: msp eval {workspace.kind} --dataset {workspace.folder}")


def _json(workspace: "Workspace", found: "Conclusion") -> dict[str, object]:
    return {
        "schema": "msp.label/1",
        "kind": workspace.kind,
        "purpose": workspace.items.drawn.purpose,
        "folder": str(workspace.folder),
        "items": found.items,
        "judged": found.judged,
        "differing": found.differing,
        "decided": found.decided,
        "agreement": {name: row.model_dump() for name, row in found.agreement.items()},
        "spot_check": None if found.spot_check is None else found.spot_check.model_dump(),
        "written": list(found.written),
        "notices": list(found.notices),
    }
