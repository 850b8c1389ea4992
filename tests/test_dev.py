"""`./dev`: its commands, and when it makes an environment and when it leaves it alone."""

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A stand-in for the packages: the tests have no network, and need none of them.
MSP = """
import os, sys
def main():
    print("ran", sys.argv[0].rsplit("/", 1)[-1], sys.argv[1:], os.environ["VIRTUAL_ENV"])
    return 7
"""


def dev(
    *arguments: str, script: Path = ROOT / "dev", cwd: Path | None = None, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `./dev` as the shell would."""
    environ = dict(os.environ) | ({} if path is None else {"PATH": path})
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environ,
        timeout=120,
    )


@pytest.mark.parametrize("command", ["demo", "test", "check", "lab", "app", "lock"])
def test_each_command_explains_itself(command: str) -> None:
    assert f"  {command} " in dev("--help").stdout
    done = dev(command, "--help")
    assert done.returncode == 0
    assert f"./dev {command}" in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["frobnicate"], ["app", "--prot", "1"], ["app", "--port", "x"]]
)
def test_what_cannot_be_meant_is_wrong_usage(arguments: list[str]) -> None:
    done = dev(*arguments)
    assert done.returncode == 2
    assert "./dev" in done.stderr
    assert done.stdout == ""


def test_an_old_python_can_read_the_file_and_is_named() -> None:
    source = (ROOT / "dev").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    program = f"import sys; sys.version_info = (3, 9, 2)\nexec({source!r})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/nowhere"},
    )
    assert done.returncode == 3
    assert "Python 3.11 or newer; this is 3.9" in done.stderr
    assert "python3-venv" in done.stderr


# ------------------------------------------------------------ stamps


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """locks/environment.py, with its lock files in a folder of the test."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "locks/environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "environment", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "LOCKS", tmp_path)
    for name in ("demo", "app", "test"):
        (tmp_path / f"{name}.txt").write_text(f"what {name} needs")
    return module


@pytest.fixture
def made(environment: ModuleType, tmp_path: Path) -> Path:
    """The folder of an environment that was made for `app`."""
    env = environment.Environment(tmp_path / ".venv", ("demo", "app", "test"))
    env.bin.mkdir(parents=True)
    env.python.symlink_to(sys.executable)
    env.stamp.write_text(json.dumps({"profile": "app", "key": env.key("app")}))
    return tmp_path / ".venv"


def holds(environment: ModuleType, folder: Path, profile: str) -> bool:
    return bool(environment.Environment(folder, ("demo", "app", "test")).has(profile))


def test_an_environment_holds_its_profile_and_the_smaller_ones(
    environment: ModuleType, made: Path
) -> None:
    assert [holds(environment, made, name) for name in ("demo", "app", "test")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"profile": "app"}', '{"profile": "x", "key": 1}']
)
def test_a_damaged_stamp_counts_as_none(environment: ModuleType, made: Path, text: str) -> None:
    (made / "msp-stamp.json").write_text(text)
    assert not holds(environment, made, "demo")


def test_a_changed_lock_is_noticed(environment: ModuleType, made: Path, tmp_path: Path) -> None:
    (tmp_path / "app.txt").write_text("something newer")
    assert not holds(environment, made, "app")


def test_a_lock_that_it_was_not_made_from_does_not_matter(
    environment: ModuleType, made: Path, tmp_path: Path
) -> None:
    (tmp_path / "test.txt").write_text("something newer")
    assert holds(environment, made, "app")


def test_a_vanished_python_is_noticed(environment: ModuleType, made: Path) -> None:
    (made / "bin/python").unlink()
    (made / "bin/python").symlink_to("/nowhere/python3")
    assert not holds(environment, made, "app")


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: failed to write: No space left on device (os error 28)", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "differs from the one"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate"),
        ("NewConnectionError(...): Name or service not known\nNo matching distribution", "reached"),
        ("error: error sending request for url: dns error", "reached"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "no build for this Python"),
        ("Segmentation fault", "run it again"),
    ],
)
def test_a_failed_set_up_is_explained(environment: ModuleType, output: str, advice: str) -> None:
    text = environment.explain(f"some lines\n{output}")
    assert advice in text
    assert output.splitlines()[-1] in text


# ------------------------------------------------------------ a real environment


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout in a folder with a space, whose locks ask for no package."""
    top = tmp_path / "a checkout"
    (top / "locks").mkdir(parents=True)
    (top / "msp_core").mkdir()
    shutil.copy(ROOT / "dev", top)
    shutil.copy(ROOT / "locks/environment.py", top / "locks")
    for name in ("demo", "app", "test"):
        (top / f"locks/{name}.txt").write_text("# nothing\n")
    (top / "msp_core/cli.py").write_text(MSP)
    return top


def test_the_demo_is_prepared_once_and_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(checkout / "dev")
    (tmp_path / "mine").mkdir()

    first = dev("demo", "--data", "mine", "--fast", script=link, cwd=tmp_path)
    assert first.stderr.startswith("Preparing .venv for 'demo'"), first.stderr
    expected = ["demo", "--data", str(tmp_path / "mine"), "--fast"]
    assert first.stdout == f"ran msp {expected} {checkout / '.venv'}\n"
    assert first.returncode == 7

    second = dev("demo", script=checkout / "dev", path="/nowhere")
    assert (second.stderr, second.returncode) == ("", 7)

    # Killed in the middle: no stamp, and something half written.
    (checkout / ".venv/msp-stamp.json").unlink()
    (checkout / ".venv/half-written").touch()
    both = [
        subprocess.Popen(
            [sys.executable, checkout / "dev", "demo"], stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    notices = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [7, 7]
    assert sum("Preparing .venv" in notice for notice in notices) == 1
    assert not (checkout / ".venv/half-written").exists()


def test_a_failed_set_up_leaves_nothing_that_looks_whole(checkout: Path) -> None:
    pin = f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n--no-index\n"
    (checkout / "locks/demo.txt").write_text(pin)
    done = dev("demo", script=checkout / "dev")
    assert done.returncode == 3
    assert "The set-up stopped" in done.stderr
    assert not (checkout / ".venv/msp-stamp.json").exists()
    (checkout / "locks/demo.txt").write_text("# nothing\n")
    assert dev("demo", script=checkout / "dev").returncode == 7


def test_lock_says_that_it_needs_uv(checkout: Path) -> None:
    done = dev("lock", script=checkout / "dev", path="/nowhere")
    assert done.returncode == 3
    assert "needs uv" in done.stderr
