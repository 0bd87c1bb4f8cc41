"""What is measured: replies, outcomes, figures of arms and of principles, and the report that holds them. Imports no torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from core.constitution.principles import SIDES
from core.measure.questions import Question
from core.measure.statistics import Figure
from core.measure.verdicts import Verdict
from core.methods.arms import Arm

AMONG = 8  # queries that a reply is read under, its own among them (core.measure.relevance): relevance is at most their logarithm
NO_SIDE = "none"  # the side of an arm whose prompt holds no constitution: each query is answered once


@dataclass(frozen=True, kw_only=True)
class MeasuredReply:
    """One held-out reply with the policy's own scores of it, and the base's."""

    query: str
    side: str  # which it was sampled under: a key of `asked_stances`, or NO_SIDE
    text: str
    ended: bool
    tokens: int  # end token included
    logprobs: tuple[float | None, ...]  # mean token log-probability under each of `asked_stances`, in nats a token, None where it was not asked
    # (`core.constitution.contrasts.is_asked`); empty for an empty reply, under NO_SIDE, and of scenarios, whose replies are judged and not traced
    base_logprobs: tuple[float | None, ...]  # the same by the base
    kl_policy_base_nats: float | None  # KL(policy || base) a token over the reply, under its own constitution; 0 for the base
    query_logprobs: tuple[
        float, ...
    ] = ()  # log p(reply | query) by the base without a constitution, its own query first; empty: not read (core.measure.relevance)
    read_tokens: int = 0  # that those are sums over


def replies_from_data(rows: Iterable[Mapping[str, Any]]) -> list[MeasuredReply]:
    """The inverse of `asdict` on each reply."""
    scores = ("logprobs", "base_logprobs", "query_logprobs")
    return [MeasuredReply(**{**row, **{name: tuple(row.get(name, ())) for name in scores}}) for row in rows]


NO_REPLIES: Mapping[Arm, Sequence[MeasuredReply]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What arms answered, in the order in which they are shown."""

    replies: Mapping[Arm, Sequence[MeasuredReply]]  # to the held-out queries
    own: Mapping[Arm, Sequence[MeasuredReply]] = field(default_factory=lambda: NO_REPLIES)  # to the test scenarios of all principles


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a judge finds of one reply and one principle."""

    follows: bool | None  # whether it follows the statement; None: could not be judged, which is never a miss
    why: str
    by: str  # the judge's name


@dataclass(frozen=True, kw_only=True)
class ArmFigures:
    """What is measured of one arm on the held-out queries.

    Keys of the mappings: statement and antithesis, or NO_SIDE. Of an arm without the constitution nothing can be traced: it was
    answered under none, so bounds, attribution, surprise and KL are unmeasured and there is no confusion.
    """

    arm: Arm  # its artifact is known by its hash: where it lay says nothing about the figures
    mi_bound_nats: Figure  # log n - CE(constitution | response), replies of this policy, its own scores (mean token log-probabilities)
    mi_bound_summed_nats: Figure  # the same from summed token log-probabilities: the true likelihoods, at a temperature of 1
    attribution: Figure  # share of replies whose own constitution explains them best
    confusion: tuple[tuple[int, ...], ...]  # replies by the side of `Report.among` they were written under (rows) and are traced to (columns)
    base_mi_bound_nats: Figure  # of this policy's replies, but scored by the base
    base_attribution: Figure
    base_surprise_nats: Figure  # mean negative token log-probability by the base, under the reply's own constitution, nats a token
    words: Mapping[str, Figure]  # mean words a reply
    repetition: Mapping[str, Figure]  # mean share of repeated four-word runs
    loops: Figure  # share of replies that are degenerate loops
    refusals: Figure
    mentions: Figure  # share of replies that talk about their principles
    empty: Figure  # share of replies without text
    kl_policy_base_nats: Figure  # KL(policy || base), nats a token, own replies
    cut: Figure  # share of replies that did not end within the token limit; this and all below: under the statements, or without a constitution
    echo: Figure  # mean share of a reply's four-word runs that stand in its query or in the constitution
    surprise_nats: Figure  # mean negative token log-probability by the base, under the reply's own prompt, nats a token
    relevance_nats: Figure  # log m − CE(query | reply) among m queries, read by the base without a constitution
    own_query: Figure  # share of replies whose own query is the likeliest of those
    perplexity: Figure  # of the replies for the base without a constitution


SENSE = ("cut", "echo", "surprise_nats", "relevance_nats", "own_query", "perplexity")  # not measured of reports older than these


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which arms a verdict is about."""

    control: Arm | None  # the constitution in the prompt and nothing trained
    trained: Arm | None  # the constitution in the prompt too: what is held against the control
    alone: Arm | None  # what was trained, without the constitution


def roles(arms: Sequence[Arm]) -> Roles:
    """The part that each arm plays; a control stands before what is held against it."""
    prompted = [arm for arm in arms if arm.in_prompt]
    control = next((arm for arm in prompted if arm.artifact is None), None)
    others = sorted((arm for arm in prompted if arm != control), key=lambda arm: arm.artifact is None)
    alone = next((arm for arm in arms if arm.artifact is not None and not arm.in_prompt), None)
    return Roles(control=control, trained=others[0] if others else None, alone=alone)


