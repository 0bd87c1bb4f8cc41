"""The best and the worst reply for each principle: what a reader should see before any figure. No model.

Best is the reply that follows and answers its query best; worst one that does not follow, or, where all follow, the one that answers worst. Where nobody can
judge, they are the most and the least relevant. How well a reply answers is its relevance, as the base reads it (core.measure.sense).
"""

import math
from collections.abc import Sequence

from core.constitution.normal import repaired
from core.measure.sense import relevance
from core.measure.values import Extreme, MeasuredReply

CUT = "Cut at the token limit: it had not ended."


def extremes(replies: Sequence[MeasuredReply], follows: Sequence[bool | None]) -> tuple[Extreme, ...]:
    """The best reply and the worst, as far as there are such.

    Args:
        replies: Of one arm under the statements, one to each query.
        follows: What a judge says of each; empty where nobody can judge.
    """
    judged = list(zip(replies, follows, strict=True)) if follows else []
    following, missing = [r for r, does in judged if does], [r for r, does in judged if does is False]
    if following or missing:
        best, worst = _best(following, True), _worst(missing or following, not missing)
    else:
        read = [reply for reply in replies if relevance(reply) is not None]
        best, worst = _best(read, None), _worst(read, None)
    alone = best is not None and worst is not None and (best.query, best.text) == (worst.query, worst.text)
    return tuple(each for each in (best, None if alone else worst) if each is not None)


def _best(replies: Sequence[MeasuredReply], follows: bool | None) -> Extreme | None:
    return _extreme("best", max(replies, key=_answers), follows, len(replies)) if replies else None


def _worst(replies: Sequence[MeasuredReply], follows: bool | None) -> Extreme | None:
    return _extreme("worst", min(replies, key=_answers), follows, len(replies)) if replies else None


def _answers(reply: MeasuredReply) -> float:
    """How well a reply answers, for comparing: an empty one, which has no relevance, answers worst of all."""
    found = relevance(reply)
    return found if found is not None else -math.inf


def _extreme(kind: str, reply: MeasuredReply, follows: bool | None, among: int) -> Extreme:
    texts = {"query": repaired(reply.query), "text": repaired(reply.text)}
    return Extreme(kind=kind, **texts, follows=follows, relevance_nats=relevance(reply), among=among, ended=reply.ended)


def extreme_title(extreme: Extreme) -> str:
    """`Best reply`; where nobody judged it is no more than `Most relevant reply`."""
    if extreme.follows is None:
        return "Most relevant reply" if extreme.kind == "best" else "Least relevant reply"
    return "Best reply" if extreme.kind == "best" else "Worst reply"


def extreme_says(extreme: Extreme) -> str:
    """How it was chosen, and among how many; and whether it was cut."""
    return f"{_chosen(extreme)} {CUT}" if extreme.ended is False else _chosen(extreme)


def _chosen(extreme: Extreme) -> str:
    n, best = extreme.among, extreme.kind == "best"
    if extreme.follows is None and n == 1:
        return "Nobody can judge whether it follows: it is the only reply that was read."
    if extreme.follows is None:
        return f"Nobody can judge whether it follows: it answers its query {'best' if best else 'worst'} of {n} replies."
    if not extreme.text.strip():
        return f"{'Follows' if extreme.follows else 'Does not follow'}: it is empty."
    if n == 1:
        return f"The only one that {'follows' if extreme.follows else 'does not follow'}."
    if extreme.relevance_nats is None:
        return f"One of {n} that {'follow' if extreme.follows else 'do not follow'}; it was not read for how well it answers."
    if not extreme.follows:
        return f"Does not follow, and answers worst of the {n} that do not."
    return f"Follows, and answers its query best of the {n} that do." if best else f"All {n} that were judged follow; this one answers its query worst."
