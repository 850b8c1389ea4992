"""Writing a data set's folder: its files first, the manifest that proves them last."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from eval.dataset import MANIFEST
from eval.files import write_lines


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a JSONL file.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    write_lines(path, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_manifest(
    folder: Path, *, name: str, kind: str, version: str, licence: str, files: Iterable[str]
) -> None:
    """Write `manifest.json` with hash and row count of each file.

    Args:
        files: their paths within the folder; of a `.tsv` the first line is its header.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    entries = {}
    for file in files:
        content = (folder / file).read_bytes()
        lines = sum(bool(line.strip()) for line in content.split(b"\n"))
        entries[file] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "rows": lines - file.endswith(".tsv"),
        }
    manifest = {
        "name": name,
        "kind": kind,
        "version": version,
        "licence": licence,
        "files": entries,
    }
    write_lines(folder / MANIFEST, [json.dumps(manifest, indent=2, ensure_ascii=False), "\n"])
