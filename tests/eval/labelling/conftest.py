"""A small data folder to draw from, and passes over it without a terminal."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eval.labelling.journal import PassName
from eval.labelling.questions import Value
from eval.labelling.routing_items import draw_routing
from eval.labelling.source import folder_source
from eval.labelling.workspace import Workspace, open_workspace
from msp_core.clock import fixed_clock
from tests.fakes.data_folder import ARTICLES, CUSTOMERS, TEAMS, TICKETS, write_articles

CLOCK = fixed_clock(datetime(2026, 11, 1, tzinfo=UTC))
WEAK: tuple[Value, ...] = ("weak", "lookup", ["get_ticket"], 40)
STRONG: tuple[Value, ...] = ("strong", "diagnosis", [], 300)

Writer = Callable[..., Path]


@pytest.fixture
def data_folder(tmp_path: Path) -> Writer:
    """Writes a data folder; tickets and articles may be given."""

    def write(
        tickets: Sequence[dict[str, Any]] = TICKETS, articles: dict[str, Any] = ARTICLES
    ) -> Path:
        path = tmp_path / "mine"
        (path / "kb").mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(ticket) + "\n" for ticket in tickets)
        (path / "tickets.jsonl").write_text(lines, encoding="utf-8")
        (path / "customers.json").write_text(json.dumps(CUSTOMERS), encoding="utf-8")
        (path / "teams.json").write_text(json.dumps(TEAMS), encoding="utf-8")
        write_articles(path / "kb", articles)
        return path

    return write


@pytest.fixture
def routing(data_folder: Writer, tmp_path: Path) -> Workspace:
    """A routing labelling of five turns."""
    source = folder_source(data_folder())
    workspace, begun = open_workspace(
        tmp_path / "out",
        "routing",
        lambda: (*draw_routing(source, count=100, seed=1), {}),
        CLOCK,
    )
    assert begun
    return workspace


def judge(workspace: Workspace, name: PassName, *items: Sequence[Value]) -> None:
    """Answer the next items."""
    with workspace.journal(name) as journal:
        for values in items:
            for value in values:
                journal.answer(value)
