"""A matrix of changes as inline SVG: each cell has its number, so that colour is never alone; what is an alarm has a sign and a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.present.text import escape

LABELS, ACROSS, DOWN, TOP, SHORT = 330, 58, 26, 34, 46
LEAST, MOST = 0.08, 0.42  # how much of the colour a cell has: at the most its number is still read in light and dark


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One cell."""

    value: float | None  # from -1 to 1; None: could not be measured
    own: bool  # on the diagonal: has a dashed frame
    alarm: bool  # has a thick frame and a sign
    title: str  # what is told of it


@dataclass(frozen=True, kw_only=True)
class Band:
    """One row."""

    label: str
    tiles: Sequence[Tile]


def heatmap_svg(bands: Sequence[Band], columns: int, ident: str) -> str:
    """The drawing. Columns are numbered; whoever shows it says what the numbers are."""
    width, height = LABELS + ACROSS * columns + 2, TOP + DOWN * len(bands) + 2
    heads = "".join(f'<text x="{LABELS + ACROSS * (i + 0.5):.0f}" y="{TOP - 10}" text-anchor="middle">{i + 1}</text>' for i in range(columns))
    alarms = sum(tile.alarm for band in bands for tile in band.tiles)
    described = f"{len(bands)} rows, {columns} columns; {alarms} alarms, each with an exclamation mark. The table has each cell."
    return (
        f'<svg class="heat" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{ident}-d"><desc id="{ident}-d">{escape(described)}</desc>'
        f"{heads}{''.join(_band(band, TOP + DOWN * i) for i, band in enumerate(bands))}</svg>"
    )


def _band(band: Band, y: int) -> str:
    label = band.label if len(band.label) <= SHORT else f"{band.label[: SHORT - 1]}…"
    tiles = "".join(_tile(tile, LABELS + ACROSS * i, y) for i, tile in enumerate(band.tiles))
    return f'<text x="{LABELS - 8}" y="{y + 17}" text-anchor="end">{escape(label)}</text>{tiles}'


def _tile(tile: Tile, x: int, y: int) -> str:
    kind = "none" if tile.value is None else "up" if tile.value > 0 else "down"
    opacity = 0.0 if not tile.value else LEAST + (MOST - LEAST) * min(1.0, abs(tile.value))
    frame = "alarm" if tile.alarm else "own" if tile.own else "plain"
    told = "–" if tile.value is None else f"{100 * tile.value:+.0f}".replace("-", "−") if round(100 * tile.value) else "0"
    return (
        f'<g><title>{escape(tile.title)}</title><rect class="{kind}" fill-opacity="{opacity:.2f}" x="{x + 2}" y="{y + 2}" width="{ACROSS - 4}" '
        f'height="{DOWN - 4}"/><rect class="frame {frame}" x="{x + 2}" y="{y + 2}" width="{ACROSS - 4}" height="{DOWN - 4}"/>'
        f'<text class="value" x="{x + ACROSS / 2:.0f}" y="{y + 17}" text-anchor="middle">{told}{"!" if tile.alarm else ""}</text></g>'
    )
