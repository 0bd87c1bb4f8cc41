"""Which principle comes first: priorities as numbers, the order that they make, and the sentence that says so. Pure text."""

import re
import reprlib
from collections.abc import Sequence

from core.errors import ConstitutionError

MAX_PRIORITY = 32  # as many as a version has principles
MAX_RULE_CHARS = 500  # of what is to be done where principles conflict
_WHOLE = re.compile(r"-?[0-9]{1,9}")


def priority_from_data(value: object, where: str) -> int | None:
    """A priority as it was written; one out of range is a finding and stays.

    Raises:
        ConstitutionError: No whole number; `where` says in which principle.
    """
    if value in (None, "") or (isinstance(value, str) and not value.strip()):
        return None
    text = value.strip() if isinstance(value, str) else value
    plain = str(text) if type(text) in (int, str) else ""
    if not _WHOLE.fullmatch(plain):
        raise ConstitutionError(
            f"The priority of {where} must be a whole number from 1 (first) to {MAX_PRIORITY}, got {reprlib.repr(value)}. Correct it, or leave it out."
        )
    return int(plain)


def ranked(priorities: Sequence[int | None], order: Sequence[int]) -> list[int]:
    """Positions of principles in order of priority, those without one last; within a group as in `order`."""
    return sorted(order, key=lambda i: _rank(priorities[i]))


def _rank(priority: int | None) -> tuple[bool, int]:
    return priority is None, priority or 0


def priority_line(priorities: Sequence[int | None]) -> str | None:
    """What is said of principles that stand in order of priority, numbered from 1 on; None where none comes before another.

    `They stand in order of priority: 1 comes first, then 2 and 3, then 4.`
    """
    groups: list[list[str]] = []
    for number, priority in enumerate(priorities, 1):
        if number > 1 and priority == priorities[number - 2]:
            groups[-1].append(str(number))
        else:
            groups.append([str(number)])
    if len(groups) < 2:
        return None
    first, *others = [_listed(group) for group in groups]
    return f"They stand in order of priority: {first} {'come' if len(groups[0]) > 1 else 'comes'} first, {', '.join(f'then {other}' for other in others)}."


def _listed(numbers: Sequence[str]) -> str:
    return f"{', '.join(numbers[:-1])} and {numbers[-1]}" if len(numbers) > 1 else numbers[0]
