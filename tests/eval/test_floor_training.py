"""The shipped floor head, what it is fitted on, and what it reaches on what was kept back."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from eval.floor_check import check_all, check_found
from eval.floor_training import (
    EXAMPLES,
    FORCED,
    Case,
    FloorData,
    fit_floor_head,
    out_of_fold,
    read_floor_data,
)
from msp_core.routing.catalog import load_catalog
from msp_core.routing.floor_head import encode_head, shipped_head
from msp_core.routing.floor_patterns import FLOORS
from msp_core.routing.request import RouteRequest


@pytest.fixture(scope="module")
def data() -> FloorData:
    return read_floor_data(load_catalog())


def test_the_examples_are_many_and_all_different() -> None:
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    assert len({row["text"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)
    assert sum(row["floor"] is not None for row in rows) >= 400
    assert sum(row["floor"] is None for row in rows) >= 400
    assert {row["floor"] for row in rows} == {*FLOORS, None}
    assert 0.28 < sum(row["split"] == "check" for row in rows) / len(rows) < 0.4


def test_the_shipped_head_is_what_its_data_give(data: FloorData) -> None:
    shipped = files("msp_core.routing") / "floor_head.json"
    assert encode_head(fit_floor_head(data)) == shipped.read_bytes()


def test_what_the_head_finds(data: FloorData) -> None:
    checks = check_all(data, shipped_head())
    assert checks["message, head"].recall.value >= 0.8
    assert checks["message, head"].forced.value <= 0.1
    turns = checks["turn, head"]
    assert turns.recall.value >= 0.55
    assert (turns.n_floor, turns.n_ordinary) == (62, 469)
    assert FORCED - 0.005 < turns.forced.value <= FORCED


def test_the_turns_scored_are_not_among_those_fitted_on(data: FloorData) -> None:
    """With their labels turned round, a fit that saw them would say so."""
    one = data.train[0].customer
    turned = [
        replace(case, floor=None if case.floor else "outage") if case.customer == one else case
        for case in data.train
    ]
    own = [row for row, case in enumerate(data.judged) if case.customer == one]
    before = out_of_fold(data)
    after = out_of_fold(replace(data, train=turned))
    assert (before[own] == after[own]).all()
    assert (before != after).any()


def test_the_figures_of_what_was_found() -> None:
    floors = [*FLOORS, None, None]
    cases = [Case(RouteRequest("x"), floor, "c", str(row)) for row, floor in enumerate(floors)]
    check = check_found(cases, [True, True, False, True, False, True])
    assert (check.recall.value, check.forced.value) == (0.75, 0.5)
    assert (check.n_floor, check.n_ordinary) == (4, 2)
    assert check.by_floor[FLOORS[2]] == 0
