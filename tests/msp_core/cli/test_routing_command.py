"""`msp models` and `msp routing`, as a person calls them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from msp_core.cli import msp
from msp_core.errors import MspError


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSP_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(msp, arguments, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run_json(*arguments: str) -> dict[str, object]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    value: dict[str, object] = json.loads(result.stdout)
    return value


def rows(value: object) -> Sequence[dict[str, object]]:
    assert isinstance(value, list)
    return value


def test_models_shows_unpriced_and_successors() -> None:
    models = {row["model"]: row for row in rows(run_json("models")["models"])}
    retired = models["amazon.titan-text-express-v1"]
    assert (retired["input"], retired["lifecycle"]) == (None, "retired")
    assert retired["successor"] == "us.amazon.nova-2-lite-v1:0"
    text = run("models").stdout
    assert "unpriced" in text
    assert "-> us.amazon.nova-2-lite-v1:0" in text
    assert "read 2026-" in text


def test_refresh_shows_the_difference_and_writes_an_own_price_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table.json"
    prices = {"input_cost_per_token": 5e-06, "output_cost_per_token": 2.5e-05}
    table.write_text(json.dumps({"us.anthropic.claude-sonnet-4-6": prices}))
    shown = run("models", "refresh", "--from", str(table))
    assert "3.3 -> 5" in shown.stdout
    assert not list(tmp_path.glob("*.toml")), "nothing is changed unasked"
    out = tmp_path / "own.toml"
    run("models", "refresh", "--from", str(table), "--out", str(out))
    monkeypatch.setenv("MSP_PRICES", str(out))
    models = {row["model"]: row for row in rows(run_json("models")["models"])}
    sonnet = models["us.anthropic.claude-sonnet-4-6"]
    assert sonnet["input"] == 5.0
    assert "table.json, sha256" in str(sonnet["source"])


def test_explain_says_why() -> None:
    told = run_json(
        "routing", "explain", "yes", "--after", "clean up", "--asked", "Shall I wipe them?"
    )
    assert (told["choice"], told["floor"]) == ("strong", "destructive")
    assert told["meant"] == "clean up\nShall I wipe them?"
    assert told["floor_words"] == "wipe them"
    text = run("routing", "explain", "Der Drucker hat keinen Toner", "--policy", "regex").stdout
    assert "language: German" in text
    assert "score: regex" in text


def test_explain_sees_the_ticket_and_names_the_words() -> None:
    said = ("routing", "explain", "and the second one, is it the same address")
    assert run_json(*said)["floor"] is None
    ticket = ("--category", "Security", "--priority", "Critical")
    told = run_json(*said, *ticket)
    assert (told["floor"], told["floor_words"]) == ("security", None)
    assert 0 < len(told["floor_terms"]) <= 5
    text = run(*said, *ticket).stdout
    assert "by the learned head" in text
    assert f"speaks most for it: {told['floor_terms'][0]!r}" in text


def test_a_router_learns_from_several_sets(tmp_path: Path) -> None:
    turns = Path("eval/training/turns/turns.jsonl").read_text().splitlines()
    sets = []
    for name, lines in (("ours", turns[:60]), ("theirs", turns[60:90])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "turns.jsonl").write_text("\n".join(lines))
        sets += ["--labels", str(tmp_path / name)]
    out = tmp_path / "router.json"
    learned = run_json("routing", "train", *sets, "--cv", "2", "--out", str(out))
    about = learned["trained_on"]
    assert isinstance(about, dict)
    assert (about["name"], about["n"], about["words_sha256"]) == ("ours+theirs", 90, "")
    words = ("--words", "eval/training/turns", "--out", str(tmp_path / "worded.json"))
    learned = run_json("routing", "train", *sets[:2], *words, "--cv", "2")
    about = learned["trained_on"]
    assert isinstance(about, dict)
    assert (about["n"], len(about["words_sha256"])) == (60, 64)


def test_a_threshold_is_chosen_in_one_way(tmp_path: Path) -> None:
    with pytest.raises(MspError, match="exactly one"):
        run("routing", "threshold", "--strong-rate", ".4", "--max-loss", ".1")
    with pytest.raises(MspError, match="exactly one"):
        run("routing", "threshold")
    outcomes = tmp_path / "mine.csv"
    rows_ = [f"{n},{'why ' * n}does it drop,0,1" for n in range(1, 9)]
    outcomes.write_text("\n".join(["id,query,weak_score,strong_score", *rows_]) + "\n")
    told = run_json("routing", "threshold", "--strong-rate", "0.5", "--dataset", str(outcomes))
    assert (told["n"], told["kind"]) == (8, "recorded")
    assert 0 < float(str(told["strong_rate"])) <= 0.5
    assert told["quality"] == told["strong_rate"], "only the strong model is right here"
    assert (told["weak_quality"], told["strong_quality"]) == (0, 1)
    assert (told["usd_per_1k"], told["quality_low"]) == (None, None)
    text = run("routing", "threshold", "--strong-rate", "0.5", "--dataset", str(outcomes)).stdout
    assert "always weak 0.000, always strong 1.000" in text
    assert "cost: not known on every turn" in text


def test_a_chosen_threshold_comes_with_its_cost(tmp_path: Path) -> None:
    outcomes = tmp_path / "mine.csv"
    lines = [f"{n},{'why ' * n}does it drop,0,1,0.001,0.004" for n in range(1, 13)]
    header = "id,query,weak_score,strong_score,weak_cost,strong_cost"
    outcomes.write_text("\n".join([header, *lines]) + "\n")
    chosen = ("--usd-per-1k", "2.5", "--policy", "word_count", "--dataset", str(outcomes))
    told = run_json("routing", "threshold", *chosen)
    assert (told["strong_rate"], told["usd_per_1k"]) == (0.5, pytest.approx(2.5))
    assert float(str(told["quality_low"])) < 0.5 < float(str(told["quality_high"]))
    text = run("routing", "threshold", *chosen).stdout
    assert "cost 2.5 USD for 1,000 turns; always weak 1, always strong 4" in text
    assert "quality 0.500 (95% interval 0." in text


def test_a_conversation_leaves_costs_and_a_log_to_replay(state: Path) -> None:
    assert run("ingest").exit_code == 0
    for text in ("What is the status of my tickets?", "we were hacked"):
        assert run("ask", text, "--customer", "keller", "--policy", "weak").exit_code == 0
    costs = rows(run_json("routing", "costs", "--by", "customer")["rows"])
    assert [row["key"] for row in costs] == ["keller"]
    assert float(str(costs[0]["cost_usd"])) > 0
    assert "simulated" in run("routing", "costs").stdout
    log = str(state / "decisions.jsonl")
    replays = rows(
        run_json("routing", "replay", "--log", log, "--threshold", "0", "--threshold", "1")[
            "replays"
        ]
    )
    assert [row["strong"] for row in replays] == [2, 1]
    assert [row["forced"] for row in replays] == [1, 1]
    assert [row["changed"] for row in replays] == [1, 0]
    assert "n = 2 decisions" in run("routing", "replay").stdout


def test_before_the_first_turn_there_is_nothing_to_replay_or_pay() -> None:
    with pytest.raises(MspError, match=r"No turn has been routed yet: .* Run `msp ask`"):
        run("routing", "replay")
    assert "No model call yet" in run("routing", "costs").stderr
    assert "No model call matches" in run("routing", "costs", "--session", "none").stderr
    with pytest.raises(MspError, match="Unknown customer 'nope'"):
        run("routing", "costs", "--customer", "nope")
    assert run("routing", "costs", "--customer", "keller").exit_code == 0


def test_files_that_are_not_there_come_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MspError, match="Name a file that `msp state backup FILE` wrote"):
        run("state", "restore", str(tmp_path / "none.zip"))
    monkeypatch.setenv("MSP_PRICES", str(tmp_path / "none.toml"))
    with pytest.raises(MspError, match="Check the path, in MSP_PRICES"):
        run("models")


def test_an_empty_message_is_not_explained() -> None:
    with pytest.raises(MspError, match="The message is empty"):
        run("routing", "explain", " ")


def test_a_budget_needs_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSP_DAILY_BUDGET_USD", "5")
    monkeypatch.setenv("BEDROCK_TITAN_MODEL", "eu.amazon.nova-2-lite-v1:0")
    with pytest.raises(MspError, match="MSP_PRICES"):
        run("routing", "explain", "hello")
