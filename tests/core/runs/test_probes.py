"""Probes: which queries, what is measured, when training ends by them, and that a kill changes nothing."""

import contextlib
import dataclasses
import itertools
import json
import math

import pytest
import torch
from safetensors.torch import load_file

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.constitution.text import repetition
from core.engine.adapters import attach_adapter
from core.engine.checkpoints import checkpoint_steps, find_checkpoint
from core.engine.models import LoadedModel, Placing, load_model
from core.engine.policies import base_of
from core.engine.policy import Prompt
from core.engine.scoring import score
from core.errors import AdapterError
from core.measure.ask import side_prompt
from core.measure.information import mi_bound
from core.measure.relevance import read_replies
from core.measure.sense import relevance_of
from core.methods.settings import TrainConfig
from core.progress import Listener, Stopped
from core.runs.endings import Probed
from core.runs.execute import execute
from core.runs.iterations import iteration_queries, left_to_probe, probe_note, probe_queries
from core.runs.loop import Company, train
from core.runs.plan import RunPlan
from core.runs.probes import Probes, go_back, probe
from core.runs.records import result_data
from core.settings import ModelReference, SamplingConfig
from tests.core.runs.test_loop import EXAMPLES
from tests.devices import DEVICE

CONSTITUTION = Constitution(name="Test", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long."),))
CONFIG = TrainConfig(train_queries=6, queries_per_step=2, passes=4, learning_rate=5e-3, lora_rank=4, lora_alpha=8, max_kl_nats=0)  # 12 steps
NOBODY = Company()
QUERIES = tuple(Query(f"Question number {i}?", "train" if i < 24 else "held_out") for i in range(30))


@pytest.mark.parametrize(("iterations", "train_queries"), [(1, 4), (1, 20), (2, 4), (3, 2), (3, 3), (3, 4)])
def test_probe_queries_are_of_the_train_split_and_used_by_no_iteration_so_far(iterations, train_queries):
    config = TrainConfig(iterations=iterations, train_queries=train_queries, probe_every=1, probe_queries=5)
    split = {query.text for query in QUERIES if query.split == "train"}
    for number in range(1, iterations + 1):
        found = probe_queries(QUERIES, config, number)
        so_far = {query for turn in range(1, number + 1) for query in iteration_queries(QUERIES, config, turn)}
        assert len(found) == len(set(found)) == min(5, len(split - so_far))
        assert set(found) <= split - so_far
    assert left_to_probe(24, config) == len(probe_queries(QUERIES, dataclasses.replace(config, probe_queries=99), iterations))


def test_all_iterations_are_probed_on_the_same_queries_where_there_are_enough():
    config = TrainConfig(iterations=3, train_queries=2, probe_every=1, probe_queries=5)
    assert len({tuple(probe_queries(QUERIES, config, number)) for number in (1, 2, 3)}) == 1
    assert probe_queries(QUERIES, dataclasses.replace(config, probe_every=0), 1) == []


def test_too_few_queries_are_said_in_words():
    config = TrainConfig(probe_every=4, probe_queries=8)
    assert probe_note(8, config) == probe_note(0, TrainConfig()) == ""
    assert "probed on 3 queries where 8 are asked for" in probe_note(3, config)
    assert "not probed" in probe_note(1, config)


@dataclasses.dataclass(frozen=True)
class Parrot:
    """A policy that says what it is given, one text a prompt, and scores as the base does."""

    model: LoadedModel
    says: dict[Prompt, str]

    @property
    def arm(self):
        return base_of(self.model).arm

    def ids(self, prompt):
        return (*self.model.tokenizer(self.says[prompt], add_special_tokens=False)["input_ids"], self.model.tokenizer.eos_token_id)

    def decode(self, prompts, sampling, seeds, *, steady=False):
        yield from map(list, itertools.zip_longest(*map(self.ids, prompts)))

    def score(self, prompts, responses, own=()):
        return base_of(self.model).score(prompts, responses, own)


def test_a_probe_measures_bound_and_repetition_of_the_policys_own_replies(tiny):
    """The replies are given, one of them empty, so that its query has no bound; the rest is scored by the model."""
    texts = ["a b c d a b c d", "long reply", "x y z w", ""]
    prompts = [side_prompt(tiny, CONSTITUTION, side, query) for query in ("One?", "Two?") for side in ("statement", "antithesis")]
    parrot = Parrot(tiny, dict(zip(prompts, texts, strict=True)))
    found = probe(parrot, CONSTITUTION, ["One?", "Two?"], TrainConfig(), 4)
    with torch.no_grad():
        expected = mi_bound(score(tiny, [prompt.ids for prompt in prompts[:2]], [parrot.ids(prompt) for prompt in prompts[:2]]).means_CR())
        surprises = [-float(score(tiny, [prompt.ids], [parrot.ids(prompt)]).means_CR()) for prompt in prompts[::2]]
    relevances = [relevance_of(read.logprobs) for read in read_replies(tiny, ["One?", "Two?"], texts[::2])]
    assert found == Probed(
        step=4,
        bound_nats=pytest.approx(expected, abs=1e-9),
        repetition=(repetition(texts[0]) + 0) / 2,
        loops=0.0,
        relevance_nats=sum(relevances) / 2,
        surprise_nats=pytest.approx(sum(surprises) / 2, abs=1e-6),
    )
    assert repetition(texts[0]) == pytest.approx(1 / 5)
    silent = Parrot(tiny, dict.fromkeys(prompts, ""))
    assert probe(silent, CONSTITUTION, ["One?", "Two?"], TrainConfig(), 4) == Probed(step=4, bound_nats=None, repetition=None, loops=None)


def test_a_probe_tells_what_the_checks_find_of_the_replies_under_the_statements(tiny):
    """Two of four replies have at most three words, since silence follows nothing; a principle without a check is left out."""
    principles = (Principle(title="Short", statement="Be short.", antithesis="Be long.", check=Check("max_words", 3)), CONSTITUTION.principles[0])
    both, queries = Constitution(name="Test", principles=principles), ["One?", "Two?", "Three?", "Four?"]
    says = {"One?": "a b", "Two?": "a b c d", "Three?": "a", "Four?": ""}
    prompts = {side_prompt(tiny, both, side, query): says[query] for query in queries for side in ("statement", "antithesis")}
    assert probe(Parrot(tiny, prompts), both, queries, TrainConfig(), 4).compliance == 0.5


def test_where_replies_choose_the_step_only_replies_under_the_statements_are_drawn(tiny):
    config = TrainConfig(probe_every=2, step_by="replies", sampling=SamplingConfig(max_new_tokens=8, temperature=1.0))
    asked = []

    class Listens(Parrot):
        def decode(self, prompts, sampling, seeds, *, steady=False):
            asked.extend(prompts)
            yield from super().decode(prompts, sampling, seeds, steady=steady)

    prompts = [side_prompt(tiny, CONSTITUTION, "statement", query) for query in ("One?", "Two?")]
    found = probe(Listens(tiny, dict(zip(prompts, ("a b c", "d e"), strict=True))), CONSTITUTION, ["One?", "Two?"], config, 4)
    assert asked == prompts
    assert found.bound_nats is None
    assert found.surprise_nats > 0


def test_a_probe_counts_what_follows_and_still_answers_its_own_query(tiny):
    """Three of four replies are short; the base decides which of them are likeliest under their own query."""
    short = Principle(title="Short", statement="Be short.", antithesis="Be long.", check=Check("max_words", 3))
    both, queries = Constitution(name="Test", principles=(short,)), ["One?", "Two?", "Three?", "Four?"]
    says = {"One?": "one two", "Two?": "a b c d", "Three?": "three", "Four?": "x"}
    prompts = {side_prompt(tiny, both, side, query): says[query] for query in queries for side in ("statement", "antithesis")}
    answers = [
        max(read.logprobs) == read.logprobs[0] and read.logprobs.count(read.logprobs[0]) == 1 for read in read_replies(tiny, queries, list(says.values()))
    ]
    found = probe(Parrot(tiny, prompts), both, queries, TrainConfig(), 4)
    assert (found.compliance, found.useful) == (0.75, sum(answers[i] for i in (0, 2, 3)) / 4)
    assert 0 < found.useful < found.compliance  # or this would show nothing


def test_the_same_policy_is_probed_alike_and_never_above_the_cap(tiny):
    config = TrainConfig(sampling=SamplingConfig(max_new_tokens=8, temperature=1.0))
    first = probe(base_of(tiny), CONSTITUTION, ["One?", "Two?", "Three?"], config, 4)
    assert first == probe(base_of(tiny), CONSTITUTION, ["One?", "Two?", "Three?"], config, 4)
    assert first.bound_nats <= math.log(2)


@dataclasses.dataclass
class Finds:
    """Probes that find the given bounds, one a step, and the adapter as it was at each."""

    bounds: list
    useful: list | None = None
    seen: dict = dataclasses.field(default_factory=dict)


def trained(tiny_folder, folder, finds, config, company=NOBODY):
    """Train on `EXAMPLES`, probed; returns the weights that are left."""
    folder.mkdir(exist_ok=True)
    model = attach_adapter(load_model(ModelReference(id=str(tiny_folder)), folder, Placing(device=DEVICE, dtype=torch.float32)), rank=4, alpha=8, seed=0)

    def ask(step):
        finds.seen[step] = weights(model)
        useful = finds.useful[step - 1] if finds.useful is not None else None
        return Probed(step=step, bound_nats=finds.bounds[step - 1], repetition=0.0, loops=0.0, useful=useful)

    base = Probed(step=0, bound_nats=0.0, repetition=0.0, loops=0.0)
    probes = Probes(folder=folder, config=config, base=base, ask=ask)
    train(model, EXAMPLES, config, folder, dataclasses.replace(company, probes=probes))
    return weights(model)


def weights(model):
    return torch.cat([p.detach().flatten() for _, p in sorted(model.network.named_parameters()) if p.requires_grad])


def test_an_end_by_patience_leaves_the_adapter_of_the_best_step_bit_for_bit(tiny_folder, tmp_path):
    steps, finds = [], Finds([0.1, 0.3, 0.2, 0.4, 0.3, 0.4, 0.9])
    left = trained(tiny_folder, tmp_path / "run", finds, dataclasses.replace(CONFIG, probe_every=1, patience=2), Company(on_step=steps.append))
    assert [report.done for report in steps] == [1, 2, 3, 4, 5, 6]
    assert steps[-1].total == 6
    assert [report.metrics["probe_bound_nats"] for report in steps] == finds.bounds[:6]
    assert json.loads((tmp_path / "run" / "early_end.json").read_text())["back_to"] == 4
    assert torch.equal(left, finds.seen[4])
    assert not any(torch.equal(left, finds.seen[step]) for step in (1, 2, 3, 5, 6))


def test_probes_come_every_so_many_steps_and_change_nothing_while_they_do_not_end_it(tiny_folder, tmp_path):
    steps = []
    config = dataclasses.replace(CONFIG, probe_every=5, patience=0)
    left = trained(tiny_folder, tmp_path / "probed", Finds([0.5] * 12), config, Company(on_step=steps.append))
    assert [report.done for report in steps if "probe_bound_nats" in report.metrics] == [5, 10]
    assert not (tmp_path / "probed" / "early_end.json").exists()
    plain = Finds([0.5] * 12)
    trained(tiny_folder, tmp_path / "plain", plain, dataclasses.replace(config, probe_every=12))
    assert torch.equal(left, plain.seen[12])


def test_where_replies_choose_a_training_without_early_end_leaves_the_adapter_of_the_best_step(tiny_folder, tmp_path):
    finds = Finds([0.1 * step for step in range(1, 13)], useful=[0.25, 0.5, 0.75, *[0.5] * 9])
    steps, config = [], dataclasses.replace(CONFIG, probe_every=1, patience=0, step_by="replies")
    left = trained(tiny_folder, tmp_path / "run", finds, config, Company(on_step=steps.append))
    assert steps[-1].done == steps[-1].total == 12
    assert json.loads((tmp_path / "run" / "early_end.json").read_text())["back_to"] == 3
    assert torch.equal(left, finds.seen[3])
    again = trained(tiny_folder, tmp_path / "run", Finds([]), config)  # the same folder: nothing is left to do but to go back
    assert torch.equal(again, left)


@pytest.mark.parametrize("stop_after", range(1, 6))
def test_a_resumed_training_with_probes_equals_an_uninterrupted_one(tiny_folder, tmp_path, stop_after):
    """It ends after the fifth step and goes back to the second; a stop after the fifth leaves nothing to do but to go back."""
    config, finds = dataclasses.replace(CONFIG, probe_every=1, patience=3), Finds([0.1, 0.3, 0.2, 0.2, 0.1, 0.9])
    whole = trained(tiny_folder, tmp_path / "whole", finds, config)
    asked = itertools.count(1)
    with pytest.raises(Stopped) if stop_after < 5 else contextlib.nullcontext():
        trained(tiny_folder, tmp_path / "cut", finds, config, Company(should_stop=lambda: next(asked) >= stop_after))
    assert torch.equal(trained(tiny_folder, tmp_path / "cut", finds, config), whole)
    for name in ("probes.json", "early_end.json"):
        assert (tmp_path / "cut" / name).read_text() == (tmp_path / "whole" / name).read_text()


def test_adapters_that_no_checkpoint_could_need_are_dropped(tiny_folder, tmp_path, monkeypatch):
    """A checkpoint after each step, of which two are kept: the best one at the older of them must stay, earlier ones need not."""
    monkeypatch.setattr("core.runs.loop.CHECKPOINT_EVERY_S", 0.0)
    config = dataclasses.replace(CONFIG, probe_every=1, patience=0)
    trained(tiny_folder, tmp_path / "run", Finds([0.1, 0.2, 0.3, 0.2, 0.2, 0.4, 0.1, 0.1, 0.1, 0.1, 0.5, 0.6]), config)
    assert checkpoint_steps(tmp_path / "run") == [11, 12]
    assert checkpoint_steps(tmp_path / "run" / "best") == [11, 12]
    trained(tiny_folder, tmp_path / "other", Finds([0.1, 0.2, 0.3, 0.2, 0.2, 0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.6]), config)
    assert checkpoint_steps(tmp_path / "other" / "best") == [6, 12]


def test_a_best_adapter_that_is_gone_is_said_with_a_remedy(tmp_path):
    with pytest.raises(AdapterError, match=r"step 6 in .* is missing or damaged. Remove .* and resume"):
        go_back(tmp_path, 6, {})


def plan(tiny_folder, queries=QUERIES, **changes):
    values = {"train_queries": 4, "held_out_queries": 2, "queries_per_step": 2, "lora_rank": 4, "lora_alpha": 8, "probe_every": 1, "probe_queries": 3}
    config = TrainConfig(**{**values, "sampling": SamplingConfig(max_new_tokens=6, temperature=1.0), "max_kl_nats": 0, **changes})
    return RunPlan(constitution=CONSTITUTION, queries=queries, model=ModelReference(id=str(tiny_folder)), config=config)


def test_a_run_tells_of_its_probes_and_of_its_early_end(tiny_folder, tmp_path):
    """The tiny model's bound rises and falls, and the first fall ends it."""
    reports = []
    made = plan(tiny_folder, passes=20, patience=1, max_repetition_rise=0, learning_rate=0.02)
    record = execute(made, tmp_path / "run", tmp_path, Listener(on_step=reports.append))
    stored = json.loads((tmp_path / "run" / "run.json").read_text())
    [ending] = stored["endings"]
    assert ending["reason"] == "patience"
    assert ending["step"] == ending["back_to"] + 1 < 40
    assert record.endings == stored["endings"] == result_data(record)["endings"]
    assert [report.lasting for report in reports if report.lasting][-1] == ending["says"]
    assert len(stored["metrics"]) == ending["step"]
    assert all({"probe_bound_nats", "probe_repetition", "probe_loops", "probe_relevance_nats"} <= set(row) for row in stored["metrics"])
    assert stored["queries"]["probe"] == probe_queries(QUERIES, made.config, 1)
    assert not set(stored["queries"]["probe"]) & {*stored["queries"]["train"], *stored["queries"]["held_out"]}
    again = []
    assert execute(made, tmp_path / "run", tmp_path, Listener(on_step=again.append)).endings == record.endings
    assert ending["says"] in [report.lasting for report in again]  # an attempt that goes on says it too
    tensors = load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors")
    best = find_checkpoint(tmp_path / "run" / "iteration-1" / "best", ending["back_to"]).tensors()
    assert all(torch.equal(tensor, best[name.replace(".weight", ".default.weight")]) for name, tensor in tensors.items())


@pytest.mark.parametrize(("n_train", "said", "probed"), [(7, "probed on 3 queries where 8", True), (5, "not probed", False)])
def test_a_run_with_too_few_queries_left_says_so_and_probes_on_what_there_is(tiny_folder, tmp_path, n_train, said, probed):
    queries = tuple(Query(f"Question number {i}?", "train" if i < n_train else "held_out") for i in range(n_train + 2))
    reports = []
    execute(plan(tiny_folder, queries, probe_queries=8, passes=1), tmp_path / "run", tmp_path, Listener(on_step=reports.append))
    assert any(said in report.lasting for report in reports)
    assert any("probe_bound_nats" in report.metrics for report in reports) == probed


def test_a_folder_written_before_there_were_probes_goes_on_with_them_off(tiny_folder, tmp_path):
    made = plan(tiny_folder, probe_every=0, passes=1)
    whole = execute(made, tmp_path / "run", tmp_path)
    path = tmp_path / "run" / "plan.json"
    data = json.loads(path.read_text())
    for name in ("probe_every", "patience", "max_repetition_rise"):
        del data["config"][name]
    path.write_text(json.dumps(data))
    assert execute(made, tmp_path / "run", tmp_path).adapter_sha256 == whole.adapter_sha256
