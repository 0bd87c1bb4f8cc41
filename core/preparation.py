"""From queries to training examples: draw contrasts, sample a response under each constitution, keep what can teach."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.config import TrainConfig
from core.constitutions import Constitution, render
from core.contrasts import draw_contrast, seed_for
from core.errors import ContrastError
from core.models import LoadedModel, encode_prompt
from core.replies import loops, refuses
from core.sampling import Response, sample
from core.training import Example

DROP_REASONS = {
    "empty": "a response was empty",
    "equal": "two responses were the same",
    "loop": "a response was a degenerate loop",
    "refusal": "a response was a refusal",
}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Examples of one batch of queries, and why others were dropped."""

    examples: tuple[Example, ...]
    dropped: dict[str, int]  # reason, a key of DROP_REASONS -> number of queries


def draw_examples(model: LoadedModel, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> Prepared:
    """Sample from the policy under a fresh contrast for each query; drop queries whose responses cannot teach.

    Args:
        model: The policy that answers; in the first iteration the base.
        constitution: Its principles, in the author's order.
        queries: From the train split.
        config: Number of constitutions, sampling, seed.
    """
    prompts = []
    for query in queries:
        contrast = draw_contrast(len(constitution.principles), config.n_constitutions, seed_for(config.seed, "contrast", query))
        prompts.append([encode_prompt(model, render(constitution, stance, query, contrast.order)) for stance in contrast.stances])
    seeds = [seed_for(config.seed, "train reply", query, c) for query in queries for c in range(config.n_constitutions)]
    responses = sample(model, [prompt for group in prompts for prompt in group], config.sampling, seeds)
    examples, dropped = [], Counter[str]()
    for i, query in enumerate(queries):
        group = responses[i * config.n_constitutions : (i + 1) * config.n_constitutions]
        if (reason := drop_reason(group)) is not None:
            dropped[reason] += 1
        else:
            examples.append(Example(query=query, prompts=tuple(map(tuple, prompts[i])), responses=tuple(r.token_ids for r in group)))
    return Prepared(examples=tuple(examples), dropped=dict(dropped))


def drop_reason(responses: Sequence[Response]) -> str | None:
    """Why a query's responses cannot teach, or None when they can."""
    texts = [r.text for r in responses]
    if not all(texts):
        return "empty"
    if len(set(texts)) < len(texts):
        return "equal"
    if any(loops(text) for text in texts):
        return "loop"
    return "refusal" if any(refuses(text) for text in texts) else None


def require_examples(kept: int, dropped: dict[str, int]) -> None:
    """Raise ContrastError when too few queries are left to train on."""
    if kept >= 2:
        return
    reasons = "; ".join(f"{count}: {DROP_REASONS[reason]}" for reason, count in dropped.items())
    raise ContrastError(
        f"Of {kept + sum(dropped.values())} queries only {kept} gave responses to train on ({reasons or 'none was dropped'}). "
        "Make statement and antithesis differ more, raise the temperature, or add queries."
    )
