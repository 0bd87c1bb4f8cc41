"""The examples of consistency training: each train query under all statements, without its wrapper and with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.constitution.principles import Constitution
from core.constitution.wrappers import trained_with, wrap
from core.engine.batching import QUERIES_PER_BATCH
from core.engine.policies import sample_beside
from core.engine.policy import Policy, Prompt, prompt_of
from core.methods.consistency.losses import shared_suffix
from core.methods.consistency.settings import ConsistencySettings
from core.methods.examples import Example, Prepared, drop_reason, trained_tokens
from core.methods.settings import TrainConfig
from core.seeds import seed_for


@dataclass(frozen=True)
class Pair:
    """The two prompts of one query."""

    query: str
    clean: Prompt
    wrapped: Prompt


def pairs(policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> list[Pair]:
    """Each query under all statements, in the author's order: by itself, and in the wrapper that its seed draws."""
    settings, stance = config.recipe, constitution.stance(True)
    assert isinstance(settings, ConsistencySettings)
    found = []
    for query in queries:
        asked = wrap(trained_with(settings.chosen, query, config.seed), query)
        found.append(Pair(query, *(prompt_of(policy.model, constitution, stance, text) for text in (query, asked))))
    return found


def draw_clean_replies(policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> Prepared:
    """For BCT: what the policy itself replies to the query without its wrapper.

    A refusal is kept: where a constitution asks for it, it is what a wrapper must not talk the model out of. The probe counts those that are too many.
    """
    asked = pairs(policy, constitution, queries, config)
    seeds = [seed_for(config.seed, "train reply", pair.query) for pair in asked]
    statements = [principle.statement for principle in constitution.principles]
    replies = sample_beside(policy, [pair.clean for pair in asked], config.sampling, seeds, QUERIES_PER_BATCH)
    examples, dropped = [], Counter[str]()
    for pair, response in zip(asked, replies, strict=True):
        reason = drop_reason(response, statements)
        if reason not in (None, "refusal"):
            dropped[str(reason)] += 1
        else:
            examples.append(_example(constitution, pair, (trained_tokens(policy.model, response, config),)))
    return Prepared(examples=tuple(examples), dropped=dict(dropped))


def lay_out_prompts(policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> Prepared:
    """For ACT: the two prompts of each query alone. Those that share no end are left out: there is nothing to hold alike."""
    asked = pairs(policy, constitution, queries, config)
    fit = [pair for pair in asked if shared_suffix(pair.clean.ids, pair.wrapped.ids)]
    left_out = len(asked) - len(fit)
    return Prepared(examples=tuple(_example(constitution, pair, ()) for pair in fit), dropped={"suffix": left_out} if left_out else {})


def _example(constitution: Constitution, pair: Pair, responses: tuple[tuple[int, ...], ...]) -> Example:
    return Example(query=pair.query, stances=(constitution.stance(True),), prompts=(pair.clean.ids, pair.wrapped.ids), responses=responses)
