"""The Lambda package: what is in it, and that it answers where it stands alone."""

import json
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from msp_core.errors import ConfigurationError, UsageError
from msp_core.packaging.lambda_check import REQUIRED, check_zip
from msp_core.packaging.lambda_zip import RUNTIMES, build_lambda, this_runtime

ANSWER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from app.ticket_api.handler import handler
http = {"http": {"method": "GET", "path": "/health"}, "requestId": "x", "stage": "$default"}
event = {"version": "2.0", "rawPath": "/health", "rawQueryString": "", "headers": {}}
print(json.dumps(handler(event | {"requestContext": http}, None)))
"""


@pytest.mark.parametrize("runtime", ["python3.10", "2.7", "python9"])
def test_another_python_is_refused(root: Path, tmp_path: Path, runtime: str) -> None:
    with pytest.raises(UsageError, match=r"It can be built for Python 3\.11, "):
        build_lambda(root, root / "data", tmp_path / "a.zip", runtime=runtime)
    assert list(tmp_path.iterdir()) == []


def test_another_runtime_is_for_another_python(root: Path, tmp_path: Path) -> None:
    other = next(name for name in RUNTIMES if name != this_runtime())
    with pytest.raises(UsageError, match=f"run msp with CPython {other}"):
        build_lambda(root, root / "data", tmp_path / "a.zip", runtime=other)


def test_no_folder_is_made_for_a_mistyped_path(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        build_lambda(root, root / "data", tmp_path / "absent" / "a.zip")
    assert list(tmp_path.iterdir()) == []


def _zip(path: Path, *, machine: int, flags: int = 1) -> Path:
    import importlib.util

    with zipfile.ZipFile(path, "w") as package:
        for name in REQUIRED:
            package.writestr(name, "")
            if name.endswith(".py"):
                head = importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little")
                package.writestr(importlib.util.cache_from_source(name), head)
        elf = b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little")
        package.writestr("pydantic_core/core.cpython-313-aarch64-linux-gnu.so", elf)
    return path


def test_the_check_passes_what_is_right(tmp_path: Path) -> None:
    assert check_zip(_zip(tmp_path / "a.zip", machine=183), machine="aarch64") > len(REQUIRED)


@pytest.mark.parametrize(
    ("machine", "flags", "wrong"),
    [(62, 1, "not an ELF library for aarch64"), (183, 3, "checked against"), (183, 0, "checked")],
)
def test_the_check_finds_what_is_wrong(
    tmp_path: Path, machine: int, flags: int, wrong: str
) -> None:
    package = _zip(tmp_path / "a.zip", machine=machine, flags=flags)
    with pytest.raises(ConfigurationError, match=wrong):
        check_zip(package, machine="aarch64")


def test_the_check_misses_what_is_not_there(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as package:
        package.writestr("app/x.py", "")
    with pytest.raises(ConfigurationError, match=r"(?s)handler.py is missing.*not compiled"):
        check_zip(tmp_path / "a.zip", machine="aarch64")


@pytest.mark.long
def test_the_same_bytes_twice(root: Path, tmp_path: Path) -> None:
    first = build_lambda(root, root / "data", tmp_path / "a.zip")
    second = build_lambda(root, root / "data", tmp_path / "b.zip")
    assert (first.sha256, first.architecture) == (second.sha256, "arm64")
    assert first.size < 8_000_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="Lambda is Linux")
def test_a_package_for_this_machine_answers_alone(root: Path, tmp_path: Path) -> None:
    here = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
    built = build_lambda(root, root / "data", tmp_path / "a.zip", architecture=here)
    with zipfile.ZipFile(built.path) as package:
        package.extractall(tmp_path / "task")
    base = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [base, "-I", "-S", "-c", ANSWER, str(tmp_path / "task")],
        cwd=tmp_path,
        env={"MSP_STATE_DIR": str(tmp_path / "state"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "ok")
