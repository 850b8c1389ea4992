"""A notebook as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat


def run_papermill(
    root: Path,
    notebook: str,
    folder: Path,
    cwd: Path,
    *,
    settings: Mapping[str, str] | None = None,
    **parameters: str,
) -> Path:
    """`papermill NOTEBOOK OUT -p NAME VALUE ...`, typed in the folder `cwd`."""
    source = os.path.relpath(root / "notebooks" / f"{notebook}.ipynb", cwd)
    out = folder / f"{notebook}.ipynb"
    options = [word for name, value in parameters.items() for word in ("-p", name, value)]
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", source, str(out), *options],
        cwd=cwd,
        env={**os.environ, "MSP_STATE_DIR": str(folder / "state"), **(settings or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def errors(executed: Path) -> list[str]:
    """Outputs of kind error, and warnings on stderr that a reader would see."""
    notebook = nbformat.read(executed, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [
        str(output.get("text", output.get("evalue")))
        for output in outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
