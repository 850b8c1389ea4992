"""`msp report`: result folders into one report."""

from pathlib import Path

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import json_option, print_json, show_report
from msp_core.clock import system_clock


@click.command("report", help="Make report.html, report.md and report.json of result folders.")
@click.argument(
    "results",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the report.",
)
@click.option(
    "--data-note", default="", help="Where texts and labels come from; said in the report."
)
@click.option("--monthly-turns", type=click.IntRange(min=1), default=20_000, show_default=True)
@json_option
def command(
    results: tuple[Path, ...], out: Path, data_note: str, monthly_turns: int, as_json: bool
) -> None:
    """Run it."""
    require_checkout("msp report")
    from eval.report import build_report, write_report
    from eval.result import read_result

    runs = [read_result(folder) for folder in results]
    report = build_report(
        runs, data_note=data_note, generated_at=system_clock(), monthly_turns=monthly_turns
    )
    write_report(report, out)
    if as_json:
        print_json(report)
        return
    show_report(report)
    click.echo(f"\n{out / 'report.html'}")
