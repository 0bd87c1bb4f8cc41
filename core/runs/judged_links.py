"""What a judge's outcomes on the replies of the base say of one principle: the link, with its figures and the reason in words. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.constitution.principles import Principle
from core.measure.judges import Judge
from core.measure.statistics import UNMEASURED, clustered_share
from core.runs.checked import CheckedReplies
from core.runs.evidence import HIT_QUERIES, QueryCount, chance, enough, few_hits, link_of
from core.runs.links import PrincipleLink
from core.runs.shown import JudgedReplies, shown_of

RARE = 5  # a behaviour of one reply in so many is one that a run could make more of


@dataclass(frozen=True, kw_only=True)
class Judging:
    """Who judges, and how often a go may be said where both sides follow equally often."""

    judge: Judge
    error: float
    greedy: bool  # the replies were drawn at temperature 0
    people: str = ""  # who marked, where people judge


def unjudged_link(principle: Principle) -> PrincipleLink:
    """A principle that nobody can judge yet, with the two ways on."""
    reason = f"“{principle.title}” cannot be judged yet: no program checks it. Two ways on: mark its replies, or add a check."
    return PrincipleLink(title=principle.title, followed=UNMEASURED, followed_under_antithesis=UNMEASURED, replies=0, hits=0, verdict="unjudged", reason=reason)


def judged_link(principle: Principle, replies: CheckedReplies, position: int, judging: Judging) -> PrincipleLink:
    """The link of the principle at a position, by one judge."""
    ours, opposed = (_judged(judging, principle, replies.queries, side) for side in (replies.statement, replies.flipped[position]))
    counts = [QueryCount(hits=sum(a), judged=len(a), hits_opposed=sum(b), judged_opposed=len(b)) for a, b in zip(ours.outcomes, opposed.outcomes, strict=True)]
    link = PrincipleLink(
        title=principle.title,
        followed=clustered_share([outcomes for outcomes in ours.outcomes if outcomes]),
        followed_under_antithesis=clustered_share([outcomes for outcomes in opposed.outcomes if outcomes]),
        replies=sum(count.judged for count in counts),
        hits=sum(count.hits for count in counts),
        hit_queries=sum(count.hits > 0 for count in counts),
        unjudged=ours.unjudged + opposed.unjudged,
        verdict=link_of(counts, judging.error),
        reason="",
        shown=shown_of(ours.replies, opposed.replies),
        by=judging.people,
    )
    return replace(link, reason=_reason(link, counts) + _left_out(link, ours.sampled + opposed.sampled))


@dataclass(frozen=True)
class _Judged:
    """One side, as its replies were judged."""

    replies: tuple[JudgedReplies, ...]  # by query

    @property
    def outcomes(self) -> tuple[tuple[bool, ...], ...]:
        """By query, those that could be judged."""
        return tuple(tuple(follows for _, follows in of_query.outcomes if follows is not None) for of_query in self.replies)

    @property
    def sampled(self) -> int:
        """All of them."""
        return sum(len(of_query.outcomes) for of_query in self.replies)

    @property
    def unjudged(self) -> int:
        """Those that could not be judged."""
        return self.sampled - sum(map(len, self.outcomes))


def _judged(judging: Judging, principle: Principle, queries: Sequence[str], side: Sequence[Sequence[str]]) -> _Judged:
    """At temperature 0 equal texts are one draw, told several times; above it each is a draw of its own, and leaving it out would bias the share."""
    texts = [list(dict.fromkeys(of_query)) for of_query in side] if judging.greedy else side
    return _Judged(
        tuple(
            JudgedReplies(query, tuple((text, judging.judge.judge(principle, query, text).follows) for text in of_query))
            for query, of_query in zip(queries, texts, strict=True)
        )
    )


def _reason(link: PrincipleLink, counts: Sequence[QueryCount]) -> str:
    """Why the verdict is what it is, in a sentence that claims no more than was shown."""
    by = f", as marked by {link.by}" if link.by else ""
    here = f"{link.hits} of {link.replies} replies of the base follow “{link.title}”{by}"
    against = "none could be judged" if link.followed_under_antithesis.value is None else f"{link.followed_under_antithesis.value:.0%}"
    few = link.hit_queries is not None and link.hit_queries < HIT_QUERIES
    paired = [count for count in counts if count.paired]
    if link.verdict == "go":
        return f"{here}, against {against} under its antithesis: more than chance gives where both sides follow alike (p = {chance(paired):.2g})."
    if link.verdict == "no-go" and few:
        what = " (all to one query)" if link.hits > 1 else ""
        missed = _missed(counts) if link.by else ""
        return f"{here}{what}: there is nothing that training could make more of. Ask for something that this model sometimes does.{missed}"
    if link.verdict == "no-go":
        return f"{here}, and no fewer under its antithesis, query by query ({against}): the text does not move the model."
    if not enough(len(paired), len(counts)):
        return f"{here}, but of only {len(paired)} of {len(counts)} queries could replies of both sides be judged: nothing is known of a link."
    return (
        f"{here}, in {link.hit_queries} of {len(counts)} queries, against {against} under its antithesis: "
        f"a link is not shown at this number of queries (p = {chance(paired):.2g}). Training may find one, or learn something else."
    )


def _missed(counts: Sequence[QueryCount]) -> str:
    """How often a few marks say this of a behaviour that is there; a program is given so many replies that it need not be told."""
    return f" Of a behaviour of one reply in {RARE} so few replies say this in {round(100 * few_hits(counts, 1 / RARE))} of 100 checks."


def _left_out(link: PrincipleLink, sampled: int) -> str:
    return f" {link.unjudged} of {sampled} replies could not be judged and are left out." if link.unjudged else ""
