import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from eval.provenance import Recording, RunContext, git_state, public_settings
from msp_core.clock import fixed_clock
from msp_core.settings import Settings


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", folder, "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_commit_and_dirt_of_a_checkout(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) == (None, None)
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert git_state(tmp_path) == (commit, False)
    (tmp_path / "a").write_text("2")
    assert git_state(tmp_path) == (commit, True)
    (tmp_path / "inside").mkdir()
    assert git_state(tmp_path / "inside") == (None, None)


def test_outside_a_checkout_and_without_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_state(tmp_path) == (None, None)
    git(tmp_path, "init", "-q")
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) == (None, None)


def test_no_secret_and_no_folder_of_the_machine() -> None:
    settings = Settings(
        state_dir=Path("/home/someone/.msp"),
        model_provider="openai",
        model_url="https://user:hunter2@models.example.org/v1?key=hunter2",
        openai_api_key="hunter2",
    )
    shown = public_settings(settings)
    assert shown["model_url"] == "https://models.example.org/v1"
    assert shown["state_dir"] == ".msp"
    assert "hunter2" not in str(shown)
    assert "someone" not in str(shown)


def test_a_recording(tmp_path: Path) -> None:
    context = RunContext(
        settings={"backend": "local"},
        clock=fixed_clock(datetime(2026, 11, 23, 9, tzinfo=UTC)),
        seed=3,
        root=tmp_path,
    )
    recording = Recording(context, models={"weak": "small"}, price_date=date(2026, 11, 1))
    found = recording.finish()
    assert (found.started_at, found.seed, found.commit) == ("2026-11-23T09:00:00Z", 3, None)
    assert (found.price_date, found.prompt_sha256) == ("2026-11-01", None)
    assert found.packages["numpy"]
    assert found.duration_s >= 0
