"""What an import did: what was read, what was left out and why, what could not be carried."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """Where a row stands: the file's name and its line, from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Rejected:
    """A row that was left out, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class SourceFile:
    """A file that was read.

    Attributes:
        holds: what its rows are, such as `tickets`; comma-separated when several.
        encoding: how its bytes were read; anything but UTF-8 was recognised, not declared.
    """

    name: str
    holds: str
    encoding: str
    rows: int


@dataclass
class ImportReport:
    """Gathered while the import runs.

    Attributes:
        noted: what was assumed, changed or not carried over, with how often.
        lost_attachments: names of attachments whose content was not carried over.
    """

    format: str
    files: list[SourceFile] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    noted: Counter[str] = field(default_factory=Counter)
    lost_attachments: list[str] = field(default_factory=list)
    masked: Counter[str] = field(default_factory=Counter)

    def reject(self, place: Place, reason: str) -> None:
        """Note a row that is left out."""
        self.rejected.append(Rejected(place.file, place.line, reason))

    def note(self, what: str, *, times: int = 1) -> None:
        """Count something the user should know."""
        if times:
            self.noted[what] += times
