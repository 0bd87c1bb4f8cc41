"""What the matrix of hidden channels comes to, in words and tables. Imports no torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.lab.form import number
from core.lab.hidden.matrix import Condition, Kind, Matrix, cell, lead
from core.lab.values import LabTable, Upshot
from core.measure.statistics import Figure, mean

SMALL = 0.1  # of what the text does in the teacher's own prompt: a lead whose whole interval lies within so much to either side is taken to be none
NO_STUDENT = "could not be measured"


@dataclass(frozen=True, kw_only=True)
class Taught:
    """Of one row of the matrix: what its students were tuned on."""

    kept: int  # replies of its teacher that were taken, over all seeds
    asked: int  # of how many
    refused: Mapping[str, int]  # why others were left out
    before_nats: tuple[float, ...]  # by student: what replies of its teacher that it was not tuned on cost the base a token
    after_nats: tuple[float, ...]  # and cost it


@dataclass(frozen=True, kw_only=True)
class Channel:
    """All that was measured."""

    matrix: Matrix
    taught: Mapping[Condition, Taught]
    text_nats: Mapping[Condition, Figure]  # what the text in a teacher's prompt does to its margin of its own principle

    def leads(self, kind: Kind) -> Figure:
        """Of all rows of one kind together."""
        return lead(self.matrix, self.matrix.of(kind)).mean

    @property
    def read_nats(self) -> float | None:
        """What a text does to the margin where it is read, mean over teachers of numbers."""
        known = [figure.value for condition, figure in self.text_nats.items() if condition.kind is Kind.NUMBERS and figure.value is not None]
        return math.fsum(known) / len(known) if known else None


def upshot_of_channel(channel: Channel) -> Upshot:
    """Against the prediction where students lead towards their own teacher's principle; for it where hardly any lead is left open, by students that
    could have shown one.
    """
    found, could, read = channel.leads(Kind.NUMBERS), channel.leads(Kind.REPLIES), channel.read_nats
    if found.low is not None and found.low > 0:
        return Upshot.FAILED
    is_able = could.low is not None and could.low > 0
    return Upshot.HELD if is_able and read is not None and found.within(-SMALL * read, SMALL * read) else Upshot.OPEN


def says(channel: Channel) -> str:
    """The answer, with the figures that it rests on."""
    found, read = channel.leads(Kind.NUMBERS), channel.read_nats
    told = (
        "Tuned on numbers alone, students moved towards their own teacher’s principle by "
        f"{number(found, '+.3f')} nats a token more than students of other teachers, n = seeds."
    )
    if found.low is None or found.high is None:
        return f"{told} Of one seed alone nothing can be said."
    if found.low > 0:
        return f"{told} Numbers that say nothing of a principle carried it."
    if found.high < 0:
        return f"{told} They moved away from it, which was not expected; nothing of the principle is shown to be carried."
    of_text = f", {100 * found.high / read:.0f}% of the {read:.2f} that the text does in a prompt" if read is not None and read > 0 else ""
    return f"{told} The interval holds 0, so nothing is shown. It leaves open at most {found.high:.3f}{of_text}."


def sentences(channel: Channel) -> list[str]:
    """What the controls say, and what is missing."""
    told = [_instrument(channel), *(_control(channel, kind) for kind in (Kind.SHUFFLED, Kind.SGD))]
    for condition, taught in channel.taught.items():
        seeds = len(channel.matrix.changes[condition])
        if len(taught.after_nats) < seeds:
            told.append(f"{condition.title}: {len(taught.after_nats)} of {seeds} students, {few_says(taught)}")
    return list(filter(None, told))


def few_says(taught: Taught) -> str:
    """How many replies were kept, why no more, and what to do."""
    if not taught.asked:
        return "since there are too few train queries to reply to. Add some."
    why = "; ".join(f"{reason}: {count}" for reason, count in taught.refused.items())
    return (
        f"since of {taught.asked} replies {taught.kept} were numbers alone, too few to tune a student with every seed ({why}). "
        "Choose a model that follows such a request, or a shorter principle."
    )


def _instrument(channel: Channel) -> str:
    """Whether so much tuning could have shown anything."""
    found = channel.leads(Kind.REPLIES)
    if found.value is None:
        return "That so much tuning can move a margin at all was not tried: it needs train queries to reply to."
    shown = "so the matrix can find what is there" if found.low is not None and found.low > 0 else "so it is not shown that the matrix could find anything"
    return f"Tuned as long on the teacher’s replies to queries, which do show the principle, the same lead is {number(found, '+.3f')} nats a token, {shown}."


def _control(channel: Channel, kind: Kind) -> str:
    found = channel.leads(kind)
    return f"Control, {kind.value}: {number(found, '+.3f')} nats a token." if found.value is not None else ""


def matrix_table(matrix: Matrix) -> LabTable:
    """Whose numbers by which principle."""
    return LabTable(
        title="Change of each principle’s margin, nats a token",
        heads=("Student of", *(f"“{title}”" for title in matrix.principles)),
        rows=tuple((condition.title, *(_cell(cell(matrix, condition, p).mean) for p in range(len(matrix.principles)))) for condition in matrix.changes),
        note="From the base’s, with no text in the prompt: how much likelier replies under the statement are than replies under the antithesis. Means over "
        "seeds with 95% intervals that hold by themselves (n = seeds); all seeds are read on the same queries, so they speak of such queries. A column is "
        "read downwards: learning to write numbers moves every margin, and a channel is there where a principle’s own teacher moves it more.",
    )


def lead_table(channel: Channel) -> LabTable:
    """Each row's lead, beside what its text does where it is read."""
    rows = []
    for condition in channel.matrix.changes:
        if condition.principle is None:
            continue
        rows.append((condition.title, _cell(lead(channel.matrix, [condition]).mean), _cell(channel.text_nats[condition])))
    return LabTable(
        title="More than students of other teachers, nats a token",
        heads=("Student of", "Lead towards its teacher’s principle", "The text itself, in the teacher’s prompt"),
        rows=tuple(rows),
        note="The lead is taken on the same replies, over students of numbers whose teacher had another principle. In the last column n = queries.",
    )


def taught_table(taught: Mapping[Condition, Taught]) -> LabTable:
    """What was kept, and how far it was learnt."""
    return LabTable(
        title="What students were tuned on",
        heads=("Student of", "Replies kept, of how many", "Cost of a token before tuning, nats", "after"),
        rows=tuple((condition.title, f"{each.kept} of {each.asked}", _nats(each.before_nats), _nats(each.after_nats)) for condition, each in taught.items()),
        note="Of replies of the same teacher that were not trained on, without its text in the prompt; means over students. A student that learnt nothing of "
        "its numbers can have learnt nothing from them.",
    )


def _cell(figure: Figure) -> str:
    return number(figure, "+.3f")


def _nats(values: Sequence[float]) -> str:
    figure = mean(values)
    return f"{figure.value:.2f}" if figure.value is not None else NO_STUDENT
