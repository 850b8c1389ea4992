import json

import pytest

CORPUS = [
    {"_id": "article:vpn-rekey", "title": "VPN drops at every rekey", "text": "t", "metadata": {}},
    {"_id": "ticket:TKT-20260301-00000001", "title": "VPN drops every hour", "text": "t"},
]
QUERIES = [
    {"_id": "q1", "text": "vpn", "customer_id": "acme", "exclude": []},
    {"_id": "q2", "text": "tunnel", "customer_id": "brook", "exclude": []},
]
HEAD = "query-id\tcorpus-id\tscore\n"


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def retrieval(
    bench,
    *,
    corpus=CORPUS,
    queries=QUERIES,
    dev="q1\tarticle:vpn-rekey\t2\n",
    test="q2\tarticle:vpn-rekey\t1\n",
):
    return bench.dataset(
        "judged",
        {
            "corpus.jsonl": lines(corpus),
            "queries.jsonl": lines(queries),
            "qrels/dev.tsv": HEAD + dev,
            "qrels/test.tsv": HEAD + test,
        },
        kind="retrieval",
    )


def problems(bench):
    check = bench.outcome().checks[-1]
    return [f"{p.file}:{p.line} {p.reason}" for p in check.problems], check


def test_a_set_without_a_fault(bench):
    retrieval(bench)
    found, check = problems(bench)
    assert found == []
    assert check.checked == 6


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"corpus": [*CORPUS, CORPUS[0]]}, "corpus.jsonl:3 _id article:vpn-rekey stands there"),
        (
            {"corpus": [*CORPUS, {"_id": "article:gone", "title": "x"}]},
            "article:gone is not in the data",
        ),
        ({"corpus": [CORPUS[0] | {"title": "old"}]}, "has another title in the data folder"),
        ({"queries": [*QUERIES, {"_id": "q3", "exclude": ["ticket:x"]}]}, "q3 excludes ticket:x"),
        ({"queries": [QUERIES[0] | {"customer_id": "no"}, QUERIES[1]]}, "there is no customer no"),
        ({"dev": "q9\tarticle:vpn-rekey\t2\n"}, "qrels/dev.tsv:2 there is no query q9"),
        ({"dev": "q1\tarticle:none\t2\n"}, "qrels/dev.tsv:2 there is no document article:none"),
        ({"dev": "q1\tarticle:vpn-rekey\tgood\n"}, "qrels/dev.tsv:2 it needs query-id"),
        ({"test": "q1\tarticle:vpn-rekey\t2\n"}, "query q1 is judged in dev too"),
        (
            {"queries": [QUERIES[0] | {"type": "no_answer"}, QUERIES[1]]},
            "qrels/dev.tsv:2 article:vpn-rekey answers q1, which is of type no_answer",
        ),
        ({"queries": [QUERIES[0] | {"type": "follow_up"}, QUERIES[1]]}, "has no history"),
        (
            {
                "corpus": [*CORPUS, {"_id": "ticket:TKT-20260302-00000002", "title": "x"}],
                "queries": [
                    QUERIES[0] | {"exclude": ["ticket:TKT-20260302-00000002"]},
                    QUERIES[1],
                ],
            },
            "q1 excludes a ticket but not ticket:TKT-20260301-00000001 of the same outage",
        ),
        (
            {"queries": [row | {"exclude": ["ticket:TKT-20260301-00000001"]} for row in QUERIES]},
            "excluded ticket (or its outage) TKT-20260301-00000001 is in several splits",
        ),
        (
            {"queries": [QUERIES[0], QUERIES[1] | {"customer_id": "acme"}]},
            "customer acme is in several splits: dev, test",
        ),
    ],
)
def test_planted_in_a_retrieval_set(bench, change, reason):
    retrieval(bench, **change)
    assert any(reason in found for found in problems(bench)[0]), problems(bench)[0]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda f: (f / "queries.jsonl").write_text(lines(QUERIES[:1])), "its SHA-256 differs"),
        (
            lambda f: (f / "queries.jsonl").write_text(lines(QUERIES[:1])),
            "has 1 rows, and the manifest says 2",
        ),
        (
            lambda f: (f / "qrels" / "dev.tsv").unlink(),
            "the manifest lists it, and it is not there",
        ),
        (lambda f: (f / "manifest.json").write_text("{}"), "it is not usable"),
        (lambda f: (f / "manifest.json").unlink(), "there is none"),
    ],
)
def test_planted_in_the_files(bench, damage, reason):
    damage(retrieval(bench))
    assert any(reason in found for found in problems(bench)[0])


