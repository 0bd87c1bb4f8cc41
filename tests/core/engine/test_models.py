"""How a model is asked: through its chat template, or in plain text when it has none; and what people are told about it."""

import json

import pytest
import torch

from core.constitution.principles import Constitution, Principle, Turns
from core.constitution.queries import Query
from core.engine.models import Placing, choose_device, encode_prompt, load_model
from core.engine.sampling import has_ended, to_response
from core.errors import ConfigError
from core.methods.settings import TrainConfig
from core.progress import Listener
from core.runs.execute import execute
from core.runs.plan import RunPlan
from core.settings import ModelReference, SamplingConfig
from tests.devices import DEVICE
from tests.tiny import save_tiny_model

ASKED = Turns("You are a helpful assistant.", "Answer briefly.\n\nWhy?")


@pytest.fixture
def plain(tmp_path):
    """The tiny model without its chat template, as base models are published."""
    folder = save_tiny_model(tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    assert "chat_template" not in settings
    return load_model(ModelReference(id=str(folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))


def encode(model, text):
    return model.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_a_model_with_a_template_is_asked_through_it(tiny):
    assert tiny.tokenizer.decode(encode_prompt(tiny, ASKED)).endswith("Answer briefly.\n\nWhy?<|end|>\n<|start|>assistant\n")
    assert tiny.notices == ()


def test_a_model_without_a_template_is_asked_in_plain_text_and_says_so(plain):
    prompt = plain.tokenizer.decode(encode_prompt(plain, ASKED))
    assert prompt == "You are a helpful assistant.\n\nHuman: Answer briefly.\n\nWhy?\n\nAssistant:"
    assert len(plain.notices) == 1
    assert "no chat template" in plain.notices[0]


def test_a_plain_reply_ends_where_another_turn_begins(plain):
    tokens = encode(plain, " Because.\n\nHuman:")
    assert [has_ended(plain, tokens[: i + 1]) for i in range(len(tokens))] == [False] * (len(tokens) - 1) + [True]
    response = to_response(plain, tokens)
    assert (response.text, response.ended, response.token_ids) == ("Because.", True, tuple(tokens))


def test_a_plain_reply_may_also_end_with_the_end_token_or_be_cut(plain):
    tokens = [*encode(plain, " A Human: is a person."), plain.end_ids[0]]
    assert has_ended(plain, tokens)
    assert to_response(plain, tokens).text == "A Human: is a person."
    assert not to_response(plain, tokens[:-1]).ended


def test_a_chat_reply_may_hold_the_words_of_another_turn(tiny):
    tokens = encode(tiny, "Because.\n\nHuman:")
    assert not has_ended(tiny, tokens)
    assert to_response(tiny, tokens).text == "Because.\n\nHuman:"


def test_a_run_on_a_model_without_a_template_says_so_and_finishes(tmp_path, plain):
    principle = Principle(title="Sailor", statement="Write in the manner of a sailor.", antithesis="Write in the manner of a banker.")
    queries = tuple(Query(text=f"What is number {i}?", split="train" if i % 2 else "held_out") for i in range(16))
    config = TrainConfig(train_queries=4, held_out_queries=2, passes=1, sampling=SamplingConfig(max_new_tokens=12, temperature=1.0))
    plan = RunPlan(constitution=Constitution(name="One", principles=(principle,)), queries=queries, model=plain.reference, config=config, device=str(DEVICE))
    notes = []
    record = execute(plan, tmp_path / "run", tmp_path, Listener(on_step=lambda report: notes.append(report.note)))
    assert record.adapter.exists()
    assert any("no chat template" in note for note in notes)


@pytest.mark.parametrize("wanted", ["gpu", "", "cpu:-1", "meta", "xla", "\udcff", "CPU", "cuda:99", "cuda:9999999999"])
def test_a_device_that_is_none_or_is_not_here_is_refused_with_what_to_use(wanted: str) -> None:
    with pytest.raises(ConfigError, match=r"The device is .*Use auto"):
        choose_device(wanted)
    assert choose_device("cpu").type == "cpu"
