"""The form of replies, which rules and formats can change without any content: length, ends, loops. Imports no torch."""

from collections.abc import Mapping, Sequence

from core.constitution.text import loops, repetition, words
from core.lab.prior import percent
from core.lab.values import LabTable
from core.measure.sense import OWN
from core.measure.statistics import Figure, mean, share
from core.measure.tracing import Asked
from core.methods.arms import Arm, arm_title


def form_table(asked: Mapping[Arm, Sequence[Asked]]) -> LabTable:
    """A line for each arm, of its replies under the statements, or of all where no constitution stands in its prompt."""
    return LabTable(
        title="Length and loops",
        heads=("Arm", "Words", "Ended by itself", "Repeated four-word runs", "Degenerate loops"),
        rows=tuple((arm_title(arm), *_form([query[OWN] for query in queries])) for arm, queries in asked.items()),
        note="Of the replies under the statements, with 95% intervals. What a rule that knows no principle changes here is no content.",
    )


def _form(replies: Asked) -> tuple[str, ...]:
    texts = [reply.text for reply in replies]
    return (
        number(mean([float(len(words(text))) for text in texts]), ".1f"),
        percent(share([reply.ended for reply in replies])),
        percent(mean([repetition(text) for text in texts])),
        percent(share([loops(text) for text in texts])),
    )


def number(figure: Figure, form: str) -> str:
    """`12.5 (10.1 to 15.2; n = 24)`."""
    if figure.value is None:
        return "could not be measured"
    value = format(figure.value, form)
    told = f"{value} (n = {figure.n})"
    if figure.low is not None and figure.high is not None:
        told = f"{value} ({format(figure.low, form)} to {format(figure.high, form)}; n = {figure.n})"
    return told.replace("-", "−")
