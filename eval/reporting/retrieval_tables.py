"""The tables on retrieval."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.reporting.figure import Format, write_value
from eval.reporting.table import Cell, Column, Table, figure_cell, row_of, system_name
from eval.search_cost import SEARCHES_PER_MONTH


def retrieval_tables(section: Mapping[str, Any]) -> list[Table]:
    """Systems, their differences, trust, speed and cost; by type, by customer; weakest queries."""
    systems = [row["system"] for row in section["systems"]]
    tables = [
        _search_table(
            section,
            _systems_caption(section),
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
        _difference_table(section),
        _search_table(
            section,
            "The same systems: gaps in the judgements, false answers, speed",
            {
                "unjudged@10": ("Unjudged@10", "percent"),
                "answered_rate": ("Answered of no-answer", "percent"),
                "latency_p50_ms": ("Search without embedding, median", "ms"),
                "latency_p95_ms": ("Search without embedding, p95", "ms"),
            },
            note=(
                "Unjudged: share of the first ten that nobody judged; they count as irrelevant. "
                "Answered of no-answer: questions without an answer for which a passage would "
                "still be offered, lower is better. Latency is of this machine."
            ),
        ),
    ]
    tables += [
        _cost_table(section),
        _slice_table(section, "type", "nDCG@10 by type of query", systems),
        _slice_table(section, "customer", "nDCG@10 by customer", systems),
    ]
    if section["weakest"]:
        tables.append(_weakest_table(section))
    return [table for table in tables if table.rows]


def _systems_caption(section: Mapping[str, Any]) -> str:
    """With the number of queries that the figures are of: none without an answer."""
    n = max((row["ndcg@10"]["n"] for row in section["systems"] if row["ndcg@10"]), default=0)
    rest = section["n"] - n
    tail = f" ({rest} more without an answer count below)" if rest else ""
    return f"Search systems on {n} queries{tail}"


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


def _difference_table(section: Mapping[str, Any]) -> Table:
    return Table(
        caption="Differences in nDCG@10, query by query",
        columns=[
            Column("System", number=False),
            Column("Less", number=False),
            Column("Difference"),
            Column("Queries"),
        ],
        rows=[
            [
                Cell(system_name(row["system"])),
                Cell(system_name(row["over"])),
                figure_cell(row["figure"], "ratio"),
                Cell(str(row["figure"]["n"])),
            ]
            for row in section["differences"]
        ],
        kind=section["kind"],
        note="An interval that holds 0 proves no difference.",
    )


def _cost_table(section: Mapping[str, Any]) -> Table:
    return Table(
        caption=f"What 1,000 searches would cost on AWS, at {SEARCHES_PER_MONTH:,} a month",
        columns=[Column("System", number=False), Column("Cost per 1,000")],
        rows=[
            [Cell(system_name(row["system"])), figure_cell(row["usd_per_1k"], "usd")]
            for row in section["systems"]
            if row["usd_per_1k"] is not None
        ],
        kind="simulated",
        note=(
            "By the catalogue's prices, not from a bill. OpenSearch Serverless is paid by the "
            "hour, idle or not: its month is shared among the searches."
        ),
    )


def _slice_table(
    section: Mapping[str, Any], name: str, caption: str, systems: Sequence[str]
) -> Table:
    """nDCG@10 by the values of a slice; without rows when there is one value at most."""
    rows = section[f"by_{name}"]
    return Table(
        caption=caption,
        columns=[
            Column(name.title(), number=False),
            Column("Queries"),
            *(Column(system_name(system)) for system in systems),
        ],
        rows=[_slice_row(row, name, systems) for row in rows] if len(rows) > 1 else [],
        kind=section["kind"],
    )


def _slice_row(row: Mapping[str, Any], name: str, systems: Sequence[str]) -> list[Cell]:
    figures = row["ndcg@10"]
    n = next(iter(figures.values()))["n"]
    cells = [figure_cell(figures.get(system), "ratio") for system in systems]
    return [Cell(row[name]), Cell(str(n)), *cells]


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
