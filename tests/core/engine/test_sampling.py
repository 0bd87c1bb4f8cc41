"""Sampling follows the model's distribution, repeats under a seed, and does not depend on the company a row is in."""

from dataclasses import replace

import pytest
import torch

from core.constitution.principles import Turns
from core.engine.models import Placing, encode_prompt, load_model
from core.errors import ContextError
from core.settings import ModelReference, SamplingConfig
from tests.asking import drawn, streamed
from tests.devices import DEVICE

GREEDY = SamplingConfig(max_new_tokens=12, temperature=0)
WARM = SamplingConfig(max_new_tokens=12, temperature=1.0)


@pytest.fixture
def prompts(tiny):
    return [encode_prompt(tiny, Turns("You are a helpful assistant.", query)) for query in ("Hi?", "How do I boil an egg?", "Why?")]


def test_greedy_tokens_are_those_of_generate(tiny, prompts):
    ours = drawn(tiny, prompts, GREEDY, [0, 0, 0])
    for prompt, response in zip(prompts, ours, strict=True):
        theirs = tiny.network.generate(
            torch.tensor([prompt], device=DEVICE), attention_mask=torch.ones(1, len(prompt), device=DEVICE), max_new_tokens=12, do_sample=False
        )
        assert list(response.token_ids) == theirs[0, len(prompt) :].tolist()


def test_a_seed_gives_the_same_reply_again_and_another_seed_another(tiny, prompts):
    first, again, other = (drawn(tiny, prompts, WARM, seeds) for seeds in ([1, 2, 3], [1, 2, 3], [4, 5, 6]))
    assert first == again
    assert first != other


@pytest.mark.parametrize("steady", [False, True])
def test_a_row_is_drawn_alike_alone_and_in_a_batch(tiny, prompts, steady):
    together = drawn(tiny, prompts, WARM, [1, 2, 3], steady=steady)
    alone = [drawn(tiny, [prompt], WARM, [seed], steady=steady)[0] for prompt, seed in zip(prompts, [1, 2, 3], strict=True)]
    assert together == alone
    assert together == drawn(tiny, prompts, WARM, [1, 2, 3], steady=not steady)


def test_a_steady_row_is_equal_to_the_bit_in_any_company_in_bfloat16(tiny_folder, tmp_path):
    """The logits of a row, not only its tokens: rows of other lengths, or none, around it."""
    model = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.bfloat16))
    queries = ["Hi?", "Why is the sky blue, and the sea too?", "How do I boil an egg?", "What is tea?", "Who?", "Is it late?", "Where to?"]
    prompts = [encode_prompt(model, Turns("You are a helpful assistant.", query)) for query in queries]
    together = drawn(model, prompts, WARM, list(range(7)), steady=True)
    assert together == [drawn(model, [prompt], WARM, [seed], steady=True)[0] for seed, prompt in enumerate(prompts)]


def test_more_rows_than_a_steady_batch_has_are_refused(tiny, prompts):
    with pytest.raises(ValueError, match="at most 24"):
        next(streamed(tiny, prompts * 9, WARM, list(range(27)), steady=True))


def test_frequencies_follow_the_softmax(tiny, prompts):
    """One token, drawn 3,000 times: each probability within four standard errors."""
    draws, prompt = 3000, prompts[0]
    one = SamplingConfig(max_new_tokens=1, temperature=1.0)
    counts = torch.zeros(len(tiny.tokenizer))
    for response in drawn(tiny, [prompt] * draws, one, list(range(draws))):
        counts[response.token_ids[0]] += 1
    with torch.no_grad():
        expected = tiny.network(torch.tensor([prompt], device=DEVICE)).logits[0, -1].softmax(-1).cpu()
    spread = (expected * (1 - expected) / draws).sqrt()
    assert ((counts / draws - expected).abs() <= 4 * spread + 1 / draws).all()


def test_the_nucleus_leaves_out_the_tail(tiny, prompts):
    with torch.no_grad():
        ranked = tiny.network(torch.tensor([prompts[0]], device=DEVICE)).logits[0, -1].softmax(-1).cpu().sort(descending=True)
    inside = set(ranked.indices[: int((ranked.values.cumsum(0) < 0.2).sum()) + 1].tolist())
    picked = drawn(tiny, [prompts[0]] * 300, SamplingConfig(max_new_tokens=1, temperature=1.0, top_p=0.2), list(range(300)))
    assert {response.token_ids[0] for response in picked} <= inside


def test_rows_that_end_early_do_not_disturb_the_others(tiny, prompts):
    """With many end tokens, rows end at different steps and the batch shrinks; each row still equals its own run."""
    restless = replace(tiny, end_ids=tuple(range(0, 250, 10)))
    many = SamplingConfig(max_new_tokens=40, temperature=1.5)
    batch = [prompts[i % 3] for i in range(9)]
    together = drawn(restless, batch, many, list(range(9)))
    assert len({len(response.token_ids) for response in together}) > 2
    assert together == [drawn(restless, [prompt], many, [seed])[0] for seed, prompt in enumerate(batch)]


def test_a_prompt_without_room_for_the_reply_is_refused_with_a_remedy(tiny):
    long = list(range(200)) * 21
    with pytest.raises(ContextError, match="Shorten"):
        next(streamed(tiny, [long[:4090]], WARM, [0]))
