"""Bringing a data folder into the stores."""

import json
import shutil
from pathlib import Path

import pytest

from msp_core.bootstrap import build_services
from msp_core.checkout import require_checkout
from msp_core.errors import UsageError
from msp_core.loading import check_same_desk, load_tickets
from msp_core.settings import Settings

DATA = require_checkout("tests") / "data"


def folder(path: Path, *customers: str) -> Path:
    """A data folder with these customers of the shipped ones, renamed to `x-<id>`."""
    (path / "kb").mkdir(parents=True)
    shutil.copy(DATA / "teams.json", path)
    rows = json.loads((DATA / "customers.json").read_text(encoding="utf-8"))[: len(customers)]
    for row, name in zip(rows, customers, strict=True):
        row["customer_id"] = name
    (path / "customers.json").write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_another_desk_does_not_take_the_place_unasked(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "state")
    first = build_services(settings, data_dir=folder(tmp_path / "one", "aspen", "birch"))
    check_same_desk(first)  # nothing is there yet
    load_tickets(first)
    check_same_desk(first)
    grown = build_services(settings, data_dir=folder(tmp_path / "two", "birch", "cedar"))
    check_same_desk(grown)
    other = build_services(settings, data_dir=folder(tmp_path / "three", "oak"))
    with pytest.raises(UsageError, match="customers aspen, birch; this data has oak") as refused:
        check_same_desk(other)
    assert "MSP_STATE_DIR" in str(refused.value)
    assert "--replace" in str(refused.value)
