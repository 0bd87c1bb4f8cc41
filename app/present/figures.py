"""Figures as HTML: a value with its interval in smaller type, and differences of shares as signed points."""

from core.measure.rows import POINTS
from core.measure.statistics import Figure


def cell(figure: Figure | None, form: str) -> str:
    """A value with its interval in smaller type; words where nothing could be measured, nothing where there is nothing to measure."""
    if figure is None:
        return ""
    if form == POINTS:
        return points(figure)
    if figure.value is None:
        return '<span class="cs-quiet">not measured</span>'
    value = number(figure.value, form)
    if figure.low is None or figure.high is None:
        return value
    low, high = number(figure.low, form).removesuffix("%"), number(figure.high, form)
    return f'{value} <small class="cs-interval">{low} to {high}</small>'


def number(value: float, form: str) -> str:
    """A number in a row's form, with a real minus sign and no negative zero."""
    text = f"{100 * value:.0f}" if form == "percent" else f"{value:.{int(form)}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−") + ("%" if form == "percent" else "")


def points(figure: Figure) -> str:
    """A difference of two shares: `+38 points (20 to 54)`."""
    if figure.value is None:
        return "not measured"
    value = number(figure.value, "percent").removesuffix("%")
    signed = value if value.startswith(("−", "0")) else f"+{value}"
    if figure.low is None or figure.high is None:
        return f"{signed} points"
    low, high = (number(end, "percent").removesuffix("%") for end in (figure.low, figure.high))
    return f"{signed} points ({low} to {high})"


def signed(figure: Figure, digits: int, unit: str) -> str:
    """A difference: `−0.04 nats (−0.16 to 0.07)`."""
    if figure.value is None:
        return "not measured"
    value = number(figure.value, str(digits))
    told = value if value.startswith("−") or float(value) == 0 else f"+{value}"
    within = f" ({number(figure.low, str(digits))} to {number(figure.high, str(digits))})" if figure.low is not None and figure.high is not None else ""
    return f"{told} {unit}{within}"
