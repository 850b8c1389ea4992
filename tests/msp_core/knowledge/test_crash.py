"""A real process is killed at every named moment; the next run ends with the same content."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from msp_core import failpoints
from msp_core.clock import fixed_clock
from msp_core.knowledge.document import Document, text_document
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.tiering.run import FAIL_POINTS as TIER_POINTS
from msp_core.knowledge.tiering.run import choose_hot, run_tiering
from msp_core.knowledge.tiering.state import TierState
from msp_core.knowledge.tiering.writer import FAIL_POINTS as INGEST_POINTS
from tests.fakes.knowledge import HashEmbedder, content, make_tiers

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CAPACITY = 40
ROOT = Path(__file__).parents[3]

KILLED = """
import os, signal, sys
from pathlib import Path
from msp_core import failpoints
from tests.msp_core.knowledge.test_crash import WORK
# One process that has imported everything, and a child of it to be killed for each moment.
for line in sys.stdin:
    folder, point = line.rstrip().split("\\t")
    child = os.fork()
    if child == 0:
        failpoints.install(lambda name: name == point and os.kill(os.getpid(), signal.SIGKILL))
        WORK[point.partition(".")[0]](Path(folder))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def kill() -> Iterator[Callable[[Path, str], None]]:
    """Does the work in a folder until a named moment, and dies there."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        orders, answers = process.stdin, process.stdout
        assert orders is not None
        assert answers is not None

        def kill(folder: Path, point: str) -> None:
            orders.write(f"{folder}\t{point}\n")
            orders.flush()
            assert int(answers.readline()) == -signal.SIGKILL

        yield kill
        orders.close()


def document(number: int, text: str) -> Document:
    parts = "\n".join(f"## Part {part}\nspooler {text} {part}" for part in range(number % 3 + 1))
    return text_document(f"d{number:03d}", f"Title {number}", parts)


OLD = [document(number, "old") for number in range(60)]
NEW = [*(document(number, "new") for number in range(30)), *OLD[35:], document(99, "new")]


def state_of(folder: Path) -> TierState:
    return TierState(folder / "tiers.db")


def ingest_with_capacity(folder: Path, documents: list[Document], capacity: int) -> None:
    heat = state_of(folder).heat()
    ingest(
        documents,
        make_tiers(folder),
        HashEmbedder(),
        choose_hot=lambda sizes: choose_hot(sizes, heat, capacity),
    )


def prepare(folder: Path) -> None:
    """An older state, in which a killed run left some documents half done."""
    ingest_with_capacity(folder, OLD, CAPACITY + 20)
    tiers = make_tiers(folder)
    tiers.statistics.delete(["d050", "d051"])
    tiers.hot.delete(["d055"])
    state = state_of(folder)
    for number in range(40, 60):
        state.record_use([f"d{number:03d}"] * (number - 38), NOW)
    state.set_capacity(CAPACITY)


def ingest_new(folder: Path) -> None:
    ingest_with_capacity(folder, NEW, CAPACITY)


def tier(folder: Path) -> None:
    run_tiering(make_tiers(folder), state_of(folder), fixed_clock(NOW))


WORK = {"ingest": ingest_new, "tier": tier}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def expected(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The content after undisturbed work; checks that it reaches every named moment."""
    found = {}
    for name, points in (("ingest", INGEST_POINTS), ("tier", TIER_POINTS)):
        folder = tmp_path_factory.mktemp("undisturbed") / "state"
        shutil.copytree(prepared, folder)
        reached: set[str] = set()
        failpoints.install(reached.add)
        WORK[name](folder)
        failpoints.install(None)
        assert reached == set(points)
        found[name] = content(make_tiers(folder))
    return found


@pytest.mark.parametrize("point", [*INGEST_POINTS, *TIER_POINTS])
def test_killed_anywhere_the_next_run_ends_with_the_same_content(
    prepared: Path,
    expected: dict[str, str],
    kill: Callable[[Path, str], None],
    tmp_path: Path,
    point: str,
) -> None:
    work = point.partition(".")[0]
    folder = tmp_path / "state"
    shutil.copytree(prepared, folder)
    kill(folder, point)
    tiers = make_tiers(folder)
    assert tiers.hot.verify() == tiers.cold.verify() == []
    WORK[work](folder)
    assert content(make_tiers(folder)) == expected[work]


def test_the_run_that_was_killed_is_completed_by_its_own_plan(
    prepared: Path, kill: Callable[[Path, str], None], tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    shutil.copytree(prepared, folder)
    kill(folder, "tier.planned")
    state = state_of(folder)
    assert state.unfinished() is not None
    state.record_use(["d031"] * 50, NOW + timedelta(days=1))
    report = run_tiering(make_tiers(folder), state, fixed_clock(NOW - timedelta(days=400)))
    assert report.resumed
    assert state.unfinished() is None
    assert len(state.runs()) == 2  # the plan of before, then what has become hot since
    assert "d031" in make_tiers(folder).hot.document_hashes()
