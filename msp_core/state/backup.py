"""The state folder in one file: a zip archive with the hash of everything in it."""

import json
import os
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from msp_core.clock import to_iso
from msp_core.errors import ConfigurationError, CorruptData, UsageError
from msp_core.state.files import copy_state, explained, is_state_name, sha256_of, sync

SCHEMA = "msp.state/1"
_MANIFEST = "manifest.json"
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,  # "encrypted"; and NotImplementedError, an unknown compression
)
"""What reading a zip archive raises when its bytes make no sense."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class _Manifest(BaseModel):
    """What an archive says of itself."""

    model_config = ConfigDict(extra="forbid")

    schema_: str = Field(alias="schema", pattern=f"^{SCHEMA}$")
    created_at: str
    files: dict[str, _File]


@dataclass(frozen=True)
class BackupReport:
    """What was written."""

    path: Path
    files: tuple[str, ...]
    size: int


def back_up(folder: Path, target: Path, *, at: datetime) -> BackupReport:
    """Write the state of a folder into one new file, while others read and write.

    Each database is stored as it stands at one moment; the moments of two databases differ by as
    long as copying takes.

    Raises:
        ConfigurationError: there is no state yet, or the target cannot be written.
        CorruptData: a database of the folder is damaged; nothing is written.
        DependencyFailed: the disk is full; nothing is left behind.
        UsageError: the target is there already.
    """
    if target.exists():
        raise UsageError(f"{target} is there already. Choose another name; no backup is replaced.")
    if not target.parent.is_dir():
        raise ConfigurationError(f"The folder {target.parent} does not exist. Make it first.")
    with (
        explained(target.parent),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch,
    ):
        copies = Path(scratch, "state")
        copies.mkdir()
        names = copy_state(folder, copies)
        if not any(name.endswith(".db") for name in names):
            raise ConfigurationError(f"{folder} holds no state yet. `msp ingest` makes some.")
        archive = Path(scratch, "archive")
        _pack(copies, names, archive, at)
        sync(archive)
        size = archive.stat().st_size
        os.replace(archive, target)
        sync(target.parent)
    return BackupReport(target, tuple(names), size)


def unpack(archive: Path, target: Path) -> list[str]:
    """Unpack an archive into an empty folder and return the names; everything is checked first.

    Raises:
        ConfigurationError: the archive cannot be read.
        CorruptData: it is damaged, or not a backup of ours.
        OSError: the folder cannot be written.
    """
    try:
        file = archive.open("rb")
    except OSError as error:
        raise ConfigurationError(
            f"{archive} cannot be read ({error.strerror}). Name a file"
            " that `msp state backup FILE` wrote; nothing was changed."
        ) from error
    try:
        with file, zipfile.ZipFile(file) as packed:
            manifest = _Manifest.model_validate_json(packed.read(_MANIFEST))
            if set(packed.namelist()) != {*manifest.files, _MANIFEST}:
                raise CorruptData(f"{archive} does not hold the files that it names.")
            for name, expected in manifest.files.items():
                if not is_state_name(name) or packed.getinfo(name).file_size != expected.size:
                    raise CorruptData(f"{archive}: {name!r} is not what the archive says it is.")
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                packed.extract(name, target)
                if sha256_of(target / name) != expected.sha256:
                    raise CorruptData(f"{archive} is damaged: {name} has changed.")
                sync(target / name)
    except _DAMAGED as error:
        raise CorruptData(
            f"{archive} is damaged, or not a file that `msp state backup` wrote. Nothing was"
            " changed."
        ) from error
    return list(manifest.files)


def _pack(folder: Path, names: list[str], archive: Path, at: datetime) -> None:
    files = {
        name: {"sha256": sha256_of(folder / name), "size": (folder / name).stat().st_size}
        for name in names
    }
    manifest = {"schema": SCHEMA, "created_at": to_iso(at), "files": files}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr(_MANIFEST, json.dumps(manifest, indent=1))
        for name in names:
            packed.write(folder / name, name)
