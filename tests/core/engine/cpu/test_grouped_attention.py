"""Our attention against the library's, forward and backward, and which networks get it."""

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config, LlamaConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from core.engine.cpu.grouped_attention import BLOCK, FEW, NAME, grouped_attention, use_on_cpu

ROWS, HEADS, GROUPS, UNITS = 2, 6, 2, 8
SIZES = {"vocab_size": 50, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}


class Layer(torch.nn.Module):
    """What the library's function asks of a layer."""

    num_key_value_groups = HEADS // GROUPS
    is_causal = True


def draw(queries, keys, dtype=torch.float32):
    """Query, key, value as a projection leaves them (heads behind tokens in memory), and a mask with padding at the left of one row."""
    generator = torch.Generator().manual_seed(queries + keys)

    def states(heads, length):
        return torch.randn(ROWS, length, heads, UNITS, generator=generator).to(dtype).transpose(1, 2).requires_grad_()

    index_K = torch.arange(keys)
    visible = index_K[-queries:, None] >= index_K
    visible = torch.stack([visible, visible & (index_K >= 3)]) | torch.eye(keys, dtype=torch.bool)[-queries:]
    mask = torch.zeros(visible.shape, dtype=dtype).masked_fill_(~visible, torch.finfo(dtype).min)[:, None]
    return [states(HEADS, queries), states(GROUPS, keys), states(GROUPS, keys)], mask


def both(states, mask, scaling):
    """Outputs and gradients: ours, the library's."""
    found = []
    for attend in (grouped_attention, sdpa_attention_forward):
        out = attend(Layer(), *states, mask, scaling=scaling)[0]
        weights = torch.linspace(-1, 1, out.numel()).view(out.shape).to(out.dtype)
        found.append([out.detach(), *torch.autograd.grad((out * weights).sum(), states)])
    return found


@pytest.mark.parametrize("scaling", [None, 0.1])
@pytest.mark.parametrize(("queries", "keys"), [(FEW, FEW), (BLOCK, BLOCK), (2 * BLOCK + 5, 2 * BLOCK + 5), (FEW + 1, 3 * BLOCK)])
def test_it_equals_the_librarys_with_its_gradients(queries, keys, scaling):
    for ours, theirs in zip(*both(*draw(queries, keys), scaling), strict=True):
        assert ours.shape == theirs.shape
        assert torch.allclose(ours, theirs, atol=2e-6, rtol=1e-4)


def test_in_bfloat16_it_is_as_near_to_the_truth_as_the_librarys():
    states, mask = draw(100, 100)
    truth = both(states, mask, None)[1]
    halves = [s.detach().bfloat16().requires_grad_() for s in states]
    ours, theirs = both(halves, mask.bfloat16().clamp(min=torch.finfo(torch.bfloat16).min), None)

    def errors(found):
        return [float((a.float() - b).norm() / b.norm()) for a, b in zip(found, truth, strict=True)]

    for own, other in zip(errors(ours), errors(theirs), strict=True):
        assert own < 1.3 * other


@pytest.mark.parametrize("mask", ["none", "boolean", "a mask a head"])
def test_what_is_unusual_is_left_to_the_library(mask):
    states, usual = draw(20, 20)
    masks = {"none": None, "boolean": usual == 0, "a mask a head": usual.expand(-1, HEADS, -1, -1)}
    ours = grouped_attention(Layer(), *states, masks[mask], scaling=None)[0]
    theirs = sdpa_attention_forward(Layer(), *states, masks[mask], scaling=None)[0]
    assert torch.equal(ours, theirs)


def test_a_network_gets_it_in_place_of_the_fused_kernel_only():
    llama = AutoModelForCausalLM.from_config(LlamaConfig(**SIZES))
    capped = AutoModelForCausalLM.from_config(Gemma2Config(**SIZES, head_dim=8), attn_implementation="eager")
    for network in (llama, capped):
        use_on_cpu(network)
    assert llama.config._attn_implementation == NAME
    assert capped.config._attn_implementation == "eager"
