"""The cost-quality curve as inline SVG; its colours come from the page's style sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import floor, log10
from typing import Any

from eval.reporting.figure import write_value
from eval.reporting.table import system_name

_LABELLED = ("always_weak", "always_strong", "policy")
_LABEL_WIDTH = 108
_RADIUS = {"policy": 6.5, "always_weak": 5.0, "always_strong": 5.0}


@dataclass(frozen=True)
class Size:
    """Size of the drawing in its own units, which are pixels at full width."""

    name: str
    width: int
    height: int
    left: int = 52
    right: int = 112
    top: int = 34
    bottom: int = 48


WIDE = Size("wide", 880, 400)
NARROW = Size("narrow", 360, 340, left=46, right=14)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def curve_svg(section: Mapping[str, Any], size: Size) -> str:
    """The curve of a routing section: a line per router, its threshold as a point.

    The policy's point carries the 95% interval of its quality.
    """
    curve = section["curve"]
    priced = curve["x"] == "cost_per_1k_usd"
    xs = [x for line in curve["lines"] for x, _ in line["points"]]
    ys = [y for line in curve["lines"] for _, y in line["points"]]
    for point in curve["points"]:
        quality = point["quality"]
        xs.append(point["x"])
        ys += [quality["value"]]
        if point["system"] == "policy":
            ys += [y for y in (quality["low"], quality["high"]) if y is not None]
    across = _ticks(min([0.0, *xs]), max([*xs, 1e-9]), 4 if size.width < 500 else 8)
    up = _ticks(min(ys, default=0.0), max(ys, default=1.0), 6)
    x = _Scale(across[0], across[-1], size.left, size.width - size.right)
    y = _Scale(up[0], up[-1], size.height - size.bottom, size.top)
    drawn = [
        *_grid(across, up, x, y, size, priced=priced),
        *(_line(line, x, y) for line in curve["lines"]),
        *(_point(point, x, y, size) for point in curve["points"]),
    ]
    title, described = f"curve-title-{size.name}", f"curve-text-{size.name}"
    return (
        f'<svg class="chart {size.name}" viewBox="0 0 {size.width} {size.height}" role="img" '
        f'aria-labelledby="{title} {described}"><title id="{title}">Quality against '
        f'{"cost" if priced else "share of strong calls"}</title><desc id="{described}">'
        f"{escape(_description(curve, priced=priced))}</desc>{''.join(drawn)}</svg>"
    )


def swatch_svg(system: str) -> str:
    """A short piece of a router's line, for the legend."""
    return (
        '<svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">'
        f'<line class="line {escape(system)}" x1="1" y1="4" x2="27" y2="4"/></svg>'
    )


def _description(curve: Mapping[str, Any], *, priced: bool) -> str:
    parts = []
    for point in curve["points"]:
        x = write_value(point["x"], "usd" if priced else "percent")
        quality = write_value(point["quality"]["value"], "percent")
        unit = "per 1,000 turns" if priced else "strong calls"
        parts.append(f"{system_name(point['system'])}: quality {quality} at {x} {unit}")
    return "; ".join(parts) + ". The table below has every figure."


def _grid(
    across: list[float], up: list[float], x: _Scale, y: _Scale, size: Size, *, priced: bool
) -> list[str]:
    marks = []
    base = size.height - size.bottom
    for tick in up:
        at = y(tick)
        marks.append(
            f'<line class="grid" x1="{size.left}" x2="{size.width - size.right}" y1="{at:.1f}" '
            f'y2="{at:.1f}"/><text class="tick" x="{size.left - 8}" y="{at + 4:.1f}" '
            f'text-anchor="end">{100 * tick:.0f}%</text>'
        )
    for tick in across:
        label = f"${_plain(tick)}" if priced else f"{100 * tick:.0f}%"
        marks.append(
            f'<text class="tick" x="{x(tick):.1f}" y="{base + 18}" text-anchor="middle">'
            f"{label}</text>"
        )
    name = "USD per 1,000 turns" if priced else "share of strong calls"
    middle = (size.left + size.width - size.right) / 2
    marks.append(
        f'<text class="axis" x="{middle:.1f}" y="{size.height - 8}" text-anchor="middle">'
        f'{name}</text><text class="axis" x="4" y="14">quality</text>'
    )
    return marks


def _line(line: Mapping[str, Any], x: _Scale, y: _Scale) -> str:
    points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line["points"])
    return f'<polyline class="line {escape(line["system"])}" points="{points}"/>'


def _point(point: Mapping[str, Any], x: _Scale, y: _Scale, size: Size) -> str:
    system, quality = point["system"], point["quality"]
    across, up = x(point["x"]), y(quality["value"])
    marks = ""
    if system == "policy" and quality["low"] is not None and quality["high"] is not None:
        marks += (
            f'<line class="interval" x1="{across:.1f}" x2="{across:.1f}" '
            f'y1="{y(quality["low"]):.1f}" y2="{y(quality["high"]):.1f}"/>'
        )
    marks += (
        f'<circle class="point {escape(system)}" cx="{across:.1f}" cy="{up:.1f}" '
        f'r="{_RADIUS.get(system, 4.0)}"/>'
    )
    if system in _LABELLED:
        beside = size.width - across > _LABEL_WIDTH
        shift, anchor = (11, "start") if beside else (4, "end")
        # Lines come from the lower left and leave to the upper right: below right is free.
        down = 4 if system == "always_strong" and beside else 19
        marks += (
            f'<text class="label {escape(system)}" x="{across + shift:.1f}" y="{up + down:.1f}" '
            f'text-anchor="{anchor}">{system_name(system)}</text>'
        )
    return marks


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from at or below low to at or above high, two or more."""
    reach = high - low
    if reach <= 0:
        reach = abs(high) or 1.0
        low, high = low - reach / 2, high + reach / 2
    power = 10.0 ** floor(log10(reach / most))
    step = next(power * m for m in (1, 2, 2.5, 5, 10, 20) if reach / (power * m) <= most)
    first = floor(low / step + 1e-9)
    ticks = [first * step]
    while ticks[-1] < high - 1e-9 * step:
        ticks.append((first + len(ticks)) * step)
    return [round(tick, 12) for tick in ticks]


def _plain(value: float) -> str:
    return f"{value:.10g}"
