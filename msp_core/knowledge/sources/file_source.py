"""The port of a source of files: a folder, or a prefix of a bucket."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_BYTES = 8_000_000
"""Of a file; what is larger is not read."""
FOLDER_PREFIX, BUCKET_PREFIX = "file:", "s3:"


@dataclass(frozen=True)
class SourceFile:
    """A file as it was found.

    Attributes:
        document_id: of the document that is made of it.
        path: for a person.
        content: None when it cannot be used; `problem` says why.
    """

    document_id: str
    path: str
    content: bytes | None
    problem: str = ""


class FileSource(Protocol):
    """Files that become documents; what vanishes from it is deleted from the index."""

    @property
    def name(self) -> str:
        """The source, for a person; all of its document ids begin with `id_prefix`."""

    @property
    def id_prefix(self) -> str:
        """`file:<name>/`, or `s3:<bucket>/<prefix>`; no id of another source begins with it."""

    def files(self) -> Iterator[SourceFile]:
        """Every file that may be a document (`is_document`), in the order of paths.

        Raises:
            ConfigurationError: there is no such folder or bucket, or it may not be read.
            DependencyFailed: the service does not answer; then nothing is known of what vanished.
        """

    def passed_over(self) -> dict[str, int]:
        """How many files of other kinds there were in the last `files()`, by their ending."""


def is_of_files(document_id: str) -> bool:
    """Whether a document comes from a source of files, rather than from a data folder."""
    return document_id.startswith((FOLDER_PREFIX, BUCKET_PREFIX))


def id_of_path(prefix: str, path: str) -> str:
    """The document id of a file; without what would end a citation `[id]` in an answer."""
    escaped = "".join(
        f"%{ord(character):02X}" if character in "%[]" or character.isspace() else character
        for character in path
    )
    return f"{prefix}{escaped}"


def too_large(size: int) -> str:
    """The problem of a file of more than `MAX_BYTES`."""
    return f"it has {size / 1e6:.1f} MB, and at most {MAX_BYTES / 1e6:.0f} are read: split it"
