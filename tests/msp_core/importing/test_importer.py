import json

import pytest

from msp_core.errors import ConfigurationError, MspError, UsageError
from tests.fakes.import_folders import contents, row, tickets_of


def test_a_second_import_adds_and_replaces_without_duplicates(bring, csv_file):
    bring("csv", csv_file(row(1), row(2)))
    result = bring("csv", csv_file(row(2, title="changed"), row(3), name="b.csv"))
    tickets = tickets_of(result.folder)
    assert {key: item["title"] for key, item in tickets.items()} == {
        "1": "Printer down", "2": "changed", "3": "Printer down",
    }  # fmt: skip
    assert (result.tickets, result.imported_tickets) == (3, 2)


def test_what_else_lies_in_the_folder_and_edited_customers_stay(bring, csv_file):
    result = bring("csv", csv_file(row(1)))
    file = result.folder / "customers.json"
    file.write_text(file.read_text().replace('"UTC"', '"Europe/Paris"'))
    (result.folder / "datasets").mkdir()
    (result.folder / "datasets" / "mine.txt").write_text("x")
    result = bring("csv", csv_file(row(2)))
    assert "Europe/Paris" in file.read_text()
    assert (result.folder / "datasets" / "mine.txt").read_text() == "x"


def test_the_report_stays_in_the_folder(bring, csv_file):
    result = bring("csv", csv_file(row(1), row(2, status="gone")))
    report = json.loads((result.folder / "import-report.json").read_text())
    assert report["schema"] == "msp.import/1"
    assert report["imported"] == {"tickets": 1, "articles": 0}
    assert report["rejected"][0]["line"] == 3
    assert report["files"] == [
        {"name": "tickets.csv", "holds": "tickets", "encoding": "utf-8", "rows": 2}
    ]


def test_nothing_importable_writes_nothing(bring, csv_file, tmp_path):
    bring("csv", csv_file(row(1)))
    before = contents(tmp_path / "data")
    with pytest.raises(MspError, match="nothing was written"):
        bring("csv", csv_file(row(2, status="gone")))
    assert contents(tmp_path / "data") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "tickets.csv"]


def test_an_error_halfway_leaves_the_folder_as_it_was(bring, csv_file, tmp_path, monkeypatch):
    bring("csv", csv_file(row(1)))
    before = contents(tmp_path / "data")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("msp_core.importing.folder_writer.os.fsync", full)
    with pytest.raises(ConfigurationError, match="as it was before"):
        bring("csv", csv_file(row(2)))
    assert contents(tmp_path / "data") == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".data")]


def test_a_folder_left_aside_by_a_killed_process_comes_back(bring, csv_file, tmp_path):
    bring("csv", csv_file(row(1)))
    (tmp_path / "data").rename(tmp_path / ".data.before-import")
    assert set(tickets_of(bring("csv", csv_file(row(2))).folder)) == {"1", "2"}
    assert not (tmp_path / ".data.before-import").exists()


def test_a_folder_of_other_things_is_refused(bring, csv_file, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="holds other things"):
        bring("csv", csv_file(row(1)))
    assert (tmp_path / "data" / "thesis.txt").exists()


def test_a_broken_ticket_in_the_folder_is_not_thrown_away(bring, csv_file, tmp_path):
    bring("csv", csv_file(row(1)))
    with (tmp_path / "data" / "tickets.jsonl").open("a") as file:
        file.write("{broken\n")
    with pytest.raises(ConfigurationError, match="Line 2"):
        bring("csv", csv_file(row(2)))


def test_names_with_one_slug_are_two_customers(bring, csv_file):
    lines = [
        row(1),
        row(2).replace("Acme Ltd", "ACME-Ltd!"),
        row(3).replace("Acme Ltd", "株式会社"),
    ]
    tickets = tickets_of(bring("csv", csv_file(*lines)).folder)
    assert tickets["1"]["customer_id"] == "acme-ltd"
    assert tickets["2"]["customer_id"].startswith("acme-ltd-")
    assert tickets["3"]["customer_id"].startswith("x-")


class TestMasking:
    @pytest.fixture
    def masked(self, bring, exports):
        mapping = exports / "zendesk" / "mapping.toml"
        return bring("zendesk", exports / "zendesk", mapping=mapping, mask_pii=True)

    def test_no_personal_data_is_left(self, masked):
        everything = b"".join(contents(masked.folder).values()).decode().lower()
        for word in ("aguirre", "rosa", "555-0133", "tweld", "dana", "weld"):
            assert word not in everything

    def test_a_person_is_one_number_across_fields_and_tickets(self, masked):
        tickets = tickets_of(masked.folder)
        ticket = tickets["1041"]
        number = ticket["requester"].removeprefix("[EMAIL_").removesuffix("]")
        assert f"[PERSON_{number}]" in ticket["description"]
        assert ticket["notes"][2]["author"] == ticket["requester"]
        assert ticket["assigned_to"] == tickets["1042"]["assigned_to"]
        assert ticket["assigned_to"] != ticket["requester"]

    def test_twice_the_same_masks(self, masked, bring, exports):
        before = contents(masked.folder)
        mapping = exports / "zendesk" / "mapping.toml"
        again = bring("zendesk", exports / "zendesk", mapping=mapping, mask_pii=True)
        assert contents(again.folder) == before

    def test_another_import_into_the_folder_takes_new_numbers(self, masked, bring, exports):
        used = {item["requester"] for item in tickets_of(masked.folder).values()}
        mapping = exports / "freshdesk" / "mapping.toml"
        both = bring("freshdesk", exports / "freshdesk", mapping=mapping, mask_pii=True)
        added = [
            t for t in tickets_of(both.folder).values() if "source:freshdesk-2001" in t["tags"]
        ]
        assert added[0]["requester"] not in used

    def test_the_report_counts_the_masks(self, masked):
        assert masked.report.masked["EMAIL"] >= 4
        assert masked.report.masked["PHONE"] >= 1
