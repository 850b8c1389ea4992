import codecs
import json

import pytest

from msp_core.errors import ConfigurationError, MspError
from tests.fakes.import_folders import CSV_HEADER, row, tickets_of


def reasons(result):
    return [str(rejected) for rejected in result.report.rejected]


def test_mapped_german_table(bring, exports):
    folder = exports / "csv"
    result = bring("csv", folder / "tickets.csv", mapping=folder / "mapping.toml")
    ticket = tickets_of(result.folder)["T-1"]
    assert ticket["created_at"] == "2026-04-03T06:15:00Z"  # day first, Berlin, summer time
    assert ticket["description"].startswith('Hallo,\nder Drucker "Lager" druckt nicht.')
    assert [item["name"] for item in ticket["attachments"]] == ["foto.jpg", "log.txt"]
    assert reasons(result) == [
        "tickets.csv:9: ticket T-3: status: 'vielleicht' is not known; say what it means under "
        "[values.status] in the mapping file",
        "tickets.csv:10: ticket T-4: created: the time '31.02.2026 09:00' does not exist "
        "(day is out of range for month)",
        "tickets.csv:11: it has 4 cells, and the header has 13",
    ]


def test_known_headers_are_recognised_and_said(bring, csv_file):
    result = bring("csv", csv_file(row(1)))
    assert list(tickets_of(result.folder)) == ["1"]
    assert any(
        "columns recognised by their names: id = 'Ticket ID'" in n for n in result.report.noted
    )


def test_columns_that_are_not_used_are_named(bring, tmp_path):
    path = tmp_path / "tickets.csv"
    path.write_text(f"{CSV_HEADER},Mood,Floor\n{row(1)},sad,2\n", encoding="utf-8")
    result = bring("csv", path)
    assert "tickets.csv: columns not used: 'Floor', 'Mood'" in result.report.noted
    assert list(tickets_of(result.folder)) == ["1"]


@pytest.mark.parametrize(
    ("encode", "named"),
    [
        (lambda text: codecs.BOM_UTF8 + text.encode(), "utf-8-sig"),
        (lambda text: text.encode("latin-1"), "latin-1"),
        (lambda text: text.replace("Größe", "Größe €").encode("cp1252"), "cp1252"),
        (lambda text: text.encode("utf-16"), "utf-16"),
        (lambda text: text.replace("\n", "\r\n").encode(), "utf-8"),
    ],
)
def test_encodings_are_recognised_and_named(bring, tmp_path, encode, named):
    text = f"{CSV_HEADER}\n{row(1, title='Größe falsch')}\n{row(2)}\n"
    path = tmp_path / "tickets.csv"
    path.write_bytes(encode(text))
    result = bring("csv", path)
    assert tickets_of(result.folder)["1"]["title"].startswith("Größe")
    assert "\r" not in tickets_of(result.folder)["2"]["description"]
    assert result.report.files[0].encoding == named


def test_a_quoted_newline_keeps_the_line_numbers_right(bring, csv_file):
    path = csv_file(
        row(1, text='"one\ntwo, ""three"""'), row(2, status="Gone"), row(3, text='"a\n\nb"'), "4,x"
    )
    result = bring("csv", path)
    assert tickets_of(result.folder)["1"]["description"] == 'one\ntwo, "three"'
    assert [text.split(": ")[0] for text in reasons(result)] == ["tickets.csv:4", "tickets.csv:8"]


def test_a_missing_column_names_itself(bring, csv_file, tmp_path):
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[tickets.columns]\nid = "Ticket ID"\ntitle = "Betreff"\nstatus = "Status"\n'
        'created_at = "Created At"\n'
    )
    with pytest.raises(MspError, match=r"tickets.csv:1: the column 'Betreff', mapped to title"):
        bring("csv", csv_file(row(1)), mapping=mapping)
    assert not (tmp_path / "data").exists()


