"""A table of a datasheet, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A title, headings (the first column is text, the others numbers) and rows."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table below its title, if it has one; any text in it is escaped."""
        lines = [f"### {self.title}", ""] if self.title else []
        lines.append(_line(self.head))
        lines.append("|" + "|".join(["---", *["---:"] * (len(self.head) - 1)]) + "|")
        lines += map(_line, self.rows)
        return "\n".join(lines)


def interval_text(value: float | None, low: float | None, high: float | None) -> str:
    """`.72 (.65 to .78)`, without the interval where there is none, a dash for nothing."""
    if value is None:
        return "-"
    if low is None or high is None:
        return f"{value:.2f}"
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
