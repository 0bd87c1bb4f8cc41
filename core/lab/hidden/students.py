"""Students: the base with a fresh LoRA, tuned on replies by plain cross-entropy, with the loss that consistency training has."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from core.engine.adapters import reset_adapter
from core.engine.models import LoadedModel
from core.engine.policies import Plain, as_it_is, base_of
from core.methods.consistency.losses import bct_loss
from core.methods.proxy.distil import OwnReply, reply_logprobs
from core.methods.settings import TrainConfig
from core.progress import ShouldStop, Stopped, never_stop
from core.runs.loop import learning_rate, step_order


def tune(model: LoadedModel, replies: Sequence[OwnReply], config: TrainConfig, *, adaptive: bool = True, should_stop: ShouldStop = never_stop) -> None:
    """Tune the attached adapter in place, from a fresh start that the seed decides. Without replies it changes nothing.

    Args:
        model: Base with an adapter attached, of whatever weights.
        replies: What is taught.
        config: Seed, passes, replies a step, rates.
        adaptive: AdamW; else plain SGD, at a rate with which its longest step is as long as AdamW's first.
        should_stop: Asked after each step.

    Raises:
        Stopped: It said yes. A student is tuned in one go, and anew where that was broken off.
    """
    reset_adapter(model, config.seed)
    policy, parameters = as_it_is(model, config.method), [weight for weight in model.network.parameters() if weight.requires_grad]
    assert isinstance(policy, Plain)
    optimizer = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=0.0) if adaptive else torch.optim.SGD(parameters, lr=config.learning_rate)
    longer = 1.0 if adaptive else math.sqrt(sum(weight.numel() for weight in parameters)) / config.max_grad_norm
    steps = step_order(len(replies), config)
    for number, places in enumerate(steps):
        with policy.worn():
            replies_nats(model, [replies[place] for place in places]).mean().backward()
        torch.nn.utils.clip_grad_norm_(parameters, config.max_grad_norm)
        for group in optimizer.param_groups:
            group["lr"] = longer * learning_rate(number, len(steps), config)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if should_stop():
            raise Stopped


def replies_nats(model: LoadedModel, replies: Sequence[OwnReply]) -> Tensor:
    """What each reply costs a token, in nats, by the network as it stands. Shape (R,)."""
    logprobs_NV = reply_logprobs(model, replies)
    target_N = torch.tensor([token for reply in replies for token in reply.tokens], device=model.device)
    own_N = logprobs_NV.gather(1, target_N[:, None])[:, 0]
    return torch.stack([bct_loss(logprobs_T) for logprobs_T in own_N.split([len(reply.tokens) for reply in replies])])


def left_nats(model: LoadedModel, replies: Sequence[OwnReply], *, of_base: bool) -> float:
    """What replies cost a token on average, in nats: the base, or the student that is on it."""
    policy = base_of(model) if of_base else as_it_is(model, "bct")
    assert isinstance(policy, Plain)
    with torch.no_grad(), policy.worn():
        return float(replies_nats(model, replies).mean())
