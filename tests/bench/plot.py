"""Curves as an SVG picture: panels beside each other, rates over what grows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from bench.growth import Curve

_WIDTH, _HEIGHT = 300, 220  # of a panel
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 30, 42
_COLUMNS = 3


def write_plot(file: Path, curves: Sequence[Curve]) -> None:
    rows = -(-len(curves) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, curve in enumerate(curves):
        row, column = divmod(number, _COLUMNS)
        lines.append(f'<g transform="translate({column * _WIDTH} {row * _HEIGHT})">')
        lines += _panel(curve)
        lines.append("</g>")
    file.write_text("\n".join([*lines, "</svg>"]) + "\n")


def _panel(curve: Curve) -> Iterator[str]:
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    # Equal factors are equal steps; nothing at all is one step before the least.
    positions = [math.log10(point.at) if point.at else None for point in curve.points]
    known = [position for position in positions if position is not None]
    least, most = min(known) - (None in positions), max(known)
    top = _round_up(max(point.sample.rate for point in curve.points))
    spots = [
        (
            _LEFT + wide * ((least if at is None else at) - least) / ((most - least) or 1),
            _TOP + high * (1 - point.sample.rate / top),
        )
        for at, point in zip(positions, curve.points, strict=True)
    ]
    yield f'<text x="{_LEFT}" y="18" font-weight="bold">events/s over {escape(curve.what)}</text>'
    for part in range(5):
        y = _TOP + high * (1 - part / 4)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + wide}" y2="{y:.1f}" stroke="#ddd"/>'
        rate = f"{top * part / 4:,.0f}"
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{rate}</text>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    yield f'<polyline points="{path}" fill="none" stroke="#1f6feb" stroke-width="2"/>'
    for (x, y), point in zip(spots, curve.points, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#1f6feb"/>'
        yield (
            f'<text x="{x:.1f}" y="{_HEIGHT - 24}" text-anchor="middle">{_short(point.at)}</text>'
        )


def _round_up(value: float) -> float:
    step = math.pow(10, math.floor(math.log10(value)))
    return math.ceil(value / step) * step


def _short(value: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return f"{value:g}"
