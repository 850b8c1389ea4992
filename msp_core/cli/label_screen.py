"""One item a screen, single keys: the terminal side of `msp label`."""

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from msp_core.cli.common import note
from msp_core.cli.keys import END, Keys
from msp_core.errors import UsageError

if TYPE_CHECKING:
    from eval.labelling.items import Item, Section
    from eval.labelling.journal import Journal
    from eval.labelling.questions import Question, Value
    from eval.labelling.workspace import Workspace

UNDO, LATER, MORE, QUIT, ENTER = "u", "l", "m", "q", "\n"
_KEYS = "u undo   l later   m whole text   q stop (nothing is lost)"
_WIDEST = 100
# Texts come from others: nothing in them may steer the terminal.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def require_terminal() -> None:
    """Pass when there is somebody to ask.

    Raises:
        UsageError: input or messages do not go to a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "msp label asks key by key and needs a terminal. With --finish it only writes the set "
            "and the agreement from what is judged already."
        )


def run_pass(workspace: "Workspace", journal: "Journal", title: str) -> None:
    """Ask until all items are judged, or the labeller stops.

    Args:
        title: names the pass.

    Raises:
        ConfigurationError: an answer cannot be kept.
        KeyboardInterrupt: Ctrl-C; everything answered is kept.
    """
    with Keys() as keys:
        _run(workspace, journal, title, keys)


def _run(workspace: "Workspace", journal: "Journal", title: str, keys: Keys) -> None:
    message = "The journal's last line was cut and taken off." if journal.cut else ""
    while (question := journal.session.question) is not None:
        session = journal.session
        item = workspace.item(str(session.current))
        answered = f"{session.total - session.open} of {session.total} judged"
        head = f"{title}: {answered}. {item.heading}"
        shown = _previous(workspace, item.id) if title == THIRD else []
        key, value = _ask(keys, head, item, question, [*shown, message])
        message = ""
        if key == QUIT:
            return
        if key == UNDO:
            if session.can_undo():
                journal.undo()
            else:
                message = "There is nothing to take back."
        elif key == LATER:
            journal.skip()
            if session.current == item.id:
                message = "It is the only one left."
        else:
            journal.answer(value)


THIRD = "Third reading"


def _previous(workspace: "Workspace", item_id: str) -> list[str]:
    """Both passes' labels, for the third reading."""
    lines = []
    for name in ("A", "B"):
        labels = workspace.judged(name)[item_id]
        said = ", ".join(
            f"{label} {'+'.join(value) or 'none' if isinstance(value, list) else value}"
            for label, value in labels.items()
            if value is not None
        )
        lines.append(f"Pass {name}: {said}")
    return lines


def _ask(
    keys: Keys, head: str, item: "Item", question: "Question", remarks: Sequence[str]
) -> tuple[str, "Value"]:
    """The key of a command and None, or an empty key and the answer."""
    by_key = {choice.key: choice.value for choice in question.choices}
    taken: list[str] = []
    remarks = [remark for remark in remarks if remark]
    while True:
        _draw(head, item, question, taken, remarks)
        key = keys.read()
        remarks = []
        if key == MORE:
            click.echo_via_pager("\n\n".join(_section(section) for section in item.sections))
        elif key in (UNDO, LATER):
            return key, None
        elif key in (QUIT, END):
            return QUIT, None
        elif key in by_key and question.several:
            value = str(by_key[key])
            taken = [name for name in taken if name != value] if value in taken else [*taken, value]
        elif key in by_key:
            return "", by_key[key]
        elif key == ENTER and question.several:
            return "", [str(value) for value in by_key.values() if value in taken]
        else:
            remarks = [f"{_clean(key)!r} is no key here."]


def _draw(
    head: str, item: "Item", question: "Question", taken: Sequence[str], remarks: Sequence[str]
) -> None:
    columns, rows = shutil.get_terminal_size()
    width = min(columns, _WIDEST)
    below = [*remarks, question.text]
    for choice in question.choices:
        mark = ("[x] " if choice.value in taken else "[ ] ") if question.several else ""
        name = "" if str(choice.value) == choice.key else f"{choice.value}: "
        below.append(f"  {choice.key}  {mark}{name}{choice.text}"[:width])
    if question.several:
        below.append("  Enter takes what is marked, or none")
    below.append(_KEYS)
    room = rows - len(below) - 3 - len(item.sections)
    lines = [click.style(_clean(head)[:width], bold=True), ""]
    for section, text in zip(
        item.sections, _fitted(item.sections, room=max(room, 4), width=width), strict=True
    ):
        lines += [click.style(_clean(section.title)[:width], underline=True), *text]
    clear = "\x1b[2J\x1b[H"
    click.echo(clear + "\n".join([*lines, "", *below]), err=True)


def _fitted(sections: Sequence["Section"], *, room: int, width: int) -> list[list[str]]:
    """The lines of each section that the screen has room for; the last one gets what is left."""
    found = []
    for number, section in enumerate(sections):
        lines = _wrapped(section.text, width)
        share = room // (len(sections) - number)
        if len(lines) > share:
            hidden = len(lines) - share + 1
            lines = [*lines[: share - 1], f"... {hidden} more lines: m"]
        room -= len(lines)
        found.append(lines)
    return found


def _section(section: "Section") -> str:
    return f"{_clean(section.title)}\n\n{_clean(section.text)}"


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in _clean(text).splitlines():
        lines += textwrap.wrap(line, width, replace_whitespace=False) or [""]
    return lines


def _clean(text: str) -> str:
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def say_drawn(workspace: "Workspace") -> None:
    """What the labelling is about, when it begins."""
    drawn = workspace.items.drawn
    note(f"{len(workspace.items.items)} items drawn from {drawn.source} (seed {drawn.seed}).")
    for reason, count in drawn.left_out.items():
        note(f"left out: {count} {reason}")
