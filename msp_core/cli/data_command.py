"""`msp data`: bring in a user's own data, check a data folder, make vectors and datasheets."""

import sys
from pathlib import Path

import click

from msp_core.checkout import checkout_root, require_checkout
from msp_core.cli.common import json_option, note, print_json, services_from_env
from msp_core.cli.data_sheets import agreement_command, sheets_command

_SHOWN = 20


@click.group(
    "data", help="Import a user's own tickets and articles, check a data folder, embed it."
)
def command() -> None:
    """The group."""


command.add_command(agreement_command)
command.add_command(sheets_command)


@command.command("import", help="Bring an export of another desk into a data folder.")
@click.argument(
    "sources",
    nargs=-1,
    required=True,
    metavar="SOURCE...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(["csv", "zendesk", "freshdesk", "halo", "jsonl"]),
    help="Where the export comes from.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The data folder; new, empty, or one to add to.",
)
@click.option(
    "--mapping", "mapping_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file: columns, words, dates, customers.",
)  # fmt: skip
@click.option(
    "--mask-pii", is_flag=True, help="Replace personal data by masks; one person keeps one mask."
)
@json_option
def import_command(
    sources: tuple[Path, ...],
    format_name: str,
    out: Path,
    mapping_file: Path | None,
    mask_pii: bool,
    as_json: bool,
) -> None:
    """Run it."""
    from msp_core.importing.importer import report_json, run_import
    from msp_core.importing.mapping import read_mapping

    result = run_import(
        list(sources),
        out,
        format_name=format_name,
        mapping=read_mapping(mapping_file),
        mask_pii=mask_pii,
    )
    report = result.report
    for row in report.rejected[:_SHOWN]:
        note(f"left out: {row}")
    if len(report.rejected) > _SHOWN:
        note(f"... and {len(report.rejected) - _SHOWN} more in {out}/import-report.json")
    if as_json:
        print_json(report_json(result))
        return
    for file in report.files:
        click.echo(f"read: {file.name}: {file.rows} rows ({file.holds}), {file.encoding}")
    for what, times in sorted(report.noted.items()):
        click.echo(f"note: {what}: {times}" if times > 1 else f"note: {what}")
    if report.lost_attachments:
        click.echo(f"note: attachments named but not carried: {len(report.lost_attachments)}")
    if report.masked:
        click.echo(
            "masked: "
            + ", ".join(f"{kind} {times}" for kind, times in sorted(report.masked.items()))
        )
    click.echo(
        f"{result.folder}: {result.tickets} tickets ({result.imported_tickets} of this import), "
        f"{result.articles} articles ({result.imported_articles}), {result.customers} customers, "
        f"{len(report.rejected)} rows left out"
    )


@command.command(
    "check",
    help="Check data/ and eval/datasets/, or a folder of your own; exit 1 when it has errors.",
)
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--markdown", is_flag=True, help="Print the counts as data/README.md holds them.")
@json_option
def check_command(folder: Path | None, markdown: bool, as_json: bool) -> None:
    """Run it."""
    from msp_core.data_check.run import check_data
    from msp_core.data_check.tables import as_json as to_json
    from msp_core.data_check.tables import as_markdown, as_text

    folder = folder or require_checkout("msp data check without a folder") / "data"
    services = services_from_env(folder)
    outcome = check_data(
        folder,
        _judged_sets(folder),
        profile_name="shipped" if _is_shipped(folder) else "own",
        embedder=services.embedder,
        clock=services.clock,
        training=_training_sets(folder),
    )
    if as_json:
        print_json(to_json(outcome))
    elif markdown:
        click.echo(as_markdown(outcome), nl=False)
    else:
        click.echo(as_text(outcome), nl=False)
    if outcome.errors:
        sys.exit(1)


@command.command(
    "embed",
    help="Write embeddings.npz: the vectors of every chunk, and of what the check compares.",
)
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def embed_command(folder: Path | None) -> None:
    """Run it."""
    from msp_core.data_check.vectors import write_vectors

    target = folder or require_checkout("msp data embed without a folder") / "data"
    embedder = services_from_env(target).embedder
    count = write_vectors(target, [*_judged_sets(target), *_training_sets(target)], embedder)
    click.echo(f"{target / 'embeddings.npz'}: {count} texts")


def _is_shipped(folder: Path) -> bool:
    root = checkout_root()
    return root is not None and folder.resolve() == (root / "data").resolve()


def _judged_sets(folder: Path) -> list[Path]:
    """The sets made from a data folder: `eval/datasets/` of the shipped one, else `datasets/`."""
    return _folders_in(folder, "datasets")


def _training_sets(folder: Path) -> list[Path]:
    """What is there to learn from alone: `eval/training/` of the shipped one, else `training/`."""
    return _folders_in(folder, "training")


def _folders_in(folder: Path, name: str) -> list[Path]:
    root = checkout_root()
    parent = root / "eval" if root and _is_shipped(folder) else folder
    return sorted(path for path in (parent / name).glob("*") if path.is_dir())
