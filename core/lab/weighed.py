"""One thing at several weights, from none of it to the most: bound, compliance, flips, and the pull of the base's habit."""

from collections.abc import Sequence

from core.lab.bench import Bench
from core.lab.prior import percent, pull_of, pull_table
from core.lab.reckoning import is_hollow, parted, upshot_of
from core.lab.rows import Replies, rows_of
from core.lab.values import LabRow, ProbeResult
from core.methods.arms import Arm


def weighed(bench: Bench, arms: Sequence[Arm], what: str, most: float) -> ProbeResult:
    """What arms come to that differ by a weight alone.

    Args:
        bench: Asked.
        arms: From weight 0 to the most; the first is the control that the others are held against.
        what: Is weighed, as the heading of a table.
        most: The last one's weight.
    """
    constitution, floor = bench.plan.constitution, bench.floor()
    answers = {arm: bench.answers(arm) for arm in arms}
    rows = rows_of(constitution, answers, arms[0], floor)
    by_key = {arm.key: arm for arm in arms}
    places = {principle.title: place for place, principle in enumerate(constitution.principles)}
    pulls = [(row, pull_of(Replies(constitution, True, answers[by_key[row.key]]), places[row.principle], floor)) for row in rows]
    known = [(row, pull) for row, pull in pulls if pull is not None]
    tables = (pull_table(what, known),) if known else ()
    return ProbeResult(upshot=upshot_of(rows), said=" ".join(_says(rows, most)), rows=rows, tables=tables)


def _says(rows: Sequence[LabRow], most: float) -> list[str]:
    """A sentence for each principle, from no weight to the most."""
    said = []
    for title in dict.fromkeys(row.principle for row in rows):
        first, *_, last = [row for row in rows if row.principle == title]
        said.append(
            f"“{title}”: from weight 0 to {most:g} the bound goes from {percent(first.own.figure, first.cap_nats)} to "
            f"{percent(last.own.figure, last.cap_nats)} of its cap, compliance from {percent(first.compliance.figure)} to {percent(last.compliance.figure)}."
        )
        odd = [row for row in rows if row.principle == title and row.against and (is_hollow(row) or parted(row))]
        said += [f"At {row.arm} the bound is up and compliance down or at chance." for row in odd]
    return said
