"""Make a virtual environment from a lock file, once. Used by `dev`; standard library only."""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

LOCKS = Path(__file__).resolve().parent
ROOT = LOCKS.parent

LAUNCHER = """#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import sys

from msp_core.cli import main

sys.exit(main())
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment and the lock files it can be made from, each containing the last."""

    folder: Path
    profiles: tuple[str, ...]

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @property
    def stamp(self) -> Path:
        """Written last and removed first, so a half-made environment has none."""
        return self.folder / "msp-stamp.json"

    def key(self, profile: str) -> str:
        """Changes with the lock, the Python underneath and the place of the checkout."""
        parts = [
            (LOCKS / f"{profile}.txt").read_text(encoding="utf-8"),
            sys.version,
            sys.base_prefix,
            str(ROOT),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def stamped(self) -> tuple[str, bool] | None:
        """The profile it was made for and whether it is still current; None without a stamp."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
            profile, key = stamp["profile"], stamp["key"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if profile not in self.profiles:
            return None
        return profile, key == self.key(profile) and os.access(self.python, os.X_OK)

    def has(self, profile: str) -> bool:
        """Whether it is whole, current and holds everything `profile` needs."""
        made_for, current = self.stamped() or (profile, False)
        return current and self.profiles.index(made_for) >= self.profiles.index(profile)


MAIN = Environment(ROOT / ".venv", ("demo", "app", "test"))
LAB = Environment(ROOT / ".venv-lab", ("lab",))


def stop(message: str, exit_code: int = 3) -> NoReturn:
    """End with a message on stderr; 3 means something this machine lacks."""
    print(message, file=sys.stderr)
    sys.exit(exit_code)


def prepare(env: Environment, profile: str) -> None:
    """Make `env` hold `profile`: at once when it does, growing it or making it anew when not."""
    if env.has(profile):
        return
    with one_at_a_time():
        if env.has(profile):
            return
        made_for, current = env.stamped() or (profile, False)
        wanted = max(profile, made_for, key=env.profiles.index)
        started = time.monotonic()
        say(f"Preparing {env.folder.name} for '{wanted}' (once; about a minute) ...")
        env.stamp.unlink(missing_ok=True)
        if not current:
            create(env)
        install(env, LOCKS / f"{wanted}.txt")
        connect(env)
        write_atomically(env.stamp, json.dumps({"profile": wanted, "key": env.key(wanted)}))
        say(f"Prepared {env.folder.name} in {time.monotonic() - started:.0f} s.")


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the checkout's set-up lock; the system lets go of it however this process ends.

    The installers inherit it: one that outlives a killed `./dev` still writes, and still holds it.
    """
    with (ROOT / ".dev.lock").open("w") as handle:
        os.set_inheritable(handle.fileno(), True)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another ./dev is preparing an environment here; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def create(env: Environment) -> None:
    """Make an empty environment, in place of whatever half of one is there."""
    base = getattr(sys, "_base_executable", sys.executable)
    if uv := shutil.which("uv"):
        run_setup([uv, "venv", "--clear", "--python", base, str(env.folder)])
        return
    if not importlib.util.find_spec("ensurepip"):
        stop(
            "This Python cannot make virtual environments: its ensurepip module is missing.\n"
            "Debian and Ubuntu keep it in a package of its own: sudo apt install python3-venv\n"
            "(or install uv, which ./dev uses when it finds it)."
        )
    run_setup([base, "-m", "venv", "--clear", str(env.folder)])


def install(env: Environment, lock: Path) -> None:
    """Install exactly what `lock` lists, wheels only, each checked against its hash."""
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    if uv := shutil.which("uv"):
        run_setup([uv, "pip", "install", "--python", str(env.python), *options])
    else:
        if not (env.bin / "pip").exists():  # made by uv, which leaves pip out
            run_setup([str(env.python), "-m", "ensurepip"])
        pip = [str(env.python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        run_setup([*pip, "install", "--no-user", "--no-compile", *options])
    # Here rather than by the installers: it uses every core and leaves out the packages' own tests,
    # some 40 MB. Templates that are no valid Python make it exit 1, which means nothing.
    compiling = [str(env.python), "-m", "compileall", "-q", "-j0", "-x", r"/(tests|typeshed)/"]
    subprocess.run([*compiling, str(env.folder)], capture_output=True, check=False)


def connect(env: Environment) -> None:
    """Let `.venv` import the checkout and run `msp`; let JupyterLab use `.venv` as its kernel."""
    if env is MAIN:
        for site in env.folder.glob("lib/python*/site-packages"):
            (site / "msp_support_assistant.pth").write_text(f"{ROOT}\n", encoding="utf-8")
        launcher = env.bin / "msp"
        launcher.write_text(LAUNCHER.format(python=shlex.quote(str(env.python))), encoding="utf-8")
        launcher.chmod(0o755)
    else:
        kernel = {
            "argv": [str(MAIN.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3 (.venv)",
            "language": "python",
            "env": {
                "VIRTUAL_ENV": str(MAIN.folder),
                "PATH": f"{MAIN.bin}{os.pathsep}${{PATH}}",
            },
        }
        folder = env.folder / "share/jupyter/kernels/python3"
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "kernel.json", json.dumps(kernel, indent=1))


def write_atomically(path: Path, text: str) -> None:
    """Write `text` so that a reader sees the old file or the new one, never a part."""
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(path)


def run_setup(command: Sequence[str]) -> None:
    """Run a step of the set-up with one moving line of progress; explain a failure."""
    environ = clean_environ() | {"UV_PYTHON_DOWNLOADS": "never"}
    output: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        close_fds=False,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            output.append(line.rstrip())
            if sys.stderr.isatty():
                print(f"\r\x1b[K  {line.strip()[:76]}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if process.returncode:
        stop(explain("\n".join(output)))


# What pip and uv print when it is the machine that is at fault, and what to do about it. The order
# matters: pip reports a failed look-up also as a package that was not found.
CAUSES = (
    (
        r"No space left on device|os error 28|Disk quota exceeded",
        f"The disk is full. The environments need about 1 GB in {ROOT};\n"
        "free some room (also in the temporary folder and the package cache) and run it again.",
    ),
    (
        r"DO NOT MATCH THE HASHES|[Hh]ash mismatch",
        "A package differs from the one that was locked, so nothing of it was installed.\n"
        "A damaged download or a changed mirror does this: clear the package cache, and try again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|UnknownIssuer|invalid peer certificate",
        "The certificate of the package index was not accepted. Behind a proxy that signs with\n"
        "its own authority, set SSL_CERT_FILE (uv) or PIP_CERT (pip) to that authority's file.",
    ),
    (
        r"NewConnectionError|Name or service not known|name resolution|nodename nor servname"
        r"|Connection refused|Network is unreachable|ProxyError|ConnectTimeout|Max retries exceeded"
        r"|error sending request|dns error|client error \(Connect\)",
        "The package index could not be reached. The first run needs it, later ones do not.\n"
        "Check the network, and behind a proxy the variables HTTPS_PROXY and NO_PROXY.",
    ),
    (
        r"No matching distribution found|no wheels with a matching|has no usable wheels",
        f"A locked package has no build for this Python ({sys.version.split()[0]}) and machine.\n"
        "Python 3.11 to 3.13 on Linux (x86-64, arm64) and macOS are what the lists are made for.",
    ),
)


def explain(output: str) -> str:
    """What went wrong with the set-up, why and what to do, followed by the tool's last words."""
    last = "\n".join(f"  {line}" for line in output.splitlines()[-12:])
    for pattern, advice in CAUSES:
        if re.search(pattern, output):
            return f"The set-up stopped. {advice}\nThe last lines were:\n{last}"
    return f"The set-up stopped; run it again to start over. The last lines were:\n{last}"


def clean_environ() -> dict[str, str]:
    """The caller's environment (proxy, certificates, settings) less what redirects Python."""
    return {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH"}}


def environ_of(env: Environment) -> dict[str, str]:
    """The environment in which tasks run: as if `env` had been activated."""
    path = os.pathsep.join([str(env.bin), os.environ.get("PATH", os.defpath)])
    return clean_environ() | {"VIRTUAL_ENV": str(env.folder), "PATH": path}


def become(env: Environment, *command: str) -> NoReturn:
    """Turn into `command`, so that signals and the exit code are its own."""
    os.chdir(ROOT)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(env.python, [str(env.python), *command], environ_of(env))


def say(message: str) -> None:
    """A notice; standard output belongs to the task."""
    print(message, file=sys.stderr, flush=True)
