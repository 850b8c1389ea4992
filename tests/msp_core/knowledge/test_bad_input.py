"""Every kind of bad input, through ingestion and search: said clearly, and the index intact."""

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from msp_core.clock import fixed_clock, system_clock
from msp_core.errors import CorruptData, InvalidInput, UsageError
from msp_core.incoming import documents_of
from msp_core.knowledge.document import text_document
from msp_core.knowledge.index import Filter
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.ingestion_plan import everything
from msp_core.knowledge.retriever import Retriever
from msp_core.knowledge.sources.file_document import Defaults
from msp_core.knowledge.sources.folder import FolderSource
from msp_core.knowledge.tiering.check import rebuild_from_cold, verify_tiers
from msp_core.knowledge.tiering.run import run_tiering
from msp_core.knowledge.tiering.state import TierState
from msp_core.scope import Role, Scope
from tests.fakes.knowledge import HashEmbedder, chunk, content, make_tiers

ROOT = Path(__file__).parents[3]
SCOPE = Scope("tom", Role.TECHNICIAN, frozenset({"a"}))
WANTED = Filter(frozenset({"a"}), frozenset({"public"}))
GOOD = [text_document(f"d{i}", f"Title {i}", f"# Fix\nspooler word{i}") for i in range(6)]
ODD_IDS = ["U\u0308", "Ü", "ﬁ", "\u200dx", "a\u202eb", "👩‍👧", "\ufeffx", "ß", "ẞ", "İ", "x" * 512]
QUERIES = ['"', "spooler AND", "NEAR(a b)", "text:spooler", "spooler*", "-x ^", "'; DROP TABLE x"]


class Bad:
    """The tiers of a folder, and ways to use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tiers = make_tiers(folder)
        self.ingest(GOOD)

    def ingest(self, documents: list) -> list[str]:
        """The reasons of what was left out."""
        report = ingest(documents, self.tiers, HashEmbedder())
        return [row.reason for row in report.quarantined]

    def found(self, query: str, k: int = 5) -> tuple[list[str], list[str]]:
        """Document ids, and codes of notices."""
        found = Retriever(self.tiers, HashEmbedder()).search(query, SCOPE, k=k)
        return [row.document_id for row in found.passages], [row.code for row in found.notices]


def empty_corpus(bad: Bad) -> None:
    bad.ingest([])
    assert bad.found("spooler") == ([], ["index_empty"])
    assert run_tiering(bad.tiers, TierState(bad.folder / "t.db"), system_clock).hot_chunks == 0
    bad.ingest(GOOD)


def empty_query(bad: Bad) -> None:
    for query in ("", "  \n", "\x00\x1f", "\ud800"):
        with pytest.raises(UsageError, match="empty"):
            bad.found(query)
    assert bad.tiers.hot.lexical("", WANTED, 5) == []


def query_of_10_000_words(bad: Bad) -> None:
    ids, notices = bad.found(" ".join(["word3", *(f"w{i}" for i in range(10_000))]))
    assert (ids[0], notices) == ("d3", ["query_shortened"])


def operators_and_quotes(bad: Bad) -> None:
    for query in QUERIES:
        assert bad.found(query)[1] == []


def k_of_0_and_10_000(bad: Bad) -> None:
    for k in (0, -1, 10_000):
        with pytest.raises(UsageError, match="1 to 100"):
            bad.found("spooler", k=k)
    vector = HashEmbedder().embed(["spooler"])[0]
    assert len(bad.tiers.cold.dense(vector, WANTED, 10_000)) == 6
    for k in (0, 10_001):
        with pytest.raises(UsageError, match="10,000"):
            bad.tiers.cold.dense(vector, WANTED, k)


def nan_zero_and_wrong_dimension(bad: Bad) -> None:
    for vector in (np.full(16, np.nan), np.zeros(16), np.full(8, 8**-0.5)):
        unusable = vector.astype(np.float32)
        with pytest.raises(InvalidInput):
            bad.tiers.cold.upsert([chunk("d9", "x")], unusable[None, :])
        with pytest.raises(InvalidInput):
            bad.tiers.hot.hybrid("spooler", unusable, WANTED, 5)


def odd_ids(bad: Bad) -> None:
    odd = [text_document(name, "Odd", f"oddity number{i}") for i, name in enumerate(ODD_IDS)]
    assert bad.ingest([*GOOD, *odd]) == []
    assert set(bad.found("oddity", k=20)[0]) >= set(ODD_IDS)
    retriever = Retriever(bad.tiers, HashEmbedder())
    assert [retriever.read(name, SCOPE) for name in ODD_IDS] == [row.text for row in odd]
    for name in ("", "a\0b", "a\nb", "\ud800", "x" * 513):
        assert len(bad.ingest([*GOOD, replace(odd[0], document_id=name)])) == 1


def labels_over_2_kb(bad: Bad) -> None:
    (reason,) = bad.ingest([*GOOD, replace(GOOD[0], document_id="big", category="ü" * 950)])
    assert "1800 bytes" in reason


def a_document_of_20_mb(bad: Bad) -> None:
    (reason,) = bad.ingest([*GOOD, text_document("big", "Big", "word " * 4_000_000)])
    assert "2,000,000 characters" in reason


def binary_and_huge_files(bad: Bad) -> None:
    folder = bad.folder / "files"
    folder.mkdir()
    (folder / "a.txt").write_bytes(random.Random(1).randbytes(5000))
    (folder / "b.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    with (folder / "c.html").open("wb") as file:
        file.truncate(20_000_000)
    (folder / "good.md").write_text("coffee")
    documents, aside = documents_of(FolderSource(folder).files(), Defaults(), ())
    assert [row.reason.partition(":")[0] for row in aside] == [
        "it is a binary file",
        "it is a binary file",
        "it has 20.0 MB, and at most 8 are read",
    ]
    assert bad.ingest([*GOOD, *documents]) == []


def a_corrupt_page(bad: Bad) -> None:
    bad.tiers.hot.compact()
    path = bad.folder / "knowledge" / "hot.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    bad.tiers = make_tiers(bad.folder)
    ids, notices = bad.found("spooler")
    assert (len(ids), notices) == (5, ["hot_unavailable"])
    with pytest.raises(CorruptData, match="msp index rebuild"):
        bad.tiers.hot.stats()
    rebuild_from_cold(bad.tiers, everything)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from msp_core.errors import DependencyFailed
from msp_core.knowledge import ingestion
from tests.msp_core.knowledge.test_bad_input import GOOD, MORE, Bad
ingestion.BATCH_CHUNKS = 10
bad = Bad(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (110_000, 110_000))
try:
    bad.ingest([*GOOD, *MORE])
except DependencyFailed as error:
    print(error)
"""
MORE = [text_document(f"more{i:03d}", "More", f"scanner {i} " * 60) for i in range(60)]


