"""What ships passes its own check, and data/README.md shows the counts of today."""

from pathlib import Path

import pytest

from msp_core.bootstrap import build_services
from msp_core.clock import system_clock
from msp_core.data_check.findings import Outcome
from msp_core.data_check.run import check_data
from msp_core.data_check.tables import BEGIN, END, as_markdown

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    data = ROOT / "data"

    def folders(name: str) -> list[Path]:
        return sorted(path for path in (ROOT / "eval" / name).iterdir() if path.is_dir())

    return check_data(
        data,
        folders("datasets"),
        training=folders("training"),
        profile_name="shipped",
        embedder=build_services(data_dir=data).embedder,
        clock=system_clock,
    )


def test_it_has_no_problem(outcome):
    assert [str(problem) for check in outcome.checks for problem in check.problems] == []


def test_the_readme_shows_the_counts(outcome):
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    shown = text[text.index(BEGIN) : text.index(END)] + END + "\n"
    assert shown == as_markdown(outcome), "run `msp data check --markdown` and paste its output"
