"""Line charts as inline SVG: rows in, markup out. Colours come from the style sheet, so one drawing serves light and dark."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.present.text import escape

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 40, 52, 34, 30
LINE = 15  # between two labels, so that they do not touch
SMOOTH_FROM = 30  # points; from here on the line is a moving average over the raw values
MOST_DOTS = 40


@dataclass(frozen=True)
class Mark:
    """A dashed horizontal line that says what a value would mean."""

    value: float
    label: str
    at: Literal["left", "right"] = "left"  # where the label stands: where the curve is not expected
    below: bool = False


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One quantity over the steps of a run."""

    id: str  # unique on the page; letters, digits and hyphens
    title: str
    unit: str = ""  # beside the title, such as "nats"
    points: Sequence[tuple[int, float | None]]  # step, value; None is a gap
    marks: Sequence[Mark] = ()
    beside: Sequence[tuple[int, float | None]] = ()  # a second curve of the same quantity: dashed, with squares
    beside_label: str = ""
    low: float | None = None  # the axis reaches at least from here …
    high: float | None = None  # … to here
    starts: Sequence[int] = ()  # first steps of the second and later iterations: the curve is broken there
    last_step: int = 0  # the axis of steps reaches at least to here
    digits: int = 2
    meaning: str = field(default="")  # one sentence for people, also read to those who can't see


@dataclass(frozen=True)
class _Scale:
    first: int
    last: int
    low: float
    high: float

    def x(self, step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (step - self.first) / max(1, self.last - self.first)

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)


def chart_svg(chart: Chart) -> str:
    """The chart as a <figure>; with no point yet, a sentence in its place."""
    scored = _finite(chart.points)
    heading = f'<figcaption><span class="cs-chart-title">{escape(chart.title)}</span> <span class="cs-quiet">{escape(chart.unit)}</span></figcaption>'
    if not scored:
        return f'<figure class="cs-chart">{heading}<p class="cs-quiet cs-chart-empty">Nothing yet.</p></figure>'
    scale = _scale(chart, scored)
    inner = "".join(
        (
            _axes(scale, chart),
            *(_mark(scale, mark) for mark in chart.marks),
            _starts(scale, chart),
            _curve(scale, chart),
            _beside(scale, chart),
            _last(scale, chart, scored),
        )
    )
    return (
        f'<figure class="cs-chart">{heading}'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{chart.id}-t {chart.id}-d">'
        f'<title id="{chart.id}-t">{escape(chart.title)}</title><desc id="{chart.id}-d">{escape(_description(chart, scored))}</desc>{inner}</svg>'
        f'<p class="cs-quiet cs-chart-meaning">{escape(chart.meaning)}</p></figure>'
    )


def _scale(chart: Chart, scored: Sequence[tuple[int, float]]) -> _Scale:
    values = [value for _, value in (*scored, *_finite(chart.beside))] + [mark.value for mark in chart.marks]
    low = min([*values, *([] if chart.low is None else [chart.low])])
    high = max([*values, *([] if chart.high is None else [chart.high])])
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    last = max(chart.last_step, scored[-1][0])
    return _Scale(min(1, scored[0][0]) if last > 1 else 0, max(last, 1), low, high + (high - low) * 0.04)


def _axes(scale: _Scale, chart: Chart) -> str:
    parts = []
    for tick in ticks(scale.low, scale.high):
        y = scale.y(tick)
        parts.append(f'<line class="cs-grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="cs-tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(tick, min(chart.digits, 2))}</text>')
    foot = HEIGHT - BOTTOM
    parts.append(f'<line class="cs-axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{foot}" y2="{foot}"/>')
    parts.append(f'<text class="cs-tick" x="{LEFT}" y="{foot + 18}">step {max(scale.first, 1)}</text>')
    parts.append(f'<text class="cs-tick" x="{WIDTH - RIGHT}" y="{foot + 18}" text-anchor="end">{scale.last}</text>')
    return "".join(parts)


def ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers within a range."""
    rough = (high - low) / 3
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _mark(scale: _Scale, mark: Mark) -> str:
    y = scale.y(mark.value)
    x, anchor = (LEFT + 4, "start") if mark.at == "left" else (WIDTH - RIGHT, "end")
    return (
        f'<line class="cs-mark" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="cs-mark-label" x="{x}" y="{y + 14 if mark.below else y - 6:.1f}" text-anchor="{anchor}">{escape(mark.label)}</text>'
    )


def _starts(scale: _Scale, chart: Chart) -> str:
    """A thin upright line before the first step of each later iteration."""
    parts = []
    for number, step in enumerate(chart.starts, start=2):
        x = scale.x(step - 0.5)
        parts.append(f'<line class="cs-grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="cs-tick" x="{x + 4:.1f}" y="{TOP - 22}">iteration {number}</text>')
    return "".join(parts)


def _curve(scale: _Scale, chart: Chart) -> str:
    runs = [part for run in _unbroken(chart.points) for part in _split_at(run, chart.starts)]
    raw = "".join(_line(scale, run, "cs-line") for run in runs)
    if sum(map(len, runs)) < SMOOTH_FROM:
        dots = [point for run in runs for point in run]
        return raw + "".join(f'<circle class="cs-dot" cx="{scale.x(step):.1f}" cy="{scale.y(value):.1f}" r="2"/>' for step, value in dots[:MOST_DOTS])
    faint = "".join(_line(scale, run, "cs-line cs-line-raw") for run in runs)
    return faint + "".join(_line(scale, _smoothed(run), "cs-line") for run in runs)


def _beside(scale: _Scale, chart: Chart) -> str:
    """The second curve; its last value stands in the margin, clear of the first one's. Its sign is the square; what it is of is said below the chart."""
    beside = _finite(chart.beside)
    if not beside:
        return ""
    runs = [part for run in _unbroken(chart.beside) for part in _split_at(run, chart.starts)]
    lines = "".join(_line(scale, run, "cs-line cs-line-beside") for run in runs)
    squares = "".join(f'<rect class="cs-square" x="{scale.x(step) - 3:.1f}" y="{scale.y(value) - 3:.1f}" width="6" height="6"/>' for step, value in beside)
    value, at = beside[-1][1], scale.y(_finite(chart.points)[-1][1])
    y = max(scale.y(value), at + LINE) if scale.y(value) > at else min(scale.y(value), at - LINE)
    return f'{lines}{squares}<text class="cs-mark-label" x="{WIDTH - RIGHT + 6}" y="{y + 4:.1f}">□ {_number(value, 2)}</text>'


def _finite(points: Sequence[tuple[int, float | None]]) -> list[tuple[int, float]]:
    return [(step, value) for step, value in points if value is not None and math.isfinite(value)]


def _unbroken(points: Sequence[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for step, value in points:
        if value is not None and math.isfinite(value):
            runs[-1].append((step, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _split_at(run: Sequence[tuple[int, float]], starts: Sequence[int]) -> list[list[tuple[int, float]]]:
    bounds = [0, *(i for i in range(1, len(run)) if any(run[i - 1][0] < start <= run[i][0] for start in starts)), len(run)]
    return [list(run[a:b]) for a, b in itertools.pairwise(bounds)]


def _line(scale: _Scale, points: Sequence[tuple[int, float]], name: str) -> str:
    if len(points) < 2:
        return ""
    path = " ".join(f"{scale.x(step):.1f},{scale.y(value):.1f}" for step, value in points)
    return f'<polyline class="{name}" points="{path}"/>'


def smoothing_window(n: int) -> int:
    """Over how many of n points the moving average goes."""
    return max(1, n // 12)


def _smoothed(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Each value as the mean of the last few, so that the curve never knows the future."""
    k = smoothing_window(len(points))
    values = [value for _, value in points]
    return [(step, math.fsum(values[max(0, i - k + 1) : i + 1]) / min(k, i + 1)) for i, (step, _) in enumerate(points)]


def _last(scale: _Scale, chart: Chart, scored: Sequence[tuple[int, float]]) -> str:
    step, value = (_smoothed(scored) if len(scored) >= SMOOTH_FROM else scored)[-1]
    x, y = scale.x(step), scale.y(value)
    return (
        f'<circle class="cs-dot cs-dot-last" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
        f'<text class="cs-value" x="{x + 8:.1f}" y="{y + 4.5:.1f}">{_number(value, chart.digits)}</text>'
    )


def _description(chart: Chart, scored: Sequence[tuple[int, float]]) -> str:
    (first, start), (last, end) = scored[0], scored[-1]
    marks = "".join(f" Dashed line at {_number(mark.value, 3)}: {mark.label}." for mark in chart.marks)
    beside = _finite(chart.beside)
    second = f" {chart.beside_label.capitalize()}: from {_number(beside[0][1], 3)} at step {beside[0][0]} to {_number(beside[-1][1], 3)}." if beside else ""
    starts = "".join(f" Iteration {number} begins at step {step}." for number, step in enumerate(chart.starts, start=2))
    return f"{chart.meaning} From {_number(start, 3)} at step {first} to {_number(end, 3)} at step {last}.{second}{marks}{starts}".strip()


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else f"{0:.{digits}f}"