def turn(name, split, customer="acme", ticket="TKT-20260301-00000001"):
    return {"id": name, "split": split, "customer_id": customer, "ticket_id": ticket, "text": "x"}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([turn("a", "dev"), turn("a", "dev")], "id a stands there for the second time"),
        ([turn("a", "dev"), turn("b", "test")], "customer acme is in several splits: dev, test"),
        (
            [turn("a", "dev"), turn("b", "test", "brook")],
            "ticket (or its outage) TKT-20260301-00000001",
        ),
        (
            [turn("a", "dev"), turn("b", "test", "brook", "TKT-20260302-00000002")],
            "ticket (or its outage)",
        ),
        (
            [turn("a", "dev", ticket="TKT-20200101-00000000")],
            "there is no ticket TKT-20200101-00000000",
        ),
        ([turn("a", None)], "a has no split"),
        ([], "the set holds no row"),
    ],
)
def test_planted_in_labels(bench, rows, reason):
    bench.dataset("labels", {"turns.jsonl": lines(rows)})
    assert any(reason in found for found in problems(bench)[0]), problems(bench)[0]


def test_a_floor_split_may_share_customers(bench):
    bench.dataset("labels", {"turns.jsonl": lines([turn("a", "dev"), turn("b", "floor")])})
    assert problems(bench)[0] == []


def label(number, split="dev", **fields):
    """A triage label of the ticket of that number."""
    return {
        "ticket_id": f"TKT-2026030{number}-0000000{number}",
        "split": split,
        "category": "Network",
        "priority": "Medium",
        "team": "desk",
        "duplicate_of": None,
        **fields,
    }


def triage(bench, *rows):
    bench.dataset("triage", {"labels.jsonl": lines(rows)}, kind="triage")
    return problems(bench)[0]


def test_labels_by_ticket_find_the_customer_themselves(bench):
    found = triage(bench, label(1), label(3, "test"))
    assert any("customer acme is in several splits" in reason for reason in found)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (label(1, category="Printers"), "'Printers' is no category"),
        (label(1, priority="Urgent"), "'Urgent' is no priority"),
        (label(1, team="nobody"), "there is no team nobody"),
        (label(1, duplicate_of="TKT-20200101-00000000"), "00000000, which does not exist"),
        (label(1, duplicate_of="TKT-20260301-00000001"), "00000001, which is not older"),
        (label(5, duplicate_of="TKT-20260301-00000001"), "of another customer (acme)"),
    ],
)
def test_planted_in_triage_labels(bench, row, reason):
    bench.tickets[4]["customer_id"] = "brook"
    bench.write()
    assert any(reason in found for found in triage(bench, row)), triage(bench, row)


def test_every_ticket_has_a_triage_label(bench):
    bench.dataset("triage", {"labels.jsonl": lines([label(1)])}, kind="triage")
    (problem,) = bench.outcome().checks[-1].problems
    assert problem.severity == "warning"
    assert problem.reason == "4 tickets have no label, the first is TKT-20260302-00000002"


def test_a_labelled_duplicate_stays_with_its_original(bench):
    for ticket in bench.tickets:
        ticket["customer_id"] = "acme"
        ticket["duplicate_of"] = None
    bench.write()
    found = triage(bench, label(1), label(2, "test", duplicate_of="TKT-20260301-00000001"))
    assert any("ticket (or its outage) TKT-20260301-00000001" in reason for reason in found)


def test_data_of_one_customer_may_be_split_by_ticket(bench):
    for ticket in bench.tickets:
        ticket["customer_id"] = "acme"
    bench.write()
    rows = [turn("a", "dev"), turn("b", "test", ticket="TKT-20260303-00000003")]
    bench.dataset("labels", {"turns.jsonl": lines(rows)})
    assert problems(bench)[0] == []


def test_rows_that_are_no_json(bench):
    bench.dataset("labels", {"turns.jsonl": '{"id": \n[1]\n'})
    found = problems(bench)[0]
    assert "turns.jsonl:1 not JSON" in found[0]
    assert "turns.jsonl:2 not an object" in found[1]
