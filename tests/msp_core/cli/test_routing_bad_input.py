"""Every bad input of a routing command ends in one clear error, or is counted and said."""

import gzip
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from msp_core.cli import main

HEADER = "id,query,weak_score,strong_score,router_score"
GOOD = [f"{row},show ticket {row},{row % 2},1,{row}" for row in range(60)]
SHIPPED = files("msp_core.routing") / "default_router.json"


@dataclass(frozen=True)
class Done:
    code: object
    out: str
    err: str


Msp = Callable[..., Done]


@pytest.fixture
def msp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Msp:
    """`msp ARGUMENTS`, exit code and all; no command may leave a file behind."""
    monkeypatch.setenv("MSP_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["msp", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return Done(end.value.code or 0, *capsys.readouterr())

    return run


def written(path: Path, rows: Sequence[str], *, header: str = HEADER) -> str:
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


READERS = {
    "eval": ("eval", "routing", "--outcomes"),
    "train": ("routing", "train", "--out", "made", "--outcomes"),
    "threshold": ("routing", "threshold", "--strong-rate", ".5", "--policy", "regex", "--dataset"),
    "bench": ("bench", "routing", "--dataset"),
}
BAD_ROWS = {
    "a missing score": ("60,q,,1,1", "weak_score"),
    "a score of words": ("60,q,good,1,1", "weak_score"),
    "NaN": ("60,q,1,nan,1", "strong_score"),
    "infinite": ("60,q,1,inf,1", "strong_score"),
    "above 1": ("60,q,1.01,1,1", "weak_score"),
    "below 0": ("60,q,1,-0.01,1", "strong_score"),
    "a NaN of the router": ("60,q,1,1,nan", "router_score"),
    "no query": ("60,,1,1,1", "query"),
    "an id again": ("59,q,1,1,1", "id: '59' stands here for the second time"),
    "a column that others have": ("60,q,1,1,", "router_score: it must be there in every row"),
    "too many cells": ("60,q,1,1,1,1", "it has 6 cells, and the header has 5"),
    "too few cells": ("60,q,1", "it has 3 cells, and the header has 5"),
}


@pytest.mark.parametrize("command", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_refused_by_line(
    msp: Msp, tmp_path: Path, command: Sequence[str], row: str, reason: str
) -> None:
    done = msp(*command, written(tmp_path / "mine.csv", [*GOOD, row]))
    assert (done.code, done.out) == (1, "")
    assert f"mine.csv:62: {reason}" in done.err
    assert "Mend these places" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.csv"]


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "no column": ("x.csv", b"id,query,weak_score\n1,q,1\n", "the header lacks strong_score"),
    "a column twice": ("x.csv", f"{HEADER},id\n".encode(), "the header has id more than once"),
    "no rows": ("x.csv", f"{HEADER}\n".encode(), "it holds no row"),
    "empty": ("x.csv", b"", "the header lacks"),
    "not UTF-8": ("x.csv", f"{HEADER}\n1,\xe9,1,1,1\n".encode("latin-1"), "it is not UTF-8"),
    "no JSON": ("x.jsonl", b"{\n", "it is not JSON"),
    "no object": ("x.jsonl", b"[1]\n", "it is no JSON object"),
    "nested too deeply": ("x.jsonl", b"[" * 100_000 + b"\n", "it is not JSON"),
    "a cut archive": ("x.csv.gz", gzip.compress(f"{HEADER}\n".encode())[:-9], "cannot be read"),
    "a damaged archive": ("x.csv.gz", gzip.compress(b"id\n")[:10] + b"\xff" * 20, "cannot be read"),
    "no archive": ("x.csv.gz", b"id,query", "cannot be read"),
}


@pytest.mark.parametrize(("name", "content", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused(
    msp: Msp, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = msp(*READERS["eval"], str(tmp_path / name))
    assert done.code in (1, 3)
    assert done.out == ""
    assert reason in done.err
    assert "Traceback" not in done.err


UNLEARNABLE = {
    "3 rows": (GOOD[:3], "3 rows are too few to learn a router from"),
    "the weak model is never right": (
        [f"{row},q,0,1,1" for row in range(60)],
        "one class only",
    ),
    "both are always right": ([f"{row},q,1,1,1" for row in range(60)], "one class only"),
    "weak better": (
        [f"{row},q,{int(row > 9)},{int(row < 10)},1" for row in range(60)],
        "The weak model is better than the strong one",
    ),
}


@pytest.mark.parametrize(("rows", "reason"), UNLEARNABLE.values(), ids=UNLEARNABLE)
def test_what_teaches_nothing_is_refused(
    msp: Msp, tmp_path: Path, rows: list[str], reason: str
) -> None:
    done = msp(*READERS["train"], written(tmp_path / "mine.csv", rows))
    assert done.code == 1
    assert reason in done.err
    assert not (tmp_path / "made").exists()


UNDEFINED = {
    "3 rows": (GOOD[:3], "3 turns are too few for an interval"),
    "weak better": (["1,q,1,0,1", "2,r,1,1,2"], "The strong model is not better than the weak one"),
    "both are always right": (["1,q,1,1,1", "2,r,1,1,2"], "by +0.0 points"),
}


@pytest.mark.parametrize(("rows", "said"), UNDEFINED.values(), ids=UNDEFINED)
def test_what_is_undefined_is_left_out_and_said(
    msp: Msp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[str], said: str
) -> None:
    monkeypatch.setenv("MSP_ROUTING_POLICY", "regex")
    done = msp(*READERS["eval"], written(tmp_path / "mine.csv", rows), "--json")
    assert done.code == 0
    result = json.loads(done.out)
    assert any(said in note for note in result["notes"])
    assert f"note: {result['notes'][0]}" in done.err
    assert all(metric["low"] is None for metric in result["metrics"])
    names = {metric["name"] for metric in result["metrics"]}
    assert ("apgr" in names) == (said == UNDEFINED["3 rows"][1])
    assert {metric["n_scored"] for metric in result["metrics"]} == {len(rows)}


MODELS = {
    "retired, to price": (("--weak-model", "amazon.titan-text-express-v1"), {}, 3, "nova-2-lite"),
    "unknown, to price": (("--strong-model", "us.anthropic.claud"), {}, 2, "not in the catalogue"),
    "retired, to use": (
        (),
        {"BEDROCK_CLAUDE_MODEL": "anthropic.claude-3-sonnet-20240229-v1:0"},
        3,
        "claude-sonnet-4-6",
    ),
    "retired, behind a server": (
        (),
        {
            "MSP_MODEL_PROVIDER": "openai",
            "MSP_MODEL_URL": "http://127.0.0.1:9",
            "MSP_WEAK_MODEL": "amazon.titan-text-express-v1",
            "MSP_STRONG_MODEL": "large",
        },
        3,
        "nova-2-lite",
    ),
}


@pytest.mark.parametrize(("options", "set_", "code", "reason"), MODELS.values(), ids=MODELS)
def test_a_model_that_cannot_be_used(
    msp: Msp,
    monkeypatch: pytest.MonkeyPatch,
    options: Sequence[str],
    set_: dict[str, str],
    code: int,
    reason: str,
) -> None:
    for name, value in set_.items():
        monkeypatch.setenv(name, value)
    done = msp("eval", "routing", *options)
    assert (done.code, done.out) == (code, "")
    assert reason in done.err


def edited(**fields: object) -> bytes:
    """The shipped model file with other values, stating the right hash."""
    head = json.loads(SHIPPED.read_bytes())
    head["body"].update(fields)
    text = json.dumps(head["body"], sort_keys=True, separators=(",", ":"))
    return json.dumps(head | {"sha256": hashlib.sha256(text.encode()).hexdigest()}).encode()


MODEL_FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "another version": (
        lambda: SHIPPED.read_bytes().replace(b"msp.router/2", b"msp.router/0"),
        "has the format 'msp.router/0'",
    ),
    "another hash": (
        lambda: SHIPPED.read_bytes().replace(b'"dimension":', b'"dimension":1'),
        "does not have the SHA-256",
    ),
    "other text features": (lambda: edited(features_id="old"), "features of another version"),
    "another embedder": (lambda: edited(embedder_id="other"), "trained with the embedder 'other'"),
    "cut": (lambda: SHIPPED.read_bytes()[:5_000], "it is not JSON"),
    "a pickle": (lambda: b"\x80\x04K\x01.", "it is not JSON"),
    "nested too deeply": (lambda: b"[" * 100_000, "it is not JSON"),
}


@pytest.mark.parametrize(("make", "reason"), MODEL_FILES.values(), ids=MODEL_FILES)
@pytest.mark.parametrize("command", [("eval", "routing"), ("bench", "routing")], ids=" ".join)
def test_a_model_file_that_cannot_be_used(
    msp: Msp, tmp_path: Path, command: Sequence[str], make: Callable[[], bytes], reason: str
) -> None:
    path = tmp_path / "router.json"
    path.write_bytes(make())
    done = msp(*command, "--model", str(path))
    assert (done.code, done.out) == (3, "")
    assert reason in done.err


def test_a_set_of_other_turns_is_not_mixed_in(msp: Msp, tmp_path: Path) -> None:
    path = written(tmp_path / "mine.csv", GOOD)
    done = msp(*READERS["eval"], path, "--train", path)
    assert done.code == 2
    assert "the very turns that are evaluated" in done.err
    assert msp(*READERS["eval"], path, "--dataset", "routing").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("routing", "replay", "--threshold", "nan"),
        ("routing", "replay", "--threshold", "1.1"),
        ("routing", "threshold", "--strong-rate", "nan"),
        ("routing", "threshold", "--max-loss", "nan"),
        ("routing", "threshold", "--usd-per-1k", "nan"),
        ("routing", "threshold", "--max-loss", ".1", "--delta", "nan"),
        ("eval", "routing", "--profile", "turns=1000000"),
        ("eval", "routing", "--cv", "1"),
    ],
    ids=" ".join,
)
def test_a_number_that_means_nothing(msp: Msp, arguments: Sequence[str]) -> None:
    done = msp(*arguments)
    assert (done.code, done.out) == (2, "")
    assert arguments[-2] in done.err or "too many" in done.err


LOGS = {
    "nothing": ("", "holds no routing decision"),
    "another format": ('{"schema": "msp.decision/0"}\n', "holds no routing decision"),
    "nested too deeply": ("[" * 100_000 + "\n", "holds no routing decision"),
}


@pytest.mark.parametrize(("content", "reason"), LOGS.values(), ids=LOGS)
def test_a_log_without_decisions(msp: Msp, tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(content)
    done = msp("routing", "replay", "--log", str(path))
    assert (done.code, done.out) == (3, "")
    assert reason in done.err


TABLES = {
    "no JSON": ("{", "not readable as JSON"),
    "nested too deeply": ("[" * 100_000, "not readable as JSON"),
    "a price of nothing": (
        '{"us.anthropic.claude-sonnet-4-6": {"input_cost_per_token": 0}}',
        "input_cost_per_token",
    ),
    "none of ours": ('{"other": {"input_cost_per_token": 1}}', "no price of any model"),
}


@pytest.mark.parametrize(("content", "reason"), TABLES.values(), ids=TABLES)
def test_a_price_table_that_cannot_be_used(
    msp: Msp, tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "table.json"
    path.write_text(content)
    out = tmp_path / "own.toml"
    done = msp("models", "refresh", "--from", str(path), "--out", str(out))
    assert (done.code, done.out) == (3, "")
    assert reason in done.err
    assert not out.exists()
