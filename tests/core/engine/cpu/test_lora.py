"""Our adapted layer against peft's own."""

import copy
from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import Linear
from torch import nn

from core.engine.cpu.lora import AdaptedLinear, with_our_layers


class Two(nn.Module):
    """A layer with a bias and one without, so that a gradient must pass through the second."""

    def __init__(self, dtype=torch.float32):
        super().__init__()
        self.first, self.second = nn.Linear(12, 10, dtype=dtype), nn.Linear(10, 7, bias=False, dtype=dtype)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


def adapted(base, ours, **settings):
    """The same base with an adapter of the same random weights, in our layers or peft's."""
    config = LoraConfig(r=3, lora_alpha=6, **({"target_modules": ["first", "second"]} | settings))
    network = get_peft_model(copy.deepcopy(base), with_our_layers(config, SimpleNamespace(config=SimpleNamespace())) if ours else config).eval()
    for name, p in network.named_parameters():
        if "lora" in name:
            nn.init.normal_(p, std=0.5, generator=torch.Generator().manual_seed(len(name)))
    return network


def outcome(network, x):
    """Output and the gradients of the adapter."""
    y = network(x)
    parameters = [p for p in network.parameters() if p.requires_grad]
    return [y.detach(), *torch.autograd.grad(y.square().sum(), parameters)]


def test_outputs_and_gradients_are_pefts():
    torch.manual_seed(0)
    base, x = Two(), torch.randn(2, 5, 12)
    ours, theirs = adapted(base, True), adapted(base, False)
    assert type(ours.base_model.model.first) is AdaptedLinear
    assert type(theirs.base_model.model.first) is Linear
    for a, b in zip(outcome(ours, x), outcome(theirs, x), strict=True):
        assert a.dtype == b.dtype
        assert torch.allclose(a, b, rtol=1e-5, atol=1e-5)


def test_over_a_bfloat16_base_gradients_are_float32_and_near():
    torch.manual_seed(0)
    base, x = Two(torch.bfloat16), torch.randn(2, 50, 12).bfloat16()
    for a, b in zip(outcome(adapted(base, True), x), outcome(adapted(base, False), x), strict=True):
        assert a.dtype == b.dtype
        assert (a - b).norm() < 0.02 * b.norm()


def test_switched_off_it_is_the_base_bit_for_bit():
    torch.manual_seed(0)
    base, x = Two(), torch.randn(5, 12)
    network = adapted(base, True)
    with network.disable_adapter():
        assert torch.equal(network(x), base(x))


@pytest.mark.parametrize("settings", [{"use_dora": True}, {"lora_bias": True, "target_modules": ["first"]}, {"lora_dropout": 0.5}])
def test_adapters_of_a_richer_kind_are_computed_by_peft(settings):
    torch.manual_seed(0)
    base, x = Two(), torch.randn(5, 12)
    ours, theirs = adapted(base, True, **settings).train(), adapted(base, False, **settings).train()
    for network in (ours, theirs):
        torch.manual_seed(1)
        network.found = network(x)
    assert torch.equal(ours.found, theirs.found)


def test_without_gradients_it_is_the_same_also_after_a_step_of_the_optimizer():
    """What is kept between tokens must not outlive the weights it was made from."""
    torch.manual_seed(0)
    network, x = adapted(Two(), True), torch.randn(2, 5, 12)
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=0.1)
    for _ in range(2):
        y = network(x)
        with torch.inference_mode():
            assert torch.allclose(network(x), y, rtol=1e-6, atol=1e-6)
        y.square().sum().backward()
        optimizer.step()
    with torch.no_grad():
        network.base_model.model.first.lora_B["default"].weight.zero_()
        network.base_model.model.second.lora_B["default"].weight.zero_()
        assert torch.equal(network(x), network.base_model.model.second.base_layer(torch.tanh(network.base_model.model.first.base_layer(x))))
