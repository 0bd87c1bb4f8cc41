"""Which sampled responses answer the query that they were drawn for, read by the base.

A response that speaks of its constitution and not of the query is easy to attribute, and what a sixth of the base's replies do can become what most of
the tuned model's do (docs/decisions.md). No label is used: the base reads, as for relevance.
"""

from collections.abc import Sequence

from core.engine.models import LoadedModel
from core.engine.sampling import Response
from core.measure.relevance import read_replies
from core.measure.sense import own_is_likeliest
from core.methods.drop_reasons import READ_UNDER


def astray(model: LoadedModel, queries: Sequence[str], responses: Sequence[Sequence[Response]]) -> list[list[bool]]:
    """Whether the base finds another query at least as likely as the one that a response was drawn for, among at most three others of the batch.

    Args:
        model: Whose base reads, without a constitution.
        queries: Of one batch, all different.
        responses: Those drawn for each query, as many for one as for another.

    Returns:
        For each response; false of what cannot be read, because it is empty or there is no other query.
    """
    found = []
    for drawn in zip(*responses, strict=True):  # one response of each query, since no query may be read twice in a circle
        reads = read_replies(model, queries, [response.text for response in drawn], most=READ_UNDER)
        found.append([own_is_likeliest(read.logprobs) is False for read in reads])
    return [list(of_query) for of_query in zip(*found, strict=True)] if found else [[] for _ in queries]
