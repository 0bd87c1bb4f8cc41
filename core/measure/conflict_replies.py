"""Replies under two principles at once, in every order: what `core.measure.conflicts` judges."""

from collections.abc import Callable, Sequence

from core.constitution.principles import Constitution
from core.engine.batching import QUERIES_PER_BATCH
from core.engine.policy import Policy
from core.engine.sampling import sample
from core.measure.ask import reply_seed, side_prompt
from core.measure.conflicts import Order, ordered, orders_of
from core.settings import SamplingConfig


def ask_pair(
    policy: Policy, pair: Constitution, queries: Sequence[str], draw: tuple[SamplingConfig, int], on_asked: Callable[[int], None]
) -> dict[Order, list[str]]:
    """A reply to each query in each order, with the same seed in all of them.

    Args:
        policy: Who answers.
        pair: Two principles alone.
        queries: What is asked.
        draw: How replies are drawn, and the seed.
        on_asked: Told how many replies there are, after every batch.
    """
    sampling, seed = draw
    found: dict[Order, list[str]] = {order: [] for order in orders_of(pair)}
    done = 0
    for order, texts in found.items():
        given = ordered(pair, order)
        for start in range(0, len(queries), QUERIES_PER_BATCH):
            batch = queries[start : start + QUERIES_PER_BATCH]
            prompts = [side_prompt(policy.model, given, "statement", query) for query in batch]
            responses = sample(policy, prompts, sampling, [reply_seed(seed, query, "statement") for query in batch], steady=True)
            texts += [response.text for response in responses]
            on_asked(done := done + len(batch))
    return found
