"""Two principles against each other, as lines of a terminal."""

from core.measure.conflicts import Conflict, Sides
from core.measure.statistics import Figure


def conflict_lines(found: Conflict) -> list[str]:
    """A table an order, each with its sentence; then what is said of the order."""
    lines = [f"1: {found.first}", f"2: {found.second}", ""]
    for sides in found.orders:
        lines += [*_sides_lines(sides), ""]
    gains = (("1", found.first_gains), ("2", found.second_gains))
    lines += [f"  {number} first instead of second, followed  {_figure(gain, sign=True)}" for number, gain in gains]
    return [*lines, found.sentence]


def _sides_lines(sides: Sides) -> list[str]:
    order = {"none": "neither first", "first": "1 first", "second": "2 first"}[sides.order]
    unjudged = f", {sides.unjudged} that could not be judged by both left out" if sides.unjudged else ""
    head = f"{order}{', as the constitution has it' if sides.written else ''}: {sides.n} replies{unjudged}"
    rows = (("1 alone", sides.first_only), ("2 alone", sides.second_only), ("both", sides.both), ("neither", sides.neither))
    return [head, *(f"  {name:<8} {_figure(figure)}" for name, figure in rows), f"  {sides.sentence}"]


def _figure(figure: Figure, sign: bool = False) -> str:
    if figure.value is None:
        return "–  nothing could be judged"
    form = "+.1%" if sign else ".1%"
    plain = f"{figure.value:{form}}"
    interval = f"  {figure.low:{form}} to {figure.high:{form}}" if figure.low is not None and figure.high is not None else ""
    return f"{plain:>7}{interval}"
