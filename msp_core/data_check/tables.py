"""An outcome as text, as Markdown for data/README.md, and as JSON."""

from dataclasses import asdict
from typing import Any

from msp_core.data_check.findings import Outcome

BEGIN = "<!-- counts: written by `msp data check --markdown`, not by hand -->"
END = "<!-- end of counts -->"
_MOST_SHOWN = 200


def as_text(outcome: Outcome) -> str:
    """Every problem, then a table of the checks, then figures and counts."""
    problems = [str(problem) for check in outcome.checks for problem in check.problems]
    lines = problems[:_MOST_SHOWN]
    if len(problems) > _MOST_SHOWN:
        lines.append(f"... and {len(problems) - _MOST_SHOWN} more; --json lists all")
    if lines:
        lines.append("")
    lines.append(f"{'check':<26}{'checked':>19}{'errors':>8}{'warnings':>10}")
    for check in outcome.checks:
        warnings = len(check.problems) - check.errors
        checked = f"{check.checked:,} {check.what}"
        lines.append(f"{check.name:<26}{checked:>19}{check.errors:>8}{warnings:>10}")
    lines.append("")
    lines += [f"{what}: {value}" for what, value in outcome.figures]
    for table in outcome.tables:
        lines.append(
            f"{table.name}: " + ", ".join(f"{name} {count}" for name, count in table.counts)
        )
    total = sum(len(check.problems) for check in outcome.checks)
    lines.append("")
    lines.append(f"{outcome.folder}: {outcome.errors} errors, {total - outcome.errors} warnings")
    return "\n".join(lines) + "\n"


def as_markdown(outcome: Outcome) -> str:
    """The block between the two marks of data/README.md, marks included."""
    lines = [BEGIN, "", "| what | count |", "|---|---|"]
    lines += [f"| {what} | {value} |" for what, value in outcome.figures]
    for table in outcome.tables:
        total = sum(count for _, count in table.counts) or 1
        lines += ["", f"| {table.name} | count | share |", "|---|---:|---:|"]
        lines += [f"| {name} | {count} | {count / total:.0%} |" for name, count in table.counts]
    lines += ["", "| check | looked at | errors | warnings |", "|---|---|---:|---:|"]
    lines += [
        f"| {check.name} | {check.checked:,} {check.what} | {check.errors} | "
        f"{len(check.problems) - check.errors} |"
        for check in outcome.checks
    ]
    return "\n".join([*lines, "", END]) + "\n"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Everything, with all problems."""
    return {
        "schema": "msp.data-check/1",
        "folder": outcome.folder,
        "profile": outcome.profile,
        "errors": outcome.errors,
        "checks": [{**asdict(check), "errors": check.errors} for check in outcome.checks],
        "figures": dict(outcome.figures),
        "counts": {table.name: dict(table.counts) for table in outcome.tables},
    }
