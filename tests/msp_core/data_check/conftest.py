"""A small data folder without a fault, and ways to put one in."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msp_core.clock import fixed_clock
from msp_core.data_check.findings import Check, Outcome
from msp_core.data_check.run import check_data
from msp_core.knowledge.minilm import MiniLm
from tests.fakes.data_folder import ARTICLES, CUSTOMERS, TEAMS, TICKETS, write_articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Remembering:
    """MiniLM that computes a text once in all tests."""

    def __init__(self) -> None:
        self._minilm = MiniLm()
        self._known: dict[str, np.ndarray] = {}
        self.model_id, self.dimension = self._minilm.model_id, self._minilm.dimension

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= zip(new, self._minilm.embed(new), strict=True)
        rows = [self._known[text] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimension)


@pytest.fixture(scope="session")
def minilm() -> Remembering:
    return Remembering()


class Bench:
    """A data folder on disk, its checks, and its records to be changed."""

    def __init__(self, path: Path, minilm: Remembering) -> None:
        self.path = path
        self._minilm = minilm
        self.tickets: list[dict[str, Any]] = json.loads(json.dumps(TICKETS))
        self.articles: dict[str, dict[str, Any]] = json.loads(json.dumps(ARTICLES))
        self.customers: list[dict[str, Any]] = json.loads(json.dumps(CUSTOMERS))

    def write(self) -> None:
        """Put everything on disk."""
        (self.path / "kb").mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(ticket) for ticket in self.tickets]
        (self.path / "tickets.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.path / "customers.json").write_text(json.dumps(self.customers), encoding="utf-8")
        (self.path / "teams.json").write_text(json.dumps(TEAMS), encoding="utf-8")
        write_articles(self.path / "kb", self.articles)

    def outcome(self, profile_name: str = "own") -> Outcome:
        """Every check over what is on disk."""
        sets = sorted((self.path / "datasets").glob("*"))
        return check_data(
            self.path,
            sets,
            profile_name=profile_name,  # type: ignore[arg-type]
            embedder=self._minilm,
            clock=fixed_clock(NOW),
            training=sorted((self.path / "training").glob("*")),
        )

    def check(self, name: str) -> Check:
        """One check after writing."""
        self.write()
        return next(check for check in self.outcome().checks if check.name == name)

    def dataset(self, name: str, files: dict[str, str], *, kind: str = "routing") -> Path:
        """A judged set with a right manifest."""
        folder = self.path / "datasets" / name
        entries = {}
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            rows = sum(bool(line) for line in text.splitlines()) - file.endswith(".tsv")
            entries[file] = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "rows": rows}
        manifest = {"name": name, "kind": kind, "version": "1", "files": entries}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return folder


@pytest.fixture
def bench(tmp_path: Path, minilm: Remembering) -> Bench:
    made = Bench(tmp_path / "data", minilm)
    made.write()
    return made


@pytest.fixture
def reasons(bench: Bench) -> Callable[[str], list[str]]:
    """The reasons that a check gives after writing."""
    return lambda name: [problem.reason for problem in bench.check(name).problems]
