"""The tables on retrieval."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.reporting.figure import Format, write_value
from eval.reporting.table import Cell, Column, Table, figure_cell, row_of, system_name


def retrieval_tables(section: Mapping[str, Any]) -> list[Table]:
    """Systems; how far to trust the figures, and speed; nDCG by type; the weakest queries."""
    systems = [row["system"] for row in section["systems"]]
    tables = [
        _search_table(
            section,
            f"Search systems on {section['n']} queries",
            {
                "ndcg@10": ("nDCG@10", "ratio"),
                "recall@5": ("Recall@5", "percent"),
                "recall@10": ("Recall@10", "percent"),
                "mrr": ("MRR", "ratio"),
                "map": ("MAP", "ratio"),
            },
            note=(
                f"Small figures: 95% interval from resampling {section['groups']} groups of "
                "queries (customers, where the data names them); none where every draw gives the "
                "same."
            ),
        ),
        _search_table(
            section,
            "The same systems: gaps in the judgements, false answers, speed",
            {
                "unjudged@10": ("Unjudged@10", "percent"),
                "answered_rate": ("Answered of no-answer", "percent"),
                "latency_p50": ("Search without embedding, median", "ms"),
                "latency_p95": ("Search without embedding, p95", "ms"),
            },
            note=(
                "Unjudged: share of the first ten that nobody judged; they count as irrelevant. "
                "Answered of no-answer: questions without an answer for which a passage would "
                "still be offered, lower is better. Latency is of this machine."
            ),
        ),
    ]
    if len(section["by_type"]) > 1:
        tables.append(
            Table(
                caption="nDCG@10 by type of query",
                columns=[
                    Column("Type", number=False),
                    Column("Queries"),
                    *(Column(system_name(name)) for name in systems),
                ],
                rows=[_type_row(row, systems) for row in section["by_type"]],
                kind=section["kind"],
            )
        )
    if section["weakest"]:
        tables.append(_weakest_table(section))
    return [table for table in tables if table.rows]


def _search_table(
    section: Mapping[str, Any],
    caption: str,
    columns: Mapping[str, tuple[str, Format]],
    *,
    note: str,
) -> Table:
    rows = section["systems"]
    used = [name for name in columns if any(row[name] is not None for row in rows)]
    return Table(
        caption=caption,
        columns=[Column("System", number=False), *(Column(columns[name][0]) for name in used)],
        rows=[
            [
                Cell(system_name(row["system"])),
                *(figure_cell(row[name], columns[name][1]) for name in used),
            ]
            for row in rows
        ],
        kind=section["kind"],
        note=note,
        best=row_of(rows, section["main"]),
    )


def _type_row(row: Mapping[str, Any], systems: Sequence[str]) -> list[Cell]:
    figures = row["ndcg@10"]
    n = next(iter(figures.values()))["n"]
    cells = [figure_cell(figures.get(name), "ratio") for name in systems]
    return [Cell(row["type"]), Cell(str(n)), *cells]


def _weakest_table(section: Mapping[str, Any]) -> Table:
    return Table(
        caption=f"Weakest queries of {system_name(section['main'])}",
        columns=[
            Column("Query", number=False),
            Column("Asked", number=False),
            Column("Found first", number=False),
            Column("Judged relevant", number=False),
            Column("nDCG@10"),
        ],
        rows=[
            [
                Cell(row["id"], row["type"]),
                Cell(row["query"]),
                Cell(", ".join(row["found"]) if row["status"] == "ok" else row["status"]),
                Cell(", ".join(row["relevant"])),
                Cell(write_value(row["ndcg@10"], "ratio")),
            ]
            for row in section["weakest"]
        ],
        kind=section["kind"],
    )
