import json
from pathlib import Path

from msp_core.tickets.record import ticket_from_record, ticket_to_record
from tests.fakes.import_folders import contents, tickets_of

SHIPPED = Path(__file__).parents[3] / "data"


def test_a_canonical_folder_comes_through_unchanged(bring, tmp_path):
    source = tmp_path / "source"
    (source / "kb").mkdir(parents=True)
    lines = (SHIPPED / "tickets.jsonl").read_text(encoding="utf-8").splitlines()[:30]
    (source / "tickets.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("customers.json", "teams.json"):
        (source / name).write_bytes((SHIPPED / name).read_bytes())
    for path in sorted((SHIPPED / "kb").glob("*.md"))[:10]:
        (source / "kb" / path.name).write_bytes(path.read_bytes())
    result = bring("jsonl", source)
    assert (result.tickets, result.articles, result.customers) == (30, 10, 8)
    assert result.report.rejected == []
    read = (ticket_to_record(ticket_from_record(json.loads(line))) for line in lines)
    old = {row["ticket_id"]: row for row in read}
    new = {row["ticket_id"]: row for row in tickets_of(result.folder).values()}
    assert old == new
    first = contents(result.folder)
    assert contents(bring("jsonl", source).folder) == first


def test_rows_of_another_form_need_a_mapping(bring, tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [
        {"key": "A-1", "fields": {"head": "No sound", "state": "Open", "day": "2026-03-04"}},
        {"key": "A-2", "fields": {"head": "No picture", "state": "Open", "day": "2026-03-04"}},
    ]
    broken = '{"key": "A-3", '
    path.write_text("\n".join([json.dumps(rows[0]), broken, json.dumps(rows[1]), "[1]"]))
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[tickets.columns]\nid = "key"\ntitle = "fields.head"\nstatus = "fields.state"\n'
        'created_at = "fields.day"\n[defaults]\ncustomer = "Acme"\n'
    )
    result = bring("jsonl", path, mapping=mapping)
    assert set(tickets_of(result.folder)) == {"A-1", "A-2"}
    assert [str(row).split(" (")[0] for row in result.report.rejected] == [
        "rows.jsonl:2: not JSON", "rows.jsonl:4: not an object but list",
    ]  # fmt: skip
