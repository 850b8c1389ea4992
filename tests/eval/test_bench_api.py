from pathlib import Path

import pytest

from eval import bench_api as bench
from eval.provenance import RunContext
from msp_core.cli.bench_api import _make_caller
from msp_core.scope import Role, Scope

NAMES = {
    "handler_vs_moto",
    "server_vs_handler",
    "read_p99_vs_p50",
    "page_100k_vs_1k",
    "cold_import_vs_source",
}


@pytest.mark.long
def test_a_small_run_gives_every_named_figure(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"SEEDED": 3, "MOTO_CALLS": 40, "ROUNDS": 1, "ROUND_S": 0.5, "PAGES": 3}
    for name, value in (small | {"SMALL": 30, "LARGE": 60, "IMPORTS": 1}).items():
        monkeypatch.setattr(bench, name, value)
    notes: list[str] = []
    run = bench.bench_api(
        root / "data",
        Scope("bench", Role.TECHNICIAN, frozenset({"keller"})),
        _make_caller,
        context=RunContext(),
        note=notes.append,
    )
    figures = {metric.name: metric.value for metric in run.result.metrics}
    assert set(figures) >= NAMES
    assert figures["server_errors"] == 0
    assert all(value > 0 for name, value in figures.items() if name in NAMES)
