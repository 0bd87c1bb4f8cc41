"""The margin of a principle: how much likelier, a token, replies under its statement are than replies under its antithesis. Nothing is sampled."""

from collections.abc import Sequence

from torch import Tensor

from core.engine.batching import PAIRS_SCORED
from core.engine.models import LoadedModel
from core.engine.policies import score_pairs
from core.engine.policy import Policy, Prompt
from core.measure.values import MeasuredReply

Tokens = tuple[int, ...]
Pair = tuple[Tokens, Tokens]  # of one principle and query: what was replied under the statement, and under the antithesis


def margin(statement_T: Tensor, antithesis_T: Tensor) -> float:
    """Mean token log-probability of the one reply minus that of the other, in nats a token.

    Args:
        statement_T: Log-probability of each token of the reply under the statement. Shape (T,).
        antithesis_T: The same of the reply under the antithesis, of another length.
    """
    return float(statement_T.double().mean() - antithesis_T.double().mean())


def stored_pairs(model: LoadedModel, replies: Sequence[Sequence[MeasuredReply]]) -> list[Pair]:
    """The two replies to each query as tokens, without an end token; one without text has none."""
    return [(_tokens(model, statement.text), _tokens(model, antithesis.text)) for statement, antithesis in replies]


def _tokens(model: LoadedModel, text: str) -> Tokens:
    return tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else ()


def margins(policy: Policy, prompts: Sequence[Prompt], pairs_PQ: Sequence[Sequence[Pair]]) -> list[list[float | None]]:
    """The margin of each principle at each query, by one policy.

    Args:
        policy: Whose log-probabilities are taken.
        prompts: Of each query; all principles' replies are read under the same.
        pairs_PQ: Of each principle, the pair of each query.

    Returns:
        By principle and query; None where a reply has no token.
    """
    found: list[list[float | None]] = [[None] * len(prompts) for _ in pairs_PQ]
    whole = [(q, [p for p, pairs in enumerate(pairs_PQ) if all(pairs[q])]) for q in range(len(prompts))]
    readable = [(q, places) for q, places in whole if places]
    together = max(1, PAIRS_SCORED // (2 * len(pairs_PQ)))
    for start in range(0, len(readable), together):
        some = readable[start : start + together]
        scored = score_pairs(policy, [(prompts[q], [tokens for p in places for tokens in pairs_PQ[p][q]], None) for q, places in some])
        for (q, places), scores in zip(some, scored, strict=True):
            for place, p in enumerate(places):
                found[p][q] = margin(scores.tokens[2 * place], scores.tokens[2 * place + 1])
    return found
