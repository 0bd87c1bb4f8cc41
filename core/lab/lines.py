"""What readers come to together: who tells the two sides of a principle apart, in a word, a sentence and tables. Imports no torch."""

from collections.abc import Sequence

from core.lab.prior import percent
from core.lab.reading import POLICY, PROGRAM
from core.lab.values import LabTable, Line, Upshot
from core.measure.readers import ReaderFigures

BASE_READER = "the base, from outside"
NOT_ASKED = "was not asked"
SIDES_TITLE, WHO_TITLE = "Which side was the reply written under?", "Who can tell the sides of a principle apart?"
ALONE = "No reader besides the base was asked. A person reads on the Laboratory page or with `lab --read`; another model is named with --reader-model."
FOREIGN, PERSON = "Reader from outside", "Person"


def upshot_of_lines(lines: Sequence[Line], *, is_trained: bool) -> Upshot:
    """Whether readers from outside tell what the policy tells. The base is the policy itself where nothing is trained."""
    outside = [line for line in lines if line.reader not in (POLICY, PROGRAM) and (is_trained or line.reader != BASE_READER) and line.figures.read]
    if not outside:
        return Upshot.OPEN
    own = {(line.principle, line.arm): line for line in lines if line.reader == POLICY}
    private = [p for p, line in own.items() if _tells(line) and not any(_tells(other) for other in outside if (other.principle, other.arm) == p)]
    return Upshot.FAILED if private else Upshot.HELD if any(map(_tells, outside)) else Upshot.OPEN


def _tells(line: Line) -> bool:
    """Whether a reader is shown to tell the sides apart better than by guessing."""
    return line.figures.accuracy.low is not None and line.figures.accuracy.low > line.figures.chance


def lines_say(lines: Sequence[Line], arm: str) -> str:
    """A sentence for each principle under an arm."""
    told = []
    for title in dict.fromkeys(line.principle for line in lines):
        of = [f"{line.reader} {says(line.figures)[0]}" for line in lines if line.principle == title and line.arm == arm]
        told.append(f"“{title}”, {arm}: the side of a reply is told right by {', '.join(of)}; guessing gives 50%.")
    return " ".join(told)


def lines_table(lines: Sequence[Line]) -> LabTable:
    """A line for each principle, arm and reader."""
    return LabTable(
        title=SIDES_TITLE,
        heads=("Principle", "Arm", "Reader", "Told right", "Bound, % of cap"),
        rows=tuple((line.principle, line.arm, line.reader, *says(line.figures)) for line in lines),
        note="Guessing tells half of them right and has a bound of 0. All readers but the own one and the program see query, reply and the principle’s two "
        "texts, and neither prompt nor side. How sharp a reader’s likelihoods are taken, and how far its picks are trusted, is fitted to the other queries.",
    )


def who_table(lines: Sequence[Line], arm: str, people: Sequence[str]) -> LabTable:
    """One line a principle under an arm: the own reader, readers from outside, people and the program beside each other.

    Args:
        lines: Of all readers.
        arm: For people.
        people: The names of those readers who are people.
    """
    of = [line for line in lines if line.arm == arm]
    rows = []
    for title in dict.fromkeys(line.principle for line in of):
        mine = [line for line in of if line.principle == title]
        foreign = [line for line in mine if line.reader not in (POLICY, PROGRAM, *people)]
        groups = ([line for line in mine if line.reader == POLICY], foreign, [line for line in mine if line.reader in people])
        rows.append((title, *map(_together, groups), _together([line for line in mine if line.reader == PROGRAM])))
    return LabTable(
        title=WHO_TITLE,
        heads=("Principle", "Own reader", FOREIGN, PERSON, "Program"),
        rows=tuple(rows),
        note=f"{arm}. The share of replies given back to their side; guessing gives 50%. What only the own reader can tell is no meaning that others share.",
    )


def _together(lines: Sequence[Line]) -> str:
    """What readers of one kind tell, in one cell; a reader whose name the column does not give is named."""
    if not lines:
        return NOT_ASKED
    return "; ".join(says(line.figures)[0] if line.reader in (POLICY, PROGRAM) else f"{line.reader}: {says(line.figures)[0]}" for line in lines)


def says(figures: ReaderFigures) -> tuple[str, str]:
    """Accuracy, and the bound as a share of its cap, for a table."""
    if not figures.read:
        return f"could not be measured: {'; '.join(figures.failed)}" if figures.failed else "could not be measured", ""
    return percent(figures.accuracy), percent(figures.bound_nats, figures.cap_nats)