def stated(answered: Answered, *, own: bool = False) -> dict[str, MeasuredReply]:
    """By query, what the arm that was trained replied under the statements: to the held-out queries, or to test scenarios."""
    trained = roles(list(answered.replies)).trained
    replies = (answered.own if own else answered.replies).get(trained, ()) if trained is not None else ()
    return {reply.query: reply for reply in replies if reply.side == SIDES[0]}


def opposite(by_side: Mapping[str, object]) -> str:
    """The side that takes a principle as its antithesis and leaves the others."""
    return "flip" if "flip" in by_side else "antithesis"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Some replies: those of one arm under one side."""

    arm: str  # its key
    side: str  # statement, antithesis, flip (this principle alone), or NO_SIDE


@dataclass(frozen=True, kw_only=True)
class Change:
    """A difference of compliance between two named sets of replies, paired by query."""

    name: str  # what it is asked for: one of `CHANGES`
    before: Cell
    after: Cell
    figure: Figure  # after - before


AGREES, DISAGREES = "agrees", "disagrees"  # the base's habit, with a principle
OVER_PROMPT, TEXT, WEIGHTS = "over prompting", "depends on the text", "in the weights"
CHANGES = (OVER_PROMPT, TEXT, WEIGHTS)


@dataclass(frozen=True, kw_only=True)
class Extreme:
    """The best or the worst reply for one principle, of the arm that was judged, under the statements (core.measure.extremes)."""

    kind: str  # best or worst
    query: str
    text: str
    follows: bool | None  # None: nobody can judge
    relevance_nats: float | None  # None: an empty reply, or one that was not read
    among: int  # replies that it was chosen from
    ended: bool | None = None  # False: cut at the token limit; None: not told, in reports older than this


@dataclass(frozen=True, kw_only=True)
class OwnScenarios:
    """What a principle's own test scenarios show, beside the held-out queries. No verdict rests on them."""

    written: int  # test scenarios that the principle has
    n_queries: int  # of these, that were measured
    compliance: Mapping[str, Mapping[str, Figure]]  # by arm and side, as in `PrincipleFigures`: statement, and this principle alone turned; or NO_SIDE
    sentence: str


@dataclass(frozen=True, kw_only=True)
class PrincipleFigures:
    """What is measured of one principle: all statements against all statements but this one, taken as its antithesis.

    Of a constitution's only principle that is statement against antithesis. The mappings have arms' keys; those of figures about
    telling constitutions apart have the arms whose prompt holds one.
    """

    title: str
    check: str | None
    judge: str | None  # who says whether a reply follows it; None: nobody can
    compliance: Mapping[str, Mapping[str, Figure]]  # share of judged replies that follow the statement, by arm and side (as in `Cell`)
    mi_bound_nats: Mapping[str, Figure]  # of statement and flip alone, cap log 2
    attribution: Mapping[str, Figure]  # of statement and flip alone
    base_attribution: Mapping[str, Figure]  # of the same replies, scored by the base
    changes: tuple[Change, ...]
    verdict: Verdict | None  # on the trained arm against its control; None where they were not both measured
    sentence: str
    questions: tuple[Question, ...] = ()  # that the verdict is made of; none in reports older than these
    control: str  # what the arm that was trained does without the constitution, beside the others; empty where it was not measured
    flips: Mapping[str, Figure] = field(default_factory=dict)  # by arm, share of queries whose reply follows, and does not once statement and antithesis
    # are swapped; none in reports older than these
    pull: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)  # by arm, compliance where the base's reply without any constitution follows
    # (AGREES) and where it does not (DISAGREES); empty where the base was not asked without one
    extremes: tuple[Extreme, ...] = ()  # its best reply and its worst, as far as there are such; none in reports older than these
    scenarios: OwnScenarios | None = None  # None: it has no test scenarios, or they were not measured


@dataclass(frozen=True, kw_only=True)
class WorstReply:
    """One reply of those that answer their query worst beside the control's."""

    query: str
    text: str
    relevance_nats: float | None
    surprise_nats: float | None
    echo: float | None
    cut: bool | None = None  # at the token limit; None: that was not kept then


@dataclass(frozen=True, kw_only=True)
class SenseChange:
    """What an arm's replies under the statements are to those of the control, query by query: whether they still answer."""

    arm: str  # its key
    relevance_nats: Figure  # after - before
    surprise_nats: Figure  # after - before, nats a token
    echo: Figure  # after - before
    cut: Figure  # after - before, difference of shares
    worst: tuple[WorstReply, ...] = ()  # three of the arm's, the worst first


@dataclass(frozen=True, kw_only=True)
class Report:
    """What arms do on the same held-out queries."""

    n_queries: int
    split: str  # held-out, always
    sides: tuple[str, ...]  # what each query was answered under by arms with the constitution: the keys of `asked_stances`
    traced: tuple[str, ...] = ()  # among which of these sides the bounds, attributions and confusions of arms are; empty: among all
    cap_nats: float  # log n of those: the MI bound cannot exceed it
    read_among: int  # queries that a reply is read under: relevance cannot exceed the logarithm; 0 = was not read
    arms: tuple[ArmFigures, ...]  # in the order in which they are shown
    principles: tuple[PrincipleFigures, ...]
    sense: tuple[SenseChange, ...]  # of every arm with the constitution but the control

    @property
    def among(self) -> tuple[str, ...]:
        """The sides that arms' replies are traced among."""
        return self.traced or self.sides
