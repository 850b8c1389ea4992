"""Files of an S3 bucket below a prefix."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Any

from msp_core.aws_calls import explained, is_code
from msp_core.errors import UsageError
from msp_core.knowledge.sources.file_document import is_document
from msp_core.knowledge.sources.file_source import (
    BUCKET_PREFIX,
    MAX_BYTES,
    SourceFile,
    id_of_path,
    too_large,
)

CONNECTIONS = 16
READ_TOGETHER = 64
_MISSING = ("NoSuchKey", "404")
_SCHEME = "s3://"


def is_bucket(location: str) -> bool:
    """Whether a location is an S3 one."""
    return location.startswith(_SCHEME)


def bucket_and_prefix(location: str) -> tuple[str, str]:
    """The parts of `s3://bucket/prefix`; a prefix that is not empty ends with a slash.

    Raises:
        UsageError: no bucket is named.
    """
    bucket, _, prefix = location.removeprefix(_SCHEME).partition("/")
    if not is_bucket(location) or not bucket:
        raise UsageError(f"{location!r} names no bucket. Write s3://BUCKET/PREFIX.")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


class S3Source:
    """A `FileSource`; several objects are read at once.

    Args:
        client: of boto3, for `s3`, with `CONNECTIONS`.
        bucket: its name.
        prefix: of the keys; empty for all.
    """

    def __init__(self, client: Any, *, bucket: str, prefix: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._passed: Counter[str] = Counter()
        self.name = f"{_SCHEME}{bucket}/{prefix}"
        self.id_prefix = id_of_path(BUCKET_PREFIX, f"{bucket}/{prefix}")

    def files(self) -> Iterator[SourceFile]:
        """See `FileSource.files`; an object that vanishes meanwhile is passed over."""
        self._passed.clear()
        keys = self._keys()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            while some := list(itertools.islice(keys, READ_TOGETHER)):
                yield from filter(None, pool.map(self.file, *zip(*some, strict=True)))

    def passed_over(self) -> dict[str, int]:
        """See `FileSource.passed_over`."""
        return dict(self._passed)

    def documents_of(self, keys: Sequence[str]) -> dict[str, SourceFile | None]:
        """The files of some keys as they are now, by document id; None where there is none."""
        return {
            self._id(key): self.file(key)
            for key in keys
            if is_document(key) and not _is_hidden(key) and key.startswith(self._prefix)
        }

    def file(self, key: str, size: int = 0) -> SourceFile | None:
        """The object of a key; None when there is none (any more).

        Args:
            key: with the prefix.
            size: if known, so that what is too large is not asked for.
        """
        path = f"{_SCHEME}{self._bucket}/{key}"
        if size > MAX_BYTES:
            return SourceFile(self._id(key), path, None, too_large(size))
        with explained(f"The object {path}"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except Exception as error:
                if is_code(error, *_MISSING):
                    return None
                raise
            with answer["Body"] as body:
                if answer["ContentLength"] > MAX_BYTES:
                    problem = too_large(answer["ContentLength"])
                    return SourceFile(self._id(key), path, None, problem)
                return SourceFile(self._id(key), path, body.read())

    def _id(self, key: str) -> str:
        return id_of_path(BUCKET_PREFIX, f"{self._bucket}/{key}")

    def _keys(self) -> Iterator[tuple[str, int]]:
        """Keys and sizes of the objects that may be documents."""
        pages = self._client.get_paginator("list_objects_v2")
        with explained(f"The bucket {self._bucket}"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for row in page.get("Contents", ()):
                    if _is_hidden(row["Key"]):
                        continue
                    if is_document(row["Key"]):
                        yield row["Key"], row["Size"]
                    else:
                        self._passed[PurePosixPath(row["Key"]).suffix.lower() or "no ending"] += 1


def _is_hidden(key: str) -> bool:
    return key.endswith("/") or any(part.startswith(".") for part in key.split("/"))
