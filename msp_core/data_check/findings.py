"""What a check says: how much it looked at, what is wrong where, and the figures it found."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """Something wrong, and where: the file within the folder, its line from 1, or 0 for all."""

    severity: Severity
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.severity}: {place}: {self.reason}"


@dataclass(frozen=True)
class Check:
    """One check's outcome.

    Attributes:
        checked: how many things it looked at; `what` names them.
    """

    name: str
    what: str
    checked: int
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True)
class Table:
    """Counts of one property, in the order in which they are to be shown."""

    name: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Outcome:
    """Everything that was found in a folder.

    Attributes:
        figures: (what, value) of what is measured, not judged.
    """

    folder: str
    profile: str
    checks: tuple[Check, ...]
    tables: tuple[Table, ...]
    figures: tuple[tuple[str, str], ...]

    @property
    def errors(self) -> int:
        """How many errors there are in all."""
        return sum(check.errors for check in self.checks)
