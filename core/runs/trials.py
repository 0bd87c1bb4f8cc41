"""A check tried on the replies that a run left: what of them passes under either side of the principle, before anybody trusts it. Imports no torch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from core.constitution.checks import Check
from core.constitution.contrasts import flip_side
from core.constitution.principles import SIDES, Constitution, Side
from core.constitution.reading.replies import Reply
from core.measure.judging import judge_within
from core.measure.statistics import Figure, share
from core.measure.values import MeasuredReply, roles
from core.methods.arms import Arm, arm_title
from core.runs.shown import LONGEST_QUERY, LONGEST_TEXT, SHOWN_EACH, cut


@dataclass(frozen=True, kw_only=True)
class TriedSide:
    """What passes of an arm's replies under one side."""

    passes: int
    figure: Figure  # the share of those that could be judged
    unjudged: int


@dataclass(frozen=True, kw_only=True)
class TriedArm:
    """What passes of an arm's replies."""

    title: str
    statement: TriedSide
    antithesis: TriedSide  # of this principle alone
    alike: Literal["all", "none"] | None  # what passes on both sides, where the check tells nothing apart; None: it may, or nothing was judged on a side


@dataclass(frozen=True, kw_only=True)
class TriedReply:
    """One reply, as it is shown."""

    arm: str  # its title
    side: Side
    query: str
    text: str
    why: str  # what the check says of it


@dataclass(frozen=True, kw_only=True)
class TriedReplies:
    """Some of the replies that were judged alike."""

    follows: bool | None
    of: int  # replies that were judged so
    replies: tuple[TriedReply, ...]  # SHOWN_EACH at most, those that speak against the check first


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a check says of the replies of one run."""

    arms: tuple[TriedArm, ...]  # the base with the constitution in its prompt, and what was trained
    shown: tuple[TriedReplies, ...]


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """A reply and what was found of it."""

    reply: TriedReply
    follows: bool | None


def try_check(constitution: Constitution, position: int, replies: Mapping[Arm, Sequence[MeasuredReply]], check: Check, within_s: float) -> Tried:
    """Judge replies of the prompted arms by a check, in a child process that can be ended.

    Args:
        constitution: Under which the replies were written.
        position: Of the principle that the check is for.
        replies: Held-out replies of each arm.
        check: Takes the place of the principle's own.
        within_s: Seconds for all of them; what is not reached by then is unjudged.

    Raises:
        BusyError: As `judge_within`.
    """
    parts, k = roles(list(replies)), len(constitution.principles)
    sides: dict[str, Side] = {"statement": SIDES[0], flip_side(position, k): SIDES[1]}
    arms = [arm for arm in (parts.control, parts.trained) if arm is not None]
    found = [(arm_title(arm), sides[reply.side], reply) for arm in arms for reply in replies[arm] if reply.side in sides]
    places = {query: i for i, query in enumerate(dict.fromkeys(reply.query for _, _, reply in found))}
    found.sort(key=lambda each: places[each[2].query])  # whatever the time allows, both sides and arms have as much of it
    only = replace(constitution, principles=(replace(constitution.principles[position], check=check),))
    asked = [Reply(row=row, response=reply.text, query=reply.query, side=side) for row, (_, side, reply) in enumerate(found)]
    judged = [
        _Judged(reply=_shown(title, side, reply, outcome.why), follows=outcome.follows)
        for (title, side, reply), outcome in zip(found, judge_within(only, asked, within_s).outcomes, strict=True)
    ]
    return Tried(arms=tuple(_arm(arm_title(arm), judged) for arm in arms), shown=tuple(_groups(judged)))


def _shown(title: str, side: Side, reply: MeasuredReply, why: str) -> TriedReply:
    return TriedReply(arm=title, side=side, query=cut(reply.query, LONGEST_QUERY), text=cut(reply.text, LONGEST_TEXT), why=cut(why, LONGEST_QUERY))


def _arm(title: str, judged: Sequence[_Judged]) -> TriedArm:
    statement, antithesis = (_side([each.follows for each in judged if each.reply.arm == title and each.reply.side == side]) for side in SIDES)
    shares = {statement.figure.value, antithesis.figure.value}
    return TriedArm(title=title, statement=statement, antithesis=antithesis, alike="all" if shares == {1.0} else "none" if shares == {0.0} else None)


def _side(outcomes: Sequence[bool | None]) -> TriedSide:
    return TriedSide(passes=outcomes.count(True), figure=share(outcomes), unjudged=outcomes.count(None))


def _groups(judged: Sequence[_Judged]) -> Iterator[TriedReplies]:
    """What passes, what does not, and what could not be judged: first the side on which it speaks against the check, and the arms in turn."""
    against: tuple[tuple[bool | None, Side], ...] = ((True, "antithesis"), (False, "statement"), (None, "statement"))
    for follows, first in against:
        alike = [each.reply for each in judged if each.follows is follows]
        ordered = [*_in_turn([reply for reply in alike if reply.side == first]), *_in_turn([reply for reply in alike if reply.side != first])]
        if ordered:
            yield TriedReplies(follows=follows, of=len(ordered), replies=tuple(ordered[:SHOWN_EACH]))


def _in_turn(replies: Sequence[TriedReply]) -> list[TriedReply]:
    by_arm: dict[str, list[TriedReply]] = {}
    for reply in replies:
        by_arm.setdefault(reply.arm, []).append(reply)
    return [reply for turn in zip_longest(*by_arm.values()) for reply in turn if reply is not None]
