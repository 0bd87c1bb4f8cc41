"""A check before a run with the replies that it rests on, and the cards that people are shown of them. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.contrasts import flip_side
from core.constitution.principles import Constitution, from_data, to_data
from core.measure.cards import Card, Written, deal_pairs, identity
from core.measure.values import Cell
from core.methods.arms import CONTROL
from core.methods.recipes import recipe_of
from core.methods.settings import TrainConfig, config_from_data, config_to_data
from core.runs.iterations import iteration_config
from core.runs.links import Trainability, trainability_from_data, trainability_to_data
from core.seeds import seed_for

CHECK_FILE = "check.json"  # in a folder that `check --out` left

Place = tuple[int, int, int]  # of a reply: its side (0: all statements, then each principle), query, and which of those to it


@dataclass(frozen=True, kw_only=True)
class CheckedReplies:
    """What the base replied to each query: under all statements, and with each principle alone as its antithesis."""

    queries: tuple[str, ...]
    statement: tuple[tuple[str, ...], ...]  # by query
    flipped: tuple[tuple[tuple[str, ...], ...], ...]  # by principle, by query
    cut: frozenset[Place] | None = None  # those that had not ended at the token limit; None: that was not kept then

    @property
    def pairs(self) -> int:
        """Replies of both sides to each query, of every principle."""
        return min((len(replies) for side in (self.statement, *self.flipped) for replies in side), default=0)

    def first(self, pairs: int) -> "CheckedReplies":
        """So many of each side and query: they were drawn in this order."""
        statement, *flipped = (tuple(replies[:pairs] for replies in side) for side in (self.statement, *self.flipped))
        cut = frozenset(place for place in self.cut if place[2] < pairs) if self.cut is not None else None
        return CheckedReplies(queries=self.queries, statement=statement, flipped=tuple(flipped), cut=cut)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A check, and what it rests on."""

    found: Trainability
    replies: CheckedReplies


@dataclass(frozen=True, kw_only=True)
class CheckRecord:
    """A check as it lies in a folder: what was asked about, how, and what was found."""

    constitution: Constitution
    model: str
    config: TrainConfig
    checked: Checked


def answers_for(config: TrainConfig, checked: Checked, plan_config: TrainConfig, asked_queries: Sequence[str]) -> bool:
    """Whether a check asked what a run would ask: the same queries with the same draws. Constitution and base are the caller's to compare.

    What a check says besides of contrasts holds for methods alone that make some.

    Args:
        config: That the check was asked about.
        checked: What it found.
        plan_config: Of the run.
        asked_queries: `core.runs.run_queries.checked_queries` of the run.
    """
    return _deciding(config) == _deciding(plan_config) and checked.replies.queries == tuple(asked_queries)


def _deciding(config: TrainConfig) -> tuple[object, ...]:
    return iteration_config(config, 1).seed, config.sampling, config.four_bit, recipe_of(config.recipe).contrasts


def check_cards(constitution: Constitution, position: int, replies: CheckedReplies, name: str) -> tuple[tuple[Card, ...], ...]:
    """The cards of one principle in the order in which everybody is shown them, which the check's name decides: in a deal one reply of each side to each
    query. What one side was asked more often than the other nobody is shown, for the sides are held against each other.
    """
    principle = constitution.principles[position]
    cells = [Cell(arm=CONTROL, side=side) for side in ("statement", flip_side(position, len(constitution.principles)))]
    sides, cut = ((0, replies.statement), (position + 1, replies.flipped[position])), replies.cut or ()
    texts = [
        {
            query: [Written(cell=cell, text=side[q][i], cut=(at, q, i) in cut) for cell, (at, side) in zip(cells, sides, strict=True)]
            for q, query in enumerate(replies.queries)
        }
        for i in range(replies.pairs)
    ]
    return deal_pairs(principle, texts, seed_for("check cards", name, identity(principle)))


def checked_to_data(checked: Checked) -> dict[str, Any]:
    """Plain JSON data."""
    cut = sorted(map(list, checked.replies.cut)) if checked.replies.cut is not None else None
    return {"trainability": trainability_to_data(checked.found), "replies": {**asdict(checked.replies), "cut": cut}}


def checked_from_data(data: Mapping[str, Any]) -> Checked:
    """The inverse of `checked_to_data`.

    Raises:
        ValueError: Data of another form, or replies that are not those of the verdict.
    """
    try:
        found, rows = trainability_from_data(data["trainability"]), data["replies"]
        queries, statement = tuple(map(str, rows["queries"])), _side(rows["statement"])
        replies = CheckedReplies(queries=queries, statement=statement, flipped=tuple(map(_side, rows["flipped"])), cut=_places(rows.get("cut")))
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no check with its replies: {error!r}") from error
    of_each = {len(queries), *map(len, (replies.statement, *replies.flipped))}
    if len(found.principles) != len(replies.flipped) or len(of_each) != 1 or not replies.pairs:
        raise ValueError("the replies of this check are not those that its verdict speaks of")
    return Checked(found=found, replies=replies)


def check_record_to_data(record: CheckRecord) -> dict[str, Any]:
    """Plain JSON data."""
    about = {"constitution": to_data(record.constitution), "model": record.model, "config": config_to_data(record.config)}
    return {**about, **checked_to_data(record.checked)}


def check_record_from_data(data: Any) -> CheckRecord:
    """The inverse of `check_record_to_data`.

    Raises:
        ValueError: Data of another form, or of another number of principles.
        StudioError: Its constitution or settings cannot be read.
    """
    try:
        constitution, model, config = from_data(data["constitution"]), str(data["model"]), config_from_data(data["config"])
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no record of a check: {error!r}") from error
    checked = checked_from_data(data)
    if len(checked.found.principles) != len(constitution.principles):
        raise ValueError("the verdict of this check is on other principles than its constitution has")
    return CheckRecord(constitution=constitution, model=model, config=config, checked=checked)


def _places(rows: Any) -> frozenset[Place] | None:
    """None of a check from before it was kept."""
    return frozenset((int(side), int(query), int(i)) for side, query, i in rows) if rows is not None else None


def _side(rows: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(text) for text in of_query) for of_query in rows)
