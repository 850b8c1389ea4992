"""What the numbered notebooks share: their services, and where their figures go."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from msp_core.bootstrap import Services, build_services
from msp_core.checkout import require_checkout
from msp_core.settings import Settings


def notebook_services(data_dir: str, state_dir: str) -> Services:
    """The services of a notebook, apart from the user's own state.

    Args:
        data_dir: a folder in the layout of `data/`; empty for the shipped one.
        state_dir: a folder for index and tickets; empty for `notebooks` below the state folder.
    """
    settings = Settings.from_env()
    state = Path(state_dir) if state_dir else settings.state_dir / "notebooks"
    return build_services(
        replace(settings, state_dir=state), data_dir=Path(data_dir) if data_dir else None
    )


def output_folder(path: str) -> Path:
    """The folder for results; empty for `reports/notebooks` in the checkout."""
    return Path(path) if path else require_checkout("a notebook") / "reports" / "notebooks"


def write_figures(path: str, notebook: str, figures: Mapping[str, float]) -> Path:
    """Write a notebook's figures as JSON.

    Args:
        path: the file; empty for `reports/notebooks/<notebook>.json`.
        notebook: its number.
        figures: name to value.
    """
    target = Path(path) if path else output_folder("") / f"{notebook}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        json.dumps({"notebook": notebook, **figures}, indent=2) + "\n", encoding="utf-8"
    )
    return target
