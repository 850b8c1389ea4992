"""The file of one pass: a line per answer, on disk before the next question is asked."""

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from eval.agreement import Kind
from eval.labelling.questions import Guide, Value
from eval.labelling.session import Event, Session
from msp_core.clock import Clock, to_iso
from msp_core.errors import ConfigurationError, Conflict, CorruptData

SCHEMA = "msp.label-journal/1"
PassName = Literal["A", "B", "third"]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Header(_Line):
    schema_: Literal["msp.label-journal/1"] = Field(alias="schema")
    kind: Kind
    pass_: PassName = Field(alias="pass")
    items: str


class _Answer(_Line):
    at: str
    item: str
    label: str
    value: str | int | list[str] | None


class _Skip(_Line):
    at: str
    skip: str


class _Undo(_Line):
    at: str
    undo: Literal[True]


_EVENT: TypeAdapter[_Answer | _Skip | _Undo] = TypeAdapter(
    Annotated[_Answer | _Skip | _Undo, Field(union_mode="left_to_right")]
)


@dataclass(frozen=True)
class PassOf:
    """Which pass a journal is of, and over which items.

    Attributes:
        items_sha256: of the items file, so that answers are never put to other items.
        items: their ids in the order of the pass.
        only: if given, nothing else is asked.
    """

    kind: Kind
    name: PassName
    items_sha256: str
    items: Sequence[str]
    guide: Guide
    only: frozenset[str] | None = None

    def session(self) -> Session:
        """The pass before its first event."""
        return Session(self.items, self.guide, only=self.only)


def read_pass(path: Path, pass_: PassOf) -> Session:
    """A pass as far as it went, without opening it for more; not begun if there is no file.

    Raises:
        CorruptData: as `Journal`.
    """
    session = pass_.session()
    if path.is_file():
        content = path.read_bytes()
        _replay(path, content[: content.rfind(b"\n") + 1], pass_, session)
    return session


class Journal:
    """A pass that outlives its process.

    Each event is appended and synced before it counts, so that a closed terminal or a killed
    process loses nothing. One process at a time has it open.

    Args:
        path: created when it is not there; its folder must exist.

    Attributes:
        session: the state of the pass.
        cut: whether the last line was cut, as by a full disk or power loss, and was taken off.

    Raises:
        CorruptData: a line that is none, or that cannot follow the lines before it; another kind
            or pass; answers to other items.
        Conflict: another process has it open.
        ConfigurationError: it cannot be written.
    """

    def __init__(self, path: Path, pass_: PassOf, clock: Clock) -> None:
        self.session = pass_.session()
        self.cut = False
        self._path, self._clock = path, clock
        try:
            self._file = path.open("a+b", buffering=0)
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be written ({error.strerror}). Choose another folder with --out."
            ) from error
        try:
            self._lock()
            self._read(pass_)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def answer(self, value: Value) -> None:
        """Answer the current question.

        Raises:
            ValueError: all items are judged, or the value is no answer to the question.
        """
        item, question = self.session.current, self.session.question
        if item is None or question is None:
            raise ValueError("all items are judged")
        self._take(Event("answer", item, question.label, value))

    def skip(self) -> None:
        """Put the current item last.

        Raises:
            ValueError: all items are judged.
        """
        item = self.session.current
        if item is None:
            raise ValueError("all items are judged")
        self._take(Event("skip", item))

    def undo(self) -> None:
        """Take the latest answer or skip back, also one of an earlier sitting.

        Raises:
            ValueError: there is none.
        """
        self._take(Event("undo"))

    def _take(self, event: Event) -> None:
        self.session.check(event)
        line: dict[str, object] = {"at": to_iso(self._clock())}
        if event.kind == "answer":
            line |= {"item": event.item, "label": event.label, "value": event.value}
        elif event.kind == "skip":
            line["skip"] = event.item
        else:
            line["undo"] = True
        self._append(line)
        self.session.apply(event)

    def _append(self, line: Mapping[str, object]) -> None:
        content = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        try:
            if self._file.write(content) != len(content):
                raise OSError(0, "the disk is full")
            os.fsync(self._file.fileno())
        except OSError as error:
            raise ConfigurationError(
                f"{self._path} cannot be written ({error.strerror}); this answer is not kept, all "
                "before it are. Make room and run the same command again."
            ) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(
                f"{self._path} is open in another terminal. Go on there, or close it first."
            ) from error

    def _read(self, pass_: PassOf) -> None:
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        _replay(self._path, content[:whole], pass_, self.session)
        if whole < len(content):
            self.cut = True
            self._file.truncate(whole)
            os.fsync(self._file.fileno())
        if not whole:
            self._append(
                {
                    "schema": SCHEMA,
                    "kind": pass_.kind,
                    "pass": pass_.name,
                    "items": pass_.items_sha256,
                }
            )


def _replay(path: Path, content: bytes, pass_: PassOf, session: Session) -> None:
    lines = content.splitlines()
    if not lines:
        return
    try:
        header = _Header.model_validate_json(lines[0])
    except ValidationError as error:
        raise _corrupt(path, 1, "it is no journal of msp label") from error
    if (header.kind, header.pass_) != (pass_.kind, pass_.name):
        raise CorruptData(
            f"{path} is of pass {header.pass_} over {header.kind} items, and pass {pass_.name} "
            f"over {pass_.kind} items is wanted. Choose another --out."
        )
    if header.items != pass_.items_sha256:
        raise CorruptData(
            f"{path} answers other items than those of items.jsonl beside it, which was changed or "
            "replaced. Put that file back, or begin anew in another --out."
        )
    for number, line in enumerate(lines[1:], start=2):
        try:
            session.apply(_event(line))
        except ValidationError as error:
            raise _corrupt(path, number, "it is no line of a journal") from error
        except ValueError as error:
            raise _corrupt(path, number, str(error)) from error


def _corrupt(path: Path, line: int, why: str) -> CorruptData:
    return CorruptData(
        f"{path}:{line}: {why}. The journal was changed by hand or joined from two. Take that line "
        "out, or put a copy back; nothing was changed."
    )


def _event(line: bytes) -> Event:
    found = _EVENT.validate_json(line)
    if isinstance(found, _Answer):
        return Event("answer", found.item, found.label, found.value)
    if isinstance(found, _Skip):
        return Event("skip", found.skip)
    return Event("undo")
