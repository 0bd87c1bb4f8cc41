"""Attention for a CPU: matrix products over blocks of queries, and heads that share keys and values multiplied together.

PyTorch's fused kernel (scaled_dot_product_attention) with a mask took 29% of a training step on a CPU, most of it in its backward pass.
Here the probabilities are computed again in the backward pass, so that no more is kept than the fused kernel keeps; scores are float32,
as there. A block of queries looks at no key behind its own last token, which spares the half that causality hides.

Networks of transformers look their attention up by name; `use_on_cpu` gives them this one where they would have used the fused kernel.
B rows, H heads, G of them with keys and values of their own, Q queries, K keys, D units a head.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask

NAME = "studio_grouped"
BLOCK = 64  # queries; their scores then stay in the processor's cache
FEW = 8  # below so many queries, as in decoding, the fused kernel is as fast


def use_on_cpu(network: PreTrainedModel) -> None:
    """Give a network on a CPU this attention, unless it wants another than the fused kernel."""
    AttentionInterface.register(NAME, grouped_attention)
    AttentionMaskInterface.register(NAME, eager_mask)  # what is added to the scores, where the network makes its own masks
    if network.device.type == "cpu" and network.config._attn_implementation == "sdpa":
        network.set_attn_implementation(NAME)


def grouped_attention(module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any) -> tuple[Tensor, None]:
    """What transformers asks of an attention function.

    Args:
        module: The layer.
        query: Shape (B, H, Q, D).
        key: Shape (B, G, K, D).
        value: Shape (B, G, K, D).
        attention_mask: Added to the scores, shape (B or 1, 1, Q, K); nothing that comes later than a query may be visible to it.
        kwargs: `scaling` of the scores, one over the root of D when it is missing or None. Anything unusual is left to the fused kernel.

    Returns:
        Shape (B, Q, H, D), and no attention weights.
    """
    usual = attention_mask is not None and attention_mask.dtype == query.dtype and attention_mask.shape[1] == 1
    if not usual or query.shape[2] < FEW or kwargs.get("position_bias") is not None or kwargs.get("dropout"):
        return sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    scaling = kwargs.get("scaling")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return _Attention.apply(query, key, value, attention_mask, scale), None


class _Attention(torch.autograd.Function):
    """softmax(scale · q kᵀ + mask) v."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(query, key, value, mask)
        ctx.scale = scale
        rows, heads, queries, _ = query.shape
        keys_NDK, values_NKD = key.flatten(0, 1).float().transpose(1, 2), value.flatten(0, 1)
        out_BQHD = query.new_empty(rows, queries, heads, value.shape[-1])
        for start, end, seen in _blocks(queries, key.shape[2]):
            probs = _probabilities(_block(query, key, start, end), keys_NDK[:, :, :seen], mask[:, :, start:end, :seen], scale, heads)
            out = torch.bmm(probs.to(value.dtype), values_NKD[:, :seen])
            out_BQHD[:, start:end] = out.view(rows, heads, end - start, -1).transpose(1, 2)
        return out_BQHD

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, mask = ctx.saved_tensors
        grad_BHQD = grads[0].transpose(1, 2)
        keys_NKD, values_NKD = key.flatten(0, 1), value.flatten(0, 1)
        keys_NDK = keys_NKD.float().transpose(1, 2)
        grad_query = torch.empty_like(query)
        grad_keys, grad_values = (torch.zeros_like(t, dtype=torch.float32) for t in (keys_NKD, values_NKD))
        for start, end, seen in _blocks(query.shape[2], key.shape[2]):
            queries, grad = _block(query, key, start, end), _block(grad_BHQD, key, start, end)
            probs = _probabilities(queries, keys_NDK[:, :, :seen], mask[:, :, start:end, :seen], ctx.scale, query.shape[1]).to(value.dtype)
            grad_values[:, :seen] += torch.bmm(probs.transpose(1, 2), grad)
            grad_probs = torch.bmm(grad, values_NKD[:, :seen].transpose(1, 2))
            grad_scores = torch.ops.aten._softmax_backward_data(grad_probs, probs, -1, probs.dtype)
            grad_query[:, :, start:end] = torch.bmm(grad_scores, keys_NKD[:, :seen]).view(grad_query[:, :, start:end].shape)
            grad_keys[:, :seen] += torch.bmm(grad_scores.transpose(1, 2), queries)
        grad_key = grad_keys.mul_(ctx.scale).to(key.dtype).view(key.shape)
        return grad_query.mul_(ctx.scale), grad_key, grad_values.to(value.dtype).view(value.shape), None, None


def _blocks(queries: int, keys: int) -> Iterator[tuple[int, int, int]]:
    """Blocks of queries from start to end, and how many keys the last of them may look at."""
    for start in range(0, queries, BLOCK):
        end = min(start + BLOCK, queries)
        yield start, end, keys - queries + end


def _block(query: Tensor, key: Tensor, start: int, end: int) -> Tensor:
    """Queries of heads that share keys, together. Shape (B · G, H / G · block, D)."""
    rows, groups = key.shape[:2]
    return query[:, :, start:end].reshape(rows * groups, -1, query.shape[-1])


def _probabilities(queries: Tensor, keys_NDK: Tensor, mask_B1QK: Tensor, scale: float, heads: int) -> Tensor:
    """float32, shape (B · G, H / G · block, K)."""
    scores = torch.bmm(queries.float() * scale, keys_NDK)
    scores.view(-1, heads, *mask_B1QK.shape[2:]).add_(mask_B1QK)
    return scores.softmax(dim=-1)
