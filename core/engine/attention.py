"""What each layer of a network may attend to, said in positions, so that it holds for packed and for padded rows alike.

Networks build their own masks from indices in the sequence. In a packed row an index is not a position: a sliding window counted
in indices would begin too late for every response but the first. So the masks are made here and handed over complete.
"""

import torch
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel

Network = PreTrainedModel | PeftModel
FULL_ATTENTION, _SLIDING, _CHUNKED = "full_attention", "sliding_attention", "chunked_attention"


def weights_dtype(network: Network) -> torch.dtype:
    """Of the base's weights; an adapter is kept in float32."""
    weight = network.get_input_embeddings().weight
    assert isinstance(weight, Tensor)
    return weight.dtype


def layer_kinds(network: Network) -> set[str]:
    """The kinds of attention in a network's layers, in the words of its configuration."""
    config = network.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ())
    if kinds:
        return kinds
    if getattr(config, "sliding_window", None) is not None:
        return {_SLIDING}
    return {_CHUNKED} if getattr(config, "attention_chunk_size", None) is not None else {FULL_ATTENTION}


def can_mask(network: Network) -> bool:
    """Whether a mask decides what every layer sees; a recurrent layer sees all that came before it."""
    return layer_kinds(network) <= {FULL_ATTENTION, _SLIDING, _CHUNKED}


def layer_masks(network: Network, visible_BQK: Tensor, positions_BQ: Tensor, positions_BK: Tensor) -> Tensor | dict[str, Tensor]:
    """The attention mask to give to the network.

    Args:
        network: One for which `can_mask` holds.
        visible_BQK: True where a query token may look as far as causality, padding and neighbours go; no row all False.
        positions_BQ: Positions of the Q query tokens.
        positions_BK: Positions of the K key tokens.

    Returns:
        What is added to the attention scores, shape (B, 1, Q, K); one for each kind of layer when there are several.
    """
    config = network.config.get_text_config()
    dtype = weights_dtype(network)
    behind_BQK = positions_BQ[:, :, None] - positions_BK[:, None, :]
    masks = {}
    for kind in sorted(layer_kinds(network)):
        seen_BQK = visible_BQK
        if kind == _SLIDING:
            seen_BQK = visible_BQK & (behind_BQK < config.sliding_window)
        elif kind == _CHUNKED:
            seen_BQK = visible_BQK & (positions_BQ[:, :, None] // config.attention_chunk_size == positions_BK[:, None, :] // config.attention_chunk_size)
        masks[kind] = torch.zeros_like(seen_BQK, dtype=dtype).masked_fill_(~seen_BQK, torch.finfo(dtype).min)[:, None]
    return masks if len(masks) > 1 else next(iter(masks.values()))
