"""`msp data sheets` and `agreement`: the generated part of each judged set's README."""

from pathlib import Path
from typing import Literal

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import note, services_from_env

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "sheets",
    help="Counts, agreement and hardness of judged sets, as their READMEs hold them. SET is a "
    "shipped one or a folder (default: all shipped ones).",
)
@click.argument("sets", nargs=-1, metavar="[SET]...")
@click.option("--write", is_flag=True, help="Put them into the READMEs, and write the overview.")
def sheets_command(sets: tuple[str, ...], write: bool) -> None:
    """Run it."""
    root = require_checkout("msp data sheets")
    from eval.dataset import DATASETS, find_dataset
    from eval.datasheets.sheet import write_block
    from eval.datasheets.sheets import sets_in, sheet_of, tickets_by_id, write_overview

    folders = [find_dataset(name) for name in sets] or sets_in(DATASETS)
    for folder in folders:
        data = _data_of(folder, root)
        note(f"{folder.name} ...")
        sheet = sheet_of(folder, tickets_by_id(data), services_from_env(data).embedder)
        if write:
            write_block(folder, sheet)
            click.echo(f"{folder / 'README.md'}: written")
        else:
            click.echo(sheet, nl=False)
    if write and not sets:
        click.echo(f"{write_overview(DATASETS, tickets_by_id(root / 'data'))}: written")


@click.command(
    "agreement",
    help="Write agreement.json into a set's folder: kappa of two passes made elsewhere, each a "
    "JSONL file with id, labels and perhaps customer_id.",
)
@click.argument("kind", type=click.Choice(["routing", "retrieval", "triage"]))
@click.argument("first", type=_FILE)
@click.argument("second", type=_FILE)
@click.option(
    "--out", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The set's folder.",
)  # fmt: skip
@click.option("--by", "judge", type=click.Choice(["model", "person"]), required=True)
@click.option("--final", type=_FILE, help="The labels after the third reading.")
@click.option("--spot-check", "spot_checks", type=_FILE, multiple=True, help="May be repeated.")
def agreement_command(
    kind: Literal["routing", "retrieval", "triage"],
    first: Path,
    second: Path,
    out: Path,
    judge: Literal["model", "person"],
    final: Path | None,
    spot_checks: tuple[Path, ...],
) -> None:
    """Run it."""
    require_checkout("msp data agreement")
    from eval.agreement import write_agreement
    from eval.label_files import agreement_of_files

    found = agreement_of_files(
        kind, first, second, judge=judge, final=final, spot_checks=spot_checks
    )
    write_agreement(out, found)
    click.echo(found.model_dump_json(by_alias=True, indent=2))


def _data_of(folder: Path, root: Path) -> Path:
    """The data folder that a set belongs to: `DIR` of `DIR/datasets/NAME`, else the shipped one."""
    above = folder.resolve().parent
    own = above.name == "datasets" and (above.parent / "tickets.jsonl").is_file()
    return above.parent if own else root / "data"
