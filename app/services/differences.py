"""What differs between two constitutions, found out where it may take its time."""

from core.budget import Limit, within
from core.constitution.changes import ConstitutionChange, Piece, changes, diff_pieces
from core.constitution.principles import Constitution

AT_ONCE_CHARS = 2000  # of two texts together that are compared here: no such pair takes longer than asking somebody else to do it
REPLIES = Limit(what="Comparing the two replies", seconds=8.0, remedy="Read them side by side.")
COMPARING = Limit(what="Comparing the two texts", seconds=8.0, remedy="Shorten the longest principles; a version can be saved without it.")


def differences(before: Constitution | None, after: Constitution) -> ConstitutionChange:
    """The structural difference of two constitutions.

    Raises:
        OverBudgetError: The texts are too long, and too much alike, to be compared.
    """
    return within(COMPARING, changes, before, after)


def reply_differences(before: str, after: str) -> list[Piece]:
    """What differs between two replies, by words.

    Raises:
        OverBudgetError: They are too long, and too much alike, to be compared.
        BusyError: Others have asked for much at this moment.
    """
    if len(before) + len(after) <= AT_ONCE_CHARS:
        return diff_pieces(before, after)
    return within(REPLIES, diff_pieces, before, after)
