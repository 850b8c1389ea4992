"""What every test may rely on: nothing of the caller's settings, no network, honest skips."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

not_run = pytest.StashKey[dict[str, int]]()


def pytest_configure(config: pytest.Config) -> None:
    """Take the caller's settings out of the way, also for processes that tests start."""
    config.stash[not_run] = {}
    for name in list(os.environ):
        if name.startswith(("MSP_", "AWS_", "BEDROCK_")):
            del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def missing(config: pytest.Config, what: str) -> None:
    """Skip the test for want of `what` and list it at the end; in CI that is a failure."""
    config.stash[not_run][what] = config.stash[not_run].get(what, 0) + 1
    if os.environ.get("CI") == "true":
        pytest.fail(f"this machine lacks {what}, and with CI=true nothing may be left out")
    pytest.skip(f"needs {what}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what this machine lacks."""
    for what, tests in config.stash[not_run].items():
        terminalreporter.write_line(f"not run: {tests} test(s) that need {what}", yellow=True)


@pytest.fixture
def chromium_path(request: pytest.FixtureRequest) -> str:
    """The browser to hand to playwright as `executable_path`; skips where there is none."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    missing(request.config, "Chromium (Debian: apt install chromium)")
    raise AssertionError("missing() does not return")


@pytest.fixture(scope="session")
def java_and_maven(request: pytest.FixtureRequest) -> None:
    """Skips where a service of AWS cannot be fetched and run."""
    if not all(map(shutil.which, ("java", "javac", "mvn"))):
        missing(request.config, "Java and Maven (Debian: apt install default-jdk-headless maven)")


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
