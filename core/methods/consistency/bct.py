"""Bias-augmented consistency training (Chua et al. 2024, arXiv 2403.05518), on a LoRA, against wrappers of queries.

For each query the current model replies under constitution and query; that reply is then the target under constitution and wrapped query.
It is plain supervised training: what makes it consistency training is whose replies they are. Changed against the paper: no chain of
thought; wrappers (core.constitution.wrappers) in place of suggested answers; no data without wrappers besides, so that what it costs on
plain queries is measured and not trained away. Nobody asks whether replies are right: what the model does wrongly without a wrapper, it is
held to as firmly.
"""

from collections.abc import Sequence

import torch

from core.engine.policies import base_of
from core.engine.policy import Policy, plain_prompt
from core.engine.processes import ALONE, World
from core.measure.information import kl_nats
from core.methods.consistency.losses import bct_loss
from core.methods.consistency.settings import BctSettings
from core.methods.consistency.wrapped import draw_clean_replies
from core.methods.examples import Example
from core.methods.gradients import step_metrics
from core.methods.recipe import Recipe
from core.methods.settings import TrainConfig


def gradient(policy: Policy, batch: Sequence[Example], config: TrainConfig, world: World = ALONE) -> dict[str, float]:
    """Accumulate the gradient of BCT's mean loss over a batch of queries.

    Returns:
        loss_nats, under the wrapped prompts; gap_nats, by how much that is above the same under the clean ones; kl_base_policy_nats, of the clean prompts.
    """
    settings = config.recipe
    assert isinstance(settings, BctSettings)
    own = []
    for place, example in world.part(list(enumerate(batch))):
        wrapped = plain_prompt(example.prompts[1])
        loss = bct_loss(policy.score([wrapped], example.responses).tokens[0][0])
        (loss / len(batch)).backward()
        clean_nats, kl = _on_clean(policy, example, distance=settings.measures_distance(place, config.distances))
        own.append({"loss_nats": [loss.item()], "gap_nats": [loss.item() - clean_nats], "kl_base_policy_nats": kl})
    return step_metrics(world.together(world.gather(own)))


def _on_clean(policy: Policy, example: Example, *, distance: bool) -> tuple[float, list[float]]:
    """What the reply costs a token under the prompt that it was sampled under, and how far the policy is from its base there, if that is wanted."""
    clean, own = plain_prompt(example.prompts[0]), [0] if distance else []
    with torch.no_grad():
        scores = policy.score([clean], example.responses, own)
        kl = [float(kl_nats(base_of(policy.model).score([clean], example.responses, own).own[0], scores.own[0]))] if distance else []
        return float(bct_loss(scores.tokens[0][0])), kl


RECIPE = Recipe(sample=draw_clean_replies, gradient=gradient)
