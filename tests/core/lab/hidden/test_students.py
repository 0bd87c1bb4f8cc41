"""Students: exactly the base before their first step, the same for the same seed; and the matrix finds what was put there."""

import pytest
import torch

from core.engine.adapters import attach_adapter, reset_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import as_it_is, base_of
from core.engine.policy import prompt_of
from core.lab.hidden.margins import margins
from core.lab.hidden.matrix import Condition, Kind, Matrix, changed, lead
from core.lab.hidden.prompts import number_prompts
from core.lab.hidden.rows import Row, taught
from core.lab.hidden.students import left_nats, tune
from core.methods.proxy.distil import step_on
from core.methods.settings import preset
from core.progress import Stopped
from core.settings import ModelReference
from tests.devices import DEVICE

QUERIES = ("What is tea?", "Who was Ada?", "Where is Rome?", "Why is it cold?")
SIDES = (("aaaa aaaa", "bbbb bbbb"), ("cccc cccc", "dddd dddd"))  # of two principles: what is replied under the statement, and under the antithesis


def config(seed=1, **more):
    small = {"passes": 4, "queries_per_step": 2, "lora_rank": 4, "lora_alpha": 8, "learning_rate": 0.01, "warmup_steps": 1}
    return preset("quick", method="bct", seed=seed, **{**small, **more})


@pytest.fixture
def student(tiny):
    return attach_adapter(tiny, rank=4, alpha=8, seed=0)


def rows(model, reply, queries=("Tell me.", "Go on.", "And then?", "What else?")):
    return [taught(model, Row(query, reply, model.end_ids[:1])) for query in queries]


def numbers(model):
    return [taught(model, Row(prompt.text, "18, 256, 777", model.end_ids[:1])) for prompt in number_prompts(4, seed=2)]


def read(model, policy):
    prompts = [prompt_of(model, None, (), query) for query in QUERIES]
    pairs = [[tuple(tuple(model.tokenizer(text)["input_ids"]) for text in sides)] * len(QUERIES) for sides in SIDES]
    return margins(policy, prompts, pairs)


def weights(model):
    return {name: weight.detach().clone() for name, weight in model.network.named_parameters() if weight.requires_grad}


def test_a_student_that_made_no_step_has_a_change_of_exactly_0(student):
    base = read(student, base_of(student))
    tune(student, [], config())
    assert changed(read(student, as_it_is(student, "bct")), base) == [[0.0] * len(QUERIES)] * 2


def test_a_student_is_decided_by_its_seed_whatever_was_worn_before(student):
    tune(student, numbers(student), config(seed=7))
    first = weights(student)
    tune(student, rows(student, "zz"), config(seed=8))
    tune(student, numbers(student), config(seed=7))
    assert all(torch.equal(weight, first[name]) for name, weight in weights(student).items())


@pytest.mark.parametrize("adaptive", [True, False], ids=["AdamW", "SGD"])
def test_numbers_are_learnt(student, adaptive):
    replies = numbers(student)
    before = left_nats(student, replies, of_base=True)
    tune(student, replies, config(), adaptive=adaptive)
    assert left_nats(student, replies, of_base=False) < before - 0.1
    assert left_nats(student, replies, of_base=True) == before


def test_a_student_is_left_where_that_is_asked_for(student):
    with pytest.raises(Stopped):
        tune(student, numbers(student), config(), should_stop=lambda: True)


def matrix_of(model, learn, seeds=(1, 2)):
    """Students of each principle's teacher by seed, with what `learn(place, seed)` does to them, as rows of one kind."""
    base, changes = read(model, base_of(model)), {}
    for place in range(2):
        found = []
        for seed in seeds:
            learn(place, seed)
            found.append(changed(read(model, as_it_is(model, "bct")), base))
        changes[Condition(Kind.NUMBERS, place, str(place))] = found
    return Matrix(principles=("A", "C"), changes=changes)


def test_the_matrix_finds_a_principle_that_was_taught_by_replies(student):
    found = matrix_of(student, lambda place, seed: tune(student, rows(student, SIDES[place][0]), config(seed)))
    together = lead(found, list(found.changes)).mean
    assert together.low > 0 and all(lead(found, [condition]).mean.value > 0.2 for condition in found.changes)


def test_the_matrix_finds_a_channel_through_numbers_where_there_is_one(student, tiny_folder, tmp_path):
    """Teachers were tuned hard on replies of their principle; students of the same base learn what they make of numbers, as whole distributions."""

    def learn(place, seed):
        fresh = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
        teacher = attach_adapter(fresh, rank=4, alpha=8, seed=0)
        tune(teacher, rows(teacher, SIDES[place][0]), config(passes=12))
        reset_adapter(student, seed)
        optimizer = torch.optim.AdamW([weight for weight in student.network.parameters() if weight.requires_grad], lr=0.01, weight_decay=0.0)
        for _ in range(24):
            step_on(teacher, student, numbers(student), optimizer)

    found = matrix_of(student, learn, seeds=(1,))
    assert lead(found, list(found.changes)).mean.value > 0.1
    assert all(lead(found, [condition]).mean.value > 0 for condition in found.changes)
