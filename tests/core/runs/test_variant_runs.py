"""A run of a control: the text in its prompts, or the places of its replies, are other ones, its record says so, and it can be stopped like any."""

import contextlib
import dataclasses
import json

import pytest
import torch

from core.constitution.checks import Check
from core.constitution.nonce import nonce
from core.constitution.principles import Constitution, Principle, from_data, to_data
from core.constitution.queries import Query
from core.engine.models import Placing, load_model
from core.engine.policies import base_of
from core.engine.processes import ALONE
from core.methods.examples import draw_examples, example_from_data
from core.methods.settings import TrainConfig, preset
from core.methods.steering.recipe import draw_sides, mean_differences
from core.methods.variants import VARIANTS, without_content
from core.progress import Listener, Stopped
from core.runs.execute import execute
from core.runs.iterations import iteration_queries
from core.runs.plan import RunPlan
from core.runs.training import paired
from core.settings import ModelReference, SamplingConfig
from tests.devices import DEVICE

BRIEF = Principle(title="Brief", statement="Be short.", antithesis="Be long.", check=Check("max_words", 3))
CONSTITUTION = Constitution(name="Test", principles=(BRIEF,))
QUERIES = tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(12))
CONTROLS = [key for key in VARIANTS if key != "real"]


def plan(tiny_folder, variant, **changes):
    values = {"train_queries": 4, "held_out_queries": 2, "queries_per_step": 2, "sample_every": 2, "lora_rank": 4, "lora_alpha": 8, "train_anyway": True}
    config = TrainConfig(**{**values, "sampling": SamplingConfig(max_new_tokens=6, temperature=1.0), "variant": variant, **changes})
    return RunPlan(constitution=CONSTITUTION, queries=QUERIES, model=ModelReference(id=str(tiny_folder)), config=config)


@pytest.fixture(scope="module")
def runs(tiny_folder, tmp_path_factory):
    """Every variant, once."""
    folder = tmp_path_factory.mktemp("variants")
    return {key: (folder / key, execute(plan(tiny_folder, key), folder / key, folder)) for key in VARIANTS}


def drawn(runs, key):
    rows = json.loads((runs[key][0] / "iteration-1" / "responses-000.json").read_text())["examples"]
    return [example_from_data(row, 1, TrainConfig()) for row in rows]


def test_each_variant_trains_another_adapter(runs):
    assert len({record.adapter_sha256 for _, record in runs.values()}) == len(VARIANTS)


@pytest.mark.parametrize("key", CONTROLS)
def test_the_record_says_which_control_it_is_and_what_stood_in_the_prompts(runs, key):
    data = json.loads((runs[key][0] / "run.json").read_text())
    assert (data["config"]["variant"], data["constitution"]) == (key, to_data(CONSTITUTION))
    text = {"emptied": without_content(CONSTITUTION), "nonce": nonce(CONSTITUTION).constitution}.get(key)
    assert (from_data(data["trained_text"]) if "trained_text" in data else None) == text
    assert data["result"]["principles"][0]["title"] == "Brief"


@pytest.mark.parametrize("key", ["emptied", "nonce"])
def test_replies_are_drawn_and_measured_under_the_text_that_is_left(runs, tiny_folder, tmp_path, key):
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE))
    config, text = plan(tiny_folder, key).config, VARIANTS[key].text(CONSTITUTION)
    expected = draw_examples(base_of(base), text, iteration_queries(QUERIES, config, 1), config)
    assert drawn(runs, key) == list(expected.examples)
    measured = {name: json.loads((runs[name][0] / "replies-prompt-000.json").read_text()) for name in (key, "real")}
    assert [row["text"] for row in measured[key]] != [row["text"] for row in measured["real"]]


@pytest.mark.parametrize("key", ["swapped", "random"])
def test_replies_are_drawn_as_in_the_run_of_the_text_and_stand_in_other_places(runs, tiny_folder, key):
    assert drawn(runs, key) == drawn(runs, "real")
    examples, config = drawn(runs, "real"), plan(tiny_folder, key).config
    moved = paired(examples, config, 1)
    assert [dataclasses.replace(one, responses=other.responses) for one, other in zip(moved, examples, strict=True)] == examples
    assert sorted(r for each in moved for r in each.responses) == sorted(r for each in examples for r in each.responses)
    assert moved != examples
    if key == "swapped":
        assert [each.responses for each in moved] == [each.responses[::-1] for each in examples]


def test_what_was_swapped_once_is_not_swapped_back_in_the_next_iteration(runs, tiny_folder):
    examples = drawn(runs, "real")
    assert paired(examples, plan(tiny_folder, "swapped").config, 2) == examples
    assert paired(examples, plan(tiny_folder, "random").config, 2) != examples
    assert paired(examples, plan(tiny_folder, "real").config, 1) == examples


@pytest.mark.parametrize(("key", "calls"), [("random", 2), ("random", 4), ("swapped", 3), ("emptied", 5)])
def test_a_run_of_a_control_stopped_anywhere_ends_as_if_it_had_not_been(runs, tiny_folder, tmp_path, key, calls):
    asked = iter(range(1, 1000))
    with contextlib.suppress(Stopped):
        execute(plan(tiny_folder, key), tmp_path / "cut", tmp_path, Listener(should_stop=lambda: next(asked) >= calls))
    resumed = execute(plan(tiny_folder, key), tmp_path / "cut", tmp_path)
    assert resumed.adapter_sha256 == runs[key][1].adapter_sha256
    assert resumed.result == runs[key][1].result


def test_a_steering_vector_of_swapped_sides_is_the_opposite_one(tiny_folder, tmp_path):
    """The mean difference of the replies under the statements and under the antitheses changes its sign."""
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
    config = preset("quick", method="steering", variant="swapped", sampling=SamplingConfig(max_new_tokens=6, temperature=1.0))
    examples = list(draw_sides(base_of(base), CONSTITUTION, ["Why?", "What is tea?"], config).examples)
    towards, against = (mean_differences(base, some, [0], ALONE) for some in (examples, paired(examples, config, 1)))
    assert torch.equal(towards, -against) and towards.abs().max() > 0
