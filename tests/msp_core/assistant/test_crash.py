"""Turns that a kill -9 cut off, and run again."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from msp_core.assistant.events import answer_text
from msp_core.errors import CorruptData
from tests.fakes.bench import Bench, of_type
from tests.fakes.scripted_model import Call, Reply

NURSERY = """
import json, os, sys, threading, traceback
from pathlib import Path
from msp_core.tickets.sqlite import SqliteTicketStore
from msp_core.conversations.sqlite import SqliteConversationStore
from strands.session import FileSessionManager
import msp_core.assistant.agent_run
from tests.fakes.bench import Bench, MANAGER
from tests.fakes.scripted_model import Call, Reply

def kill(*args, **kwargs):
    os.kill(os.getpid(), 9)

def kill_after(owner, name, *, calls=1):
    original = getattr(owner, name)
    left = [calls]
    def wrapped(*args, **kwargs):
        result = original(*args, **kwargs)
        left[0] -= 1
        if left[0] <= 0:
            kill()
        return result
    setattr(owner, name, wrapped)

def live(state, setup, last):
    bench = Bench(Path(state), None)
    create = Call("create_ticket", {"title": "Mouse", "description": "broken"}, "random-1")
    names = {"bench": bench, "script": [Reply(calls=(create,)), Reply("Created it. Bye.")]}
    exec(setup, globals() | names, names)
    bench.script(*names["script"])
    question = "open a ticket for my mouse"
    for event in bench.assistant().ask(question, MANAGER, "s1", turn_id="t1"):
        if event["type"] == last:
            kill()

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            live(*json.loads(line))
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

Killed = Callable[..., None]


@pytest.fixture(scope="session")
def nursery() -> Iterator["subprocess.Popen[str]"]:
    """A process that has imported everything and forks a child for each line it reads."""
    command = [sys.executable, "-c", NURSERY]
    root = Path(__file__).parents[3]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=root, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def killed(nursery: "subprocess.Popen[str]", bench: Bench) -> Killed:
    """Runs the turn t1 in a process that dies on the way."""

    def kill(setup: str, *, at: str = "") -> None:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        print(json.dumps([str(bench.state), setup, at]), file=nursery.stdin, flush=True)
        assert nursery.stdout.readline().strip() == "-9", "the child did not die where it should"

    return kill


def again(bench: Bench) -> list[Any]:
    return bench.ask("open a ticket for my mouse", turn="t1")


NOTHING = ""
# Where the process dies -> (code that arranges it, event at which it dies).
DEATHS = {
    "before the session knows of it": ("kill_after(SqliteConversationStore, 'save_turn')", ""),
    "when the question is stored": ("kill_after(FileSessionManager, 'create_message')", ""),
    "when the call is stored": ("kill_after(FileSessionManager, 'create_message', calls=2)", ""),
    "when the ticket is written": ("kill_after(SqliteTicketStore, 'add')", ""),
    "when the result is stored": ("kill_after(FileSessionManager, 'create_message', calls=3)", ""),
    "when the result is shown": (NOTHING, "tool_result"),
    "when the answer is stored": ("kill_after(FileSessionManager, 'create_message', calls=4)", ""),
    "when the answer is shown": (NOTHING, "verification"),
}


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS.keys())
def test_a_killed_turn_run_again_makes_one_ticket(
    bench: Bench, killed: Killed, death: tuple[str, str]
) -> None:
    """A model gives its calls new ids each time, so the stored call has to be taken up again."""
    killed(death[0], at=death[1])
    create = Call("create_ticket", {"title": "Mouse", "description": "broken"}, "random-2")

    def model(messages: list[Any]) -> Reply:
        if "toolResult" in messages[-1]["content"][0]:
            return Reply("Created it. Bye.")
        return Reply(calls=(create,))

    bench.follow(model)
    events = again(bench)
    assert bench.titles() == ["Mouse"]
    assert answer_text(events).endswith("Created it. Bye.")
    assert events[-1]["stop"] == "end_turn"
    assert all(event["ok"] for event in of_type(events, "tool_result"))
    assert again(bench) == events
    seen = bench.script(Reply("Next."))
    assert answer_text(bench.ask("next")) == "Next."
    roles = [message["role"] for message in seen.seen[0]]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS.keys())
