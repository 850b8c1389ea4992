"""`msp doctor`: what this machine has, and a fix for each gap."""

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click

from msp_core.checkout import checkout_root
from msp_core.cli.common import json_option, print_json
from msp_core.errors import MspError
from msp_core.settings import Settings

MINIMUM_FREE_GB = 1.0
NO_CHECKOUT = "Clone the repository: demo, eval and the app need it."


@dataclass(frozen=True)
class Check:
    """One prerequisite. `needed` False: only some steps want it, the fix says which."""

    name: str
    ok: bool
    needed: bool
    found: str
    fix: str


@click.command(
    "doctor", help="Check what this machine has; exit 3 when something needed is missing."
)
@json_option
def command(as_json: bool) -> None:
    """Run it."""
    checks = run_checks()
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = "ok  " if check.ok else "MISS" if check.needed else "-   "
            click.echo(
                f"{mark}  {check.name}: {check.found}" + ("" if check.ok else f". {check.fix}")
            )
    if any(check.needed and not check.ok for check in checks):
        sys.exit(3)


def run_checks() -> list[Check]:
    """Every check, in the order that a fix makes sense."""
    version = ".".join(map(str, sys.version_info[:3]))
    root = checkout_root()
    return [
        Check(
            "Python", sys.version_info >= (3, 11), True, version, "Install Python 3.11 or newer."
        ),
        Check("checkout", root is not None, False, str(root or "none"), NO_CHECKOUT),
        _settings(),
        _part("MiniLM model", _model),
        _part("state folder", _state_folder),
        _part("state files", _databases),
        _part("knowledge index", _index),
        _disk(),
        _package("streamlit", "`./dev app` installs it."),
        _package("papermill", "`./dev demo` installs it."),
        _program("chromium", "for browser tests (`./dev test --full`)", "Install the package."),
        _program("java", "for tests on DynamoDB Local (`./dev test --full`)", "Install a JDK."),
        _program("mvn", "it fetches DynamoDB Local for those tests", "Install maven."),
    ]


def _settings() -> Check:
    try:
        settings = Settings.from_env()
    except MspError as error:
        return Check("settings", False, True, "not usable", str(error))
    model = settings.model_provider + (
        " (a stand-in, no real model)" if settings.model_provider == "offline" else ""
    )
    found = f"backend {settings.backend}, model provider {model}, state {settings.state_dir}"
    return Check("settings", True, True, found, "")


def _part(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, True, look(), "")
    except MspError as error:
        return Check(name, False, True, "not usable", str(error))


def _model() -> str:
    from msp_core.bootstrap.knowledge import local_embedder

    model = local_embedder(Settings.from_env())
    model.embed(["check"])
    return f"{model.model_id}, {model.dimension} dimensions"


def _state_folder() -> str:
    folder = Settings.from_env().state_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise MspError(
            f"{folder} cannot be written ({error.strerror}). Set MSP_STATE_DIR to a folder that you"
            " may write."
        ) from error
    return str(folder)


def _databases() -> str:
    from msp_core.state.files import check_database, databases

    found = databases(Settings.from_env().state_dir)
    for path in found:
        check_database(path)
    return f"{len(found)} databases, intact"


def _index() -> str:
    from msp_core.bootstrap import build_services
    from msp_core.bootstrap.knowledge import local_cold_file

    services = build_services()
    settings = services.settings
    # Looking must not make one: an index opens its file, and creates it where there is none.
    missing = settings.backend == "local" and not local_cold_file(settings).is_file()
    stats = None if missing else services.tiers.cold.stats()
    if stats is None or stats.chunks == 0:
        raise MspError("It is empty. Run `msp ingest`.")
    return f"{stats.documents} documents, {stats.chunks} chunks"


def _disk() -> Check:
    free_gb = shutil.disk_usage(checkout_root() or ".").free / 1e9
    enough = free_gb >= MINIMUM_FREE_GB
    fix = f"Free at least {MINIMUM_FREE_GB:.0f} GB."
    return Check("free disk space", enough, True, f"{free_gb:.1f} GB", fix)


def _package(name: str, fix: str) -> Check:
    found = importlib.util.find_spec(name) is not None
    return Check(name, found, False, "installed" if found else "not installed", fix)


def _program(name: str, what_for: str, fix: str) -> Check:
    path = shutil.which(name)
    return Check(name, path is not None, False, f"{path or 'not installed'}, {what_for}", fix)
