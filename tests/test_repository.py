"""What must hold for the tree as a whole."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "locks").glob("*.txt")}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
PAGES = [ROOT / page for page in ("README.md", "CONTRIBUTING.md") if (ROOT / page).exists()]
# In halves, or this file would find itself.
HOSTS = tuple(
    left + right
    for left, right in (
        ("pypi", ".org"),
        ("pythonhosted", ".org"),
        ("registry.npmjs", ".org"),
        ("index-", "url ="),
        ("--index-", "url http"),
        ("find-", "links ="),
    )
)


def dev_commands() -> list[str]:
    """The commands that `./dev --help` lists."""
    done = subprocess.run(
        [sys.executable, "dev", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return re.findall(r"^    (\w+) ", done.stdout, flags=re.MULTILINE)


def tracked() -> list[Path]:
    """Every file that is in git or would be added by `git add .`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def pins(lock: str) -> Mapping[tuple[str, str | None], str]:
    """Version by package and marker."""
    return {(name, marker): version for name, version, marker in PIN.findall(LOCKS[lock])}


def test_no_file_names_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in HOSTS
        if host in path.read_bytes().decode("utf-8", errors="ignore")
    ]
    assert found == []


def test_there_are_five_locks() -> None:
    assert sorted(LOCKS) == ["app", "demo", "lab", "lambda", "test"]


@pytest.mark.parametrize("lock", sorted(LOCKS))
def test_every_line_of_a_lock_is_a_pin_or_a_hash(lock: str) -> None:
    blocks = re.split(r"^(?=\S)", LOCKS[lock], flags=re.MULTILINE)[1:]
    assert len(blocks) > (5 if lock == "lambda" else 50)
    for block in blocks:
        assert PIN.match(block), block.splitlines()[0]
        rest = block.splitlines()[1:]
        assert rest
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in rest)


@pytest.mark.parametrize("lock", ["demo", "app", "test"])
def test_what_must_stay_out_of_the_environment_is_not_locked(lock: str) -> None:
    names = {name for name, _ in pins(lock)}
    heavy = {"torch", "sentence-transformers", "transformers", "jupyterlab", "ragas", "litellm"}
    assert names & heavy == set()
    assert not [name for name in names if name.startswith(("nvidia", "cuda", "triton"))]


@pytest.mark.parametrize(("smaller", "larger"), [("demo", "app"), ("app", "test")])
def test_each_lock_holds_the_smaller_one(smaller: str, larger: str) -> None:
    assert pins(smaller).items() < pins(larger).items()


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("demo", ["agent", "notebooks", "lambda", "api"]),
        ("app", ["agent", "notebooks", "lambda", "api", "app"]),
        ("test", ["agent", "notebooks", "lambda", "api", "app", "dev"]),
        ("lab", ["lab"]),
    ],
)
def test_the_locks_satisfy_pyproject(lock: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [] if lock == "lab" else project["dependencies"]
    for extra in extras:
        wanted = wanted + project["optional-dependencies"][extra]
    versions: dict[str, list[str]] = {}
    for (name, _), version in pins(lock).items():
        versions.setdefault(name, []).append(version)
    for text in wanted:
        requirement = Requirement(text)
        locked = versions.get(requirement.name, [])
        assert locked, f"{requirement.name} is not in locks/{lock}.txt: run ./dev lock"
        assert all(Version(version) in requirement.specifier for version in locked), text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_stripped_and_take_parameters(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1


@pytest.mark.parametrize("command", dev_commands() if PAGES else [])
def test_every_dev_command_is_described(command: str) -> None:
    assert any(f"./dev {command}" in page.read_text(encoding="utf-8") for page in PAGES)


def test_ci_runs_nothing_but_what_works_at_home() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    steps = re.findall(r"run: (.+)", workflow)
    assert steps
    assert all(step.startswith("./dev ") or step == "bash .ci/run" for step in steps)


def test_the_wheel_holds_msp_core_and_its_data_alone(tmp_path: Path) -> None:
    program = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()[1:]
    names = {line.split()[0] for line in listed}
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "msp_core",
        "msp_support_assistant",
    }
    source = {
        str(path.relative_to(ROOT)) for path in tracked() if path.is_relative_to(ROOT / "msp_core")
    }
    assert source <= names
