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
from torch import Tensor

from core.engine.batching import AT_ONCE
from core.engine.models import LoadedModel
from core.engine.policies import base_of
from core.engine.policy import Policy
from core.engine.processes import ALONE, World
from core.engine.scoring import Scores
from core.methods.examples import Example, draw_examples
from core.methods.gradients import Objective, Wanted, base_scores, gradients_of, matrix_in_parts, query_metrics, step_metrics
from core.methods.mipo.losses import anchored_loss, margins, mipo_loss
from core.methods.mipo.settings import MipoSettings
from core.methods.recipe import Recipe
from core.methods.settings import TrainConfig


def gradient(policy: Policy, batch: Sequence[Example], config: TrainConfig, world: World = ALONE) -> dict[str, float]:
    """Accumulate the gradient of MIPO's mean loss over a batch of queries. Besides what every recipe tells: margin_nats, the mean over pairs."""
    mine = world.part(list(enumerate(batch)))
    own = []
    for start in range(0, len(mine), policy.model.lanes):
        own += _in_turn(policy, mine[start : start + policy.model.lanes], config, 1 / len(batch))
    return step_metrics(world.together(world.gather(own)))


def _in_turn(policy: Policy, placed: Sequence[tuple[int, Example]], config: TrainConfig, share: float) -> list[dict[str, list[float]]]:
    """Some queries of a batch, with their places in it: the base reads them, then the policy. What each tells."""
    settings = config.recipe
    assert isinstance(settings, MipoSettings)
    examples = [example for _, example in placed]
    distances = [settings.measures_distance(place, config.distances) for place, _ in placed]
    bases = _base(policy.model, examples, distances)
    matrices = [_matrix(policy.model, example, base) for example, base in zip(examples, bases, strict=True)]
    wanted = [
        Wanted(example=example, objective=_objective(settings, example, base_CR, distance=distance), base=base)
        for example, base, base_CR, distance in zip(examples, bases, matrices, distances, strict=True)
    ]
    own = []
    for scored, base_CR in zip(gradients_of(policy, wanted, share), matrices, strict=True):
        loss_nats = float(mipo_loss(scored.logprobs_CR, base_CR, settings.beta))
        own.append(query_metrics(scored, loss_nats, margin_nats=margins(scored.logprobs_CR, base_CR).tolist()))
    return own


def _base(model: LoadedModel, examples: Sequence[Example], distances: Sequence[bool]) -> Sequence[Scores | None]:
    """The base's scores of each example, with the distributions of its responses where its distance is measured; None where it is read in parts."""
    if any(len(example.prompts) > AT_ONCE for example in examples):  # all have as many
        return [None] * len(examples)
    return base_scores(model, examples, [range(len(example.responses)) if distance else () for example, distance in zip(examples, distances, strict=True)])


def _matrix(model: LoadedModel, example: Example, base: Scores | None) -> Tensor:
    return base.sums_CR() if base is not None else matrix_in_parts(base_of(model), example, Scores.sums_CR)


def _objective(settings: MipoSettings, example: Example, base_CR: Tensor, *, distance: bool) -> Objective:
    tokens_R = torch.tensor(list(map(len, example.responses)), dtype=base_CR.dtype, device=base_CR.device)
    loss = partial(anchored_loss, base_logprobs_CR=base_CR, beta=settings.beta, likelihood_weight=settings.likelihood_weight, tokens_R=tokens_R)
    return Objective(matrix=Scores.sums_CR, loss=loss, kl_weight=0.0 if distance else None)


RECIPE = Recipe(sample=draw_examples, gradient=gradient)
