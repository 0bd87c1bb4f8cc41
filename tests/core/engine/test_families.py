"""Families of decoder-only models, tiny and random: packed scoring equals plain scoring, and decoding equals `generate`."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
    Qwen3NextConfig,
)

import core.engine.decoding
import core.engine.scoring
from core.engine.adapters import attach_adapter
from core.engine.attention import can_mask, layer_masks
from core.engine.cpu.grouped_attention import use_on_cpu
from core.engine.decoding import shared_beginnings
from core.engine.models import LoadedModel
from core.engine.pairs import Pairs, score_pairs
from core.engine.scoring import prove_packing, score
from core.settings import ModelReference, SamplingConfig
from tests.asking import drawn
from tests.devices import DEVICE
from tests.tiny import tiny_tokenizer

SIZES = {
    "vocab_size": 258,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "initializer_range": 0.3,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
WINDOW = 9  # tokens: smaller than the prompts below
FAMILIES = {
    "llama": LlamaConfig(**SIZES),
    "qwen2": Qwen2Config(**SIZES),
    "qwen2, upper layers with a window": Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=2),
    "qwen3": Qwen3Config(**SIZES),
    "mistral with a window": MistralConfig(**SIZES, sliding_window=WINDOW),
    "gemma 2": Gemma2Config(**SIZES, sliding_window=WINDOW),
    "gemma 3": Gemma3TextConfig(**SIZES, sliding_window=WINDOW, query_pre_attn_scalar=8, sliding_window_pattern=2),
    "phi 3": Phi3Config(**SIZES),
    "phi 3 with a window": Phi3Config(**SIZES, sliding_window=WINDOW),
    "gpt 2": GPT2Config(vocab_size=258, n_embd=32, n_layer=3, n_head=4, initializer_range=0.3, bos_token_id=None, eos_token_id=None),
}
GREEDY = SamplingConfig(max_new_tokens=14, temperature=0)


def tokens(length, seed):
    return torch.randint(0, 256, (length,), generator=torch.Generator().manual_seed(seed)).tolist()


PROMPTS = [tokens(19, 0), tokens(13, 1), tokens(26, 2)]
RESPONSES = [tokens(12, 3), tokens(5, 4), tokens(21, 5)]


@pytest.fixture(params=FAMILIES)
def model(request):
    return build(FAMILIES[request.param])


def build(config):
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False).to(DEVICE)
    use_on_cpu(network)
    return LoadedModel(
        reference=ModelReference(id=type(network).__name__),
        network=network,
        tokenizer=tiny_tokenizer(),
        device=DEVICE,
        end_ids=(),
        context_tokens=1024,
        packed=can_mask(network),
    )


def alone(model, prompt, response):
    """Mean log-probability of one response, with nothing else around it, no mask and no positions given, by the library's plainest attention."""
    ours = model.network.config._attn_implementation
    model.network.set_attn_implementation("eager")
    logprobs = model.network(input_ids=torch.tensor([prompt + response], device=DEVICE)).logits[0].float().log_softmax(-1)
    model.network.set_attn_implementation(ours)
    return logprobs[torch.arange(len(prompt) - 1, len(prompt) - 1 + len(response)), torch.tensor(response)].mean()


def test_both_ways_of_scoring_equal_scoring_each_pair_alone(model):
    with torch.no_grad():
        expected = torch.stack([torch.stack([alone(model, prompt, response) for response in RESPONSES]) for prompt in PROMPTS])
        assert model.packed
        assert torch.allclose(score(model, PROMPTS, RESPONSES).means_CR(), expected, atol=1e-4)
        assert torch.allclose(score(replace(model, packed=False), PROMPTS, RESPONSES).means_CR(), expected, atol=1e-4)


def test_pairs_of_prompts_that_begin_alike_are_scored_as_each_alone(model):
    """What they begin with is longer than the windows."""
    head = tokens(22, 6)
    asked = [Pairs(prompt=[*head, *prompt[:6]], replies=RESPONSES[: i + 1]) for i, prompt in enumerate(PROMPTS)]
    with torch.no_grad():
        for each, scores in zip(asked, score_pairs(model, asked), strict=True):
            expected = torch.stack([alone(model, each.prompt, reply) for reply in each.replies])
            assert torch.allclose(torch.stack([one.mean() for one in scores.tokens]), expected, atol=1e-4)


def test_packing_passes_its_check(model):
    assert prove_packing(model, PROMPTS, RESPONSES) is model


def test_greedy_tokens_are_those_of_generate(model):
    ours = drawn(model, PROMPTS, GREEDY, [0, 0, 0])
    for prompt, response in zip(PROMPTS, ours, strict=True):
        theirs = model.network.generate(
            torch.tensor([prompt], device=DEVICE), attention_mask=torch.ones(1, len(prompt), device=DEVICE), max_new_tokens=14, do_sample=False
        )
        assert list(response.token_ids) == theirs[0, len(prompt) :].tolist()


