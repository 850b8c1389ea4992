"""Judged sets: the files are those of the manifest, ids exist, splits keep customers apart."""

import hashlib
import json
from pathlib import Path

from msp_core.data_check.findings import Check
from msp_core.data_check.folder import Folder
from msp_core.data_check.label_rows import LABEL_FILES, check_labels
from msp_core.data_check.retrieval_rows import check_retrieval
from msp_core.data_check.set_rows import Row, SetRows

MANIFEST = "manifest.json"


def check_dataset(path: Path, folder: Folder) -> Check:
    """One data set of `eval/datasets/`, or of a user's `datasets/`."""
    rows = SetRows(path, folder)
    manifest = _check_manifest(rows)
    if (path / "queries.jsonl").is_file():
        check_retrieval(rows)
    for name in LABEL_FILES:
        if (path / name).is_file():
            check_labels(rows, name)
    if manifest is not None and not rows.count:
        rows.note(MANIFEST, 0, "the set holds no row of a kind that is known here")
    return Check(f"dataset {path.name}", "rows", rows.count, tuple(rows.problems))


def _check_manifest(rows: SetRows) -> Row | None:
    file = rows.path / MANIFEST
    if not file.is_file():
        rows.note(MANIFEST, 0, "there is none: nothing proves the files", severity="warning")
        return None
    try:
        manifest: Row = json.loads(file.read_bytes())
        listed = {
            name: (entry["sha256"], entry["rows"]) for name, entry in manifest["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        rows.note(MANIFEST, 0, f"it is not usable ({error!r})")
        return None
    for name, (sha256, count) in listed.items():
        path = rows.path / name
        if not path.is_file():
            rows.note(name, 0, "the manifest lists it, and it is not there")
            continue
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            rows.note(name, 0, "its SHA-256 differs from the manifest's")
        lines = [line for line in content.split(b"\n") if line.strip()]
        found = len(lines) - (path.suffix == ".tsv" and lines[:1] != [] and b"query-id" in lines[0])
        if found != count:
            rows.note(name, 0, f"it has {found} rows, and the manifest says {count}")
    return manifest
