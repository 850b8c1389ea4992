import pytest

from eval.labelling.questions import Answers, Question, routing_guide
from eval.labelling.session import Event, Session
from eval.labelling.splits import assign_splits


def ask(**answers: object) -> Question | None:
    given: Answers = answers  # type: ignore[assignment]
    return routing_guide(given)


def test_questions_follow_the_protocol() -> None:
    first = ask()
    assert first is not None
    assert [choice.value for choice in first.choices] == ["weak", "strong"]
    weak, strong = ask(required_model="weak"), ask(required_model="strong")
    assert weak is not None
    assert strong is not None
    assert "lookup" in {choice.value for choice in weak.choices}
    assert "diagnosis" in {choice.value for choice in strong.choices}
    floor = ask(required_model="strong", reason="floor")
    assert floor is not None
    assert floor.label == "floor"
    tools = ask(required_model="strong", reason="plan")
    assert tools is not None
    assert tools.several
    assert ask(required_model="weak", reason="lookup", tools=[], output=40) is None


def test_no_two_choices_share_a_key() -> None:
    stages: list[dict[str, object]] = [
        {},
        {"required_model": "weak"},
        {"required_model": "strong"},
        {"required_model": "strong", "reason": "floor"},
        {"required_model": "weak", "reason": "lookup"},
        {"required_model": "weak", "reason": "lookup", "tools": []},
    ]
    for stage in stages:
        question = ask(**stage)
        assert question is not None
        keys = [choice.key for choice in question.choices]
        assert len(set(keys)) == len(keys)
        assert not set(keys) & set("ulmq")


def answer(item: str, label: str, value: object) -> Event:
    return Event("answer", item, label, value)  # type: ignore[arg-type]


def judge(session: Session, item: str) -> None:
    for label, value in (
        ("required_model", "weak"),
        ("reason", "lookup"),
        ("tools", ["get_ticket"]),
        ("output", 40),
    ):
        session.apply(answer(item, label, value))


def test_items_come_in_order_and_those_passed_over_last() -> None:
    session = Session(["a", "b", "c"], routing_guide)
    session.apply(Event("skip", "a"))
    assert session.current == "b"
    judge(session, "b")
    judge(session, "c")
    assert session.current == "a"
    assert (session.total, session.open) == (3, 1)
    judge(session, "a")
    assert session.current is None
    assert session.question is None
    assert list(session.judged()) == ["a", "b", "c"]


def test_undo_takes_back_answers_and_skips_one_by_one() -> None:
    session = Session(["a", "b"], routing_guide)
    judge(session, "a")
    session.apply(Event("skip", "b"))
    session.apply(Event("undo"))
    session.apply(Event("undo"))
    assert session.current == "a"
    assert session.question is not None
    assert session.question.label == "output"
    for _ in range(3):
        session.apply(Event("undo"))
    assert not session.can_undo()
    assert session.answers("a") == {}


def test_undo_of_a_skip_of_something_passed_over_twice() -> None:
    session = Session(["a", "b"], routing_guide)
    for item in ("a", "b", "a"):
        session.apply(Event("skip", item))
    session.apply(Event("undo"))
    assert session.current == "a"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (Event("undo"), "nothing to take back"),
        (Event("skip", "z"), "there is no item 'z'"),
        (answer("z", "required_model", "weak"), "there is no item 'z'"),
        (answer("a", "reason", "lookup"), "reason of 'a' is not asked here"),
        (answer("a", "required_model", "cheap"), "'cheap' is no answer"),
    ],
)
def test_what_cannot_come_next(event: Event, why: str) -> None:
    session = Session(["a"], routing_guide)
    with pytest.raises(ValueError, match=why):
        session.apply(event)


def test_an_item_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        Session(["a", "a"], routing_guide)
    session = Session(["a"], routing_guide)
    session.apply(answer("a", "required_model", "weak"))
    with pytest.raises(ValueError, match="second time"):
        session.apply(answer("a", "required_model", "strong"))


def test_tools_are_a_set_of_known_ones() -> None:
    question = ask(required_model="weak", reason="lookup")
    assert question is not None
    assert question.accepts([])
    assert question.accepts(["get_ticket", "add_note"])
    assert not question.accepts(["get_ticket", "get_ticket"])
    assert not question.accepts(["format_disk"])
    assert not question.accepts("get_ticket")


def test_splits_come_near_their_shares_and_keep_groups_whole() -> None:
    groups = [f"c{number}" for number in range(8) for _ in range(20)]
    shares = {"train": 0.4, "dev": 0.1, "test": 0.5}
    found = assign_splits(groups, shares, seed=4)
    counts = {split: sum(found[group] == split for group in groups) for split in shares}
    assert set(found) == set(groups)
    assert counts["test"] in {60, 80}
    assert counts["dev"] == 20
    assert assign_splits(groups, shares, seed=4) == found
    assert len({tuple(assign_splits(groups, shares, seed=s).items()) for s in range(5)}) > 1


def test_one_group_is_for_testing() -> None:
    assert assign_splits(["acme"] * 5, {"train": 0.4, "dev": 0.1, "test": 0.5}, seed=1) == {
        "acme": "test"
    }
