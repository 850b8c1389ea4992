"""Where a figure comes from: code, settings, models, time."""

import platform
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from msp_core import __version__
from msp_core.clock import Clock, system_clock, to_iso
from msp_core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
# Those whose version can move a figure; one that is not installed is left out.
PACKAGES = ("boto3", "numpy", "pydantic", "safetensors", "strands-agents", "tokenizers")
_GIT_SECONDS = 10


@dataclass(frozen=True)
class Provenance:
    """What is needed to get the same figures again.

    Attributes:
        commit: None outside a git checkout, or before its first commit.
        dirty: whether files differ from the commit; None when there is no commit.
        settings: without secrets, and with folders by their name alone.
        models: model id by its part in the run, such as `embedder`.
        prompt_sha256: None when no prompt took part.
        price_date: when the prices were read; None when no price took part.
        started_at: ISO 8601, UTC.
    """

    commit: str | None
    dirty: bool | None
    version: str
    python: str
    packages: Mapping[str, str]
    settings: Mapping[str, str]
    models: Mapping[str, str]
    prompt_sha256: str | None
    price_date: str | None
    seed: int
    started_at: str
    duration_s: float


@dataclass(frozen=True)
class RunContext:
    """What a suite is given to record its provenance, and its seed."""

    settings: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = system_clock
    seed: int = 7
    root: Path = ROOT


class Recording:
    """Takes the time of a run from its making to `finish`.

    Args:
        context: as the suite got it.
        models: see `Provenance`.
        prompt_sha256: see `Provenance`.
        price_date: see `Provenance`.
    """

    def __init__(
        self,
        context: RunContext,
        *,
        models: Mapping[str, str],
        prompt_sha256: str | None = None,
        price_date: date | None = None,
    ) -> None:
        self._context = context
        self._models = dict(models)
        self._prompt_sha256 = prompt_sha256
        self._price_date = price_date
        self._started_at = to_iso(context.clock())
        self._start = time.perf_counter()

    def finish(self) -> Provenance:
        """The provenance of everything since the recording was made."""
        commit, dirty = git_state(self._context.root)
        return Provenance(
            commit=commit,
            dirty=dirty,
            version=__version__,
            python=platform.python_version(),
            packages=_package_versions(),
            settings=dict(self._context.settings),
            models=self._models,
            prompt_sha256=self._prompt_sha256,
            price_date=self._price_date.isoformat() if self._price_date else None,
            seed=self._context.seed,
            started_at=self._started_at,
            duration_s=round(time.perf_counter() - self._start, 3),
        )


def public_settings(settings: Settings) -> dict[str, str]:
    """The settings that may be written down: none hidden from repr, no password in a URL.

    A folder is given by its name alone, so that a result says nothing of the machine.
    """
    shown = {}
    for entry in fields(settings):
        value = getattr(settings, entry.name)
        if not entry.repr or value is None:
            continue
        if isinstance(value, Path):
            value = value.name
        elif isinstance(value, str) and "://" in value:
            url = urlsplit(value)
            value = url._replace(netloc=url.netloc.rpartition("@")[2], query="").geturl()
        shown[entry.name] = str(value)
    return shown


def git_state(root: Path) -> tuple[str | None, bool | None]:
    """The commit that is checked out at root, and whether files differ from it.

    Both None without git, outside a checkout of which root is the top, or before its first commit.
    """
    if _git(root, "rev-parse", "--show-prefix") != "":
        return None, None
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    status = _git(root, "status", "--porcelain")
    if commit is None or status is None:
        return None, None
    return commit, status != ""


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, check=True, text=True, timeout=_GIT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _package_versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
