"""Plots as SVG text, written by hand: no library is needed, and the files are small and stay readable in a diff."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#7f7f7f")
WIDTH, LEFT, RIGHT, TOP, ROW = 860, 200, 24, 40, 30
HEIGHT = 360

Points = Sequence[tuple[float, float]]


def dots(title: str, rows: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Plot one row of dots for each key, on a logarithmic scale: `rows` maps titles to values by series."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    low, high = bounds(value for row in rows.values() for value in row.values())
    bottom = TOP + ROW * len(rows)
    legend, tall = key(names, LEFT, bottom + 46)
    parts = [text(LEFT, 20, title, weight="bold")]
    for tick in ticks(low, high):
        x = across(tick, low, high)
        parts += [line(x, TOP, x, bottom), text(x, bottom + 16, number(tick), anchor="middle")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, bottom + 34, unit, anchor="middle"))
    for index, (label, row) in enumerate(rows.items()):
        y = TOP + ROW * (index + 0.5)
        parts.append(text(LEFT - 10, y + 4, label, anchor="end"))
        parts.append(line(LEFT, y, WIDTH - RIGHT, y))
        for name, value in row.items():
            parts.append(dot(across(value, low, high), y, colour(names, name), f"{name}: {number(value)}"))
    return document([*parts, *legend], bottom + 46 + tall)


def lines(title: str, series: Mapping[str, Points], x_unit: str, y_unit: str, *, logarithmic: bool = True) -> str:
    """Plot lines; both scales are logarithmic, or that of y alone."""
    names = list(series)
    low, high = bounds(y for points in series.values() for _x, y in points)
    places = sorted({x for points in series.values() for x, _y in points})
    bottom = TOP + HEIGHT - 60
    legend, tall = key(names, LEFT, bottom + 46)

    def along(x: float) -> float:
        if logarithmic:
            return across(x, places[0], places[-1])
        return LEFT + (WIDTH - RIGHT - LEFT) * (x - places[0]) / (places[-1] - places[0])

    def up(y: float) -> float:
        return bottom - (bottom - TOP) * (math.log(y) - math.log(low)) / (math.log(high) - math.log(low))

    parts = [text(LEFT, 20, title, weight="bold"), text(LEFT - 60, TOP - 8, y_unit, anchor="end")]
    for tick in ticks(low, high):
        parts += [line(LEFT, up(tick), WIDTH - RIGHT, up(tick)), text(LEFT - 8, up(tick) + 4, number(tick), "end")]
    for x in places:
        parts += [line(along(x), TOP, along(x), bottom), text(along(x), bottom + 16, number(x), anchor="middle")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, bottom + 34, x_unit, anchor="middle"))
    for name, points in series.items():
        path = " ".join(f"{along(x):.1f},{up(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour(names, name)}" stroke-width="2"/>')
        parts += [dot(along(x), up(y), colour(names, name), f"{name}: {number(y)}") for x, y in points]
    return document([*parts, *legend], bottom + 46 + tall)


def bounds(values: Iterable[float]) -> tuple[float, float]:
    """Give the ends of a logarithmic scale that holds the values, with some room."""
    found = list(values)
    low, high = min(found), max(found)
    return low / 1.25, max(high * 1.25, low * 2)


def ticks(low: float, high: float) -> list[float]:
    """Give 1, 2 and 5 times the powers of ten within the bounds."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [tick for tick in found if low <= tick <= high]


def across(value: float, low: float, high: float) -> float:
    """Give the x of a value on the logarithmic scale."""
    share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    return LEFT + (WIDTH - RIGHT - LEFT) * share


def number(value: float) -> str:
    """Write a number shortly, with commas for thousands."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def colour(names: Sequence[str], name: str) -> str:
    """Give the colour of a series."""
    return COLOURS[names.index(name) % len(COLOURS)]


def key(names: Sequence[str], left: float, top: float) -> tuple[list[str], float]:
    """Give the legend, three names in a row, and its height."""
    parts = []
    for index, name in enumerate(names):
        x, y = left - 180 + 270 * (index % 3), top + 20 * (index // 3) + 10
        parts += [dot(x, y, colour(names, name)), text(x + 12, y + 4, name)]
    return parts, 20 * math.ceil(len(names) / 3) + 14


def dot(x: float, y: float, fill: str, title: str = "") -> str:
    """Draw a dot, with what shows when the pointer is over it."""
    inner = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}" fill-opacity="0.85">{inner}</circle>'


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    """Draw a thin line of the grid."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def text(x: float, y: float, content: str, anchor: str = "start", weight: str = "normal") -> str:
    """Write a text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(content)}</text>'


def document(parts: Iterable[str], height: float) -> str:
    """Put the parts on white, so that they are read in dark themes as well."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        'font-family="sans-serif" font-size="12" fill="#222222">'
    )
    body = "\n".join(parts)
    return f'{head}\n<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>\n{body}\n</svg>\n'
