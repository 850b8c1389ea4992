"""What a machine lacks is listed at the end, and in CI that is a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import socket
import pytest

def test_browser(chromium_path):
    assert chromium_path

@pytest.mark.parametrize("number", [1, 2])
def test_service(java_and_maven, number):
    pass

def test_network():
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
"""


@pytest.mark.skipif(
    Path("/Applications/Google Chrome.app").exists(), reason="needs a machine without a browser"
)
@pytest.mark.parametrize(
    ("ci", "processes", "closing", "exit_code"),
    [("", "2", "1 passed, 3 skipped", 0), ("true", "0", "3 errors", 1)],
)
def test_what_is_missing(
    root: Path, tmp_path: Path, ci: str, processes: str, closing: str, exit_code: int
) -> None:
    shutil.copy(root / "tests/conftest.py", tmp_path)
    (tmp_path / "test_probe.py").write_text(PROBE)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-n",
            processes,
            "test_probe.py",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ) | {"PATH": "/nowhere", "CI": ci},
    )
    assert done.returncode == exit_code
    assert closing in done.stdout.splitlines()[-1]
    assert "not run: 1 test(s) that need Chromium (Debian: apt install chromium)" in done.stdout
    assert "not run: 2 test(s) that need Java and Maven" in done.stdout
