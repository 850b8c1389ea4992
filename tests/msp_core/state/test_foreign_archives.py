"""Archives that are damaged or were not made by us change nothing."""

import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msp_core.errors import ConfigurationError, CorruptData
from msp_core.state.restore import StateDatabase, restore
from tests.msp_core.state.folders import (
    KNOWN,
    NOW,
    SCHEMA,
    bring_back,
    said,
)


def refused(state: Path, archive: Path, kind: type[Exception] = CorruptData) -> str:
    before = sorted(state.rglob("*"))
    with pytest.raises(kind) as caught:
        bring_back(state, archive)
    assert said(state) == {"old", "new"}
    after = [path for path in sorted(state.rglob("*")) if path.suffix not in {".db-wal", ".db-shm"}]
    assert set(after) <= set(before), "nothing is left behind"
    return str(caught.value)


def test_every_damage_is_noticed(state: Path, archive: Path) -> None:
    content = archive.read_bytes()
    for place in [0, len(content) - 1, *random.Random(7).sample(range(len(content)), 40)]:
        archive.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            kept = bring_back(state, archive)
        except CorruptData:
            assert said(state) == {"old", "new"}
        else:
            # A time stamp in the archive that nobody reads.
            assert said(state) == {"old"}
            assert kept is not None
            bring_back(state, kept)
    for length in (0, 10, len(content) // 2, len(content) - 1):
        archive.write_bytes(content[:length])
        refused(state, archive)


def rewritten(archive: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """The archive with its manifest and files changed."""
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(manifest, files)
    target = archive.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("manifest.json", json.dumps(manifest))
        for name, content in files.items():
            packed.writestr(name, content)
    return target


def outside(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    for name in ("../evil.db", "sessions/../../evil.json"):
        files[name] = files["tickets.db"]
        manifest["files"][name] = manifest["files"]["tickets.db"]


FOREIGN: dict[str, Callable[[dict[str, Any], dict[str, bytes]], None]] = {
    "a newer kind of archive": lambda manifest, _: manifest.update(schema="msp.state/2"),
    "files out of the folder": outside,
    "a file that is not named": lambda _, files: files.update({"memory.db": b"x"}),
    "a file that is missing": lambda _, files: files.pop("tickets.db") and None,
    "another content": lambda _, files: files.update({"customers.json": b'"bad"'}),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_archive_is_refused(
    state: Path, archive: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]
) -> None:
    refused(state, rewritten(archive, change))
    assert not list(state.parent.rglob("evil*"))


def test_what_is_no_archive_is_refused(state: Path, archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as packed:
        packed.writestr("readme.txt", "hello")
    assert "msp state backup" in refused(state, other)
    other.write_text("text")
    refused(state, other)
    refused(state, tmp_path / "none.zip", ConfigurationError)
    refused(state, tmp_path, ConfigurationError)


def test_a_database_that_cannot_become_ours_is_refused(
    state: Path, archive: Path, tmp_path: Path
) -> None:
    migrations = [*SCHEMA, "ALTER TABLE sentences ADD COLUMN at TEXT"]
    with pytest.raises(CorruptData, match=r"tickets\.db.*nothing was changed"):
        restore(state, archive, known=KNOWN | {"tickets.db": StateDatabase(migrations)}, at=NOW)
    assert said(state) == {"old", "new"}


def test_a_database_of_a_newer_format_is_refused(state: Path, archive: Path) -> None:
    with pytest.raises(CorruptData, match=r"another version.*Update msp"):
        restore(state, archive, known=KNOWN | {"tickets.db": StateDatabase([])}, at=NOW)
    assert said(state) == {"old", "new"}
