"""What wrappers do to bound and compliance, before training and after it: what they take, what training gives back. Imports no torch.

Each query is answered by itself and in every wrapper, by the base with the constitution in its prompt (before) and by what was trained with
it (after), so that everything is paired by query. What a wrapper takes is a fall of compliance from the query itself to the wrapped one; it
is repaired where compliance under the wrapper rises from before to after. Claims are corrected over all wrappers and principles (Holm);
intervals are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.constitution.contrasts import asked_stances, flip_side
from core.constitution.principles import Constitution, Principle
from core.constitution.text import refuses
from core.constitution.wrappers import PLAIN, Wrapper
from core.measure.judges import JUDGES, Judge, judge_of
from core.measure.statistics import LEVEL, UNMEASURED, Figure, holm, mean, paired_change, pairs_of, share
from core.measure.tracing import Asked, column_term, scores_by_policy
from core.measure.values import MeasuredReply

OPEN = "not shown at this n"


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """One figure of the base with the constitution in its prompt and of what was trained with it."""

    before: Figure
    after: Figure
    change: Figure  # after - before, paired


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was replied to the same queries in one wrapper, or in none: for each query under each of `asked_stances`."""

    before: Sequence[MeasuredReply]
    after: Sequence[MeasuredReply]


@dataclass(frozen=True, kw_only=True)
class UnderWrapper:
    """One principle under one kind of wrapper."""

    wrapper: str  # its key
    title: str
    as_trained: bool  # whether the wordings are those that training had
    bound_nats: BeforeAfter  # MI bound of statement and antithesis of this principle alone, by the policy's own mean token log-probabilities; cap log 2
    compliance: BeforeAfter  # share of the replies under the statements that follow
    bound_shift_nats: BeforeAfter  # of the bound, from no wrapper to this one: below 0 the wrapper takes something
    shift: BeforeAfter  # of compliance; its change is how much less is taken after training
    taken_before: bool  # whether a fall is shown
    taken_after: bool
    repaired: bool  # whether a rise from before to after is shown where a fall was
    lost: bool  # whether a fall from before to after is shown
    sentence: str


@dataclass(frozen=True, kw_only=True)
class PrincipleUnderWrappers:
    """One principle by itself and under every wrapper."""

    principle: str  # its title
    judge: str | None  # who says whether replies follow; None: nobody can
    plain: UnderWrapper  # no wrapper: what training costs there
    wrapped: tuple[UnderWrapper, ...]


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """What wrappers do, and what refusing costs on queries without any."""

    n_queries: int
    principles: tuple[PrincipleUnderWrappers, ...]
    refusals: BeforeAfter  # share of replies to queries without a wrapper, under the statements, that open as a refusal
    family: int  # comparisons that are corrected together, for each of the three questions


def consistency(constitution: Constitution, wrappers: Sequence[Wrapper], answers: Mapping[str, Answers], judges: Sequence[Judge] = JUDGES) -> Consistency:
    """What the replies show.

    Args:
        constitution: What stood in the prompts.
        wrappers: Those that were tried.
        answers: By key of each of them and of `PLAIN`, the queries in the same places.
        judges: Who may judge, in the order in which they are asked.
    """
    tried = [PLAIN, *wrappers]
    found = [[_measure(constitution, i, answers[wrapper.key], judges) for wrapper in tried] for i in range(len(constitution.principles))]
    claims = _claims([[_Tested(of_principle[0], each) for each in of_principle[1:]] for of_principle in found])
    sides = len(asked_stances(len(constitution.principles)))
    return Consistency(
        n_queries=len(answers[PLAIN.key].before) // sides,
        principles=tuple(
            _principle(constitution.principles[i], wrappers, found[i], claims[i], judge_of(constitution.principles[i], judges)) for i in range(len(found))
        ),
        refusals=_share(*([refuses(reply.text) for reply in replies[::sides]] for replies in (answers[PLAIN.key].before, answers[PLAIN.key].after))),
        family=sum(1 for of_principle in claims for claim in of_principle if claim.measured),
    )


@dataclass(frozen=True, kw_only=True)
class _Found:
    """One principle in one wrapper: by query, whether the reply follows, and what its bound is a mean of."""

    before: list[bool | None]
    after: list[bool | None]
    bound_before: list[float | None]
    bound_after: list[float | None]


@dataclass(frozen=True)
class _Tested:
    plain: _Found
    found: _Found


@dataclass(frozen=True, kw_only=True)
class _Claim:
    measured: bool
    taken_before: bool = False
    taken_after: bool = False
    rose: bool = False
    lost: bool = False


def _measure(constitution: Constitution, position: int, answers: Answers, judges: Sequence[Judge]) -> _Found:
    principle, k = constitution.principles[position], len(constitution.principles)
    sides = tuple(asked_stances(k))
    pair = (0, sides.index(flip_side(position, k)))
    judge = judge_of(principle, judges)
    before, after = (_by_query(replies, len(sides)) for replies in (answers.before, answers.after))
    return _Found(
        before=_outcomes(principle, judge, before),
        after=_outcomes(principle, judge, after),
        bound_before=[_bound(query, pair) for query in before],
        bound_after=[_bound(query, pair) for query in after],
    )


def _by_query(replies: Sequence[MeasuredReply], sides: int) -> list[Asked]:
    return [replies[i : i + sides] for i in range(0, len(replies), sides)]


def _outcomes(principle: Principle, judge: Judge | None, asked: Sequence[Asked]) -> list[bool | None]:
    return [judge.judge(principle, query[0].query, query[0].text).follows if judge is not None else None for query in asked]


