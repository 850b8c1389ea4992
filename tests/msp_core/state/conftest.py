"""A filled state folder and a backup of it."""

from pathlib import Path

import pytest

from msp_core.state.backup import back_up
from tests.msp_core.state.folders import NOW, filled


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return filled(tmp_path / "state", "old")


@pytest.fixture
def archive(state: Path, tmp_path: Path) -> Path:
    """A backup of `state`; after it, everything in `state` says "new" as well."""
    made = back_up(state, tmp_path / "state.zip", at=NOW).path
    filled(state, "new")
    return made
