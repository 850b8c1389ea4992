"""Each check passes on a folder without a fault, and is seen to fail on a planted one."""

import pytest


def test_the_folder_without_a_fault_has_none(bench):
    outcome = bench.outcome()
    assert [str(problem) for check in outcome.checks for problem in check.problems] == []
    assert all(check.checked for check in outcome.checks)


class TestForm:
    def test_broken_rows_have_their_line(self, bench):
        file = bench.path / "tickets.jsonl"
        file.write_text("{broken\n" + file.read_text() + '{"ticket_id": "TKT-1"}\n')
        problems = bench.outcome().checks[0].problems
        assert [(problem.file, problem.line) for problem in problems] == [
            ("tickets.jsonl", 1),
            ("tickets.jsonl", 7),
        ]

    def test_an_id_twice(self, bench, reasons):
        bench.tickets.append(bench.tickets[0])
        assert "stands in the file twice" in reasons("form of every row")[0]

    @pytest.mark.parametrize(("name", "text"), [("customers.json", "[{}]"), ("teams.json", "x")])
    def test_unusable_lists(self, bench, name, text):
        (bench.path / name).write_text(text)
        assert bench.outcome().checks[0].problems[0].file == name

    def test_an_unusable_article(self, bench):
        (bench.path / "kb" / "bad.md").write_text("no front matter")
        (problem,) = bench.outcome().checks[0].problems
        assert problem.file == "kb/bad.md"


class TestIds:
    def test_day_of_the_id(self, bench, reasons):
        bench.tickets[3]["ticket_id"] = "TKT-20260309-00000004"
        assert "says another day" in reasons("ids")[0]

    def test_notes_with_one_id(self, bench, reasons):
        bench.tickets[0]["notes"][1]["id"] = "n1"
        assert "2 notes have the id n1" in reasons("ids")[0]


class TestReferences:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"customer_id": "nobody"}, "there is no customer nobody"),
            ({"team": "nobody"}, "there is no team nobody"),
            ({"duplicate_of": "TKT-20260101-AAAAAAAA"}, "which does not exist"),
            ({"duplicate_of": "TKT-20260305-00000005"}, "which is not older"),
            ({"duplicate_of": "TKT-20260301-00000001"}, "of another customer (acme)"),
        ],
    )
    def test_of_a_ticket(self, bench, reasons, change, reason):
        bench.tickets[3].update(change)
        assert any(reason in found for found in reasons("references"))

    def test_chain_of_duplicates(self, bench, reasons):
        bench.tickets[2]["duplicate_of"] = bench.tickets[1]["ticket_id"]
        assert "which repeats another itself" in reasons("references")[0]

    @pytest.mark.parametrize(
        ("cited", "reason"),
        [
            (["nothing"], "cites nothing, which does not exist"),
            (["brook-runbook"], "cites brook-runbook, which belongs to brook"),
            (["vpn-rekey", "vpn-rekey"], "cites an article twice"),
        ],
    )
    def test_citations(self, bench, reasons, cited, reason):
        bench.tickets[0]["resolution"]["article_ids"] = cited
        assert any(reason in found for found in reasons("references"))

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"superseded_by": "nothing"}, "superseded_by: there is no article nothing"),
            ({"variant_of": "nothing"}, "variant_of: there is no article nothing"),
            ({"variant_of": "brook-runbook"}, "belongs to brook"),
            ({"customer_id": "nobody"}, "there is no customer nobody"),
            ({"superseded_by": "vpn-rekey", "updated": "2026-02-02"}, "vpn-rekey is older"),
        ],
    )
    def test_of_an_article(self, bench, reasons, change, reason):
        bench.articles["printer-offline"].update(change)
        assert any(reason in found for found in reasons("references"))


class TestHistories:
    @pytest.mark.parametrize(
        ("line", "change", "reason"),
        [
            (3, {"to": "Closed"}, "status: it is 'Resolved', and its last change ends at 'Closed'"),
            (3, {"from": "On Hold"}, "a change begins at 'On Hold'"),
            (1, {"to": "Low"}, "priority: it is 'High', and its last change ends at 'Low'"),
            (1, {"at": "2026-03-01T11:30:00Z"}, "not in order of time"),
            (2, {"to": "Waiting"}, "names no status"),
        ],
    )
    def test_planted(self, bench, reasons, line, change, reason):
        bench.tickets[0]["history"][line].update(change)
        assert any(reason in found for found in reasons("histories"))

    def test_an_illegal_move(self, bench, reasons):
        history = bench.tickets[0]["history"]
        history[3:] = [
            {**history[3], "to": "Resolved"},
            {**history[3], "from": "Resolved", "to": "On Hold"},
            {**history[3], "from": "On Hold", "to": "Resolved"},
        ]
        assert reasons("histories") == [
            f"{bench.tickets[0]['ticket_id']}: status: Resolved to On Hold is no legal move"
        ]

    def test_an_open_ticket_with_a_resolution(self, bench, reasons):
        bench.tickets[1]["resolution"] = bench.tickets[0]["resolution"]
        assert any("it is Open and has a resolution" in found for found in reasons("histories"))

    def test_a_resolution_after_the_end(self, bench, reasons):
        bench.tickets[0]["resolution"]["at"] = "2026-03-01T11:30:00Z"
        assert "was written after it was solved" in reasons("histories")[0]


