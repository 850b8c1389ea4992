import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from msp_core.cli.data_command import command
from msp_core.errors import MspError

EXPORTS = Path(__file__).parents[2] / "fixtures" / "exports"


def run(*arguments: object):
    return CliRunner().invoke(command, [str(item) for item in arguments])


@pytest.fixture
def imported(tmp_path):
    folder = EXPORTS / "freshdesk"
    out = tmp_path / "mine"
    mapping = folder / "mapping.toml"
    return out, run("import", folder, "--format", "freshdesk", "--out", out, "--mapping", mapping)


def test_import_says_what_it_did_and_what_it_left_out(imported):
    out, result = imported
    assert result.exit_code == 0
    assert f"{out}: 3 tickets (3 of this import), 2 articles (2), 1 customers, 2 rows left out" in (
        result.stdout
    )
    assert "left out: tickets.json:23: ticket 2003: status: '12' is not known" in result.stderr


@pytest.mark.parametrize("format_name", ["zendesk", "freshdesk", "halo", "csv"])
def test_what_was_imported_passes_the_check(tmp_path, format_name):
    folder, out = EXPORTS / format_name, tmp_path / "mine"
    mapping = folder / "mapping.toml"
    options = ["--mapping", mapping] if mapping.exists() else []
    run("import", folder, "--format", format_name, "--out", out, "--mask-pii", *options)
    result = run("check", out, "--json")
    outcome = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (outcome["profile"], outcome["errors"]) == ("own", 0)


def test_check_fails_on_an_error(imported):
    out, _ = imported
    (out / "teams.json").write_text("[]")
    result = run("check", out)
    assert result.exit_code == 1
    assert "there is no team servers-backup" in result.stdout


def test_embed_writes_the_vectors(imported):
    out, _ = imported
    result = run("embed", out)
    assert result.exit_code == 0
    assert (out / "embeddings.npz").is_file()


def test_import_as_json_and_with_masks(tmp_path):
    result = run(
        "import",
        EXPORTS / "halo",
        "--format",
        "halo",
        "--out",
        tmp_path / "mine",
        "--mask-pii",
        "--json",
    )
    report = json.loads(result.stdout)
    assert report["schema"] == "msp.import/1"
    assert report["masked"]["EMAIL"] > 0
    assert "Nilsen" not in (tmp_path / "mine" / "tickets.jsonl").read_text()


def test_wrong_use(tmp_path):
    assert run("import", EXPORTS, "--format", "jira", "--out", tmp_path).exit_code == 2
    assert run("check", tmp_path / "nowhere").exit_code == 2
    failed = run("check", tmp_path)
    assert isinstance(failed.exception, MspError)
    assert failed.exception.exit_code == 2


def test_agreement_of_two_passes_made_elsewhere(tmp_path):
    passes = []
    for name, grades in (("a", (0, 2)), ("b", (0, 1))):
        rows = [{"id": str(n), "grade": grade} for n, grade in enumerate(grades)]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        passes.append(tmp_path / name)
    result = run("agreement", "retrieval", *passes, "--out", tmp_path, "--by", "model")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["labels"]["grade"]["agreed"] == 0.5
    assert json.loads((tmp_path / "agreement.json").read_text())["passes"] == ["model", "model"]


def test_sheets_prints_and_writes_the_figures(tmp_path):
    tokens = {"prefix": 0, "input": 1, "output": 1}
    rows = [
        {"id": f"{split}-1", "split": split, "customer_id": split, "text": "vpn",
         "reason": "lookup", "required_model": "weak", "tokens": tokens}
        for split in ("train", "test")
    ]  # fmt: skip
    (tmp_path / "turns.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run("sheets", tmp_path)
    assert result.exit_code == 0
    assert "| most frequent label | 1 | 1.00 |" in result.stdout
    failed = run("sheets", tmp_path, "--write")
    assert isinstance(failed.exception, MspError)
    (tmp_path / "README.md").write_text(result.stdout)
    assert run("sheets", tmp_path, "--write").exit_code == 0
    assert (tmp_path / "README.md").read_text() == result.stdout