def test_prompts_that_begin_alike_are_continued_as_each_alone(model):
    """Two groups and a loner; the shared beginnings are longer than the windows, and rows end at different steps."""
    model = replace(model, end_ids=tuple(range(0, 250, 9)))
    one, other = tokens(22, 6), tokens(15, 7)
    prompts = [*(one + tokens(3 + i, 10 + i) for i in range(5)), *(other + tokens(9 - i, 20 + i) for i in range(4)), tokens(11, 8)]
    together = drawn(model, prompts, GREEDY, [0] * len(prompts))
    assert [length for _, length in shared_beginnings(prompts)] == [22, 15, 10]
    assert together == drawn(replace(model, packed=False), prompts, GREEDY, [0] * len(prompts))
    assert together == [drawn(model, [prompt], GREEDY, [0])[0] for prompt in prompts]


@pytest.mark.parametrize("family", ["llama", "gemma 3"])
def test_gradients_and_distributions_are_the_same_in_both_ways(family):
    model = attach_adapter(build(FAMILIES[family]), rank=4, alpha=8, seed=1)
    parameters = [p for p in model.network.parameters() if p.requires_grad]
    for p in parameters:
        torch.nn.init.normal_(p, std=0.05)
    found = []
    for packed in (True, False):
        scores = score(replace(model, packed=packed), PROMPTS, RESPONSES, own=range(3))
        loss = scores.means_CR().log_softmax(dim=0).diagonal().sum() + sum(own_TV[:, :7].exp().sum() for own_TV in scores.own)
        found.append([*torch.autograd.grad(loss, parameters), *(own_TV.detach() for own_TV in scores.own)])
    for a, b in zip(*found, strict=True):
        assert torch.allclose(a, b, atol=1e-4, rtol=1e-3)


class Deaf(torch.nn.Module):
    """A network that takes a mask of its own making, whatever it is given."""

    def __init__(self, network):
        super().__init__()
        self.network, self.config = network, network.config

    def get_input_embeddings(self):
        return self.network.get_input_embeddings()

    def forward(self, attention_mask, position_ids=None, **kwargs):
        return self.network(attention_mask=attention_mask if attention_mask.ndim == 2 else None, **kwargs)


class Strict(Deaf):
    """A network that knows no positions and no fourth dimension."""

    def forward(self, input_ids, attention_mask, logits_to_keep, use_cache):
        batch, length = attention_mask.shape
        assert (batch, length) == input_ids.shape
        return self.network(input_ids=input_ids, attention_mask=attention_mask, logits_to_keep=logits_to_keep, use_cache=use_cache)


@pytest.mark.parametrize("wrapper", [Deaf, Strict])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_network_that_does_not_heed_the_mask_is_scored_plainly(wrapper, dtype):
    whole = build(FAMILIES["llama"])
    model = replace(whole, network=wrapper(whole.network.to(dtype)))
    checked = prove_packing(model, PROMPTS, RESPONSES)
    assert not checked.packed
    assert "row of its own" in checked.notices[-1]
    if dtype is torch.float32:
        with torch.no_grad():
            assert torch.allclose(score(checked, PROMPTS, RESPONSES).means_CR(), score(whole, PROMPTS, RESPONSES).means_CR(), atol=1e-4)


def test_rounding_in_bfloat16_does_not_turn_packing_off(model):
    model.network.to(torch.bfloat16)
    assert prove_packing(model, PROMPTS, RESPONSES).packed


def in_indices(network, visible_BQK, positions_BQ, positions_BK):
    """The window as networks count it themselves: in places of the sequence, which in a packed row are no positions."""
    keys = visible_BQK.shape[2]
    places_K = torch.arange(keys)[None].expand(len(positions_BK), -1)
    return layer_masks(network, visible_BQK, places_K[:, keys - visible_BQK.shape[1] :], places_K)


def off_by(tokens):
    """The right window, but wider or narrower by some tokens."""

    def wrong(network, visible_BQK, positions_BQ, positions_BK):
        config = network.config.get_text_config()
        right = config.sliding_window
        config.sliding_window = right + tokens
        try:
            return layer_masks(network, visible_BQK, positions_BQ, positions_BK)
        finally:
            config.sliding_window = right

    return wrong


WINDOWED = ["qwen2, upper layers with a window", "mistral with a window", "gemma 2", "gemma 3", "phi 3 with a window"]
WRONG_WINDOWS = {"in indices": in_indices, "one too wide": off_by(1), "one too narrow": off_by(-1)}


@pytest.mark.parametrize("mistake", WRONG_WINDOWS)
@pytest.mark.parametrize("family", WINDOWED)
def test_a_wrong_window_would_be_found(monkeypatch, family, mistake):
    """What the tests above are worth: each wrong window must move the packed scores by far more than they allow."""
    model = build(FAMILIES[family])
    with torch.no_grad():
        plain = score(replace(model, packed=False), PROMPTS, RESPONSES).means_CR()
        monkeypatch.setattr(core.engine.scoring, "layer_masks", WRONG_WINDOWS[mistake])
        monkeypatch.setattr(core.engine.decoding, "layer_masks", WRONG_WINDOWS[mistake])
        assert (score(model, PROMPTS, RESPONSES).means_CR() - plain).abs().max() > 100 * 1e-4
    assert not prove_packing(model, PROMPTS, RESPONSES).packed


def test_a_network_with_recurrent_layers_is_never_packed():
    assert not can_mask(SimpleNamespace(config=Qwen3NextConfig(**SIZES)))
