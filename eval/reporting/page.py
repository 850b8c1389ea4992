"""The report as one HTML page: no script, nothing fetched."""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from eval.reporting.chart import NARROW, WIDE, curve_svg, swatch_svg
from eval.reporting.figure import write_interval, write_value
from eval.reporting.record_tables import integrity_table, provenance_table
from eval.reporting.retrieval_tables import retrieval_tables
from eval.reporting.routing_tables import monthly_table, routing_tables
from eval.reporting.table import Table, system_name
from eval.reporting.triage_tables import triage_tables

STYLE = Path(__file__).resolve().parent / "page.css"
KINDS = {
    "live": "measured in this run",
    "recorded": "computed from answers recorded before",
    "simulated": "from labels or a stand-in, not from a model's answers",
}


def render_page(report: Mapping[str, Any]) -> str:
    """The whole page; any text from the data is escaped."""
    sections = [
        ("Routing: cost against quality", _routing(report["routing"])),
        ("Retrieval", _retrieval(report["retrieval"])),
        ("Triage", _triage(report["triage"])),
        ("Monthly cost", _monthly(report["routing"])),
        ("Integrity", _integrity(report)),
        ("Provenance", _provenance(report)),
    ]
    body = "".join(
        f'<section><h2 id="s{number}">{escape(name)}</h2>{content}</section>'
        for number, (name, content) in enumerate(sections, start=1)
        if content
    )
    title = escape(report["title"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>"
        f"<body><main>{_header(report, title)}{body}{_footer(report)}</main></body></html>\n"
    )


def _header(report: Mapping[str, Any], title: str) -> str:
    verdict = "".join(
        f'<p class="verdict">{escape(sentence["text"])} {_badge(sentence["kind"])}</p>'
        for sentence in report["verdict"]
    )
    tiles = ""
    for key in report["key_figures"]:
        shown = key["figure"]
        interval = write_interval(shown, key["format"]) or "no interval"
        tiles += (
            f'<div class="tile"><dt>{escape(key["label"])}</dt>'
            f'<dd><strong>{write_value(shown["value"], key["format"])}</strong>'
            f"<span>{interval}</span>"
            f'<span>n = {shown["n"]} {_badge(shown["kind"])}</span></dd></div>'
        )
    figures = f'<dl class="tiles">{tiles}</dl>' if tiles else ""
    return (
        f'<header><p class="eyebrow">MSP Support Assistant</p><h1>{title}</h1>'
        f'<p class="note">{escape(report["data_note"])}</p>{verdict}{figures}</header>'
    )


def _routing(section: Mapping[str, Any] | None) -> str:
    if section is None:
        return ""
    of = (
        "Quality is label agreement: the share of turns that go to a model the label calls "
        "sufficient; no model answered."
        if section["kind"] == "simulated"
        else "Quality is the mean score of the recorded answers."
    )
    models = section["models"]
    between = (
        f" Weak: {models['weak']}; strong: {models['strong']}."
        if section["kind"] == "simulated"
        else ""
    )
    legend = "".join(
        f'<li>{swatch_svg(line["system"])}{system_name(line["system"])}</li>'
        for line in section["curve"]["lines"]
    )
    figure = (
        f"<figure>{curve_svg(section, WIDE)}{curve_svg(section, NARROW)}"
        f'<ul class="legend">{legend}</ul>'
        "<figcaption>Each line is a router over all its thresholds, each point its own threshold; "
        "the bar is the policy's 95% interval. Up and to the left is better. "
        f"{_badge(section['kind'])}</figcaption></figure>"
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in section["notes"])
    tables = _tables(routing_tables(section))
    return f'<p class="lead">{escape(of + between)}</p>{figure}{notes}{tables}'


def _retrieval(section: Mapping[str, Any] | None) -> str:
    if section is None:
        return ""
    weak = (
        '<p class="warning"><strong>Weak labels.</strong> Nobody judged these queries: an article '
        "counts as relevant because the ticket's resolution names it. Read the figures as a "
        "comparison of systems, not as their quality.</p>"
        if section["weak_labels"]
        else ""
    )
    return weak + _tables(retrieval_tables(section))


def _triage(section: Mapping[str, Any] | None) -> str:
    if section is None:
        return ""
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in section["notes"])
    return notes + _tables(triage_tables(section))


def _monthly(section: Mapping[str, Any] | None) -> str:
    table = monthly_table(section) if section is not None else None
    return _tables([table]) if table is not None else ""


def _integrity(report: Mapping[str, Any]) -> str:
    return _tables([integrity_table(report["integrity"])]) if report["integrity"] else ""


def _provenance(report: Mapping[str, Any]) -> str:
    return _tables([provenance_table(report["provenance"])]) if report["provenance"] else ""


def _tables(tables: Iterable[Table]) -> str:
    return "".join(map(_table, tables))


def _table(table: Table) -> str:
    head = "".join(
        (
            f'<th scope="col"{_align(column.number)}>{escape(column.label)}</th>'
            if column.label
            else "<td></td>"
        )
        for column in table.columns
    )
    rows = ""
    for number, row in enumerate(table.rows):
        cells = ""
        for position, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            detail = f"<small>{escape(cell.detail)}</small>" if cell.detail else ""
            tag, scope = ("th", ' scope="row"') if position == 0 else ("td", "")
            cells += f"<{tag}{scope}{_align(column.number)}>{escape(cell.text)}{detail}</{tag}>"
        rows += f"<tr{' class=best' if number == table.best else ''}>{cells}</tr>"
    caption = escape(table.caption)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    # The box takes the keyboard, so that a table wider than the screen can be scrolled without a
    # mouse.
    return (
        f"<h3>{caption} {_badge(table.kind)}</h3>"
        f'<div class="box" role="region" aria-label="{caption}" tabindex="0"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}"
    )


def _align(number: bool) -> str:
    return ' class="n"' if number else ""


def _badge(kind: str) -> str:
    return f'<span class="badge {escape(kind)}">{escape(kind)}</span>' if kind else ""


def _footer(report: Mapping[str, Any]) -> str:
    kinds = "".join(f"<li>{_badge(kind)} {text}</li>" for kind, text in KINDS.items())
    legend = f'<ul class="kinds">{kinds}</ul>' if report["provenance"] else ""
    return f'<footer>{legend}<p>Generated {escape(report["generated_at"])}</p></footer>'
