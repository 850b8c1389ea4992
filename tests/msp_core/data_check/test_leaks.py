import json

import pytest

VPN = "the tunnel to the head office drops every hour since the firewall was changed on monday"
NEAR = "the tunnel to the head office drops every hour since the firewall was changed on Monday."
PRINT = "the label printer in the warehouse prints blank labels after the driver update"


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def turn(name, split, text, *, history=(), customer=None):
    customer = customer or {"dev": "acme"}.get(split, "brook")
    said = [{"role": "user", "text": text} for text in history]
    return {"id": name, "split": split, "customer_id": customer, "text": text, "history": said}


def leaks(bench, rows, profile_name="shipped"):
    bench.dataset("turns", {"turns.jsonl": lines(rows)})
    outcome = bench.outcome(profile_name)
    check = next(check for check in outcome.checks if check.name == "leaks across splits")
    return check, dict(outcome.figures)


def test_a_near_copy_on_the_other_side_is_named_with_both_places(bench):
    rows = [turn("a", "dev", VPN), turn("b", "test", PRINT), turn("c", "test", NEAR)]
    check, _ = leaks(bench, rows)
    (problem,) = check.problems
    assert (problem.severity, problem.file, problem.line) == ("error", "turns/turns.jsonl", 1)
    assert problem.reason.startswith("a (dev) is nearly c (test, turns/turns.jsonl:3): cosine 0.9")
    assert check.checked == 3


def test_in_a_users_own_folder_it_is_a_warning(bench):
    check, _ = leaks(bench, [turn("a", "dev", VPN), turn("c", "test", NEAR)], "own")
    assert [problem.severity for problem in check.problems] == ["warning"]


@pytest.mark.parametrize(
    "rows",
    [
        [turn("a", "dev", VPN), turn("b", "dev", NEAR), turn("c", "test", PRINT)],
        [turn("a", "dev", "yes please do"), turn("b", "test", "yes please do")],
        [
            turn("a", "dev", "and what about the second one then?", history=[VPN]),
            turn("b", "test", "and what about the second one then?", history=[PRINT]),
        ],
    ],
    ids=["one split", "no signal", "another history"],
)
def test_no_leak(bench, rows):
    assert leaks(bench, rows)[0].problems == ()


def test_short_turns_are_counted(bench):
    rows = [turn("a", "dev", "Thanks!"), turn("b", "test", PRINT), turn("c", "test", "yes, do it")]
    check, figures = leaks(bench, rows)
    assert check.checked == 1
    assert figures["turns too short to be compared across splits"] == "2"


def test_a_floor_turn_may_not_repeat_one_of_training(bench):
    rows = [turn("a", "train", VPN), turn("b", "floor", NEAR)]
    assert len(leaks(bench, rows)[0].problems) == 1


def test_queries_and_triage_labels_are_compared_too(bench):
    queries = [
        {"_id": "q1", "text": VPN, "customer_id": "acme"},
        {"_id": "q2", "text": NEAR, "customer_id": "brook"},
    ]
    bench.dataset(
        "judged",
        {
            "corpus.jsonl": lines([{"_id": "d", "title": "t", "text": "t"}]),
            "queries.jsonl": lines(queries),
            "qrels/dev.tsv": "query-id\tcorpus-id\tscore\nq1\td\t1\n",
            "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq2\td\t1\n",
        },
        kind="retrieval",
    )
    for ticket in bench.tickets:
        ticket["description"] = VPN
        ticket["title"] = "VPN"
    bench.write()
    ids = [ticket["ticket_id"] for ticket in bench.tickets]
    labels = [{"ticket_id": id_, "split": "dev"} for id_ in ids[:1]]
    labels += [{"ticket_id": id_, "split": "test"} for id_ in ids[-1:]]
    check, _ = leaks(bench, [])
    assert [p.file for p in check.problems] == ["judged/queries.jsonl"]
    bench.dataset("triage", {"labels.jsonl": lines(labels)}, kind="triage")
    check, _ = leaks(bench, [])
    assert {p.file for p in check.problems} == {"judged/queries.jsonl", "triage/labels.jsonl"}


def test_broken_rows_are_left_to_the_check_that_names_them(bench):
    check, _ = leaks(bench, [turn("a", "dev", VPN)])
    file = bench.path / "datasets" / "turns" / "turns.jsonl"
    file.write_text(file.read_text() + '{"id": \n[1]\n{"id": "x", "split": 5}\n')
    outcome = bench.outcome()
    assert next(c for c in outcome.checks if c.name == check.name).checked == 1


def test_a_turn_to_learn_from_is_near_no_judged_one(bench):
    folder = bench.path / "training" / "mine"
    folder.mkdir(parents=True)
    rows = [turn("a", "train", NEAR), turn("b", "train", NEAR + "!")]
    (folder / "turns.jsonl").write_text(lines(rows[:1]))
    assert leaks(bench, [turn("x", "test", PRINT)])[0].problems == ()
    (folder / "turns.jsonl").write_text(lines(rows))
    check, _ = leaks(bench, [turn("x", "test", VPN)])
    assert len(check.problems) == 2
    assert "x (test) is nearly a (training, mine/turns.jsonl:1)" in str(check.problems[0].reason)
    assert check.checked == 1
