"""Packed scoring equals scoring each pair alone, whatever the lengths; padding, prompts and neighbours leave no trace."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.adapters import attach_adapter
from core.engine.models import Placing, load_model
from core.engine.scoring import gather, logprobs, pack, score
from core.methods.sami.losses import sami_loss
from core.settings import ModelReference
from tests.devices import DEVICE

PROMPTS = [[5, 6, 7], [8, 9, 10, 11, 12, 13, 14]]
RESPONSES = [[20, 21, 22], [30, 31, 32, 33, 34, 35]]


def plain(model, prompts, responses):
    """Each (prompt, response) pair in a forward of its own, with nothing else around it."""
    rows = []
    for prompt in prompts:
        row = []
        for response in responses:
            logits = model.network(input_ids=torch.tensor([list(prompt) + list(response)], device=DEVICE)).logits[0].float().log_softmax(-1)
            at = torch.arange(len(prompt) - 1, len(prompt) - 1 + len(response))
            row.append(logits[at, torch.tensor(response)].mean())
        rows.append(torch.stack(row))
    return torch.stack(rows)


def test_packed_equals_plain(tiny):
    with torch.no_grad():
        assert torch.allclose(score(tiny, PROMPTS, RESPONSES).means_CR(), plain(tiny, PROMPTS, RESPONSES), atol=1e-5)


tokens = st.lists(st.integers(0, 250), min_size=1, max_size=12)


@given(st.lists(tokens, min_size=1, max_size=4), st.lists(tokens, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_packed_equals_plain_for_any_lengths_and_numbers(shared_tiny, prompts, responses):
    with torch.no_grad():
        assert torch.allclose(score(shared_tiny, prompts, responses).means_CR(), plain(shared_tiny, prompts, responses), atol=1e-4)


@pytest.fixture(scope="module")
def shared_tiny(tiny_folder, tmp_path_factory):
    return load_model(ModelReference(id=str(tiny_folder)), tmp_path_factory.mktemp("m"), Placing(device=DEVICE, dtype=torch.float32))


def test_gradients_of_packed_scoring_equal_those_of_plain_scoring(tiny):
    model = attach_adapter(tiny, rank=4, alpha=8, seed=1)
    parameters = [p for p in model.network.parameters() if p.requires_grad]
    for p in parameters:
        torch.nn.init.normal_(p, std=0.05)
    packed = torch.autograd.grad(sami_loss(score(model, PROMPTS, RESPONSES).means_CR()), parameters)
    pairwise = torch.autograd.grad(sami_loss(plain(model, PROMPTS, RESPONSES)), parameters)
    for a, b in zip(packed, pairwise, strict=True):
        assert torch.allclose(a, b, atol=1e-6, rtol=1e-4)


def test_a_response_is_scored_alike_in_any_company(tiny):
    with torch.no_grad():
        alone = score(tiny, PROMPTS[:1], RESPONSES[:1]).tokens[0][0]
        together = score(tiny, PROMPTS, RESPONSES).tokens[0][0]
    assert torch.allclose(alone, together, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_tokens_alone_are_to_the_bit_those_of_whole_distributions(tiny_folder, tmp_path, dtype):
    model = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=dtype))
    responses = [*RESPONSES, list(range(40, 90))]  # one of more tokens than distributions are made of at once
    with torch.no_grad():
        expected = gather(model, logprobs(model, PROMPTS, responses), responses).tokens
        found = score(model, PROMPTS, responses)
    assert found.own == [] and all(torch.equal(a, b) for one, other in zip(found.tokens, expected, strict=True) for a, b in zip(one, other, strict=True))


def test_no_token_sees_padding_or_another_response():
    packed = pack(PROMPTS, RESPONSES, DEVICE)
    mask = packed.visible_CLL[0]
    assert not mask[4:, :4].any()  # the shorter prompt is padded by four, and nothing real looks there
    assert not mask[10:, 7:10].any()  # the second response does not see the first
    assert packed.positions_CL[0, 7] == packed.positions_CL[0, 10] == 3  # both begin right after the prompt of three


def test_an_empty_response_is_refused(tiny):
    with pytest.raises(ValueError, match="empty"):
        score(tiny, PROMPTS, [[1], []]).means_CR()


def test_distributions_are_kept_under_the_prompt_that_is_named(tiny):
    with torch.no_grad():
        scores = score(tiny, PROMPTS, RESPONSES, own=[1, 0])
    for r, c in enumerate([1, 0]):
        kept = scores.own[r][torch.arange(len(RESPONSES[r])), torch.tensor(RESPONSES[r])]
        assert torch.equal(kept, scores.tokens[c][r])
    with pytest.raises(ValueError, match="one prompt for each"):
        score(tiny, PROMPTS, RESPONSES, own=[0])
