"""MIPO (Nam, Li and Jaques 2026, arXiv 2603.19294): DPO on responses to the right and to the wrong constitution, on a LoRA.

The policy learns to prefer, under a constitution, the response that was sampled under it to one that was sampled under another, measured
against the base; that maximises the pointwise mutual information, under the base, between constitution and response. Changed against
the paper: the wrong prompt is not a random one but the same query under another constitution of its contrast, so that pairs differ in
nothing but the constitution; and since all pairs of the contrast are scored anyway, the loss is the mean over all of them. Iterations
take the pairs from the policy of the one before, but the reference is the base always. The likelihood of the responses may anchor
the preferences (`likelihood_weight`).
"""

from collections.abc import Sequence
from functools import partial

import torch

from core.engine.batching import AT_ONCE
from core.engine.policies import base_of
from core.engine.policy import Policy
from core.engine.processes import ALONE, World
from core.engine.scoring import Scores
from core.methods.examples import Example, draw_examples
from core.methods.gradients import Objective, base_scores, gradient_of, matrix_in_parts, query_metrics, step_metrics
from core.methods.mipo.losses import anchored_loss, margins, mipo_loss
from core.methods.mipo.settings import MipoSettings
from core.methods.recipe import Recipe
from core.methods.settings import TrainConfig


def gradient(policy: Policy, batch: Sequence[Example], config: TrainConfig, world: World = ALONE) -> dict[str, float]:
    """Accumulate the gradient of MIPO's mean loss over a batch of queries. Besides what every recipe tells: margin_nats, the mean over pairs."""
    settings = config.recipe
    assert isinstance(settings, MipoSettings)
    own = []
    for place, example in world.part(list(enumerate(batch))):
        distance = settings.measures_distance(place, config.distances)
        whole = range(len(example.responses)) if distance else ()  # responses whose distributions are wanted
        base = base_scores(policy.model, example, whole) if len(example.prompts) <= AT_ONCE else None
        base_CR = base.sums_CR() if base is not None else matrix_in_parts(base_of(policy.model), example, Scores.sums_CR)
        loss = partial(mipo_loss, base_logprobs_CR=base_CR, beta=settings.beta)
        tokens_R = torch.tensor(list(map(len, example.responses)), dtype=base_CR.dtype, device=base_CR.device)
        anchored = partial(anchored_loss, base_logprobs_CR=base_CR, beta=settings.beta, likelihood_weight=settings.likelihood_weight, tokens_R=tokens_R)
        objective = Objective(matrix=Scores.sums_CR, loss=anchored, kl_weight=0.0 if distance else None)
        scored = gradient_of(policy, example, objective, 1 / len(batch), base)
        own.append(query_metrics(scored, float(loss(scored.logprobs_CR)), margin_nats=margins(scored.logprobs_CR, base_CR).tolist()))
    return step_metrics(world.together(world.gather(own)))


RECIPE = Recipe(sample=draw_examples, gradient=gradient)
