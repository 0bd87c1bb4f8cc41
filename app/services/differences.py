"""What differs between two constitutions, found out where it may take its time."""

from core.budget import Limit, within
from core.constitution.changes import ConstitutionChange, changes
from core.constitution.principles import Constitution

COMPARING = Limit(what="Comparing the two texts", seconds=8.0, remedy="Shorten the longest principles; a version can be saved without it.")


def differences(before: Constitution | None, after: Constitution) -> ConstitutionChange:
    """The structural difference of two constitutions.

    Raises:
        OverBudgetError: The texts are too long, and too much alike, to be compared.
    """
    return within(COMPARING, changes, before, after)
