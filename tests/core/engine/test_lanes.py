"""Passes side by side give what each gives by itself, and leave threads and adapter as they were."""

import dataclasses
import threading

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.engine import layouts
from core.engine.adapters import BASE_WEAR, Wear, load_adapter, lora_layers, put_on
from core.engine.lanes import in_lanes, steps_in_lanes
from core.engine.layouts import with_layouts_tried
from core.engine.models import Placing, load_model
from core.engine.pairs import Pairs, score_pairs
from core.engine.policies import Group, as_it_is, base_of, draw_groups
from core.engine.policy import prompt_of
from core.engine.sampling import sample, told
from core.measure.relevance import read_replies
from core.settings import ModelReference, SamplingConfig
from tests.devices import DEVICE
from tests.tiny import save_tiny_adapter

CONSTITUTION = Constitution(name="C", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long and dull."),))
WARM = SamplingConfig(max_new_tokens=8, temperature=1.5)


@pytest.fixture(scope="module")
def adapter(tiny_folder, tmp_path_factory):
    return save_tiny_adapter(tiny_folder, tmp_path_factory.mktemp("adapter"))


@pytest.fixture
def adapted(tiny_folder, adapter, tmp_path):
    """Of which replies end early now and then, in any of its batches."""
    model = load_adapter(load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.bfloat16)), adapter)
    return dataclasses.replace(model, end_ids=tuple(range(0, 250, 10)))


def test_jobs_run_at_the_same_time_in_threads_of_their_own_without_gradients_and_keep_their_order():
    both, before = threading.Barrier(2, timeout=60), torch.get_num_threads()

    def job(name):
        both.wait()  # nobody comes here unless the other does
        return name, threading.get_ident(), torch.is_grad_enabled()

    found = in_lanes(2, [lambda: job("a"), lambda: job("b")])
    assert [name for name, *_ in found] == ["a", "b"] and len({thread for _, thread, _ in found} | {threading.get_ident()}) == 3
    assert not any(grad for *_, grad in found) and torch.is_grad_enabled() and torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError):
        in_lanes(2, [lambda: 1, lambda: 1 // 0])
    assert torch.get_num_threads() == before


def test_steps_of_batches_are_those_of_one_and_a_batch_that_has_ended_says_nothing():
    steps = steps_in_lanes(2, [(1, iter([[1], [2]])), (2, iter([[3, 4], [5, None], [6, None]]))])
    assert list(steps) == [[1, 3, 4], [2, 5, None], [None, 6, None]]


def groups(model):
    """More than one batch of each kind."""
    prompts = [prompt_of(model, CONSTITUTION, (i % 2 == 0,), f"Why {'so ' * (i % 5)}{i}?") for i in range(76)]
    return [Group(prompts[:26], list(range(26)), steady=True), Group(prompts[26:], list(range(50)))]


@pytest.mark.parametrize("opened", [base_of, lambda model: as_it_is(model, "sami")])
def test_batches_side_by_side_reply_to_the_bit_as_one_after_another_and_the_adapter_rests_as_it_did(adapted, opened):
    asked = groups(adapted)
    one = opened(adapted)
    expected = [sample(one, group.prompts, WARM, group.seeds, steady=group.steady) for group in asked]
    told_of = []
    assert told(draw_groups(opened(dataclasses.replace(adapted, lanes=2)), asked, WARM), told_of.append) == expected
    assert len({len(response.token_ids) for responses in expected for response in responses}) > 2
    assert told_of[-1].finished == 76 and [w.share for w in told_of] == sorted(w.share for w in told_of)
    assert put_on(adapted.network, lora_layers(adapted.network), BASE_WEAR) == Wear("default", 1.0)


def test_a_drawing_that_is_left_puts_the_adapter_back_on(adapted):
    drawing, before = draw_groups(base_of(dataclasses.replace(adapted, lanes=2)), groups(adapted), WARM), torch.get_num_threads()
    next(drawing)
    drawing.close()
    assert torch.get_num_threads() == before
    assert put_on(adapted.network, lora_layers(adapted.network), BASE_WEAR) == Wear("default", 1.0)


def test_scores_and_readings_are_the_same_in_lanes(adapted):
    model = dataclasses.replace(adapted, lanes=2)
    head = list(range(5, 30))
    asked = [Pairs(prompt=[*head, 10 + i], replies=[[20 + i] * 60, [40, 41, 42 + i]], own=i % 2 or None) for i in range(16)]
    with torch.no_grad():
        found, expected = score_pairs(model, asked), score_pairs(adapted, asked)
    for one, other in zip(found, expected, strict=True):
        assert all(torch.allclose(a, b, atol=0.2) for a, b in zip(one.tokens, other.tokens, strict=True)) and (one.own is None) == (other.own is None)
    queries, texts = [f"Why {i}?" for i in range(9)], [f"Because of {i}." for i in range(9)]
    assert read_replies(model, queries, texts) == read_replies(adapted, queries, texts)


def test_there_are_lanes_only_where_all_threads_and_those_of_one_lane_give_the_same_bits(adapted, monkeypatch):
    bare = dataclasses.replace(adapted, network=adapted.network.unload(), adapters={}, lanes=2)
    monkeypatch.setattr(layouts, "threads", lambda: 2)
    assert with_layouts_tried(bare).lanes == 2
    logits = layouts._logits
    monkeypatch.setattr(layouts, "_logits", lambda *given: logits(*given) + (threading.current_thread() is not threading.main_thread()))
    assert with_layouts_tried(bare).lanes == 1
    monkeypatch.setattr(layouts, "_logits", logits)
    monkeypatch.setattr(layouts, "threads", lambda: 1)
    assert with_layouts_tried(bare).lanes == 1
    monkeypatch.setattr(layouts, "threads", lambda: 2)
    monkeypatch.setattr(layouts, "LANES_UP_TO_BYTES", 10)
    assert with_layouts_tried(bare).lanes == 1
