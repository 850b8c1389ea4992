"""The figures in the shipped datasheets are those of the files."""

from pathlib import Path

import pytest

from eval.agreement import read_agreement
from eval.dataset import DATASETS
from eval.datasheets.counts import count_set
from eval.datasheets.hardness import TITLE
from eval.datasheets.sheet import END, block
from eval.datasheets.sheets import overview_of, sets_in, tickets_by_id

STALE = "run `msp data sheets --write`"


@pytest.mark.parametrize("folder", sets_in(DATASETS), ids=lambda folder: folder.name)
def test_a_datasheet_shows_the_counts_of_its_files(folder: Path, root: Path) -> None:
    counts = count_set(folder, tickets_by_id(root / "data"))
    # Hardness takes minutes to compute: only its place is looked at.
    expected = block(counts, read_agreement(folder), None).removesuffix(f"{END}\n")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert expected in text, STALE
    if counts.kind in {"routing", "retrieval", "triage"}:
        assert text.index(f"### {TITLE}") < text.index(END), STALE


def test_the_overview_shows_every_set(root: Path) -> None:
    expected = overview_of(sets_in(DATASETS), tickets_by_id(root / "data"))
    assert (DATASETS / "README.md").read_text(encoding="utf-8") == expected, STALE
