"""How much is computed together: rows, constitutions, prompts. Known to what does the work and to what estimates it; imports no torch."""

from collections.abc import Sequence
from typing import NamedTuple

PACKED_ROWS = 48  # replies decoded together; on two CPU cores more bring little, and their cache for the default model is 0.2 GB
STEADY_ROWS = 24  # the same where replies are shown and counted, at most
LANES = 2  # batches decoded side by side, at most: each has a cache of its own
ROWS_BESIDE = 2 * PACKED_ROWS  # of all of them
LANES_UP_TO_BYTES = 2**30  # of weights: of a larger network there is one batch at a time
STEADY_SIZES = (2, 8, STEADY_ROWS)  # rows that such a batch has, filled with copies; which ones a model may have is tried (core.engine.layouts)
AT_ONCE = 4  # constitutions whose activations are kept together; with more, each is replayed alone
REPLAYED_TOKENS = 200  # response tokens replayed together, at least
PROMPTS_SCORED = 2  # prompts and responses scored in one pass: the logits of all pairs at once would fill the memory
RESPONSES_SCORED = 8
PAIRS_SCORED = 48  # pairs of a prompt and a reply measured in one pass, where prompts begin alike: of one reply alone the distributions are float32
QUERIES_PER_BATCH = 24  # queries whose responses are sampled and committed together
SHOWN_QUERIES = 2  # held-out queries whose replies are shown during training, under the statement and the antithesis
CHECKED_QUERIES = 16  # train queries that the base is asked before training


class Kept(NamedTuple):
    """Tokens whose activations are kept together for a backward pass."""

    tokens: float
    scored: float  # of them, those whose logits are kept too


def kept_together(prompt: float, responses: Sequence[float]) -> Kept:
    """What a gradient keeps of one query with as many constitutions as responses: all pairs at once, or a few responses under one constitution.

    Without any response it is one prompt.

    Args:
        prompt: Tokens of the longest prompt.
        responses: Tokens of each response.
    """
    n = len(responses)
    if n <= AT_ONCE:
        return Kept(tokens=max(1, n) * (prompt + sum(responses)), scored=n * sum(responses))
    replayed = max(prompt, REPLAYED_TOKENS, *responses)
    return Kept(tokens=prompt + replayed, scored=replayed)
