"""The second copy of the weights: the same products, held while tokens are decoded and let go of before gradients."""

import pytest
import torch
from torch import nn

from core.engine.cpu import packed_weights
from core.engine.cpu.packed_weights import drop_packed, hold_packed

pytestmark = pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this CPU multiplies no bfloat16")


class Layers(nn.Module):
    """A layer with a bias and one without."""

    def __init__(self, dtype=torch.bfloat16):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(96, 160, dtype=dtype), nn.Linear(160, 96, bias=False, dtype=dtype)

    def forward(self, x):
        return self.second(self.first(x))


def held(network):
    return ["forward" in vars(layer) for layer in (network.first, network.second)]


@pytest.mark.parametrize("rows", [1, 2, 7, 24, 48, 301])
@torch.inference_mode()
def test_products_are_the_same_to_the_last_bit(rows):
    network, x = Layers(), torch.randn(2, rows, 96, generator=torch.Generator().manual_seed(rows)).bfloat16()
    plain = network(x)
    hold_packed(network)
    assert held(network) == [True, True]
    assert torch.equal(network(x), plain)
    drop_packed(network)
    assert held(network) == [False, False]
    assert torch.equal(network(x), plain)


def test_gradients_pass_while_it_is_held():
    network, x = Layers(), torch.randn(3, 96).bfloat16().requires_grad_()
    hold_packed(network)
    network(x).sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_large_networks_and_other_types_go_without(monkeypatch):
    single = Layers(dtype=torch.float32)
    hold_packed(single)
    assert held(single) == [False, False]
    large = Layers()
    monkeypatch.setattr(packed_weights, "ROOM_BYTES", 2 * 2 * 96 * 160 - 1)
    hold_packed(large)
    assert held(large) == [False, False]