def a_full_disk_in_the_middle(bad: Bad) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(bad.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "Free some space" in done.stdout
    assert 0 < bad.tiers.cold.stats().documents < len(MORE)
    assert bad.tiers.cold.verify() == bad.tiers.hot.verify() == []
    bad.ingest([*GOOD, *MORE])
    undisturbed = Bad(bad.folder / "undisturbed")
    undisturbed.ingest([*GOOD, *MORE])
    assert content(bad.tiers) == content(undisturbed.tiers)


def a_clock_moved_back(bad: Bad) -> None:
    state, now = TierState(bad.folder / "t.db"), system_clock()
    state.set_capacity(2)
    state.record_use(["d4"], now)
    state.record_use(["d4", "d5"], now - timedelta(days=4000))
    assert run_tiering(bad.tiers, state, fixed_clock(now)).hot_chunks == 2
    early = run_tiering(bad.tiers, state, fixed_clock(now - timedelta(days=4000)))
    assert (early.promoted, early.demoted, early.hot_chunks) == (0, 0, 2)
    assert {"d4", "d5"} == set(bad.tiers.hot.document_hashes())


CASES: list[Callable[[Bad], None]] = [
    empty_corpus,
    empty_query,
    query_of_10_000_words,
    operators_and_quotes,
    k_of_0_and_10_000,
    nan_zero_and_wrong_dimension,
    odd_ids,
    labels_over_2_kb,
    a_document_of_20_mb,
    binary_and_huge_files,
    a_corrupt_page,
    a_full_disk_in_the_middle,
    a_clock_moved_back,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_bad_input_is_said_and_leaves_the_index_intact(
    tmp_path: Path, case: Callable[[Bad], None]
) -> None:
    bad = Bad(tmp_path)
    case(bad)
    assert verify_tiers(bad.tiers) == []
    assert bad.found("spooler word2")[0][0] == "d2"