def test_a_needed_column_that_stands_twice_is_refused_another_is_not(bring, csv_file):
    good = csv_file(f"{row(1)},x,y", header=f"{CSV_HEADER},Extra,Extra")
    bad = csv_file(f"{row(2)},Low", header=f"{CSV_HEADER},Status", name="b.csv")
    result = bring("csv", good, bad)
    assert list(tickets_of(result.folder)) == ["1"]
    assert reasons(result) == [
        "b.csv:1: the column 'Status' stands twice (as number 4 and 10); rename one"
    ]


@pytest.mark.parametrize("word", ["urgent", "P1", "hoch"])
def test_an_unknown_priority_is_rejected_and_mapped_when_said(bring, csv_file, tmp_path, word):
    path = csv_file(row(1, priority=word), row(2))
    result = bring("csv", path)
    assert list(tickets_of(result.folder)) == ["2"]
    assert f"priority: {word!r} is not known" in reasons(result)[0]
    mapping = tmp_path / "m.toml"
    mapping.write_text(f'[values.priority]\n"{word.upper()}" = "High"\n')
    assert tickets_of(bring("csv", path, mapping=mapping).folder)["1"]["priority"] == "High"


def test_a_rest_can_be_mapped_by_a_star(bring, csv_file, tmp_path):
    mapping = tmp_path / "m.toml"
    mapping.write_text('[values.priority]\n"*" = "Medium"\n')
    result = bring("csv", csv_file(row(1, priority="whatever")), mapping=mapping)
    assert tickets_of(result.folder)["1"]["priority"] == "Medium"


@pytest.mark.parametrize(
    ("written", "order", "read"),
    [
        ("2026-03-04 09:12", None, "2026-03-04T09:12:00Z"),
        ("25/03/2026 09:12", None, "2026-03-25T09:12:00Z"),
        ("03/25/2026 9:12 PM", None, "2026-03-25T21:12:00Z"),
        ("04/03/2026 09:12", "day-first", "2026-03-04T09:12:00Z"),
        ("04/03/2026 09:12", "month-first", "2026-04-03T09:12:00Z"),
        ("04/03/2026 09:12", None, None),
    ],
)
def test_dates_in_three_forms(bring, csv_file, tmp_path, written, order, read):
    mapping = tmp_path / "m.toml"
    mapping.write_text(f'[dates]\norder = "{order}"\n' if order else "")
    result = bring("csv", csv_file(row(1, created=written), row(2)), mapping=mapping)
    if read is None:
        assert "could mean two days" in reasons(result)[0]
    else:
        assert tickets_of(result.folder)["1"]["created_at"] == read


def test_html_bodies_and_a_conversation(bring, csv_file):
    thread = (
        '"Works again, thanks\n\nFrom: Dana Ruiz <dana@desk.example>\nSent: 4 March 2026 11:00\n'
        "To: Ann\nSubject: RE: Printer\n\nPlease restart it.\n\n-----Original Message-----\n"
        'From: Ann\nSent: 4 March 2026 10:00\n\nIt still fails."'
    )
    path = csv_file(
        f'{row(1, text="<p>No <b>print</b></p><ul><li>a</li><li>b</li></ul>")},{thread}',
        header=f"{CSV_HEADER},Conversation",
    )
    ticket = tickets_of(bring("csv", path).folder)["1"]
    assert ticket["description"] == "No print\n\n- a\n- b"
    assert [note["author"] for note in ticket["notes"]] == ["Ann", "dana@desk.example", "unknown"]
    assert ticket["notes"][1]["text"] == "(mail of 4 March 2026 11:00)\nPlease restart it."


def test_the_same_id_twice_keeps_the_newer(bring, csv_file):
    header = f"{CSV_HEADER},Updated At"
    rows = [
        f"{row(1, title='old')},2026-03-05T00:00:00Z",
        f"{row(1, title='new')},2026-03-06T00:00:00Z",
        f"{row(1, title='older')},2026-03-05T10:00:00Z",
    ]
    result = bring("csv", csv_file(*rows, header=header))
    assert tickets_of(result.folder)["1"]["title"] == "new"
    assert len(reasons(result)) == 2


