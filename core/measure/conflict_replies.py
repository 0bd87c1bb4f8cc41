"""Replies under two principles at once, in every order: what `core.measure.conflicts` judges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.constitution.principles import Constitution
from core.engine.batching import QUERIES_PER_BATCH
from core.engine.policy import Policy
from core.engine.sampling import OnWritten, draw, told
from core.measure.ask import reply_seed, side_prompt
from core.measure.conflicts import Order, ordered, orders_of
from core.settings import SamplingConfig


@dataclass(frozen=True, kw_only=True)
class PairAsked:
    """How far the asking is."""

    finished: int  # replies
    replies: int  # that are asked for
    share: float  # of all that may have to be written

    @property
    def words(self) -> str:
        """What is happening."""
        return f"asking with both principles in every order: {self.finished} of {self.replies} replies"


OnAsked = Callable[[PairAsked], None]


def ask_pair(policy: Policy, pair: Constitution, queries: Sequence[str], drawn: tuple[SamplingConfig, int], on_asked: OnAsked) -> dict[Order, list[str]]:
    """A reply to each query in each order, with the same seed in all of them.

    Args:
        policy: Who answers.
        pair: Two principles alone.
        queries: What is asked.
        drawn: How replies are drawn, and the seed.
        on_asked: Told after every token; what it raises ends the asking.
    """
    sampling, seed = drawn
    found: dict[Order, list[str]] = {order: [] for order in orders_of(pair)}
    for order, texts in found.items():
        given = ordered(pair, order)
        for start in range(0, len(queries), QUERIES_PER_BATCH):
            batch = queries[start : start + QUERIES_PER_BATCH]
            prompts = [side_prompt(policy.model, given, "statement", query) for query in batch]
            seeds = [reply_seed(seed, query, "statement") for query in batch]
            before = sum(map(len, found.values()))
            follow = _follow(before, len(batch), len(queries) * len(found), on_asked)
            texts += [response.text for response in told(draw(policy, prompts, sampling, seeds, steady=True), follow)]
    return found


def _follow(before: int, batch: int, replies: int, on_asked: OnAsked) -> OnWritten:
    """What a batch has written, as a part of all that is asked for."""
    return lambda written: on_asked(PairAsked(finished=before + written.finished, replies=replies, share=(before + batch * written.share) / replies))
