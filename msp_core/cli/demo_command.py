"""`msp demo`: the main job."""

import os
import time
from pathlib import Path

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import data_option, json_option, note, print_json, show_report
from msp_core.settings import Settings, configure_logging


@click.command("demo", help="Run every notebook on the local backend, then write the report.")
@data_option
@json_option
def command(data_dir: Path | None, as_json: bool) -> None:
    """Run it."""
    require_checkout("msp demo")
    from eval.demo import run_demo

    settings = Settings.from_env()
    configure_logging(settings.log_level)
    started = time.perf_counter()

    def progress(notebook: str, number: int, total: int) -> None:
        note(f"[{number}/{total}] {notebook} ({time.perf_counter() - started:.0f} s)")

    result = run_demo(settings, data_dir=data_dir, progress=progress)
    note(f"done in {time.perf_counter() - started:.0f} s\n")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write((result.folder / "report.md").read_text(encoding="utf-8"))
    if as_json:
        print_json(result.report)
        return
    show_report(result.report)
    for label, name in (
        ("Report", "report.html"),
        ("", "report.md"),
        ("", "report.json"),
        ("Notebooks", "notebooks"),
    ):
        click.echo(f"{label:<10}{result.folder / name}")
    click.echo(f"\nNext:\n{_next(data_dir)}")


def _next(data_dir: Path | None) -> str:
    """The next three commands; on a user's own data they name its state folder."""
    if data_dir is None:
        rows = (
            ("./dev app", "the chat page"),
            ("./dev lab", "the notebooks in JupyterLab"),
            ('.venv/bin/msp ask "How do I reset MFA?"', "one question (after `msp ingest`)"),
        )
    else:
        own = "MSP_STATE_DIR=.msp-own "
        rows = (
            (f"{own}.venv/bin/msp ingest --data {data_dir}", "load your data, into its own state"),
            (f"{own}./dev app", "the chat page on it"),
            (f'{own}.venv/bin/msp ask "..."', "one question in the terminal"),
        )
    width = max(len(command) for command, _ in rows)
    return "\n".join(f"  {command:<{width}}   {about}" for command, about in rows)
