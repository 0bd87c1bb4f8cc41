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

from core.engine.batching import AT_ONCE, REPLAYED_TOKENS
from core.engine.hardware import free_bytes
from core.engine.models import LoadedModel
from core.errors import ConfigError
from core.machine import FIT_SHARE, LOGIT_COPIES, activation_bytes
from core.methods.examples import Example
from core.methods.settings import TrainConfig


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


def should_recompute(model: LoadedModel, examples: Sequence[Example], config: TrainConfig, *, sharers: int = 1) -> bool:
    """What the setting says; for auto, whether the largest example would not fit the memory that is free now.

    Args:
        model: With its adapter.
        examples: What will be trained on.
        config: Its `activation_checkpointing` and `n_constitutions`.
        sharers: Processes that train at the same time; on a CPU they share its memory.
    """
    if config.activation_checkpointing != "auto":
        return config.activation_checkpointing == "on"
    if not repeated_layers(model):
        return False
    shape = model.network.config.get_text_config()
    largest = max(
        activation_bytes(tokens, shape.num_hidden_layers, shape.hidden_size, model.dtype.itemsize, recomputed=False)
        + scored * shape.vocab_size * 4 * LOGIT_COPIES
        for tokens, scored in map(_tokens_at_once, examples)
    )
    trained = sum(p.numel() for p in model.network.parameters() if p.requires_grad)
    needed = largest + 3 * 4 * trained  # gradients and two moments, in float32
    return bool(needed * (sharers if model.device.type == "cpu" else 1) > FIT_SHARE * free_bytes(model.device))


def _tokens_at_once(example: Example) -> tuple[int, int]:
    """Tokens whose activations are kept together, and of them those that are scored."""
    prompt, lengths = max(map(len, example.prompts)), [len(response) for response in example.responses]
    if len(example.prompts) <= AT_ONCE:
        return len(example.prompts) * (prompt + sum(lengths)), len(example.prompts) * sum(lengths)
    replayed = max(prompt, REPLAYED_TOKENS, *lengths)
    return prompt + replayed, replayed


def repeated_layers(model: LoadedModel) -> list[nn.Module]:
    """The layers that the library itself would checkpoint."""
    return [module for module in model.network.modules() if isinstance(module, GradientCheckpointingLayer)]


def _recomputed(forward: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():  # sampling between steps, with a cache that must not be written twice
            return forward(*args, **kwargs)
        return checkpoint(forward, *args, use_reentrant=False, preserve_rng_state=False, **kwargs)

    return run
