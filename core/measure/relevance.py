"""Which query a reply answers, read by the base without any constitution: the MI bound's maths, with queries in the constitutions' place.

A reply in the right form to another question is no success. The base reads each reply under its own query and under those that follow
it in the order of the held-out queries, seven where there are as many; no query is read more often than another. A reply to a scenario is read
beside seven of the held-out queries.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from core.constitution.principles import SIDES
from core.constitution.text import same_question
from core.engine.models import LoadedModel
from core.engine.policies import base_of, in_lanes
from core.engine.policy import Prompt, prompt_of
from core.engine.processes import ALONE, World
from core.measure.values import AMONG, MeasuredReply
from core.seeds import seed_for


@dataclass(frozen=True, kw_only=True)
class Read:
    """One reply as the base reads it. Summed over the tokens of its text, without an end token: whole replies count, not their beginnings."""

    logprobs: tuple[float, ...]  # log p(reply | query) in nats, its own query first; empty for an empty reply
    tokens: int  # of its text


UNREAD = Read(logprobs=(), tokens=0)


def read_replies(model: LoadedModel, queries: Sequence[str], texts: Sequence[str], world: World = ALONE, most: int = AMONG) -> list[Read]:
    """Read each reply under its own query and the next ones, in a circle.

    Args:
        model: Whose base reads.
        queries: All different.
        texts: The reply to each.
        world: The processes that share the reading, each of which gets all of it.
        most: Queries that a reply is read under, where there are as many.
    """
    n, among = len(queries), min(most, len(queries))
    tokens = [_tokens(model, text) for text in texts]
    mine = world.part(range(n))
    rows: list[dict[int, float]] = world.together(
        world.gather(
            in_lanes(base_of(model), [partial(_under, model, _bare(model, queries[place]), tokens, list(_readers(place, n, among))) for place in mine])
        )
    )
    rows = [{int(reply): value for reply, value in row.items()} for row in rows]
    return [Read(logprobs=tuple(rows[(i + step) % n][i] for step in range(among)), tokens=len(tokens[i])) if tokens[i] else UNREAD for i in range(n)]


def read_beside(model: LoadedModel, queries: Sequence[str], texts: Sequence[str], others: Sequence[str], world: World = ALONE) -> list[Read]:
    """Read each reply under its own query and under others that its query alone chooses: two runs read a scenario of both beside the same ones,
    whatever other scenarios either has.

    Args:
        model: Whose base reads.
        queries: All different.
        texts: The reply to each.
        others: Held-out queries, all different.
        world: As in `read_replies`.
    """
    tokens = [_tokens(model, text) for text in texts]
    asked = [(query, *_beside(query, others)) for query in queries]
    under: dict[str, list[int]] = {}
    for reply, those in enumerate(asked):
        for query in those:
            under.setdefault(query, []).append(reply)
    rows = world.together(
        world.gather(in_lanes(base_of(model), [partial(_under, model, _bare(model, query), tokens, under[query]) for query in world.part(list(under))]))
    )
    found = {query: {int(reply): float(value) for reply, value in row.items()} for query, row in zip(under, rows, strict=True)}
    return [Read(logprobs=tuple(found[query][i] for query in those), tokens=len(tokens[i])) if tokens[i] else UNREAD for i, those in enumerate(asked)]


def _beside(query: str, others: Sequence[str]) -> list[str]:
    """As many as are read beside a query, in a circle from where it says; none that asks the same."""
    question = same_question(query)
    free = [other for other in others if same_question(other) != question]
    first = seed_for("read beside", question) % max(1, len(free))
    return [*free[first:], *free[:first]][: AMONG - 1]


def _tokens(model: LoadedModel, text: str) -> tuple[int, ...]:
    return tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else ()


def _bare(model: LoadedModel, query: str) -> Prompt:
    return prompt_of(model, None, (), query)


def _under(model: LoadedModel, prompt: Prompt, tokens: Sequence[tuple[int, ...]], readers: Iterable[int]) -> dict[int, float]:
    """Log-probabilities of the replies that are read under one query's prompt, by the place of the reply."""
    readable = [i for i in readers if tokens[i]]
    if not readable:
        return {}
    sums_R = base_of(model).score([prompt], [tokens[i] for i in readable]).sums_CR()[0]
    return dict(zip(readable, sums_R.tolist(), strict=True))


def _readers(place: int, n: int, among: int) -> Iterator[int]:
    """Whose replies are read under the query at a place: its own, and those of the queries before it, in a circle."""
    return ((place - step) % n for step in range(among))


def with_reading(replies: Sequence[MeasuredReply], read: Sequence[Read]) -> list[MeasuredReply]:
    """The replies of an arm, those under the statements with what was read of them, in the order of the queries."""
    found = iter(read)
    return [_with(reply, next(found)) if reply.side == SIDES[0] else reply for reply in replies]


def _with(reply: MeasuredReply, read: Read) -> MeasuredReply:
    return replace(reply, query_logprobs=read.logprobs, read_tokens=read.tokens)
