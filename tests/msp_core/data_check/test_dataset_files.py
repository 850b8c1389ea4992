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


def test_labels_by_ticket_find_the_customer_themselves(bench):
    rows = [
        {"ticket_id": f"TKT-2026030{n}-0000000{n}", "split": s}
        for n, s in ((1, "dev"), (3, "test"))
    ]
    bench.dataset("triage", {"labels.jsonl": lines(rows)}, kind="triage")
    assert "customer acme is in several splits" in problems(bench)[0][0]


def test_rows_that_are_no_json(bench):
    bench.dataset("labels", {"turns.jsonl": '{"id": \n[1]\n'})
    found = problems(bench)[0]
    assert "turns.jsonl:1 not JSON" in found[0]
    assert "turns.jsonl:2 not an object" in found[1]
