"""The tables on the runs themselves: counts and provenance."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.reporting.table import NOTHING, Cell, Column, Table, system_name


def integrity_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The counts behind every mean; systems with the same figures and counts share a row."""
    systems: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        counts = (row["n_scored"], row["n_failed"], row["n_refused"])
        key = (row["suite"], ", ".join(row["metrics"]), *map(str, counts))
        systems.setdefault(key, []).append(system_name(row["system"]))
    return Table(
        caption="Items behind every mean",
        columns=[
            Column("Suite", number=False),
            Column("Figures", number=False),
            Column("Scored"),
            Column("Failed"),
            Column("Refused"),
        ],
        rows=[
            [Cell(suite.capitalize()), Cell(figures, ", ".join(names)), *map(Cell, counts)]
            for (suite, figures, *counts), names in systems.items()
        ],
        note="Counts are per system. A failed item stays in its means with the worst value.",
    )


def provenance_table(runs: Sequence[Mapping[str, Any]]) -> Table:
    """What is needed to get the same figures again, a column per suite."""

    def pairs(values: Mapping[str, str]) -> str:
        return ", ".join(f"{name} {value}" for name, value in sorted(values.items())) or NOTHING

    def commit(run: Mapping[str, Any]) -> str:
        if run["commit"] is None:
            return "no commit"
        return str(run["commit"])[:12] + (" with uncommitted changes" if run["dirty"] else "")

    lines: list[tuple[str, list[str]]] = [
        ("Figures are", [", ".join(run["kinds"]) or NOTHING for run in runs]),
        (
            "Data set",
            [
                f"{run['dataset']['name']}, split {run['dataset']['split']}, "
                f"n = {run['dataset']['n']}"
                for run in runs
            ],
        ),
        ("Data SHA-256", [run["dataset"]["sha256"][:16] for run in runs]),
        ("Commit", [commit(run) for run in runs]),
        ("Version", [f"{run['version']}, Python {run['python']}" for run in runs]),
        ("Models", [pairs(run["models"]) for run in runs]),
        ("Prompt SHA-256", [(run["prompt_sha256"] or "no prompt")[:16] for run in runs]),
        ("Prices read", [run["price_date"] or "no price" for run in runs]),
        ("Packages", [pairs(run["packages"]) for run in runs]),
        ("Settings", [pairs(run["settings"]) for run in runs]),
        ("Seed", [str(run["seed"]) for run in runs]),
        ("Started", [f"{run['started_at']}, took {run['duration_s']:.1f} s" for run in runs]),
    ]
    return Table(
        caption="Where the figures come from",
        columns=[
            Column("", number=False),
            *(Column(run["suite"].capitalize(), number=False) for run in runs),
        ],
        rows=[[Cell(name), *map(Cell, values)] for name, values in lines],
    )
