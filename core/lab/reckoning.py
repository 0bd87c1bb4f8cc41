"""When a row speaks against the thesis, and what a probe's rows come to. Imports no torch."""

from collections.abc import Sequence

from core.lab.values import LabRow, Measured, Upshot

HIGH = 0.8  # of the cap: from here on the principle is taken to be in the replies
ABOVE, CHANCE, BELOW = "above chance", "as chance puts it", "below chance"


def bound_share(row: LabRow) -> float | None:
    """The bound as a share of its cap, by whichever of the policy's two scores gives more: both are lower bounds."""
    known = [found.value for found in (row.own, row.own_summed) if found.value is not None]
    return max(known) / row.cap_nats if known else None


def is_high(row: LabRow) -> bool:
    """Whether the bound is near its cap."""
    share = bound_share(row)
    return share is not None and share >= HIGH


def compliance_stands(row: LabRow) -> str | None:
    """Where compliance stands to the random band: the interval of what the base does with no constitution in its prompt. None: not known."""
    value, low, high = row.compliance.value, row.floor.figure.low, row.floor.figure.high
    if value is None or low is None or high is None:
        return None
    return ABOVE if value > high else BELOW if value < low else CHANCE


def is_hollow(row: LabRow) -> bool:
    """Whether a row has the information and not the behaviour."""
    return is_high(row) and compliance_stands(row) in (CHANCE, BELOW)


def rises(found: Measured) -> bool:
    """Whether a change is shown to be one upwards, by its own interval."""
    return found.figure.low is not None and found.figure.low > 0


def falls(found: Measured) -> bool:
    """Whether it is shown to be one downwards."""
    return found.figure.high is not None and found.figure.high < 0


def parted(row: LabRow) -> bool:
    """Whether the bound is shown to have risen and compliance to have fallen."""
    return rises(row.own_change) and falls(row.compliance_change)


def upshot_of(rows: Sequence[LabRow]) -> Upshot:
    """What rows say of "where the bound rises, compliance rises". One row against it is enough; without one, one for it is needed."""
    changed = [row for row in rows if row.against]
    if any(is_hollow(row) or parted(row) for row in changed):
        return Upshot.FAILED
    if any(rises(row.own_change) and rises(row.compliance_change) for row in changed):
        return Upshot.HELD
    return Upshot.OPEN
