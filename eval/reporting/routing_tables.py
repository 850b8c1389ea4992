"""The tables on routing."""

from collections.abc import Iterable, Mapping
from typing import Any

from eval.reporting.figure import Format, write_value
from eval.reporting.table import Cell, Column, Table, figure_cell, row_of, system_name

_REGRET_NOTE = (
    "Regret: quality lost against the better model for each turn. Missed: went weak and lost "
    "quality. Needless: went strong where the weak model was as good."
)


def routing_tables(section: Mapping[str, Any]) -> list[Table]:
    """Systems; regret by category, customer, priority; the worst misroutes."""
    at_threshold = _router_table(
        section,
        f"All routers on the same {section['n']} turns, each at its own threshold",
        {
            "quality": ("Quality", "percent"),
            "cost_per_1k_usd": ("USD per 1,000 turns", "usd"),
            "strong_rate": ("Strong calls", "percent"),
            "gain_over_random": ("Gain over random at that rate", "percent"),
            "regret": ("Regret", "percent"),
            "usd_per_1k_tickets": ("USD per 1,000 tickets", "usd"),
            "usd_per_1k_tickets_cached": ("with prompt cache", "usd"),
        },
        note=(
            f"Small figures: 95% interval from resampling {section['groups']} groups of turns "
            "(tickets, where the data names them); none where every draw gives the same. Tickets: "
            "simulated with the token profile of the run, turns routed independently."
        ),
    )
    along_curve = _router_table(
        section,
        "The same routers along their whole curve",
        {
            "apgr": ("APGR", "ratio"),
            "apgr_over_word_count": ("less word count's", "ratio"),
            "apgr_over_regex": ("less the regex rules'", "ratio"),
            "cpt50": ("CPT 50%", "percent"),
            "cpt80": ("CPT 80%", "percent"),
            "aiq": ("AIQ", "ratio"),
            "saving@2": ("Saving at −2 points", "percent"),
            "saving@5": ("at −5 points", "percent"),
            "saving@10": ("at −10 points", "percent"),
        },
        note=(
            "APGR: part of the quality gap between the two models that is recovered on average; "
            "random 0.500. Differences are paired: an interval above 0 is a router that beats the "
            "other. CPT: share of strong calls that recovers so much of the gap, lower is better. "
            "AIQ: mean quality of the best mixture over all costs. Saving: cost saved against "
            "always strong at that loss of quality, the point chosen with hindsight."
        ),
    )
    shown = [table for table in (at_threshold, along_curve) if table.rows]
    return [
        *shown,
        *_policy_table(section),
        *_transfer_table(section),
        *_slice_tables(section),
        *_misroute_tables(section),
    ]


def _router_table(
    section: Mapping[str, Any],
    caption: str,
    columns: Mapping[str, tuple[str, Format]],
    *,
    note: str,
) -> Table:
    """The routers that have one of the figures, and the figures that one of them has."""
    rows = [row for row in section["systems"] if any(row[name] is not None for name in columns)]
    used = [name for name in columns if any(row[name] is not None for row in rows)]
    return Table(
        caption=caption,
        columns=[Column("Router", number=False), *(Column(columns[name][0]) for name in used)],
        rows=[
            [
                Cell(system_name(row["system"]), _router_note(row["system"], section)),
                *(figure_cell(row[name], columns[name][1]) for name in used),
            ]
            for row in rows
        ],
        kind=section["kind"],
        note=note,
        best=row_of(rows, section["main"]),
    )


def _policy_table(section: Mapping[str, Any]) -> Iterable[Table]:
    """What floors catch and what they cost; the bound on misses has no lower end."""
    shown: list[tuple[str, str, Format]] = [
        ("Floor turns that a floor rule sees", "floor_recall", "percent"),
        ("Floor turns missed, with the upper 95% bound", "floor_miss_rate", "percent"),
        ("Floor turns sent strong, whatever the reason", "floor_strong", "percent"),
        ("Other turns forced strong by a floor", "forced_by_floor", "percent"),
        ("Time of a decision", "decision_ms", "ms"),
    ]
    rows = [(label, section[name], form) for label, name, form in shown if section[name]]
    if rows:
        yield Table(
            caption="The policy's floors, and its time",
            columns=[Column("", number=False), Column("Figure"), Column("n"), Column("Kind")],
            rows=[
                [
                    Cell(label),
                    figure_cell(figure, form),
                    Cell(str(figure["n"])),
                    Cell(figure["kind"]),
                ]
                for label, figure, form in rows
            ],
        )


