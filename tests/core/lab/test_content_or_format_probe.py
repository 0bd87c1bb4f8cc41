"""Content or format: each control is trained once, as the text itself is, and stands beside it under the text that it was trained on."""

import json
from dataclasses import replace

import pytest
import torch

from core.constitution.principles import content_hash
from core.constitution.queries import Query
from core.engine.models import Placing, load_model
from core.lab.battery import run_battery
from core.lab.probing.content_or_format import HERE, Line, _examined, upshot_of_lines
from core.lab.values import Upshot
from core.methods.settings import preset
from core.progress import Stopped
from core.settings import ModelReference
from tests.core.lab.benches import ONE, bench_on
from tests.core.lab.found import known, row, with_changes
from tests.devices import DEVICE
from tests.tiny import save_tiny_adapter

KEYS = [
    "prompt",
    "sami, real",
    "sami, emptied",
    "prompt, emptied",
    "sami, emptied, its own text",
    "sami, swapped",
    "sami, nonce",
    "prompt, nonce",
    "sami, nonce, its own text",
    "sami, random",
]


def bench(tiny, folder, **more):
    found = bench_on(tiny, folder, ONE, **more)
    small = {"train_queries": 4, "queries_per_step": 2, "passes": 1, "lora_rank": 4, "lora_alpha": 8, "max_kl_nats": 0.0}
    train = tuple(Query(text=f"Question number {i}?", split="train") for i in range(6))
    return replace(found, plan=replace(found.plan, queries=(*found.plan.queries, *train), config=replace(found.plan.config, **small)))


@pytest.fixture(scope="module")
def probed(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("content") / "lab"
    tiny = load_model(ModelReference(id=str(tiny_folder)), folder, Placing(device=DEVICE, dtype=torch.float32))
    (record,) = run_battery(bench(tiny, folder), ["content-or-format"])
    return folder, record


def test_each_control_stands_beside_the_text_under_the_text_that_it_was_trained_on(probed):
    folder, record = probed
    assert record.why == "" and record.result is not None
    assert [found.key for found in record.result.rows] == KEYS
    keys = {(found.principle, found.key) for found in record.result.rows}
    assert all((found.principle, found.against) in keys for found in record.result.rows if found.against)
    assert all(found.own.value is not None and found.compliance.value is not None for found in record.result.rows)
    (table,) = record.result.tables
    assert [line[1] for line in table.rows] == ["The text", "Emptied text", "Swapped sides", "Invented words", "Replies paired at random"]
    assert all(len(line) == len(table.heads) for line in table.rows)
    assert record.result.sentences == (HERE,)
    plans = {path.name: json.loads((path / "plan.json").read_text()) for path in (folder / "probes" / "content-or-format").iterdir() if path.is_dir()}
    assert {name: plan["config"]["variant"] for name, plan in plans.items()} == {name: name for name in plans}
    assert len(plans) == 5


def test_a_probe_that_is_stopped_goes_on_and_trains_nothing_twice(probed, tiny, tmp_path):
    asked = iter(range(1, 10_000))
    with pytest.raises(Stopped):
        run_battery(replace(bench(tiny, tmp_path), should_stop=lambda: next(asked) >= 12), ["content-or-format"])
    made = {path: path.stat().st_mtime_ns for path in tmp_path.glob("probes/content-or-format/*/adapter/adapter_model.safetensors")}
    assert 0 < len(made) < 5
    (record,) = run_battery(bench(tiny, tmp_path), ["content-or-format"])
    assert all(path.stat().st_mtime_ns == made[path] for path in made)
    assert record.result == probed[1].result


def test_the_adapter_of_a_run_on_the_text_is_taken_as_it_is_and_a_strangers_is_not(probed, tiny, tiny_folder, tmp_path):
    found = bench(tiny, tmp_path, adapter=save_tiny_adapter(tiny_folder, tmp_path / "adapter"))
    assert _examined(found) is None
    recorded = replace(found, examined=replace(found.examined, record={"constitution_sha256": content_hash(ONE)}))
    assert _examined(recorded).arm == recorded.trained[0]
    assert _examined(replace(recorded, examined=replace(recorded.examined, record={"constitution_sha256": "other"}))) is None
    swapped = replace(recorded.plan, config=replace(recorded.plan.config, variant="swapped"))
    assert _examined(replace(recorded, plan=swapped)) is None


def test_it_needs_train_queries_and_a_method_that_contrasts(tiny, tmp_path):
    (record,) = run_battery(bench_on(tiny, tmp_path / "none", ONE), ["content-or-format"])
    assert (record.result, record.why) == (None, "it needs train queries")
    found = bench(tiny, tmp_path / "bct")
    (record,) = run_battery(replace(found, plan=replace(found.plan, config=preset("quick", method="bct"))), ["content-or-format"])
    assert record.result is None and "variant means nothing with bct" in record.why


UP, SAME, DOWN = known(0.2, 0.1, 0.3), known(0.0, -0.1, 0.1), known(-0.2, -0.3, -0.1)


def line(variant, bound, compliance):
    found = with_changes(row(key=f"sami, {variant}", against="prompt"), bound, compliance)
    return Line(variant, found, found)


@pytest.mark.parametrize(
    ("control", "upshot"),
    [
        (("emptied", SAME, SAME), Upshot.HELD),
        (("emptied", UP, SAME), Upshot.FAILED),
        (("nonce", UP, DOWN), Upshot.FAILED),
        (("swapped", UP, DOWN), Upshot.FAILED),
        (("random", UP, UP), Upshot.OPEN),
    ],
)
def test_a_bound_that_rises_without_content_or_behaviour_counts_against_it(control, upshot):
    assert upshot_of_lines([line("real", UP, UP), line(*control)]) is upshot
    assert upshot_of_lines([line("real", SAME, SAME), line("emptied", SAME, SAME)]) is Upshot.OPEN
