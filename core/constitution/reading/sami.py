"""The pair of texts that SAMI's authors published, as principles.

SAMI's files (arXiv 2404.14313) hold two lists of principles as numbered text, `positive` and `negative`, and `identifiers` that name
them. The negative list says the contrary of one principle or of several and repeats the others word for word.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.constitution.principles import Constitution, Principle, short_title, squash
from core.errors import ConstitutionError

_MARK = re.compile(r"\s*(?:\d{1,3}[.)]|[-*•])\s+")
LISTS = ("positive", "negative")


def from_sami(data: Mapping[Any, Any], name: str) -> Constitution:
    """SAMI's pair of lists as principles: what `positive` says is the statement, what `negative` says is the antithesis.

    A principle that both lists hold word for word has no antithesis: it stands on either side of the published contrast. It is
    therefore put on both sides of the principle before it (after it, at the head), so that the contrast stays the published one.

    Raises:
        ConstitutionError: A list or an identifier is missing, the lists do not match, or they are the same.
    """
    unknown = sorted(str(key) for key in data if key not in (*LISTS, "identifiers"))
    if unknown:
        raise ConstitutionError(f"Unknown key {unknown[0]!r} beside `positive` and `negative`; known is `identifiers`.")
    positive, negative = (_items(data.get(side), side) for side in LISTS)
    if len(positive) != len(negative):
        raise ConstitutionError(f"`positive` has {len(positive)} principles and `negative` has {len(negative)}. They must face each other one by one.")
    titles = _titles(data.get("identifiers"), positive)
    groups = _groups([squash(said) == squash(contrary) for said, contrary in zip(positive, negative, strict=True)])
    principles = [
        Principle(
            title=titles[flipped],
            statement="\n".join(positive[i] for i in members),
            antithesis="\n".join(negative[i] for i in members),
        )
        for flipped, members in groups
    ]
    return Constitution(name=name, principles=tuple(principles))


def _items(text: object, side: str) -> list[str]:
    """The principles of a numbered or bulleted list, without their marks. A line without a mark goes on with the one before."""
    if not isinstance(text, str):
        raise ConstitutionError(f"`{side}` must be text, a numbered list of principles, one a line.")
    parts: list[list[str]] = []
    for line in text.splitlines():
        mark = _MARK.match(line)
        if mark is not None or (line.strip() and not parts):
            parts.append([line[mark.end() if mark is not None else 0 :].strip()])
        elif line.strip():
            parts[-1].append(line.strip())
    items = [" ".join(part) for part in parts]
    if not items or not all(items):
        raise ConstitutionError(f"`{side}` holds no principle, or an empty one. Write a numbered list of principles, one a line.")
    return items


def _titles(identifiers: object, positive: Sequence[str]) -> list[str]:
    """The published names (`pos concise` is Concise); without any, the first words of each principle."""
    if identifiers is None:
        return [short_title(text) for text in positive]
    names = identifiers.get("positive") if isinstance(identifiers, Mapping) else None
    if not isinstance(names, list) or len(names) != len(positive) or not all(isinstance(name, str) and name.strip() for name in names):
        raise ConstitutionError(f"`identifiers` must hold a list `positive` with one name for each of the {len(positive)} principles. Correct or remove it.")
    plain = [re.sub(r"^(?:pos|neg)\s+", "", name.strip()) for name in names]
    return [f"{name[:1].upper()}{name[1:]}" for name in plain]


def _groups(unflipped: Sequence[bool]) -> list[tuple[int, list[int]]]:
    """For each flipped principle, the positions whose texts it takes: its own, and those of the unflipped ones that go with it."""
    if all(unflipped):
        raise ConstitutionError("`positive` and `negative` say the same, so there is nothing to contrast. Write in `negative` what the opposite would be.")
    first = list(unflipped).index(False)
    groups: list[tuple[int, list[int]]] = [(first, list(range(first + 1)))]
    for i in range(first + 1, len(unflipped)):
        if unflipped[i]:
            groups[-1][1].append(i)
        else:
            groups.append((i, [i]))
    return groups