def _transfer_table(section: Mapping[str, Any]) -> Iterable[Table]:
    if section["transfer"]:
        yield Table(
            caption="Transfer: APGR on a category that the training did not see",
            columns=[
                Column("Left out", number=False),
                Column("Router", number=False),
                Column("Turns"),
                Column("APGR"),
                Column("Word count's"),
            ],
            rows=[
                [
                    Cell(row["left_out"]),
                    Cell(system_name(row["system"])),
                    Cell(str(row["apgr"]["n"])),
                    figure_cell(row["apgr"], "ratio"),
                    figure_cell(row["word_count"], "ratio"),
                ]
                for row in section["transfer"]
            ],
            kind=section["kind"],
        )


def _router_note(system: str, section: Mapping[str, Any]) -> str:
    if system == "policy":
        return f"floors, then {system_name(section['policy'])}"
    notes = {
        "random": "at the policy's rate",
        "oracle": "knows the better model",
        "router": "router_score of the data",
    }
    return notes.get(system, "")


def _slice_tables(section: Mapping[str, Any]) -> Iterable[Table]:
    for number, (name, rows) in enumerate(section["by_slice"].items()):
        yield Table(
            caption=f"{system_name(section['main']).capitalize()} by {name}",
            columns=[
                Column(name.capitalize(), number=False),
                Column("Turns"),
                Column("Quality"),
                Column("Regret"),
                Column("Missed"),
                Column("Needless strong"),
            ],
            rows=[
                [
                    Cell(row["value"]),
                    Cell(str(row["n"])),
                    figure_cell(row["quality"], "percent"),
                    Cell(write_value(row["regret"], "percent")),
                    Cell(str(row["missed"])),
                    Cell(str(row["needless"])),
                ]
                for row in rows
            ],
            kind=section["kind"],
            note="" if number else _REGRET_NOTE,
        )


def _misroute_tables(section: Mapping[str, Any]) -> Iterable[Table]:
    misroutes = section["misroutes"]
    for name, title in (
        ("missed", "Worst misroutes: went weak, needed strong"),
        ("needless", "Dearest needless strong calls"),
    ):
        rows = misroutes[name]
        if not rows:
            continue
        value = Column("Loss") if name == "missed" else Column("USD too much")
        yield Table(
            caption=f"{title} ({len(rows)} of {misroutes['n_' + name]})",
            columns=[
                Column("Turn", number=False),
                Column("Asked", number=False),
                Column("Why it went there", number=False),
                value,
            ],
            rows=[
                [
                    Cell(row["id"], " · ".join(filter(None, (row["customer"], row["category"])))),
                    Cell(row["text"], f"Label: {row['note']}" if row["note"] else ""),
                    Cell(row["reasons"]),
                    Cell(
                        write_value(row["loss"], "percent")
                        if name == "missed"
                        else f"${row['needless_usd']:.4f}"
                    ),
                ]
                for row in rows
            ],
            kind=section["kind"],
        )


def monthly_table(section: Mapping[str, Any]) -> Table | None:
    """What a month costs, or None without prices."""
    monthly = section["monthly"]
    if monthly is None:
        return None
    return Table(
        caption=f"Model calls for {monthly['turns']:,} turns a month",
        columns=[Column("Router", number=False), Column("USD a month"), Column("Quality")],
        rows=[
            [
                Cell(system_name(row["system"])),
                figure_cell(row["usd"], "usd"),
                figure_cell(row["quality"], "percent"),
            ]
            for row in monthly["rows"]
        ],
        kind=section["kind"],
        note=(
            "Mean cost of a turn in the data times the stated volume. Tokens at full input price, "
            "no prompt cache; idle and other costs of the stack are not in it."
            if section["kind"] == "simulated"
            else "Mean recorded cost of a turn times the stated volume; model calls only."
        ),
        best=row_of(monthly["rows"], "policy"),
    )