def test_articles_and_customers(bring, csv_file):
    articles = csv_file(
        'a1,Reset a password,"<h2>How</h2><p>Call us.</p>",Security,2026-01-02,public',
        "a2,No text,,Security,2026-01-02,public",
        "a3,Odd reader,text,Security,2026-01-02,friends",
        header="Article ID,Title,Body,Category,Updated,Audience",
        name="articles.csv",
    )
    customers = csv_file("Acme Ltd", "Über GmbH", header="Company", name="customers.csv")
    result = bring("csv", articles, customers)
    assert [path.name for path in (result.folder / "kb").iterdir()] == ["csv-a1.md"]
    assert (result.articles, result.customers) == (1, 2)
    assert "uber-gmbh" in (result.folder / "customers.json").read_text()
    assert [text.split(": ")[0] for text in reasons(result)] == ["articles.csv:3", "articles.csv:4"]


def test_a_mapping_file_names_each_of_its_faults(tmp_path):
    from msp_core.importing.mapping import read_mapping

    path = tmp_path / "m.toml"
    path.write_text('[dates]\norder = "backwards"\n[value]\n')
    with pytest.raises(ConfigurationError, match=r"(?s)dates.order.*value"):
        read_mapping(path)
    path.write_text('[tickets.columns]\ntitel = "x"\n')
    with pytest.raises(ConfigurationError, match="titel"):
        read_mapping(path)


def test_a_long_table_is_streamed(bring, tmp_path):
    """Memory stays far below the table's size: rows go to disk one by one."""
    import tracemalloc

    path = tmp_path / "big.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(CSV_HEADER + "\n")
        for number in range(3000):
            file.write(row(number, text="word " * 400) + "\n")
    tracemalloc.start()
    result = bring("csv", path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.imported_tickets == 3000
    assert path.stat().st_size > 6_000_000
    assert peak < 5_000_000


def test_a_resolution_cites_the_articles_whose_ids_it_names(bring, tmp_path):
    articles = tmp_path / "articles.csv"
    articles.write_text(
        "article id,title,body,updated\nkb-vpn,VPN,Reset the client,2026-03-01\n"
        "12,Printing,Clear the queue,2026-03-01\n",
        encoding="utf-8",
    )
    tickets = tmp_path / "tickets.csv"
    tickets.write_text(
        "id,subject,description,status,company,requester,created,resolution\n"
        "1,No VPN,It drops,Closed,Aspen,jo,2026-03-02,Did as in kb-vpn: took 12 minutes\n",
        encoding="utf-8",
    )
    result = bring("csv", articles, tickets)
    assert tickets_of(result.folder)["1"]["resolution"]["article_ids"] == ["csv-kb-vpn"]


def test_a_day_without_a_time_stays_that_day_in_every_zone(bring, csv_file, tmp_path):
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[dates]\ntimezone = "Europe/Berlin"\n', encoding="utf-8")
    result = bring("csv", csv_file(row(1, created="2026-03-01")), mapping=mapping)
    ticket = tickets_of(result.folder)["1"]
    assert ticket["created_at"] == "2026-03-01T00:00:00Z"
    customers = json.loads((result.folder / "customers.json").read_text(encoding="utf-8"))
    assert {row["timezone"] for row in customers} == {"Europe/Berlin"}


def test_one_number_with_two_dates_is_one_ticket(bring, csv_file):
    result = bring(
        "csv", csv_file(row(7, created="2026-03-01 08:00"), row(7, created="2026-03-05 08:00"))
    )
    assert len(tickets_of(result.folder)) == 1
    assert tickets_of(result.folder)["7"]["created_at"] == "2026-03-05T08:00:00Z"
    assert "an older version of it" in reasons(result)[0]
