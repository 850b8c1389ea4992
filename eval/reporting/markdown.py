"""The report as Markdown, for a job summary."""

import re
from collections.abc import Mapping
from typing import Any

from eval.reporting.figure import write_interval, write_value
from eval.reporting.record_tables import integrity_table, provenance_table
from eval.reporting.retrieval_tables import retrieval_tables
from eval.reporting.routing_tables import monthly_table, routing_tables
from eval.reporting.table import Table
from eval.reporting.triage_tables import triage_tables

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!&])")


def render_markdown(report: Mapping[str, Any]) -> str:
    """The whole report; any text from the data is escaped."""
    blocks = [f"# {_text(report['title'])}", f"> {_text(report['data_note'])}"]
    for sentence in report["verdict"]:
        kind = f" *({sentence['kind']})*" if sentence["kind"] else ""
        blocks.append(f"**{_text(sentence['text'])}**{kind}")
    if report["key_figures"]:
        blocks.append(_key_figures(report))
    routing, retrieval, triage = report["routing"], report["retrieval"], report["triage"]
    if routing is not None:
        blocks += ["## Routing", *map(_text, routing["notes"])]
        blocks += map(_table, routing_tables(routing))
    if retrieval is not None:
        blocks += ["## Retrieval", *map(_table, retrieval_tables(retrieval))]
    if triage is not None:
        blocks += ["## Triage", *map(_text, triage["notes"])]
        blocks += map(_table, triage_tables(triage))
    month = monthly_table(routing) if routing is not None else None
    if month is not None:
        blocks += ["## Monthly cost", _table(month)]
    if report["provenance"]:
        blocks += ["## Integrity", _table(integrity_table(report["integrity"]))]
        blocks += ["## Provenance", _table(provenance_table(report["provenance"]))]
    blocks.append(f"Generated {report['generated_at']}.")
    return "\n\n".join(blocks) + "\n"


def _key_figures(report: Mapping[str, Any]) -> str:
    lines = ["| | figure | 95% interval | n | |", "|:--|--:|:-:|--:|:--|"]
    for key in report["key_figures"]:
        shown = key["figure"]
        value = write_value(shown["value"], key["format"])
        interval = write_interval(shown, key["format"]) or "–"
        lines.append(
            f"| {_text(key['label'])} | **{value}** | {interval} | {shown['n']} | {shown['kind']} |"
        )
    return "\n".join(lines)


def _table(table: Table) -> str:
    kind = f" ({table.kind})" if table.kind else ""
    lines = [
        f"### {_text(table.caption)}{kind}",
        "",
        "| " + " | ".join(_text(column.label) for column in table.columns) + " |",
        "|" + "|".join("--:" if column.number else ":--" for column in table.columns) + "|",
    ]
    for number, row in enumerate(table.rows):
        cells = []
        for position, cell in enumerate(row):
            text = _text(cell.text)
            if number == table.best and position == 0:
                text = f"**{text}**"
            cells.append(f"{text}<br><sub>{_text(cell.detail)}</sub>" if cell.detail else text)
        lines.append("| " + " | ".join(cells) + " |")
    if table.note:
        lines += ["", f"<sub>{_text(table.note)}</sub>"]
    return "\n".join(lines)


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))
