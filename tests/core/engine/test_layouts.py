"""A steady batch has as few rows as leave each row the bits that it has in a full one, and no fewer."""

from dataclasses import replace

import pytest
import torch

from core.constitution.principles import Turns
from core.engine.adapters import attach_adapter
from core.engine.batching import STEADY_ROWS, STEADY_SIZES
from core.engine.layouts import prove_steady, with_layouts_tried, with_steady_adapter
from core.engine.models import Placing, encode_prompt, load_model
from core.settings import ModelReference, SamplingConfig
from tests.asking import drawn
from tests.devices import DEVICE

QUERIES = ("Hi?", "Why is the sky blue, and the sea too?", "How do I boil an egg?", "What is tea?", "Who?", "Is it late?", "Where to?")
WARM = SamplingConfig(max_new_tokens=24, temperature=1.5)


@pytest.fixture
def half(tiny_folder, tmp_path):
    """In bfloat16, where rows round differently in different company; its replies end early now and then."""
    model = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.bfloat16))
    return replace(model, end_ids=tuple(range(0, 250, 10)))


def prompts_of(model):
    return [encode_prompt(model, Turns("You are a helpful assistant.", query)) for query in QUERIES]


def replies(model, prompts):
    return drawn(model, prompts, WARM, list(range(len(prompts))), steady=True)


def test_fewer_rows_give_the_very_replies_of_a_full_batch(half):
    prompts = prompts_of(half)
    tried = prove_steady(half, prompts)
    assert half.steady_sizes == (STEADY_ROWS,)
    assert set(tried.steady_sizes) <= set(STEADY_SIZES)
    assert tried.steady_sizes[-1] == STEADY_ROWS
    full = replies(half, prompts)
    assert len({len(response.token_ids) for response in full}) > 2
    assert replies(tried, prompts) == full
    assert [replies(tried, [prompt])[0] for prompt in prompts[:1]] == full[:1]


def of_so_many_rows(network, seen):
    """Have a network tell how many rows each of its passes has."""
    return network.register_forward_pre_hook(lambda _module, _args, given: seen.append(len(given["input_ids"])), with_kwargs=True)


def test_rows_are_dropped_and_filled_only_to_the_sizes_that_were_found(half):
    prompts, seen = prompts_of(half), []
    hook = of_so_many_rows(half.network, seen)
    replies(half, prompts)
    assert set(seen) == {STEADY_ROWS}
    seen.clear()
    replies(replace(half, steady_sizes=(2, 8, STEADY_ROWS)), prompts)
    hook.remove()
    assert seen[0] == 8
    assert set(seen) == {8, 2}


@pytest.mark.parametrize(("harmed", "kept"), [((2,), (8, STEADY_ROWS)), ((2, 8), (STEADY_ROWS,))])
def test_a_network_whose_rows_depend_on_their_number_is_found_out(half, harmed, kept):
    """By last bits in the logits, as a library's choice of another kernel makes it."""

    def round_otherwise(_module, _args, output):
        if len(output.logits) in harmed:
            output.logits[0] *= 1 + 2**-7

    sound = prove_steady(half, prompts_of(half)).steady_sizes
    hook = half.network.register_forward_hook(round_otherwise)
    found = prove_steady(half, prompts_of(half)).steady_sizes
    hook.remove()
    assert found == tuple(size for size in sound if size in kept)
    assert found[-1] == STEADY_ROWS


def test_an_adapter_keeps_the_sizes_that_leave_its_own_products_alike(half, monkeypatch):
    tried = replace(half, steady_sizes=STEADY_SIZES)
    adapted = attach_adapter(tried, rank=4, alpha=8, seed=0)
    assert adapted.steady_sizes[-1] == STEADY_ROWS
    monkeypatch.setattr("core.engine.layouts._alike", lambda *_: frozenset({8, STEADY_ROWS}))
    assert with_steady_adapter(replace(adapted, steady_sizes=STEADY_SIZES)).steady_sizes == (8, STEADY_ROWS)


def test_layers_that_are_not_ours_have_full_batches(half):
    adapted = attach_adapter(replace(half, steady_sizes=STEADY_SIZES), rank=4, alpha=8, seed=0)
    layer = next(module for module in adapted.network.modules() if hasattr(module, "lora_A"))
    layer.__class__ = layer.__class__.__mro__[1]  # peft's own
    assert with_steady_adapter(replace(adapted, steady_sizes=STEADY_SIZES)).steady_sizes == (STEADY_ROWS,)


def test_both_layouts_are_tried_without_a_constitution(half):
    tried = with_layouts_tried(half)
    assert tried.packed
    assert tried.steady_sizes[-1] == STEADY_ROWS
