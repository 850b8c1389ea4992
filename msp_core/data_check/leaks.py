"""Leaks: a text that stands on one side of a split, and almost unchanged on the other."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msp_core.data_check.findings import Check, Problem
from msp_core.data_check.near_duplicates import ticket_text
from msp_core.data_check.profile import Profile
from msp_core.tickets.ticket import Ticket

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Embedder

LOW_SIGNAL_WORDS = 3
"""A message of so few words ("yes", "thanks a lot") says the same in any conversation."""

TRAINING = "training"
"""What takes the place of the split of a turn that no set judges."""

_WORDS = re.compile(r"\w+")
_BLOCK = 512


@dataclass(frozen=True)
class SetText:
    """A text of a judged set, and where it stands.

    Attributes:
        file: relative to the folder of the sets.
        low_signal: too short to be a copy of anything.
    """

    file: str
    line: int
    id: str
    split: str
    text: str
    low_signal: bool = False


def check_leaks(
    sets: Sequence[Path],
    tickets: Mapping[str, Ticket],
    profile: Profile,
    embedder: "Embedder",
    *,
    training: Sequence[Path] = (),
) -> tuple[Check, int]:
    """Pairs of texts in different splits of one set, above the profile's cosine.

    Turns that were written for training alone are compared with each set, as one more split of it.

    Compared are routing turns (the message below the last one of its history), retrieval queries
    (likewise), and the tickets that triage labels are about. Turns of up to three words are
    excepted and counted. Rows that are malformed are passed over: another check names them.

    Returns:
        The check, and how many turns were excepted.
    """
    problems: list[Problem] = []
    compared = excepted = 0
    taught = [
        replace(text, split=TRAINING)
        for path in training
        for text in set_texts(path, tickets)
        if not text.low_signal
    ]
    for path in sets:
        texts = list(set_texts(path, tickets))
        kept = [text for text in texts if not text.low_signal]
        excepted += len(texts) - len(kept)
        compared += len(kept)
        problems += (
            profile.problem(
                one.file,
                one.line,
                f"{one.id} ({one.split}) is nearly {other.id} ({other.split}, {other.file}:"
                f"{other.line}): cosine {cosine:.3f}",
            )
            for one, other, cosine in _copies(
                [*kept, *taught], embedder, limit=profile.largest_cosine
            )
        )
    return Check("leaks across splits", "texts", compared, tuple(problems)), excepted


def set_texts(path: Path, tickets: Mapping[str, Ticket]) -> Iterator[SetText]:
    """The texts of a set that must not stand on two sides of a split."""
    for line, row in json_rows(path / "turns.jsonl"):
        if isinstance(row.get("split"), str):
            turn = _in_context(
                f"{path.name}/turns.jsonl", line, str(row.get("id")), row["split"], row
            )
            yield replace(turn, low_signal=_is_low_signal(row))
    for line, row in json_rows(path / "labels.jsonl"):
        ticket = tickets.get(str(row.get("ticket_id")))
        if ticket is not None and isinstance(row.get("split"), str):
            file = f"{path.name}/labels.jsonl"
            yield SetText(file, line, ticket.ticket_id, row["split"], ticket_text(ticket))
    splits = _query_splits(path / "qrels")
    for line, row in json_rows(path / "queries.jsonl"):
        query = str(row.get("_id"))
        if query in splits:
            yield _in_context(f"{path.name}/queries.jsonl", line, query, splits[query], row)


def json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their line; other lines are passed over."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            row = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
        except ValueError:
            continue
        if isinstance(row, dict):
            yield number, row


def _query_splits(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines()[1:]:
            found.setdefault(line.partition("\t")[0], path.stem)
    return found


def _in_context(file: str, line: int, id_: str, split: str, row: Mapping[str, Any]) -> SetText:
    message = str(row.get("text", ""))
    history = row.get("history") or []
    last = history[-1] if isinstance(history, list) and history else ""
    before = str(last.get("text", "")) if isinstance(last, dict) else str(last)
    return SetText(file, line, id_, split, f"{before}\n{message}".strip())


def _is_low_signal(row: Mapping[str, Any]) -> bool:
    return len(_WORDS.findall(str(row.get("text", "")))) <= LOW_SIGNAL_WORDS


def _copies(
    texts: Sequence[SetText], embedder: "Embedder", *, limit: float
) -> list[tuple[SetText, SetText, float]]:
    if len({text.split for text in texts}) < 2:
        return []
    vectors = embedder.embed([text.text for text in texts])
    numbers = {name: number for number, name in enumerate({text.split for text in texts})}
    split = np.array([numbers[text.split] for text in texts])
    found = []
    for start in range(0, len(texts), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(start, start + len(block))[:, None]
        own = split[rows] == split[None, :]
        block[own | (rows >= np.arange(len(texts))[None, :])] = -1.0
        found += [
            (texts[start + int(row)], texts[int(column)], float(block[row, column]))
            for row, column in np.argwhere(block > limit)
        ]
    return sorted(found, key=lambda pair: -pair[2])
