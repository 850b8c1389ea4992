"""`msp eval retrieval` and `retrieval-sweep`, as a person calls them, on a folder of others."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eval.result import read_result
from msp_core.cli import msp
from msp_core.errors import UsageError


@pytest.fixture(autouse=True)
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A BEIR folder as others publish them: any ids, no customer, one split."""
    monkeypatch.setenv("MSP_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    corpus = {"31": "The printer queue is stuck.", "7 b": "The VPN tunnel drops every hour."}
    rows = [{"_id": id_, "title": "", "text": text, "metadata": {}} for id_, text in corpus.items()]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    query = {"_id": "q1", "text": "tunnel drops", "metadata": {}}
    (folder / "queries.jsonl").write_text(json.dumps(query) + "\n")
    (folder / "qrels" / "validation.tsv").write_text("query-id\tcorpus-id\tscore\nq1\t7 b\t1\n")
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(msp, ("eval", *arguments), catch_exceptions=False)


def test_a_blown_up_folder_of_others_is_measured(judged: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("retrieval", "--dataset", str(judged), "--chunks", "12", "--out", str(out))
    assert done.exit_code == 0
    assert "usd_per_1k" in done.stdout
    heading, *blocks = done.stdout.split("\n\n")
    assert heading.split() == [
        "system",
        "figure",
        "value",
        "95%",
        "interval",
        "n",
        "failed",
        "kind",
    ]
    assert [len({line.split()[0] for line in block.splitlines()}) for block in blocks] == [1] * 6
    assert "-0.0000" not in done.stdout
    assert "latency_p95_ms" in done.stdout
    result = read_result(out).result
    assert result.dataset.name == "beir, blown up to 12 chunks"
    assert {path.stem for path in (out / "runs").iterdir()} == {
        "bm25", "dense", "fused", "hot", "cold", "two_tiers",
    }  # fmt: skip
    assert "q1 Q0 7%20b " in (out / "runs" / "bm25.trec").read_text()


def test_a_hot_tier_that_nothing_fits_into_is_said(judged: Path) -> None:
    done = run("retrieval", "--dataset", str(judged))
    assert "note: hot found nothing for any query: no document fits into 10%" in done.stderr
    assert (
        "found nothing" not in run("retrieval", "--dataset", str(judged), "--hot-share", "1").stderr
    )


def test_a_sweep_says_what_is_best(judged: Path) -> None:
    options = ("--weight", "1", "--chunk-size", "130", "--k", "1")
    done = run("retrieval-sweep", "--dataset", str(judged), *options, "--json")
    assert done.exit_code == 0
    assert "note: No setting is better than the present one" in done.stderr
    result = json.loads(done.stdout)
    assert {row["system"] for row in result["metrics"]} == {
        "words=0.5,chunk=130", "words=1,chunk=130",
    }  # fmt: skip
    names = {row["name"] for row in result["metrics"]}
    assert names == {"ndcg@10", "ndcg@10_vs_present", "recall@1", "words@1"}


def test_a_sweep_on_test_is_refused(judged: Path) -> None:
    (judged / "qrels" / "validation.tsv").rename(judged / "qrels" / "test.tsv")
    with pytest.raises(UsageError, match="Name another one with --split"):
        run("retrieval-sweep", "--dataset", str(judged))
