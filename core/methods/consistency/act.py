"""Activation consistency training (Irpan et al. 2025, arXiv 2510.27062), on a LoRA. Experimental.

At the tokens that the prompt without its wrapper and the prompt with it both end with, the residual activations of the model that is
trained are drawn to those that the initial model has without the wrapper. Only prompts are read: no reply is drawn and none is trained on.
Changed against the paper: each layer is scaled by its own size, since the raw loss has diverged in a replication, and the raw one is only
told beside it; a LoRA on all linear layers; the initial model is the base in every iteration.
"""

from collections.abc import Sequence

import torch

from core.engine.policies import Plain, open_base
from core.engine.policy import Policy
from core.engine.processes import ALONE, World
from core.engine.residuals import suffix_residuals
from core.methods.arms import CONTROL, make_arm
from core.methods.consistency.losses import act_loss, scaled_act_loss, shared_suffix
from core.methods.consistency.wrapped import lay_out_prompts
from core.methods.examples import Example
from core.methods.gradients import step_metrics
from core.methods.recipe import Recipe
from core.methods.settings import TrainConfig


def gradient(policy: Policy, batch: Sequence[Example], config: TrainConfig, world: World = ALONE) -> dict[str, float]:
    """Accumulate the gradient of ACT's mean scaled loss over a batch of queries.

    Returns:
        loss, which is minimised; raw_loss, eq. 1 of the paper; suffix_tokens, at which they are taken.
    """
    assert isinstance(policy, Plain)
    base = open_base(policy.model, make_arm(CONTROL))
    own = []
    for example in world.part(list(batch)):
        clean, wrapped = example.prompts
        shared = shared_suffix(clean, wrapped)
        with torch.no_grad(), base.worn():
            clean_LTH = suffix_residuals(policy.model, clean, shared)
        with policy.worn():
            wrapped_LTH = suffix_residuals(policy.model, wrapped, shared)
            loss = scaled_act_loss(wrapped_LTH, clean_LTH)
            (loss / len(batch)).backward()
        own.append({"loss": [loss.item()], "raw_loss": [act_loss(wrapped_LTH.detach(), clean_LTH).item()], "suffix_tokens": [float(shared)]})
    return step_metrics(world.together(world.gather(own)))


RECIPE = Recipe(sample=lay_out_prompts, gradient=gradient)
