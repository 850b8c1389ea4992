import json

from msp_core.data_check.tables import BEGIN, END, as_json, as_markdown, as_text


def test_text_names_every_problem_and_every_count(bench):
    bench.tickets[0]["team"] = "nobody"
    bench.write()
    text = as_text(bench.outcome())
    assert "error: tickets.jsonl:1: TKT-20260301-00000001: there is no team nobody" in text
    assert "references" in text
    assert "customer: acme 3, brook 2" in text
    assert text.endswith("data: 1 errors, 0 warnings\n")


def test_markdown_stands_between_its_marks_and_is_the_same_again(bench):
    block = as_markdown(bench.outcome())
    assert block.startswith(BEGIN)
    assert block.endswith(END + "\n")
    assert "| tickets | 5 |" in block
    assert "| Medium | 3 | 60% |" in block
    assert as_markdown(bench.outcome()) == block


def test_json_holds_everything(bench):
    bench.tickets[0]["team"] = "nobody"
    bench.write()
    value = json.loads(json.dumps(as_json(bench.outcome())))
    assert (value["schema"], value["errors"]) == ("msp.data-check/1", 1)
    assert value["counts"]["customer"] == {"acme": 3, "brook": 2}
    problems = [problem for check in value["checks"] for problem in check["problems"]]
    assert problems[0]["line"] == 1
