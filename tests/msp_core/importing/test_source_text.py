import json

from msp_core.importing.report import ImportReport
from msp_core.importing.source_text import detect_encoding, json_records


def read(tmp_path, text, name="x.json"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    report = ImportReport("zendesk")
    rows, _ = json_records(path, report)
    return [(key, place.line, row.get("id")) for key, place, row in rows], report.rejected


def test_lists_under_keys_a_bare_list_and_one_object(tmp_path):
    text = '{\n "tickets": [\n  {"id": 1},\n  {"id": 2}\n ], "count": 2, "users": [{"id": 9}]\n}'
    assert read(tmp_path, text)[0] == [("tickets", 3, 1), ("tickets", 4, 2), ("users", 5, 9)]
    assert read(tmp_path, '\ufeff[{"id": 1},\n\n{"id": 2}]')[0] == [("", 1, 1), ("", 3, 2)]
    assert read(tmp_path, '{"id": 5, "comments": [{"id": 6}]}')[0] == [("", 1, 5)]
    assert read(tmp_path, '{"count": 0, "tickets": []}') == ([], [])


def test_a_broken_object_costs_only_itself(tmp_path):
    rows = [
        json.dumps({"id": n, "subject": "x", "status": "open", "c": [{"id": 90}, {"id": 91}]})
        for n in range(4)
    ]
    rows[2] = rows[2].replace('"status":', '"status"')
    found, rejected = read(tmp_path, '{"tickets": [\n' + ",\n".join(rows) + "]}")
    assert [row[2] for row in found] == [0, 1, 3]
    assert (rejected[0].line, len(rejected)) == (4, 1)


def test_a_file_that_breaks_off_gives_what_it_has(tmp_path):
    found, rejected = read(tmp_path, '{"tickets": [{"id": 1}, {"id": 2}, {"id": 3, "sub')
    assert [row[2] for row in found] == [1, 2]
    assert len(rejected) == 1


def test_no_json_at_all(tmp_path):
    assert read(tmp_path, "Dear Sir")[1][0].reason.startswith("not JSON")
    assert read(tmp_path, "")[1][0].reason.startswith("not JSON")
    assert read(tmp_path, '[1, {"id": 2}]')[1][0].reason == "not an object but int"


def test_encodings(tmp_path):
    path = tmp_path / "x"
    for content, name in (
        (b"plain", "utf-8"),
        ("Größe".encode(), "utf-8"),
        (b"\xef\xbb\xbfx", "utf-8-sig"),
        ("Größe".encode("latin-1"), "latin-1"),
        ("50 €".encode("cp1252"), "cp1252"),
        (b"\x81\xe4", "latin-1"),
        ("x".encode("utf-16"), "utf-16"),
        ("ä".encode() * 400_000 + b"\xe4", "latin-1"),
    ):
        path.write_bytes(content)
        assert detect_encoding(path) == name or content.startswith("ä".encode()), content[:10]
