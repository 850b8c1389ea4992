import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from eval.triage_set import read_triage_set
from msp_core.errors import InvalidInput, UsageError
from msp_core.tickets.file import read_tickets
from msp_core.tickets.ticket import Category, Ticket
from tests.fakes.data_folder import TICKETS

ONE, TWO, FOUR = (str(TICKETS[place]["ticket_id"]) for place in (0, 1, 3))


@pytest.fixture
def tickets(tmp_path: Path) -> Mapping[str, Ticket]:
    path = tmp_path / "tickets.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TICKETS), encoding="utf-8")
    return {ticket.ticket_id: ticket for ticket in read_tickets(path)[0]}


def row(ticket_id: str, split: str = "test", **fields: object) -> dict[str, object]:
    base = {"category": "Hardware", "priority": "Low", "team": "desk", "duplicate_of": None}
    return {"ticket_id": ticket_id, "split": split, **base, **fields}


def folder(path: Path, *rows: dict[str, object]) -> Path:
    (path / "triage").mkdir()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (path / "triage/labels.jsonl").write_text(text)
    return path / "triage"


def test_labels_of_a_split_beside_their_tickets(
    tmp_path: Path, tickets: Mapping[str, Ticket]
) -> None:
    path = folder(tmp_path, row(ONE), row(TWO, duplicate_of=ONE), row(FOUR, "train"))
    data = read_triage_set(path, tickets, split="test")
    assert [label.ticket.ticket_id for label in data.labels] == [ONE, TWO]
    assert data.labels[1].duplicate_of == ONE
    assert data.labels[0].category is Category.HARDWARE
    assert data.labels[0].ticket.category is Category.NETWORK
    assert [label.ticket.ticket_id for label in data.others] == [FOUR]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([row(ONE), row(ONE)], r"labels\.jsonl:2: ticket_id: .* stands here a second time"),
        ([row("TKT-20200101-00000000")], r"labels\.jsonl:1: ticket_id: there is no ticket"),
        ([row(ONE, category="Printers")], r"labels\.jsonl:1: category"),
        ([row(ONE, split="floor")], r"labels\.jsonl:1: split"),
        ([row(ONE, duplicate_of="x")], "duplicate_of: there is no ticket 'x'"),
        ([row(ONE, duplicate_of=TWO)], f"duplicate_of: {TWO} is not older"),
        ([row(FOUR, duplicate_of=ONE)], f"duplicate_of: {ONE} is of another customer"),
        ([], "it holds no row"),
    ],
)
def test_planted(
    tmp_path: Path,
    tickets: Mapping[str, Ticket],
    rows: list[dict[str, object]],
    problem: str,
) -> None:
    with pytest.raises(InvalidInput, match=problem):
        read_triage_set(folder(tmp_path, *rows), tickets)


def test_the_manifest_is_checked(tmp_path: Path, tickets: Mapping[str, Ticket]) -> None:
    path = folder(tmp_path, row(ONE))
    sha256 = hashlib.sha256((path / "labels.jsonl").read_bytes()).hexdigest()
    manifest = {"kind": "triage", "version": "1"}
    for entry in ({"sha256": sha256, "rows": 1}, {"sha256": "0", "rows": 1}):
        (path / "manifest.json").write_text(
            json.dumps({**manifest, "files": {"labels.jsonl": entry}})
        )
        if entry["sha256"] == sha256:
            assert len(read_triage_set(path, tickets).labels) == 1
    with pytest.raises(InvalidInput, match="its SHA-256 differs"):
        read_triage_set(path, tickets)


def test_no_such_set_or_split(tmp_path: Path, tickets: Mapping[str, Ticket]) -> None:
    with pytest.raises(UsageError, match=r"it needs labels\.jsonl"):
        read_triage_set(tmp_path, tickets)
    with pytest.raises(UsageError, match="has no split 'dev'"):
        read_triage_set(folder(tmp_path, row(ONE)), tickets, split="dev")
