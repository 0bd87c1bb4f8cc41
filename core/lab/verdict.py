"""Whether mutual information is sufficient here, by one rule, with the strongest counter-evidence first. Imports no torch.

"Sufficient here" is said only where changes of the bound and of compliance go together over at least twenty cells (a principle under a method, a
setting or a checkpoint), by a rank correlation whose interval lies above zero, and where no row has a bound of 80 % of its cap or more while its
compliance lies where chance puts it. Everything else is either contradicted or open, and what is missing is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.lab.correlation import LEAST_CLUSTERS, is_clustered, rank_correlation
from core.lab.prior import percent
from core.lab.reckoning import BELOW, HIGH, bound_share, compliance_stands, is_hollow, parted
from core.lab.values import Cell, LabRow, ProbeRecord, Upshot, cells_of
from core.measure.statistics import Figure

LEAST_CELLS = 20


class Sufficient(StrEnum):
    """The answer."""

    YES = "sufficient here"
    NO = "not sufficient here"
    OPEN = "not shown"


@dataclass(frozen=True, kw_only=True)
class LabVerdict:
    """The answer and what it rests on."""

    answer: Sufficient
    correlation: Figure  # of the two changes over the cells; n = cells
    cells: int  # of which both changes are known
    unknown: int  # of which one is not
    against: tuple[str, ...]  # counter-evidence in sentences, the strongest first
    sentences: tuple[str, ...]  # the answer and why, for an author
    missing: tuple[str, ...]  # what would be needed to say more


def verdict_of(records: Sequence[ProbeRecord]) -> LabVerdict:
    """The verdict on all that was measured."""
    cells = cells_of(records)
    known = [(cell, (x, y)) for cell in cells if (x := cell.bound_change) is not None and (y := cell.compliance_change) is not None]
    owners = [cell.principle for cell, _ in known]
    correlation = rank_correlation([point for _, point in known], owners)
    rows = _rows(records)
    hollow = sorted(filter(is_hollow, rows), key=_strength, reverse=True)
    apart = [cell for cell, _ in known if parted(cell.row) and not is_hollow(cell.row)]
    answer = _answer(len(known), correlation, bool(hollow))
    return LabVerdict(
        answer=answer,
        correlation=correlation,
        cells=len(known),
        unknown=len(cells) - len(known),
        against=(*map(_hollow_says, hollow), *map(_parted_says, apart), *_failed_says(records)),
        sentences=(_answer_says(answer, len(known), hollow, correlation), *_correlation_says(correlation, owners)),
        missing=tuple(_missing(answer, records, known, correlation)),
    )


def _answer(cells: int, correlation: Figure, is_contradicted: bool) -> Sufficient:
    """The rule itself."""
    if is_contradicted:
        return Sufficient.NO
    if cells < LEAST_CELLS or correlation.low is None or correlation.high is None:
        return Sufficient.OPEN
    return Sufficient.YES if correlation.low > 0 else Sufficient.NO if correlation.high < 0 else Sufficient.OPEN


def _rows(records: Sequence[ProbeRecord]) -> list[LabRow]:
    """All rows, what two probes measured alike once."""
    found: dict[tuple[str, str], LabRow] = {}
    for record in records:
        for row in record.result.rows if record.result is not None else ():
            found.setdefault((row.principle, row.key), row)
    return list(found.values())


def _strength(row: LabRow) -> float:
    """How much information goes with how little behaviour."""
    gained = (row.compliance.value or 0.0) - (row.floor.value or 0.0)
    return (bound_share(row) or 0.0) - gained


def _hollow_says(row: LabRow) -> str:
    stands = "fewer than the base’s without the text" if compliance_stands(row) == BELOW else "no more than the base’s without the text"
    other = f", and {row.reader.by} reads {percent(row.reader.figure, row.cap_nats)} of it" if row.reader.value is not None and row.reader.by else ""
    return (
        f"“{row.principle}”, {row.arm}: the replies tell the two sides apart by {100 * (bound_share(row) or 0):.0f} % of all that there is to tell{other}; "
        f"{percent(row.compliance.figure)} of them follow, {stands} ({percent(row.floor.figure)}). The information is there, the behaviour is not."
    )


def _parted_says(cell: Cell) -> str:
    bound, change = cell.row.own_change.figure, cell.row.compliance_change.figure
    return (
        f"“{cell.principle}”, {cell.arm}: over {cell.before.arm} the bound rose by {percent(bound, cell.row.cap_nats)} of its cap and compliance fell by "
        f"{percent(_turned(change))}."
    )


def _turned(figure: Figure) -> Figure:
    low, high = (None if end is None else -end for end in (figure.high, figure.low))
    return Figure(None if figure.value is None else -figure.value, low, high, figure.n)


def _failed_says(records: Sequence[ProbeRecord]) -> list[str]:
    """Probes whose prediction failed and that no row has spoken for yet."""
    failed = [record for record in records if record.result is not None and record.result.upshot is Upshot.FAILED]
    return [record.result.said for record in failed if record.result is not None and not any(is_hollow(row) or parted(row) for row in record.result.rows)]


def _answer_says(answer: Sufficient, cells: int, hollow: Sequence[LabRow], correlation: Figure) -> str:
    if hollow:
        titles = ", ".join(f"“{title}”" for title in dict.fromkeys(row.principle for row in hollow))
        return f"Mutual information is not sufficient here: on {titles} a bound of {100 * HIGH:.0f} % of its cap or more goes with what chance would do."
    if answer is Sufficient.YES:
        return (
            f"Mutual information was sufficient here: over {cells} changes behaviour rose where the bound did, and none had the information without the "
            "behaviour. This speaks of these principles, this model and these methods."
        )
    if answer is Sufficient.NO:
        return f"Mutual information is not sufficient here: over {cells} changes compliance fell where the bound rose."
    if cells < LEAST_CELLS:
        return f"Too little was measured to say whether mutual information is sufficient here: {cells} of the {LEAST_CELLS} changes that the rule asks for."
    reason = "all changes were alike in one of the two" if correlation.value is None else "bound and compliance are not shown to move together"
    return f"It is not shown whether mutual information is sufficient here: over {cells} changes {reason}."


def _correlation_says(correlation: Figure, owners: Sequence[str]) -> list[str]:
    if correlation.value is None:
        return []
    interval = f" ({correlation.low:.2f} to {correlation.high:.2f})" if correlation.low is not None and correlation.high is not None else ""
    short = "" if is_clustered(owners) else f" Fewer than {LEAST_CLUSTERS} principles were tried, whose changes go together, so this interval is too short."
    return [
        f"Rank correlation of the change of the bound and the change of compliance: {correlation.value:.2f}{interval}, over {correlation.n} changes.{short}"
    ]


def _missing(answer: Sufficient, records: Sequence[ProbeRecord], known: Sequence[tuple[Cell, object]], correlation: Figure) -> list[str]:
    """What would be needed to say more."""
    lacking = []
    if len(known) < LEAST_CELLS:
        more = LEAST_CELLS - len(known)
        lacking.append(f"{more} more changes: more principles, more checkpoints (probes on the way), or more methods.")
    elif answer is Sufficient.OPEN and correlation.value is not None:
        lacking.append("More principles, or ones on which methods differ more: the interval of the correlation still holds zero.")
    if known and len({cell.principle for cell, _ in known}) == 1:
        lacking.append("Other principles: all changes are of one, and what holds for it need not hold for others.")
    unjudged = dict.fromkeys(row.principle for row in _rows(records) if row.compliance.value is None and not row.against)
    lacking += [f"A check for “{title}”: its compliance is not known." for title in unjudged]
    lacking += [f"{record.key} could not be measured: {record.why}." for record in records if record.result is None]
    return lacking
