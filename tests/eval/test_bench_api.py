import random
from contextlib import nullcontext
from pathlib import Path

import pytest

from eval import bench_api as bench
from eval.api_load import Calls, Measured, clients, new_ticket, server_environ
from eval.provenance import RunContext
from msp_core.cli.bench_api import _make_caller
from msp_core.errors import DependencyFailed
from msp_core.scope import Role, Scope

NAMES = {
    "handler_vs_moto",
    "server_vs_handler",
    "read_p99_vs_p50",
    "page_100k_vs_1k",
    "cold_import_vs_source",
}


@pytest.mark.parametrize("status", [200, 201, 302, 401, 403, 404, 409, 412, 422, 500, 503])
def test_what_is_refused_is_no_throughput(status: int) -> None:
    measured = Measured()
    measured.make(new_ticket(1), lambda call: (status, "told why"))
    if status in {200, 201, 409, 412}:
        measured.require_success()
    else:
        with pytest.raises(DependencyFailed, match=f"1 of 1 calls.*POST with {status}: told why"):
            measured.require_success()


def test_clients_that_are_refused_or_cut_off_give_no_figures() -> None:
    draws = [Calls(random.Random(number), ["TKT-20260101-00000000"]) for number in range(2)]

    def cut_off(_: object) -> tuple[int, str]:
        raise ConnectionResetError

    with pytest.raises(DependencyFailed, match="40 of 40"):
        clients(lambda: nullcontext(lambda call: (401, "")), 2, draws, seconds=0)
    with pytest.raises(ConnectionResetError):
        clients(lambda: nullcontext(cut_off), 2, draws, seconds=0)


def test_the_server_is_measured_as_shipped() -> None:
    here = {"PATH": "/bin", "MSP_NOW": "2026-01-01T00:00:00Z", "MSP_BACKEND": "aws"}
    environ = server_environ(here, Path("state"))
    assert environ == {"PATH": "/bin", "MSP_STATE_DIR": "state", "LOG_LEVEL": "ERROR"}


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
    assert all(value > 0 for name, value in figures.items() if name in NAMES)
