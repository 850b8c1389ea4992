"""Lexical statistics as one object in S3, versioned by its bucket."""

import gzip
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msp_core.aws_calls import explained, is_code
from msp_core.errors import Conflict, CorruptData, DependencyFailed
from msp_core.knowledge.statistics.lexical_statistics import (
    CorpusStatistics,
    Counted,
    DocumentTerms,
)

KEY = "knowledge/statistics.jsonl.gz"
FORMAT = 1
LOOKED_EVERY_S = 5.0
TRIES = 20
_REBUILD = "msp index rebuild"
_OTHER_WROTE = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_NOT_CHANGED = ("304", "NotModified")
_MISSING = ("NoSuchKey", "404")


@dataclass(frozen=True)
class _State:
    """One version of the object; documents by their id, each as its line of JSON."""

    etag: str | None
    lines: Mapping[str, str]

    @cached_property
    def rows(self) -> list[DocumentTerms]:
        """The documents."""
        return [DocumentTerms(**json.loads(line)) for line in self.lines.values()]

    @cached_property
    def totals(self) -> tuple[int, int, Counter[str]]:
        """Chunks, tokens, and in how many chunks each term stands."""
        frequencies: Counter[str] = Counter()
        for row in self.rows:
            frequencies.update(row.frequencies)
        chunks, tokens = sum(row.chunks for row in self.rows), sum(row.tokens for row in self.rows)
        return chunks, tokens, frequencies


class S3Statistics:
    """A `StatisticsStore` in one object, for any number of threads and processes.

    A write replaces the object under the condition that it is still the one that was read, and is
    repeated when another process was faster. What another process wrote is seen after
    `looked_every_s`.

    Args:
        client: of boto3, for `s3`.
        bucket: the artifacts bucket; the stack makes it, with versioning.
        key: of the object.
        looked_every_s: how long a version is taken for the newest.

    Raises (from every method):
        ConfigurationError: AWS does not permit the call.
        CorruptData: the object is damaged or of a newer format.
        DependencyFailed: S3 does not answer, or there is no such bucket.
    """

    def __init__(
        self,
        client: Any,
        *,
        bucket: str,
        key: str = KEY,
        looked_every_s: float = LOOKED_EVERY_S,
    ) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._what = f"The lexical statistics in s3://{bucket}/{key}"
        self._looked_every_s = looked_every_s
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._looked_at = 0.0

    def documents(self) -> dict[str, Counted]:
        """See `StatisticsStore.documents`."""
        return {row.document_id: Counted(row.content_hash, row.chunks) for row in self._now().rows}

    def replace(self, documents: Sequence[DocumentTerms]) -> None:
        """See `StatisticsStore.replace`."""
        if documents:
            lines = {row.document_id: _line(row) for row in documents}
            self._change(lambda held: {**held, **lines})

    def delete(self, document_ids: Collection[str]) -> None:
        """See `StatisticsStore.delete`."""
        gone = frozenset(document_ids)
        if gone:
            self._change(
                lambda held: {name: line for name, line in held.items() if name not in gone}
            )

    def look_up(self, terms: Collection[str]) -> CorpusStatistics:
        """See `StatisticsStore.look_up`."""
        chunks, tokens, frequencies = self._now().totals
        found = {term: frequencies[term] for term in terms if frequencies[term]}
        return CorpusStatistics(chunks, tokens, found)

    def remove(self) -> None:
        """See `StatisticsStore.remove`; the bucket keeps the version before."""
        with self._lock, explained(self._what):
            self._client.delete_object(**self._where)
            self._state = None

    def verify(self) -> list[str]:
        """See `StatisticsStore.verify`: the checksum, and that every line can be read."""
        with self._lock:
            self._state = None
            try:
                self._look()
            except CorruptData as error:
                return [str(error)]
        return []

    def _change(self, change: Callable[[Mapping[str, str]], Mapping[str, str]]) -> None:
        with self._lock:
            self._look()
            for attempt in range(TRIES):
                state = self._state or _State(None, {})
                lines = dict(sorted(change(state.lines).items()))
                if lines == state.lines:
                    return
                try:
                    self._state = _State(self._put(lines, state.etag), lines)
                except Conflict:
                    time.sleep(0.02 * attempt)
                    self._look()
                else:
                    self._looked_at = time.monotonic()
                    return
        raise DependencyFailed(
            f"{self._what} were changed by others {TRIES} times in a row. Run the command again."
        )

    def _now(self) -> _State:
        with self._lock:
            if self._state is None or time.monotonic() - self._looked_at >= self._looked_every_s:
                self._look()
            return self._state or _State(None, {})

    def _look(self) -> None:
        """Read the object, if it is another than the one that is held."""
        held = {} if self._state is None else {"IfNoneMatch": self._state.etag}
        with explained(self._what):
            try:
                answer = self._client.get_object(**self._where, **held)
                content = answer["Body"].read()
            except Exception as error:
                if is_code(error, *_NOT_CHANGED):
                    self._looked_at = time.monotonic()
                    return
                if not is_code(error, *_MISSING):
                    raise
                self._state = None
                return
        self._state = _State(answer["ETag"], self._unpacked(content))
        self._looked_at = time.monotonic()

    def _put(self, lines: Mapping[str, str], etag: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        with explained(self._what):
            try:
                answer = self._client.put_object(**self._where, Body=_packed(lines), **condition)
            except Exception as error:
                if is_code(error, *_OTHER_WROTE, *_MISSING):
                    raise Conflict("another process was faster") from error
                raise
        written: str = answer["ETag"]
        return written

    def _unpacked(self, content: bytes) -> dict[str, str]:
        try:
            head, _, body = gzip.decompress(content).decode().partition("\n")
            about = json.loads(head)
            if about["format"] > FORMAT:
                raise CorruptData(
                    f"{self._what} are of a newer format ({about['format']}) than this version "
                    f"knows ({FORMAT}). Update, or run `{_REBUILD}`."
                )
            if about["sha256"] != hashlib.sha256(body.encode()).hexdigest():
                raise ValueError("the checksum does not fit")
            return {json.loads(line)["document_id"]: line for line in body.splitlines()}
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise CorruptData(f"{self._what} are damaged ({error}). Run `{_REBUILD}`.") from error


def _line(document: DocumentTerms) -> str:
    return json.dumps({**vars(document), "frequencies": dict(document.frequencies)}, sort_keys=True)


def _packed(lines: Mapping[str, str]) -> bytes:
    """The object's bytes: a line about it, then a line for each document; always the same."""
    body = "".join(f"{line}\n" for line in lines.values())
    about = {"format": FORMAT, "sha256": hashlib.sha256(body.encode()).hexdigest()}
    return gzip.compress(f"{json.dumps(about)}\n{body}".encode(), compresslevel=1, mtime=0)