class TestTimes:
    def test_a_note_before_its_ticket(self, bench, reasons):
        bench.tickets[0]["notes"][0]["at"] = "2026-03-01T08:59:59Z"
        assert "note n1 (2026-03-01T08:59:59Z) lies before its creation" in reasons("times")[0]

    def test_a_resolution_before_its_creation(self, bench, reasons):
        bench.tickets[0]["resolution"]["at"] = "2026-02-28T11:00:00Z"
        assert "its resolution (2026-02-28T11:00:00Z) lies before" in reasons("times")[0]

    def test_a_note_after_the_last_update(self, bench, reasons):
        bench.tickets[0]["notes"][1]["at"] = "2026-03-01T12:00:01Z"
        assert "lies after updated_at" in reasons("times")[0]

    def test_notes_out_of_order(self, bench, reasons):
        bench.tickets[0]["notes"].reverse()
        assert "not in order of time" in reasons("times")[0]

    def test_the_future(self, bench, reasons):
        bench.tickets[4]["updated_at"] = "2026-11-03T00:00:00Z"
        bench.articles["vpn-rekey"]["updated"] = "2027-01-01"
        found = reasons("times")
        assert len(found) == 2
        assert all("lies in the future" in reason for reason in found)


class TestTexts:
    def test_two_near_duplicates(self, bench):
        text = "The monitor on my desk stays black after the dock was changed yesterday."
        for number in (2, 4):
            bench.tickets[number].update(title="Black monitor", description=text)
        (problem,) = bench.check("near-duplicates").problems
        assert problem.severity == "warning"
        assert "cosine 1.000" in problem.reason

    def test_linked_ones_may_be_alike(self, bench):
        first = bench.tickets[0]
        bench.tickets[1].update(title=first["title"], description=first["description"])
        bench.articles["vpn-rekey-2"] = {**bench.articles["vpn-rekey"], "variant_of": "vpn-rekey"}
        assert bench.check("near-duplicates").problems == ()

    def test_articles_too(self, bench, reasons):
        bench.articles["copy"] = dict(bench.articles["vpn-rekey"])
        assert "copy and vpn-rekey" in " ".join(
            reasons("near-duplicates")
        ) or "vpn-rekey and copy" in (" ".join(reasons("near-duplicates")))

    def test_a_repeated_sequence(self, bench, reasons):
        for ticket in bench.tickets[1:4]:
            ticket["notes"] = [
                {
                    "id": "n1",
                    "at": ticket["created_at"],
                    "author": "tom",
                    "visibility": "public",
                    "text": "We will look into it as soon as a colleague is free.",
                }
            ]
        assert "3 tickets hold “we will look into it as soon as”" in reasons(
            "repeated word sequences"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "Works.\n\nKind regards\nOur whole desk with all of its many people",
            "Works.\n\nThis message is confidential and only meant for the one it names.",
        ],
    )
    def test_signatures_and_disclaimers_are_excepted(self, bench, text):
        for ticket in bench.tickets:
            ticket["notes"] = [
                {
                    "id": "n1",
                    "at": ticket["created_at"],
                    "author": "tom",
                    "visibility": "public",
                    "text": text,
                }
            ]
        assert bench.check("repeated word sequences").problems == ()

    def test_short_articles(self, bench, reasons):
        bench.articles["vpn-rekey"]["text"] = "Too short."
        assert reasons("length of articles") == ["it has 2 words; 20 to 5000 are asked for"]


class TestShippedProfile:
    def test_it_asks_for_more_and_means_it(self, bench):
        outcome = bench.outcome("shipped")
        checks = {check.name: check for check in outcome.checks}
        wanted = " ".join(problem.reason for problem in checks["amount and balance"].problems)
        for part in (
            "5 tickets, and 500",
            "3 articles, and 120",
            "2 customers, and 8",
            "languages with two tickets or more, and 4",
            "hostile text, and 10",
        ):
            assert part in wanted
        assert checks["length of articles"].errors == 3
        assert outcome.errors > 3

    def test_the_mix(self, bench):
        for ticket in bench.tickets:
            ticket.update(priority="Critical", category="Hardware", history=[])
        bench.write()
        checks = {check.name: check for check in bench.outcome("shipped").checks}
        wanted = " ".join(problem.reason for problem in checks["amount and balance"].problems)
        assert "priority: Medium, Low: 0% of the tickets, and at least 60%" in wanted
        assert "category: Software, Network: 0%" in wanted
        assert "priority: Critical: 100% of the tickets, and at most 10%" in wanted
