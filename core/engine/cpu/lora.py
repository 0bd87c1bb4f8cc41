"""A LoRA layer (Hu et al. 2021, arXiv 2106.09685) that costs little beside the linear layer it adapts.

peft's own casts the input of every layer to the adapter's float32, multiplies there, scales and casts back: over a bfloat16 base that
is a third of a training step on a CPU. Here the adapter's weights stay in float32, where the optimizer needs them, and are multiplied
in the base's type, and the two products are added to the base's in place. In float32 it equals peft's layer up to rounding.
"""

from typing import Any

import torch
import torch.nn.functional as F
from peft import LoraConfig
from peft.tuners.lora import Linear
from torch import Tensor, nn
from transformers import PreTrainedModel


class _AdaptedProduct(torch.autograd.Function):
    """y = x Wᵀ + bias + s (x Aᵀ) Bᵀ with W and bias frozen. T tokens, I inputs, O outputs, r rank."""

    @staticmethod
    def forward(ctx: Any, x_TI: Tensor, base: nn.Linear, A_rI: Tensor, B_Or: Tensor, scaling: float) -> Tensor:
        a_rI, b_Or = A_rI.to(x_TI.dtype), (scaling * B_Or).to(x_TI.dtype)
        low_Tr = x_TI @ a_rI.T
        ctx.save_for_backward(x_TI, base.weight, a_rI, b_Or, low_Tr)
        ctx.scaling, ctx.kept_as = scaling, A_rI.dtype
        return F.linear(x_TI, base.weight, base.bias).addmm_(low_Tr, b_Or.T)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x_TI, weight_OI, a_rI, b_Or, low_Tr = ctx.saved_tensors
        (grad_TO,) = grads
        low_grad_Tr = grad_TO @ b_Or
        grad_x_TI = (grad_TO @ weight_OI).addmm_(low_grad_Tr, a_rI) if ctx.needs_input_grad[0] else None
        grad_A_rI = (low_grad_Tr.T @ x_TI).to(ctx.kept_as)
        grad_B_Or = (grad_TO.T @ low_Tr).to(ctx.kept_as).mul_(ctx.scaling)
        return grad_x_TI, None, grad_A_rI, grad_B_Or, None


class AdaptedLinear(Linear):
    """peft's layer for a plain linear layer, with its product computed as above while one adapter is on."""

    _kept: tuple[tuple[Any, ...], Tensor, Tensor] | None = None

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """As peft's. Shape (..., I) to (..., O)."""
        base, adapters = self.base_layer, self.active_adapters
        if self.disable_adapters or self.merged or args or kwargs or len(adapters) != 1 or not self._is_plain(adapters[0]):
            return super().forward(x, *args, **kwargs)
        (name,) = adapters
        assert isinstance(base, nn.Linear)
        x_TI = x.reshape(-1, x.shape[-1])
        if torch.is_grad_enabled():
            y_TO: Tensor = _AdaptedProduct.apply(x_TI, base, self._weight("lora_A", name), self._weight("lora_B", name), self.scaling[name])
        else:
            a_rI, b_Or = self._cast(name, x.dtype)
            y_TO = base(x_TI).addmm_(x_TI @ a_rI.T, b_Or.T)
        return y_TO.reshape(*x.shape[:-1], y_TO.shape[-1])

    def _cast(self, name: str, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """A and scaling · B in the base's type. Kept until a weight changes: while decoding they are wanted for every token."""
        A_rI, B_Or = self._weight("lora_A", name), self._weight("lora_B", name)
        state = (name, dtype, self.scaling[name], id(A_rI), A_rI._version, id(B_Or), B_Or._version)
        kept = self._kept
        if kept is None or kept[0] != state:
            self._kept = kept = (state, A_rI.to(dtype), (self.scaling[name] * B_Or).to(dtype))
        return kept[1], kept[2]

    def _weight(self, matrix: str, name: str) -> Tensor:
        weight = getattr(self, matrix)[name].weight
        assert isinstance(weight, Tensor)
        return weight

    def _is_plain(self, name: str) -> bool:
        """Whether the adapter is what `attach_adapter` makes; one from elsewhere may be of a richer kind."""
        drops = self.training and not isinstance(self.lora_dropout[name], nn.Identity)
        return type(self.base_layer) is nn.Linear and name not in self.lora_variant and not self.lora_bias[name] and not drops


def with_our_layers(config: LoraConfig, network: PreTrainedModel) -> LoraConfig:
    """The configuration, so that peft builds these layers. What it saves and loads is the same. Packed weights are left to peft's own."""
    if getattr(network.config, "quantization_config", None) is None:
        config._register_custom_module({nn.Linear: AdaptedLinear})
    return config
