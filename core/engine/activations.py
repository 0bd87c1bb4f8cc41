"""Activation checkpointing: a layer's activations are thrown away after the forward pass and computed again in the backward pass.

The library checkpoints a layer only in training mode, in which some families also turn dropout on by themselves. Here the network
stays in evaluation mode, so each layer's own forward is wrapped instead, with the same function of PyTorch.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from core.engine.batching import Kept
from core.engine.hardware import free_bytes
from core.engine.models import LoadedModel
from core.errors import ConfigError
from core.machine import FIT_SHARE, activation_bytes, logit_bytes


@contextmanager
def recomputing(model: LoadedModel) -> Iterator[None]:
    """Within this block a forward with gradients keeps the input of each layer and little else; the gradients are the same.

    Raises:
        ConfigError: The network names no layers that can be computed again.
    """
    layers = repeated_layers(model)
    if not layers:
        raise ConfigError(f"activation_checkpointing is on, but {model.reference.id} names no layers that can be computed again. Set it to off.")
    for layer in layers:
        layer.forward = _recomputed(layer.forward)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward  # the method of its class again


def should_recompute(model: LoadedModel, kept: Sequence[Kept], setting: str, *, sharers: int = 1) -> bool:
    """What the setting says; for auto, whether the largest query would not fit the memory that is free now.

    Args:
        model: With its adapter.
        kept: Of each query that will be trained on.
        setting: on, off or auto.
        sharers: Processes that train at the same time; on a CPU they share its memory.
    """
    if setting != "auto":
        return setting == "on"
    if not repeated_layers(model):
        return False
    shape = model.network.config.get_text_config()
    largest = max(
        activation_bytes(tokens, shape.num_hidden_layers, shape.hidden_size, model.dtype.itemsize, recomputed=False) + logit_bytes(scored, shape.vocab_size)
        for tokens, scored in kept
    )
    trained = sum(p.numel() for p in model.network.parameters() if p.requires_grad)
    needed = largest + 3 * 4 * trained  # gradients and two moments, in float32
    return bool(needed * (sharers if model.device.type == "cpu" else 1) > FIT_SHARE * free_bytes(model.device))


def repeated_layers(model: LoadedModel) -> list[nn.Module]:
    """The layers that the library itself would checkpoint."""
    return [module for module in model.network.modules() if isinstance(module, GradientCheckpointingLayer)]


def _recomputed(forward: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():  # sampling between steps, with a cache that must not be written twice
            return forward(*args, **kwargs)
        return checkpoint(forward, *args, use_reentrant=False, preserve_rng_state=False, **kwargs)

    return run