def test_after_a_killed_turn_another_question_is_answered(
    bench: Bench, killed: Killed, death: tuple[str, str]
) -> None:
    killed(death[0], at=death[1])
    model = bench.script(Reply("Here."))
    assert answer_text(bench.ask("are you there?", turn="t2")) == "Here."
    roles = [message["role"] for message in model.seen[0]]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    uses = str(model.seen[0]).count("'toolUse'")
    assert uses == str(model.seen[0]).count("'toolResult'")


DELETE = (
    "ticket = bench.open_ticket('Old')\n"
    "delete = Call('delete_ticket', {'ticket_id': ticket.ticket_id}, 'random-1')\n"
    "script = [Reply(calls=(delete,)), Reply('Deleted.')]\n"
)
WAITING_DEATHS = {
    "before the approval is stored": "setattr(SqliteConversationStore, 'add_approval', kill)",
    "when the approval is stored": "kill_after(SqliteConversationStore, 'add_approval')",
}


@pytest.mark.parametrize("setup", WAITING_DEATHS.values(), ids=WAITING_DEATHS.keys())
def test_a_turn_killed_while_it_asks_asks_again(bench: Bench, killed: Killed, setup: str) -> None:
    killed(DELETE + setup)
    bench.script(Reply("Deleted."))
    waiting = again(bench)
    assert waiting[-1]["stop"] == "approval"
    assert bench.titles() == ["Old"]
    rest = bench.decide(waiting, approved=True)
    assert answer_text(rest) == "Deleted."
    assert bench.titles() == []


@pytest.mark.parametrize("setup", WAITING_DEATHS.values(), ids=WAITING_DEATHS.keys())
def test_after_a_turn_killed_while_it_asked_another_question_is_answered(
    bench: Bench, killed: Killed, setup: str
) -> None:
    killed(DELETE + setup)
    bench.script(Reply("Here."))
    assert answer_text(bench.ask("are you there?", turn="t2")) == "Here."
    assert bench.titles() == ["Old"]


RESUME = """
waiting = list(bench.script(*script) and bench.assistant().ask(
    "open a ticket for my mouse", MANAGER, "s1", turn_id="t1"))
approval = [event for event in waiting if event["type"] == "approval_needed"][0]["approval_id"]
"""
RESUME_DEATHS = {
    "when the approval is used": "kill_after(SqliteConversationStore, 'use_approval')",
    "when the ticket is deleted": "kill_after(SqliteTicketStore, 'delete')",
    "when the result is stored": "kill_after(FileSessionManager, 'create_message')",
}


@pytest.mark.parametrize("setup", RESUME_DEATHS.values(), ids=RESUME_DEATHS.keys())
def test_after_a_kill_while_resuming_the_conversation_goes_on(
    bench: Bench, killed: Killed, setup: str
) -> None:
    answer = "\nlist(bench.assistant().answer_approval('s1', approval, True, MANAGER))"
    killed(DELETE + RESUME + setup + answer)
    before = bench.titles()
    model = bench.script(Reply("Here."))
    events = bench.ask("did it work?", turn="t2")
    assert answer_text(events) == "Here."
    assert bench.titles() == before, "nothing is deleted without a decision"
    roles = [message["role"] for message in model.seen[0]]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


def test_a_damaged_session_file_is_told_and_other_conversations_go_on(bench: Bench) -> None:
    bench.script(Reply("One."), Reply("Two."))
    bench.ask("one")
    message, *_ = sorted((bench.state / "sessions").rglob("message_*.json"))
    message.write_text('{"cut')
    with pytest.raises(CorruptData, match=r"s1 cannot be read.*Start another one"):
        bench.ask("two")
    assert answer_text(bench.ask("two", session="s2")) == "Two."
