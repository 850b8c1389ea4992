"""What is particular to the embedded index: its file, and the processes that share it."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from msp_core.errors import ConfigurationError, CorruptData
from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.index import Chunk
from tests.fakes.knowledge import ALL, SPACE, HashEmbedder, chunk, ids, vector_of


def open_index(folder: Path, tier: str = "hot") -> EmbeddedIndex:
    return EmbeddedIndex(folder / "i.db", tier=tier, space=SPACE)


@pytest.fixture
def index(tmp_path: Path) -> EmbeddedIndex:
    return open_index(tmp_path)


@pytest.fixture
def put(index: EmbeddedIndex) -> Callable[..., None]:
    def put(*chunks: Chunk) -> None:
        index.upsert(chunks, HashEmbedder().embed([item.searchable for item in chunks]))

    return put


def damage(index: EmbeddedIndex, sql: str) -> None:
    with closing(sqlite3.connect(index.path)) as connection, connection:
        connection.execute(sql)


def test_a_newer_format_is_refused(index: EmbeddedIndex, put) -> None:
    put(chunk("d1", "vpn"))
    damage(index, "PRAGMA user_version = 99")
    with pytest.raises(CorruptData, match="Update msp"):
        open_index(index.path.parent).stats()
    assert not open_index(index.path.parent).health().ok


def test_an_earlier_format_is_refused_with_the_command_that_makes_it_anew(
    index: EmbeddedIndex, put
) -> None:
    put(chunk("d1", "vpn"))
    damage(index, "PRAGMA user_version = 1")
    opened = open_index(index.path.parent)
    with pytest.raises(CorruptData, match=r"earlier version.*`msp index rebuild`"):
        opened.stats()
    opened.remove()
    embedded = HashEmbedder().embed(["vpn"])
    opened.upsert([chunk("d2", "vpn")], embedded)
    assert ids(opened.dense(embedded[0], ALL, 5)) == ["d2#000"]


@pytest.mark.parametrize("how", ["delete", "replace"])
def test_what_is_gone_is_in_no_file_while_others_have_it_open(
    index: EmbeddedIndex, put, how: str
) -> None:
    reader = open_index(index.path.parent)
    put(chunk("d1", "the combination is swordfish"))
    assert reader.stats().chunks == 1
    if how == "delete":
        index.delete(["d1"])
    else:
        put(chunk("d1", "changed"))
    for file in index.path.parent.iterdir():
        assert b"combination is swordfish" not in file.read_bytes(), file.name
    assert reader.stats().chunks == int(how == "replace")


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 50, None])
def test_a_damaged_file_names_the_command_and_can_be_removed(
    index: EmbeddedIndex, put, content: bytes | None
) -> None:
    put(*(chunk(f"d{i}", "vpn " * 200) for i in range(50)))
    damage(index, "PRAGMA wal_checkpoint(TRUNCATE)")
    whole = index.path.read_bytes()
    index.path.write_bytes(content or whole[:4096] + b"\xff" * (len(whole) - 4096))
    fresh = open_index(index.path.parent)
    with pytest.raises(CorruptData, match="msp index rebuild"):
        fresh.lexical("vpn", ALL, 5)
    assert fresh.verify() != []
    fresh.remove()
    assert fresh.stats().chunks == 0


@pytest.mark.parametrize("tier", ["hot", "cold"])
def test_every_damaged_page_is_noticed_by_verify(tmp_path: Path, tier: str) -> None:
    index = open_index(tmp_path, tier)
    chunks = [chunk(f"d{i:02d}", f"vpn {i} " * 60) for i in range(40)]
    index.upsert(chunks, HashEmbedder().embed([item.searchable for item in chunks]))
    index.compact()
    whole = index.path.read_bytes()
    pages = len(whole) // 4096
    assert pages > 20
    for page in range(1, pages):
        at = page * 4096 + 2048
        index.path.write_bytes(whole[:at] + b"\xa5" * 256 + whole[at + 256 :])
        fresh = open_index(tmp_path, tier)
        if fresh.verify() == []:  # then these bytes belong to nothing
            assert [r.chunk for r in fresh.export()] == chunks, page
    index.path.write_bytes(whole)
    assert open_index(tmp_path, tier).verify() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE blocks SET vectors = x'00'",
        "UPDATE blocks SET vectors = zeroblob(64)",
        "UPDATE blocks SET codes = x'02000000030000000000000000000000'",
        "UPDATE blocks SET keys = x'0200000000000000'",
        """UPDATE blocks SET names = CAST('["other"]' AS BLOB)""",
    ],
)
def test_a_vector_that_is_not_the_stored_one_is_damage(index: EmbeddedIndex, put, sql: str) -> None:
    put(chunk("d1", "vpn"))
    damage(index, sql)
    with pytest.raises(CorruptData, match="msp index rebuild"):
        index.dense(vector_of("vpn"), ALL, 5)
    assert index.verify() != []


@pytest.mark.parametrize("column", ["text", "title", "content_hash"])
def test_a_text_that_is_not_the_stored_one_is_damage(index: EmbeddedIndex, put, column) -> None:
    put(chunk("d1", "vpn"), chunk("d2", "printer"))
    damage(index, f"UPDATE chunks SET {column} = 'other' WHERE id = 1")
    with pytest.raises(CorruptData, match="d1#000"):
        index.get(["d1#000"])
    assert list(index.get(["d2#000"])) == ["d2#000"]
    assert len(index.verify()) == 1


def test_who_may_see_it_is_part_of_the_checksum(index: EmbeddedIndex, put) -> None:
    put(chunk("d1", "vpn", audience="internal", customer_id="b"))
    damage(index, "UPDATE chunks SET customer_id = NULL, audience = 'public'")
    with pytest.raises(CorruptData):
        index.get(["d1#000"])


def test_a_chunk_missing_in_a_table_is_noticed(index: EmbeddedIndex, put) -> None:
    put(chunk("d1", "vpn"), chunk("d2", "printer"))
    damage(index, "DELETE FROM chunks WHERE id = 1")
    damage(index, "DELETE FROM words_docsize WHERE id = 2")
    assert len(index.verify()) == 2


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="MSP_STATE_DIR"):
        open_index(tmp_path / "file").stats()


def test_a_failed_write_leaves_the_old_document(index: EmbeddedIndex, put) -> None:
    put(chunk("d1", "vpn"))
    twice = [chunk("d1", "scanner"), chunk("d1", "same id")]
    with pytest.raises(sqlite3.IntegrityError):
        index.upsert(twice, HashEmbedder().embed(["scanner", "same id"]))
    assert ids(index.lexical("vpn", ALL, 5)) == ["d1#000"]
    assert index.lexical("scanner", ALL, 5) == []


def test_removed_vectors_do_not_pile_up(index: EmbeddedIndex, monkeypatch) -> None:
    monkeypatch.setattr("msp_core.knowledge.embedded_file.TIDIED_FROM", 10)
    follower = open_index(index.path.parent)
    for step in range(30):
        chunks = [chunk(f"d{i}", f"vpn {step}", content_hash=str(step)) for i in range(4)]
        index.upsert(chunks, HashEmbedder().embed([item.searchable for item in chunks]))
        assert len(follower.dense(vector_of("vpn"), ALL, 9)) == 4
        with closing(sqlite3.connect(index.path)) as connection:
            vectors = connection.execute("SELECT sum(length(keys)) / 8 FROM blocks").fetchone()[0]
        assert vectors <= 4 + 12
    assert index.verify() == []


def test_reading_what_changed_equals_reading_everything(index: EmbeddedIndex) -> None:
    """A long-lived object follows another one's writes, whatever their order."""
    follower = open_index(index.path.parent)
    generator = random.Random(3)
    for step in range(60):
        name = f"d{generator.randrange(12)}"
        if generator.random() < 0.3:
            index.delete([name])
        elif step == 40:
            index.compact()
        else:
            size = generator.randrange(1, 4)
            chunks = [
                chunk(
                    name,
                    f"word{generator.randrange(9)}",
                    number,
                    customer_id=generator.choice([None, "a", "b", "c"]),
                    content_hash=str(step),
                )
                for number in range(size)
            ]
            index.upsert(chunks, HashEmbedder().embed([item.searchable for item in chunks]))
        vector = vector_of(f"Title - Heading word{generator.randrange(9)}")
        fresh = open_index(index.path.parent)
        assert follower.dense(vector, ALL, 50) == fresh.dense(vector, ALL, 50), step
        assert follower.lexical("word1", ALL, 50) == fresh.lexical("word1", ALL, 50), step
    assert index.verify() == []


