"""A scatter of changes as inline SVG: bound against compliance. Markers differ by shape, so that colour is never alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.present.charts import ticks
from app.present.text import escape

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 48
SIZE = 5.0
SHAPES = ("circle", "square", "triangle", "diamond", "cross", "plus", "ring", "bar")


@dataclass(frozen=True, kw_only=True)
class Point:
    """One change."""

    x: float
    y: float
    group: str  # what decides its shape
    title: str  # what is told of it


def scatter_svg(points: Sequence[Point], named: tuple[str, str, str]) -> str:
    """The scatter with its legend; `named` is the id of the drawing and what stands along the two axes."""
    ident, across, up = named
    groups = list(dict.fromkeys(point.group for point in points))
    xs, ys = _range([point.x for point in points]), _range([point.y for point in points])
    place = _Place(xs, ys)
    drawn = "".join(_marker(place.x(p.x), place.y(p.y), SHAPES[groups.index(p.group) % len(SHAPES)], p.title) for p in points)
    described = f"{len(points)} changes; across {across}, from {xs[0]:.0f} to {xs[1]:.0f}; upwards {up}, from {ys[0]:.0f} to {ys[1]:.0f}. The table has each."
    axes = _axes(place, across, up)
    return (
        f'<svg class="scatter" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{ident}-d"><desc id="{ident}-d">{escape(described)}</desc>'
        f"{axes}{drawn}</svg>{_legend(groups)}"
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    """With zero in it, and some room."""
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


@dataclass(frozen=True)
class _Place:
    xs: tuple[float, float]
    ys: tuple[float, float]

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - self.xs[0]) / (self.xs[1] - self.xs[0])

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.ys[1] - value) / (self.ys[1] - self.ys[0])


def _axes(place: _Place, across: str, up: str) -> str:
    foot, parts = HEIGHT - BOTTOM, []
    for tick in ticks(*place.xs):
        kind = "zero" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{place.x(tick):.1f}" x2="{place.x(tick):.1f}" y1="{TOP}" y2="{foot}"/>')
        parts.append(f'<text x="{place.x(tick):.1f}" y="{foot + 16}" text-anchor="middle">{_signed(tick)}</text>')
    for tick in ticks(*place.ys):
        kind = "zero" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place.y(tick):.1f}" y2="{place.y(tick):.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{place.y(tick) + 4:.1f}" text-anchor="end">{_signed(tick)}</text>')
    middle = (TOP + foot) / 2
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>')
    parts.append(f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(up)}</text>')
    return "".join(parts)


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "−") if value else "0"


def _marker(x: float, y: float, shape: str, title: str) -> str:
    return f'<g class="mark"><title>{escape(title)}</title>{_shape(x, y, shape)}</g>'


def _shape(x: float, y: float, shape: str) -> str:
    s = SIZE
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{s}"/>'
    if shape == "ring":
        return f'<circle class="open" cx="{x:.1f}" cy="{y:.1f}" r="{s}"/>'
    outlines: dict[str, list[tuple[float, float]]] = {
        "square": [(-s, -s), (s, -s), (s, s), (-s, s)],
        "triangle": [(0, -s - 1), (s + 1, s), (-s - 1, s)],
        "diamond": [(0, -s - 2), (s + 2, 0), (0, s + 2), (-s - 2, 0)],
        "bar": [(-s - 1, -2), (s + 1, -2), (s + 1, 2), (-s - 1, 2)],
    }
    if shape in outlines:
        return f'<polygon points="{" ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in outlines[shape])}"/>'
    ends = [(s, 0), (0, s)] if shape == "plus" else [(s, s), (s, -s)]
    return "".join(f'<line class="stroke" x1="{x - a:.1f}" y1="{y - b:.1f}" x2="{x + a:.1f}" y2="{y + b:.1f}"/>' for a, b in ends)


def _legend(groups: Sequence[str]) -> str:
    items = (
        f'<li><svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true"><g class="mark">{_shape(9, 9, SHAPES[i % len(SHAPES)])}</g></svg> '
        f"{escape(group)}</li>"
        for i, group in enumerate(groups)
    )
    return f'<ul class="legend">{"".join(items)}</ul>'
