"""While tokens are decoded: a second copy of the linear layers' weights, in the order in which a CPU multiplies them.

With the few rows of a decoding batch, bringing a bfloat16 weight into that order costs about as much as the product itself, and PyTorch
does it anew for every token. The copy takes as much memory as the weights. So it is let go of before gradients are computed, when a run
needs most, and large networks do without. Products are the same to the last bit, with the copy or without it.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.engine.memory import give_back_freed

ROOM_BYTES = 2**30  # of weights that are held twice, at most
_ROWS = 24  # the copy's order is chosen for about so many rows, and serves any number


def hold_packed(network: nn.Module) -> None:
    """Make the copy, unless it is there, is of no use, or is too large."""
    layers = _layers(network)
    if layers and not _is_held(layers[0]) and sum(layer.weight.nbytes for layer in layers) <= ROOM_BYTES:
        give_back_freed()
        for layer in layers:
            vars(layer)["forward"] = partial(_product, layer, torch.ops.mkldnn._reorder_linear_weight(layer.weight, _ROWS))


def drop_packed(network: nn.Module) -> None:
    """Let go of the copy, if there is one."""
    held = [layer for layer in _layers(network) if _is_held(layer)]
    for layer in held:
        del vars(layer)["forward"]  # the method of its class again
    if held:
        give_back_freed()


def _layers(network: nn.Module) -> list[nn.Linear]:
    """Those whose products gain: in float32 another library multiplies, and not in the same order."""
    if not torch.backends.mkldnn.is_available() or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return []
    modules = [module for module in network.modules() if type(module) is nn.Linear]
    return [layer for layer in modules if layer.weight.device.type == "cpu" and layer.weight.dtype == torch.bfloat16]


def _is_held(layer: nn.Linear) -> bool:
    return "forward" in vars(layer)


def _product(layer: nn.Linear, packed_OI: Tensor, x: Tensor) -> Tensor:
    """As the layer's own. Shape (..., I) to (..., O)."""
    if torch.is_grad_enabled():
        return F.linear(x, layer.weight, layer.bias)
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, packed_OI, layer.bias, "none", [], "")
    return y
