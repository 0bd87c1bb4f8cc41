"""Two texts that were written from one, put together again, principle by principle. Pure text.

What one side changed and the other left alone is taken; what both changed alike is taken once. Where both changed the same part in ways of their own, one
of them has to give way: that is a clash, and whoever merges is told of each before anything is dropped.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar

from core.constitution.principles import SIDES, Constitution, Principle, Side, WrittenBy
from core.constitution.scenarios import Scenario
from core.constitution.text import same_question

Preferred = Literal["mine", "theirs"]
PARTS = tuple(field.name for field in fields(Principle) if field.name not in ("id", "written_by", "scenarios"))
WHOLE_PARTS = tuple(field.name for field in fields(Constitution) if field.name not in ("name", "principles", "left_out"))
SCENARIO_PARTS = tuple(field.name for field in fields(Scenario) if field.name != "query")

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Clash:
    """What both sides changed, each in its own way."""

    principle: str  # its id; empty: what is said of all
    part: str  # title, statement, antithesis, check; scenario: of the one that `query` names; removed: by one side, while the other changed it
    query: str = ""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Two texts as one."""

    constitution: Constitution
    clashes: tuple[Clash, ...]  # in which one side gave way to the preferred one


def merge(before: Constitution, mine: Constitution, theirs: Constitution, prefer: Preferred = "mine") -> Merged:
    """Put two texts together that were written from one.

    Principles are known by their ids. Order is theirs, unless only mine has another one than before. A principle that one side removed and the other
    changed stays, as the other has it. The name is mine.

    Args:
        before: What both began from.
        mine: One of the two.
        theirs: The other.
        prefer: Who is kept where both changed the same part.
    """
    texts = [{principle.id: principle for principle in each.principles} for each in (before, mine, theirs)]
    clashes: list[Clash] = []

    def together(key: str) -> Principle | None:
        old, own, other = (text.get(key) for text in texts)
        if own is not None and other is not None:
            return _principle(old, own, other, prefer, clashes)
        left = own or other
        if old is None or left is None:
            return left
        if left == old:
            return None
        clashes.append(Clash(principle=key, part="removed"))
        return left

    kept = [found for key in _keys(*(list(text) for text in texts)) if (found := together(key)) is not None]
    whole = {part: _part(before, mine, theirs, prefer, part, lambda part: clashes.append(Clash(principle="", part=part))) for part in WHOLE_PARTS}
    return Merged(constitution=replace(mine, principles=tuple(kept), **whole), clashes=tuple(clashes))


def _keys(before: Sequence[K], mine: Sequence[K], theirs: Sequence[K]) -> list[K]:
    """All that either has, in order; what only one has stands behind what it stood behind there."""
    moved = [key for key in mine if key in before] != [key for key in before if key in mine]
    moved_there = [key for key in theirs if key in before] != [key for key in before if key in theirs]
    found, others = (list(mine), theirs) if moved and not moved_there else (list(theirs), mine)
    for i, key in enumerate(others):
        if key not in found:
            place = next((found.index(known) + 1 for known in reversed(others[:i]) if known in found), 0)
            found.insert(place, key)
    return found


def _principle(old: Principle | None, mine: Principle, theirs: Principle, prefer: Preferred, clashes: list[Clash]) -> Principle:
    def clash(part: str, query: str = "") -> None:
        clashes.append(Clash(principle=mine.id, part=part, query=query))

    chosen = {part: _part(old, mine, theirs, prefer, part, clash) for part in PARTS}
    return replace(
        mine,
        **chosen,
        written_by=_writer({side: mine if getattr(mine, side) == chosen[side] else theirs for side in SIDES}),
        scenarios=_scenarios(old.scenarios if old is not None else (), mine.scenarios, theirs.scenarios, prefer, lambda query: clash("scenario", query)),
    )


def _part(old: T | None, mine: T, theirs: T, prefer: Preferred, part: str, clash: Callable[[str], None]) -> Any:
    """One part of what both have."""
    own, other = getattr(mine, part), getattr(theirs, part)
    before = getattr(old, part) if old is not None else None
    if own == other or (old is not None and other == before):
        return own
    if old is not None and own == before:
        return other
    clash(part)
    return own if prefer == "mine" else other


def _writer(sides: Mapping[Side, Principle]) -> WrittenBy | None:
    """Which texts stand as a model wrote them, each as the side has it from which it was taken; of two models the first."""
    wrote = {side: taken.written_by.model for side, taken in sides.items() if taken.written_by is not None and side in taken.written_by.texts}
    model = next(iter(wrote.values()), None)
    return WrittenBy(model=model, texts=tuple(side for side in SIDES if wrote.get(side) == model)) if model is not None else None


def _scenarios(
    before: Sequence[Scenario], mine: Sequence[Scenario], theirs: Sequence[Scenario], prefer: Preferred, clash: Callable[[str], None]
) -> tuple[Scenario, ...]:
    """The scenarios of one principle, each known by what it asks; of several that ask the same the first."""
    texts = [_by_question(each) for each in (before, mine, theirs)]

    def together(key: str) -> Scenario | None:
        old, own, other = (text.get(key) for text in texts)
        if own is None or other is None:
            left = own or other
            if old is not None and left != old:
                clash(old.query)
            return left if left != old else None
        found: list[str] = []
        chosen = {part: _part(old, own, other, prefer, part, found.append) for part in SCENARIO_PARTS}
        if found:
            clash(own.query)
        return replace(own, **chosen)

    return tuple(found for key in _keys(*(list(text) for text in texts)) if (found := together(key)) is not None)


def _by_question(scenarios: Sequence[Scenario]) -> dict[str, Scenario]:
    """Empty ones, which somebody is about to write, are known by their place."""
    found: dict[str, Scenario] = {}
    for i, scenario in enumerate(scenarios):
        found.setdefault(same_question(scenario.query) or f"\n{i}", scenario)
    return found
