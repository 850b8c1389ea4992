"""Figures of the report: their shape in `report.json`, and how they are written out."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from eval.result import Metric, Result

Format = Literal["percent", "ratio", "usd", "ms"]
Figure = Mapping[str, Any]
"""`{"value", "low", "high", "n", "kind"}`; low and high may be None."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def figure(metric: Metric, *, scale: float = 1) -> dict[str, Any]:
    """A metric as the report keeps it, in another unit if scaled."""
    return {
        "value": metric.value * scale,
        "low": None if metric.low is None else metric.low * scale,
        "high": None if metric.high is None else metric.high * scale,
        "n": metric.n_scored,
        "kind": metric.kind,
    }


def find_figure(
    result: Result, name: str, system: str, slice_: str = "all", *, scale: float = 1
) -> dict[str, Any] | None:
    """The figure of that name, or None."""
    metric = result.find(name, system, slice_)
    return None if metric is None else figure(metric, scale=scale)


def write_value(value: float, form: Format) -> str:
    """`84.2%`, `0.831`, `$12.30` or `14 ms`."""
    # The z turns a -0.000 into 0.000.
    if form == "percent":
        return f"{100 * value:z.1f}%"
    if form == "usd":
        return f"${value:z,.2f}" if abs(value) < 1000 else f"${value:,.0f}"
    if form == "ms":
        return f"{value:.0f} ms" if value >= 10 else f"{value:z.1f} ms"
    return f"{value:z.3f}"


def write_interval(shown: Figure, form: Format) -> str:
    """`78.1% to 90.3%`, or nothing when there is no interval."""
    if shown["low"] is None or shown["high"] is None:
        return ""
    return f"{write_value(shown['low'], form)} to {write_value(shown['high'], form)}"


def with_interval(shown: Figure, form: Format) -> str:
    """`84.2% (95% interval 78.1% to 90.3%)`."""
    interval = write_interval(shown, form)
    tail = f" (95% interval {interval})" if interval else " (no interval)"
    return write_value(shown["value"], form) + tail


def clip(text: object, limit: int = 240) -> str:
    """The text on one line, without what cannot be shown, cut with an ellipsis."""
    line = " ".join(_UNPRINTABLE.sub(" ", str(text)).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