def _bound(query: Asked, pair: tuple[int, int]) -> float | None:
    """What a query adds to the bound; None where a reply of the pair was empty and has no scores."""
    if not all(query[stance].logprobs for stance in pair):
        return None
    return sum(column_term(scores_by_policy(query[stance]), stance, pair) for stance in pair) / len(pair)


def _claims(tested: Sequence[Sequence[_Tested]]) -> list[list[_Claim]]:
    """Three questions of each wrapper and principle, each corrected over all that could be measured."""
    flat = [each for of_principle in tested for each in of_principle]
    asked = [
        [pairs_of(each.plain.before, each.found.before) for each in flat],
        [pairs_of(each.plain.after, each.found.after) for each in flat],
        [pairs_of(each.found.before, each.found.after) for each in flat],
    ]
    measured = [i for i in range(len(flat)) if all(pairs[i].n for pairs in asked)]
    signs = []
    for pairs in asked:
        corrected = dict(zip(measured, holm([pairs[i].p_value for i in measured]), strict=True))
        signs.append([(pairs[i].value > 0) - (pairs[i].value < 0) if corrected.get(i, 1.0) <= LEVEL else 0 for i in range(len(flat))])
    found = iter(
        _Claim(measured=i in measured, taken_before=signs[0][i] < 0, taken_after=signs[1][i] < 0, rose=signs[2][i] > 0, lost=signs[2][i] < 0)
        for i in range(len(flat))
    )
    return [[next(found) for _ in of_principle] for of_principle in tested]


def _principle(
    principle: Principle, wrappers: Sequence[Wrapper], found: Sequence[_Found], claims: Sequence[_Claim], judge: Judge | None
) -> PrincipleUnderWrappers:
    plain = found[0]
    wrapped = tuple(_under(principle.title, wrapper, _Tested(plain, each), claim) for wrapper, each, claim in zip(wrappers, found[1:], claims, strict=True))
    return PrincipleUnderWrappers(
        principle=principle.title,
        judge=judge.name if judge is not None else None,
        plain=_under(principle.title, PLAIN, _Tested(plain, plain), _Claim(measured=False)),
        wrapped=wrapped,
    )


def _under(title: str, wrapper: Wrapper, tested: _Tested, claim: _Claim) -> UnderWrapper:
    plain, found = tested.plain, tested.found
    is_plain = wrapper.key == PLAIN.key
    none = BeforeAfter(before=UNMEASURED, after=UNMEASURED, change=UNMEASURED)
    compliance = _share(found.before, found.after)
    return UnderWrapper(
        wrapper=wrapper.key,
        title=wrapper.title,
        as_trained=wrapper.trained == wrapper.tested,
        bound_nats=_mean(found.bound_before, found.bound_after),
        compliance=compliance,
        bound_shift_nats=none if is_plain else _mean(_less(found.bound_before, plain.bound_before), _less(found.bound_after, plain.bound_after)),
        shift=none if is_plain else _shift(plain, found),
        taken_before=claim.taken_before,
        taken_after=claim.taken_after,
        repaired=claim.taken_before and claim.rose,
        lost=claim.lost,
        sentence="" if is_plain else _sentence(title, wrapper, compliance, claim),
    )


def _share(before: Sequence[bool | None], after: Sequence[bool | None]) -> BeforeAfter:
    return BeforeAfter(before=share(before), after=share(after), change=paired_change(before, after))


def _mean(before: Sequence[float | None], after: Sequence[float | None]) -> BeforeAfter:
    known = [[value for value in values if value is not None] for values in (before, after, _less(after, before))]
    return BeforeAfter(before=mean(known[0]), after=mean(known[1]), change=mean(known[2]))


def _shift(plain: _Found, found: _Found) -> BeforeAfter:
    """Of compliance from no wrapper to this one. The change is a mean of differences of differences, by query."""
    less = [_less(_as_numbers(found.before), _as_numbers(plain.before)), _less(_as_numbers(found.after), _as_numbers(plain.after))]
    changes = [value for value in _less(less[1], less[0]) if value is not None]
    return BeforeAfter(before=paired_change(plain.before, found.before), after=paired_change(plain.after, found.after), change=mean(changes))


def _as_numbers(outcomes: Sequence[bool | None]) -> list[float | None]:
    return [None if outcome is None else float(outcome) for outcome in outcomes]


def _less(values: Sequence[float | None], than: Sequence[float | None]) -> list[float | None]:
    return [None if one is None or other is None else one - other for one, other in zip(values, than, strict=True)]


def _sentence(title: str, wrapper: Wrapper, compliance: BeforeAfter, claim: _Claim) -> str:
    """What may be said of one principle under one wrapper."""
    where = f"“{title}” under the wrapper “{wrapper.title}”"
    if not claim.measured:
        return f"{where} could not be measured: no reply could be judged that is compared."
    told = f"{where} is followed in {percent(compliance.before)} before training and in {percent(compliance.after)} after it"
    if claim.lost:
        return f"{told}: training lowers it."
    if not claim.taken_before:
        return f"{told}; that the wrapper takes something before training is {OPEN}, so nothing can be called repaired."
    repaired = "training gives back some of what the wrapper takes" if claim.rose else f"that training gives back what the wrapper takes is {OPEN}"
    return f"{told}; {repaired}."


def percent(figure: Figure) -> str:
    """`40% (20% to 63%)`."""
    if figure.value is None or figure.low is None or figure.high is None:
        return "an unmeasured share"
    return f"{figure.value:.0%} ({figure.low:.0%} to {figure.high:.0%})"
