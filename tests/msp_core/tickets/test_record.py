import json
from pathlib import Path
from typing import Any

import pytest

from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.tickets.file import read_tickets, tickets_to_lines
from msp_core.tickets.record import ticket_from_record, ticket_to_record

ROW: dict[str, Any] = {
    "ticket_id": "TKT-20261102-0A1B2C3D",
    "customer_id": "keller",
    "title": "Drucker: Größe falsch",
    "description": "Fw: Re: printer\n\n> it prints A5 \u2028 since monday\n0x0000011b",
    "status": "Resolved",
    "priority": "High",
    "category": "Hardware",
    "created_at": "2026-11-02T09:00:00Z",
    "updated_at": "2026-11-03T10:00:00Z",
    "requester": "j.keller@keller.example",
    "assigned_to": "tom.ruiz",
    "team": "field",
    "tags": ["printer", "a5"],
    "notes": [
        {
            "id": "n-1",
            "at": "2026-11-02T10:00:00Z",
            "author": "tom.ruiz",
            "text": "Driver is wrong",
            "visibility": "internal",
        }
    ],
    "history": [
        {
            "at": "2026-11-02T09:00:00Z",
            "actor": "j.keller",
            "field": "status",
            "from": None,
            "to": "Open",
        }
    ],
    "resolution": {
        "at": "2026-11-03T10:00:00Z",
        "text": "New driver",
        "article_ids": ["printer-offline"],
    },
    "duplicate_of": "TKT-20261101-00000001",
    "attachments": [{"name": "photo 1.jpg", "size": 123456}],
    "version": 3,
}


def write(tmp_path: Path, *rows: dict[str, Any] | str | bytes, end: bytes = b"\n") -> Path:
    lines = [
        (
            row
            if isinstance(row, bytes)
            else (row if isinstance(row, str) else json.dumps(row)).encode()
        )
        for row in rows
    ]
    path = tmp_path / "tickets.jsonl"
    path.write_bytes(end.join(lines) + end)
    return path


def other(**changes: Any) -> dict[str, Any]:
    return ROW | {"ticket_id": "TKT-20261102-FFFFFFFF"} | changes


def test_a_record_survives_the_round_trip() -> None:
    assert ticket_to_record(ticket_from_record(ROW)) == ROW


def test_a_short_record_gets_the_defaults() -> None:
    needed = (
        "ticket_id customer_id title description priority category created_at updated_at requester"
    )
    short = {name: ROW[name] for name in needed.split()} | {"status": "Open"}
    record = ticket_to_record(ticket_from_record(short))
    assert record["version"] == 1
    assert (record["notes"], record["tags"], record["resolution"]) == ([], [], None)


def test_times_of_any_zone_become_utc() -> None:
    row = ROW | {"created_at": "2026-11-02T11:00:00+02:00"}
    assert ticket_to_record(ticket_from_record(row))["created_at"] == "2026-11-02T09:00:00Z"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ticket_id": "TKT-1"}, "ticket_id"),
        ({"ticket_id": "TKT-20261102-0a1b2c3d"}, "ticket_id"),
        ({"customer_id": "Keller GmbH"}, "customer_id"),
        ({"customer_id": "keller\n"}, "customer_id"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"description": "a\x00b"}, "description"),
        ({"description": "x" * 20_001}, "description"),
        ({"status": "open"}, "status"),
        ({"status": "Open "}, "status"),
        ({"priority": "P1"}, "priority"),
        ({"category": "Printer"}, "category"),
        ({"created_at": "2026-11-02"}, "created_at"),
        ({"created_at": "2026-11-02T09:00:00"}, "created_at"),
        ({"updated_at": "2026-11-01T09:00:00Z"}, "updated_at"),
        ({"resolution": None}, "resolution"),
        ({"notes": [ROW["notes"][0] | {"visibility": "secret"}]}, "notes.0.visibility"),
        ({"notes": [ROW["notes"][0], {"id": "n-2"}]}, "notes.1.at"),
        ({"duplicate_of": "another"}, "duplicate_of"),
        ({"attachments": [{"name": "a", "size": -1}]}, "attachments.0.size"),
        ({"version": 0}, "version"),
        ({"colour": "red"}, "colour"),
        ({"tags": "printer"}, "tags"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ticket_from_record(ROW | changes)
    assert str(caught.value).startswith(f"{field}: ")
    assert caught.value.field == field


def test_a_byte_order_mark_and_windows_line_ends_make_no_difference(tmp_path: Path) -> None:
    expected = [ticket_from_record(ROW), ticket_from_record(other())]
    path = write(tmp_path, b"\xef\xbb\xbf" + json.dumps(ROW).encode(), "", other(), end=b"\r\n")
    assert read_tickets(path) == (expected, [])


def test_unusual_line_separators_in_a_text_do_not_cut_the_row(tmp_path: Path) -> None:
    row = other(description="one\u2028two\x85three")
    tickets, rejected = read_tickets(write(tmp_path, json.dumps(row, ensure_ascii=False)))
    assert not rejected
    assert tickets[0].description == "one\u2028two\x85three"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "not JSON (Expecting property name enclosed in double quotes, column 2)"),
        (json.dumps(ROW)[:-20], "not JSON"),
        ("null", "record: "),
        ("[]", "record: "),
        ('"text"', "record: "),
        (b'{"title": "Gr\xf6\xdfe"}', "not UTF-8 (byte 13 of the line)"),
        (b"\x00\x01", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"version": ' + "1" * 5000 + "}", "not JSON"),
        (json.dumps(other(title="\ud800")), "title: "),
        (json.dumps(other(status="Done")), "status: "),
        (json.dumps(ROW), "ticket_id: TKT-20261102-0A1B2C3D stands in the file twice"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_rest_goes_on(
    tmp_path: Path, bad: str | bytes, reason: str
) -> None:
    path = write(tmp_path, ROW, bad, other())
    tickets, rejected = read_tickets(path)
    assert tickets == [ticket_from_record(ROW), ticket_from_record(other())]
    (row,) = rejected
    assert (row.path, row.line) == (path, 2)
    assert reason in row.reason
    assert str(row).startswith(f"{path}:2: ")
    assert len(row.reason) < 400


def test_of_two_rows_with_one_id_the_first_stays(tmp_path: Path) -> None:
    tickets, _ = read_tickets(write(tmp_path, ROW, ROW | {"title": "another"}))
    assert [ticket.title for ticket in tickets] == [ROW["title"]]


def test_an_empty_file_has_no_tickets(tmp_path: Path) -> None:
    assert read_tickets(write(tmp_path)) == ([], [])


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            read_tickets(path)


def test_written_lines_are_read_again_oldest_first(tmp_path: Path) -> None:
    newer = ticket_from_record(other(created_at="2026-11-02T12:00:00Z"))
    older = ticket_from_record(ROW)
    path = tmp_path / "out.jsonl"
    path.write_text(tickets_to_lines([newer, older]), encoding="utf-8")
    assert read_tickets(path) == ([older, newer], [])


def test_the_shipped_tickets_are_valid() -> None:
    path = Path(__file__).parents[3] / "data" / "tickets.jsonl"
    tickets, rejected = read_tickets(path)
    assert not rejected
    assert len(tickets) >= 100
