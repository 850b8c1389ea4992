import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from eval.provenance import Provenance
from eval.result import (
    SCHEMA,
    DatasetInfo,
    Item,
    Metric,
    Result,
    count_status,
    read_result,
    write_result,
)
from msp_core.errors import ConfigurationError, CorruptData

PROVENANCE = Provenance(
    commit=None,
    dirty=None,
    version="0",
    python="3.11",
    packages={"numpy": "2"},
    settings={},
    models={"embedder": "m"},
    prompt_sha256=None,
    price_date=None,
    seed=1,
    started_at="2026-11-23T09:00:00Z",
    duration_s=0.5,
)
METRIC = Metric("ndcg@10", "fused", "all", 0.5, 0.4, 0.6, "ratio", True, 2, 1, 0, "live")
RESULT = Result("retrieval", DatasetInfo("mini", "dev", "ab", 2), PROVENANCE, (METRIC,))
ITEMS = [
    Item("q1", "fused", "medora", "ok", {"ndcg@10": 1.0}, {"type": "x"}, {"found": ["a"]}, "é"),
    Item("q2", "fused", "medora", "failed", {"ndcg@10": 0.0}, error="it broke"),
]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_result(tmp_path / "out", RESULT, ITEMS, files={"runs/fused.trec": "q1 Q0 a 1 1 fused\n"})
    run = read_result(tmp_path / "out")
    assert (run.result, list(run.items)) == (RESULT, ITEMS)
    assert run.result.find("ndcg@10", "fused") == METRIC
    assert (tmp_path / "out/runs/fused.trec").read_text() == "q1 Q0 a 1 1 fused\n"


def test_the_file_has_the_agreed_keys(tmp_path: Path) -> None:
    write_result(tmp_path, RESULT, ITEMS)
    head = json.loads((tmp_path / "result.json").read_text())
    assert set(head) == {"schema", "suite", "dataset", "provenance", "metrics", "notes"}
    assert head["schema"] == SCHEMA
    item = json.loads((tmp_path / "items.jsonl").read_text().splitlines()[0])
    assert set(item) == {
        *("id", "system", "group", "slices", "status", "scores", "raw", "output", "cost_usd"),
        *("latency_ms", "error"),
    }


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        replace(METRIC, value=value)
    with pytest.raises(ValueError, match="finite"):
        replace(ITEMS[0], scores={"ndcg@10": value})


def test_a_failed_item_has_no_latency_and_says_why() -> None:
    with pytest.raises(ValueError, match="latency"):
        replace(ITEMS[1], latency_ms=3.0)
    with pytest.raises(ValueError, match="failed"):
        replace(ITEMS[1], error=None)


def test_failed_items_count_as_scored() -> None:
    refused = replace(ITEMS[1], status="refused")
    assert count_status([*ITEMS, refused]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("result.json", '{"schema": "msp.result/2"}', "msp.result/2"),
        ("result.json", "[]", "None"),
        ("result.json", '{"schema": "msp.result/1"}', "suite"),
        ("result.json", "{", "result.json cannot be used"),
        ("items.jsonl", '{"id": "q1"}\n', "line 1"),
        (
            "items.jsonl",
            '{"id":"a","system":"s","group":"g","status":"ok","scores":{"x":NaN}}\n',
            "finite",
        ),
    ],
)
def test_a_damaged_result_is_refused(tmp_path: Path, name: str, content: str, reason: str) -> None:
    write_result(tmp_path, RESULT, ITEMS)
    (tmp_path / name).write_text(content)
    with pytest.raises(CorruptData, match=reason):
        read_result(tmp_path)


def test_an_empty_folder_says_how_to_make_a_result(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="msp eval"):
        read_result(tmp_path)


def test_a_write_cut_short_leaves_no_result(tmp_path: Path) -> None:
    write_result(tmp_path, RESULT, ITEMS)

    def cut() -> object:
        yield ITEMS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_result(tmp_path, RESULT, cut())  # type: ignore[arg-type]
    assert not (tmp_path / "result.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["items.jsonl"]
    assert len((tmp_path / "items.jsonl").read_text().splitlines()) == 2


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_result(tmp_path / "file" / "out", RESULT, ITEMS)