WRITER = """
import sys
from pathlib import Path
from tests.msp_core.knowledge.test_embedded import HashEmbedder, chunk, open_index
index = open_index(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    index.upsert([chunk(f"{sys.argv[2]}-{number}", "vpn")], HashEmbedder().embed(["vpn"]))
    print(number, flush=True)
    sys.stdin.readline()
"""


def start_writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def test_a_write_of_another_process_is_seen_at_the_next_query(index: EmbeddedIndex, put) -> None:
    put(chunk("own", "vpn"))
    with start_writer(index.path.parent, "w", 5) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for number in range(5):
            assert writer.stdout.readline() == f"{number}\n"
            assert f"w-{number}#000" in ids(index.dense(vector_of("vpn"), ALL, 50))
            assert f"w-{number}#000" in ids(index.lexical("vpn", ALL, 50))
            writer.stdin.write("\n")
            writer.stdin.flush()


def test_two_processes_write_and_nothing_is_lost(index: EmbeddedIndex) -> None:
    with (
        start_writer(index.path.parent, "a", 25) as one,
        start_writer(index.path.parent, "b", 25) as two,
    ):
        for writer in (one, two):
            writer.communicate("\n" * 25)
        assert (one.returncode, two.returncode) == (0, 0)
    assert index.stats().chunks == 50
    assert index.verify() == []


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from msp_core.errors import DependencyFailed
from tests.msp_core.knowledge.test_embedded import HashEmbedder, chunk, open_index
index = open_index(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = index.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, size + 20_000))
chunks = [chunk(f"new{i}", "scanner " * 500) for i in range(100)]
try:
    index.upsert(chunks, HashEmbedder().embed([item.text for item in chunks]))
except DependencyFailed as error:
    print(error)
print(index.stats().chunks)
"""


def test_a_full_disk_in_the_middle_leaves_the_index_as_it_was(index: EmbeddedIndex, put) -> None:
    put(*(chunk(f"d{i}", "vpn") for i in range(20)))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(index.path.parent)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert "Free some space" in done.stdout
    assert done.stdout.splitlines()[-1] == "20"
    assert index.stats().chunks == 20
    assert index.verify() == []
    put(chunk("later", "vpn"))
    assert index.stats().chunks == 21


def test_importing_loads_no_heavy_library() -> None:
    code = (
        "import sys, msp_core.knowledge.minilm, msp_core.knowledge.retriever;"
        "heavy = {'numpy', 'tokenizers', 'safetensors', 'pandas', 'strands'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
