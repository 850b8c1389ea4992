import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eval.routing_set import Prices, join_sets, read_routing_set
from msp_core.errors import InvalidInput, UsageError

Writer = Callable[..., Path]
CSV = (
    "id,query,weak_score,strong_score,weak_cost,strong_cost,category\n"
    '1,"how do I\n\nprint?",0.5,1,0.001,0.01,print\n'
    "2,hello,1,1,0.001,0.01,\n"
)


def test_labels_become_outcomes(routing_folder: Writer, prices: Prices) -> None:
    data = read_routing_set(routing_folder(), prices=prices)
    assert (data.name, data.split, data.kind, data.priced) == ("labels", "dev", "simulated", True)
    weak, strong = data.turns[0], data.turns[1]
    assert (weak.weak_score, weak.strong_score) == (1, 1)
    assert (strong.weak_score, strong.strong_score) == (0, 1)
    assert weak.weak_cost_usd == pytest.approx((1100 * 1 + 200 * 2) / 1e6)
    assert weak.strong_cost_usd == pytest.approx((1100 * 10 + 200 * 20) / 1e6)
    assert weak.request.prefix_tokens == 1000
    assert weak.slices == {"category": "Network", "customer": "northwind", "priority": "High"}


def test_floor_turns_are_never_on_the_curve(routing_folder: Writer, prices: Prices) -> None:
    data = read_routing_set(routing_folder(), prices=prices)
    assert [turn.turn_id for turn in data.turns] == ["t1", "t2", "t3", "t4", "t5", "t6"]
    assert [turn.turn_id for turn in data.floor_turns] == ["t6", "t7", "t8"]


def test_without_a_price_there_is_no_cost(routing_folder: Writer, prices: Prices) -> None:
    data = read_routing_set(routing_folder(), prices=replace(prices, weak=None))
    assert not data.priced


def test_an_outcome_file(tmp_path: Path, prices: Prices) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(CSV)
    data = read_routing_set(path, prices=prices)
    assert (data.name, data.split, data.kind, data.priced) == ("mine", "all", "recorded", True)
    assert data.turns[0].request.text == "how do I\n\nprint?"
    assert data.turns[0].slices == {"category": "print"}
    assert data.turns[1].group == "turn 2"


def test_outcomes_packed_or_as_json_are_the_same(tmp_path: Path, prices: Prices) -> None:
    (tmp_path / "outcomes.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    packed = read_routing_set(tmp_path, prices=prices)
    row = {"id": "1", "query": "how do I\n\nprint?", "weak_score": 0.5, "strong_score": 1}
    row |= {"weak_cost": 0.001, "strong_cost": 0.01, "category": "print"}
    other = {**row, "id": "2", "query": "hello", "weak_score": 1, "category": None}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(other) + "\n")
    assert read_routing_set(path, prices=prices).turns == packed.turns


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CSV + "2,again,1,1,0,0,\n", r"mine\.csv:6: id: '2' stands here for the second time"),
        (CSV + "3,x,1.5,1,0,0,\n", r"mine\.csv:6: weak_score"),
        (CSV + "3,x,nan,1,0,0,\n", r"mine\.csv:6: weak_score"),
        (CSV + "3,x,1,1,,0,\n", r"mine\.csv:6: weak_cost: it must be there in every row"),
        ("id,query,weak_score\n1,x,1\n", r"mine\.csv:1: the header lacks strong_score"),
        ("", "the header lacks"),
        ("id,query,weak_score,strong_score\n", "it holds no row"),
    ],
)
def test_each_problem_is_named(tmp_path: Path, prices: Prices, text: str, problem: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=problem):
        read_routing_set(path, prices=prices)


def test_a_bad_label_is_named(routing_folder: Writer, prices: Prices) -> None:
    folder = routing_folder([{"id": "t1", "split": "dev"}])
    with pytest.raises(InvalidInput, match=r"turns\.jsonl:1: required_model"):
        read_routing_set(folder, prices=prices)


def test_a_folder_of_another_kind(tmp_path: Path, prices: Prices) -> None:
    with pytest.raises(UsageError, match=r"turns\.jsonl"):
        read_routing_set(tmp_path, prices=prices)


def test_sets_are_joined_and_no_turn_counts_twice(
    routing_folder: Writer, prices: Prices, tmp_path: Path
) -> None:
    one = read_routing_set(routing_folder(), prices=prices)
    (tmp_path / "mine.csv").write_text(CSV)
    other = read_routing_set(tmp_path / "mine.csv", prices=prices)
    both = join_sets([one, other])
    assert (both.name, both.split, both.kind) == ("labels+mine", "dev+all", "simulated")
    assert both.turns == (*one.turns, *other.turns)
    assert len({both.sha256, one.sha256, other.sha256}) == 3
    assert join_sets([one]) is one
    with pytest.raises(InvalidInput, match="'t1' stands in labels and in labels"):
        join_sets([one, one])
