"""The Lambda package of the Ticket API: a zip that is the same bytes whenever it is built."""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msp_core.errors import ConfigurationError, UsageError
from msp_core.packaging.lambda_check import check_zip

Architecture = Literal["arm64", "x86_64"]
RUNTIMES = ("3.11", "3.12", "3.13", "3.14")
HANDLER = "app.ticket_api.handler.handler"
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_ONLY_LOCAL = ("asgi.py", "document.py", "event.py", "server.py")
_LEARNED = ("default_router.json", "floor_head.json", "default_triage.json")  # it asks no model
_INSTALLER_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class LambdaPackage:
    """What was built: `code_sha256` is the digest as Lambda itself shows it."""

    path: Path
    architecture: Architecture
    runtime: str
    handler: str
    files: int
    size: int
    sha256: str
    code_sha256: str


def this_runtime() -> str:
    """The Lambda runtime of the Python that runs here, such as `3.13`."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def build_lambda(
    root: Path,
    data_dir: Path,
    out: Path,
    *,
    architecture: Architecture = "arm64",
    runtime: str | None = None,
    compiled: bool = True,
    note: Callable[[str], None] = lambda text: None,
) -> LambdaPackage:
    """Build the package, check it, and put it in place whole.

    It holds the handler, `msp_core` without the command line and what was learned, the packages of
    `locks/lambda.txt`, and customers and teams. Python files are compiled beforehand with hashes
    that nobody checks (they cannot change there), which makes a cold start quicker.

    Args:
        root: the checkout.
        data_dir: with `customers.json` and `teams.json`.
        out: the zip to write, into a folder that is there.
        runtime: the Lambda runtime it is for; must be that of this Python, which compiles.
        compiled: without compiled files only to measure what they are worth.

    Raises:
        UsageError: another runtime than that of this Python, one that it cannot be built for, or no
            folder for `out`.
        ConfigurationError: the dependencies cannot be fetched, or the package fails its check.
    """
    runtime = _checked_runtime(runtime)
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder {out.parent}. Make it, or choose another --out.")
    with tempfile.TemporaryDirectory(prefix="msp-package-") as name:
        folder = Path(name) / "package"
        folder.mkdir()
        note(f"fetching the dependencies for {architecture}")
        _install(root / "locks" / "lambda.txt", folder, architecture, runtime)
        _copy_code(root, data_dir, folder)
        if compiled:
            note("compiling")
            _compile(folder)
        part = out.with_name(f".{out.name}.part")
        try:
            _write_zip(folder, part)
            files = check_zip(part, machine=_MACHINES[architecture], compiled=compiled)
            os.replace(part, out)
        finally:
            part.unlink(missing_ok=True)
    content = out.read_bytes()
    digest = hashlib.sha256(content)
    return LambdaPackage(
        path=out,
        architecture=architecture,
        runtime=f"python{runtime}",
        handler=HANDLER,
        files=files,
        size=len(content),
        sha256=digest.hexdigest(),
        code_sha256=base64.b64encode(digest.digest()).decode(),
    )


def _checked_runtime(runtime: str | None) -> str:
    here = this_runtime()
    wanted = (runtime or here).removeprefix("python")
    if here not in RUNTIMES:
        raise UsageError(f"Lambda has no Python {here}. Build with one of {', '.join(RUNTIMES)}.")
    if wanted not in RUNTIMES:
        raise UsageError(
            f"The Ticket API does not run on {runtime!r}. It can be built for Python "
            f"{', '.join(RUNTIMES)}."
        )
    if wanted != here or platform.python_implementation() != "CPython":
        raise UsageError(
            f"This is {platform.python_implementation()} {here}, and what it compiles runs nowhere "
            f"else. To build for Python {wanted}, run msp with CPython {wanted}."
        )
    return here


def _install(lock: Path, folder: Path, architecture: Architecture, runtime: str) -> None:
    machine = _MACHINES[architecture]
    shared = [
        "--target", str(folder), "--no-deps", "--require-hashes", "--only-binary", ":all:",
        "-r", str(lock), "--python-version", runtime, "--quiet",
    ]  # fmt: skip
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--python-platform", f"{machine}-manylinux_2_28", *shared]
    else:
        tags = ("manylinux_2_28", "manylinux2014", "manylinux_2_17")
        platforms = [option for tag in tags for option in ("--platform", f"{tag}_{machine}")]
        fixed = ["--implementation", "cp", "--no-compile", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "install", *fixed, *platforms, *shared]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n  ".join(done.stderr.strip().splitlines()[-5:])
        raise ConfigurationError(
            f"The dependencies of the Lambda package could not be fetched:\n  {last}\n"
            "Check the network and the package index; uv or pip must be there."
        )
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for notes in folder.glob("*.dist-info/*"):
        if notes.name in _INSTALLER_NOTES:
            notes.unlink()
    for lock_file in folder.glob(".*"):
        lock_file.unlink()


def _copy_code(root: Path, data_dir: Path, folder: Path) -> None:
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc", *_LEARNED)
    shutil.copytree(root / "msp_core", folder / "msp_core", ignore=skipped)
    shutil.rmtree(folder / "msp_core" / "cli")
    (folder / "app").mkdir()
    shutil.copy(root / "app" / "__init__.py", folder / "app")
    local = shutil.ignore_patterns("__pycache__", *_ONLY_LOCAL)
    shutil.copytree(root / "app" / "ticket_api", folder / "app" / "ticket_api", ignore=local)
    (folder / "data").mkdir()
    for name in ("customers.json", "teams.json"):
        if not (data_dir / name).is_file():
            raise ConfigurationError(f"{data_dir / name} is missing; the Ticket API needs it.")
        shutil.copy(data_dir / name, folder / "data")


def _compile(folder: Path) -> None:
    """In a process of its own with a fixed hash seed, so that the bytes do not vary."""
    for cached in folder.rglob("__pycache__"):
        shutil.rmtree(cached)
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/var/task"]
    done = subprocess.run(
        [sys.executable, "-m", "compileall", *options, str(folder)],
        env={"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ConfigurationError(f"The Lambda package does not compile:\n{done.stdout}")


def _write_zip(folder: Path, target: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whatever this is built on
            entry.external_attr = (0o100755 if path.suffix == ".so" else 0o100644) << 16
            package.writestr(entry, path.read_bytes())
    with target.open("rb") as written:
        os.fsync(written.fileno())
