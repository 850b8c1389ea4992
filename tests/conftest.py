"""What every test may rely on: nothing of the caller's settings, no network, honest skips."""

import os
import re
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

_LACKS = "this machine lacks "
_IN_CI = "; with CI=true nothing may be left out"


def pytest_configure() -> None:
    """Take the caller's settings out of the way, also for processes that tests start."""
    for name in list(os.environ):
        if name.startswith(("MSP_", "AWS_", "BEDROCK_")):
            del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that takes longest goes first, so that no process is left alone with it."""
    items.sort(key=lambda item: item.path.parent.name != "notebooks")


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`, which is listed at the end; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{_LACKS}{what}{_IN_CI}")
    pytest.skip(f"{_LACKS}{what}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what this machine lacks: from the reports, which other processes hand over too."""
    lacking = Counter(
        found[1]
        for outcome in ("skipped", "failed", "error")
        for report in terminalreporter.stats.get(outcome, ())
        if (found := re.search(f"(?:Skipped|Failed): {_LACKS}(.+)", _reason(report)))
    )
    for what, tests in lacking.items():
        terminalreporter.write_line(f"not run: {tests} test(s) that need {what}", yellow=True)


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    return report.longreprtext.replace(_IN_CI, "")


@pytest.fixture
def chromium_path() -> str:
    """The browser to hand to playwright as `executable_path`; skips where there is none."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    missing("Chromium (Debian: apt install chromium)")


@pytest.fixture(scope="session")
def java_and_maven() -> None:
    """Skips where a service of AWS cannot be fetched and run."""
    if not all(map(shutil.which, ("java", "javac", "mvn"))):
        missing("Java and Maven (Debian: apt install default-jdk-headless maven)")


@pytest.fixture(scope="session")
def opensearch_url(java_and_maven: None) -> Iterator[str]:
    """A real OpenSearch server, the same one for all tests."""
    from tests.services import opensearch_server

    with opensearch_server.running() as url:
        yield url


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if host not in {"127.0.0.1", "::1", "localhost"}:
            raise OSError(f"tests have no network: {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect_here)
