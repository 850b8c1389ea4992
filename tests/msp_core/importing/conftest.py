"""What the tests of this folder share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from msp_core.importing.importer import ImportResult, run_import
from msp_core.importing.mapping import read_mapping
from tests.fakes.import_folders import CSV_HEADER

EXPORTS = Path(__file__).parents[2] / "fixtures" / "exports"


@pytest.fixture
def exports() -> Path:
    return EXPORTS


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., ImportResult]:
    """Imports sources into `tmp_path / "data"`."""

    def run(
        format_name: str,
        *sources: Path,
        mapping: Path | None = None,
        mask_pii: bool = False,
        out: str = "data",
    ) -> ImportResult:
        return run_import(
            list(sources),
            tmp_path / out,
            format_name=format_name,
            mapping=read_mapping(mapping),
            mask_pii=mask_pii,
        )

    return run


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """A CSV file with the known header, of lines or bytes."""

    def write(*lines: str, name: str = "tickets.csv", header: str = CSV_HEADER) -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8", newline="")
        return path

    return write
