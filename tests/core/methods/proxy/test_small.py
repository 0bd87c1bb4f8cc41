"""A smaller model: which layers stay, the loss by hand, descent, going on after a stop as if there had been none, and a folder that is a model."""

import dataclasses
import json
import math

import pytest
import torch
from safetensors.torch import load_file

from core.engine.models import Placing, load_model
from core.engine.policies import base_of
from core.engine.policy import plain_prompt
from core.engine.sampling import sample
from core.errors import ConfigError
from core.methods.proxy.distil import OwnReply, distance_nats, reply_kl, reply_logprobs
from core.methods.proxy.layers import influences, kept_layers, with_layers
from core.methods.proxy.small import RECORD, Material, make_smaller
from core.methods.proxy.smaller_settings import SmallerConfig
from core.progress import Listener, Stopped
from core.settings import ModelReference, SamplingConfig
from tests.core.methods.proxy.test_policy import CONSTITUTION, loaded
from tests.devices import DEVICE
from tests.tiny import save_tiny_model

MATERIAL = Material(train=("Why?", "What is tea?", "Who?", "Where do birds sleep?"), held_out=("When?", "How?"), constitution=CONSTITUTION)
CONFIG = SmallerConfig(
    drop=1, steps=6, learning_rate=1e-3, queries=4, held_out=2, replies_per_step=12, checkpoint_every=2, sampling=SamplingConfig(max_new_tokens=6)
)


@pytest.fixture(scope="module")
def whole_folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("whole"), seed=7, layers=4)


@pytest.fixture
def whole(whole_folder, tmp_path):
    return loaded(whole_folder, tmp_path)


def test_the_loss_by_hand():
    """One token: (1/2, 1/2) to (3/4, 1/4) is ln 2 - (ln 3) / 2 = 0.14384; a second that agrees adds nothing."""
    whole, smaller = torch.tensor([[0.5, 0.5], [0.9, 0.1]]).log(), torch.tensor([[0.75, 0.25], [0.9, 0.1]]).log()
    assert float(reply_kl(whole, smaller)) == pytest.approx(math.log(2) - math.log(3) / 2, abs=1e-6)
    assert float(reply_kl(whole, smaller)) == pytest.approx(0.14384, abs=1e-5)


def test_the_layers_of_least_influence_go_and_the_first_and_last_stay():
    assert kept_layers([0.0, 0.3, 0.1, 0.2, 0.0], 1) == [0, 1, 3, 4]
    assert kept_layers([0.0, 0.3, 0.1, 0.2, 0.0], 3) == [0, 4]
    for drop in (0, 4):
        with pytest.raises(ConfigError, match=f"drop must be between 1 and 3, since the first and the last of 5 layers stay; got {drop}"):
            kept_layers([0.0, 0.3, 0.1, 0.2, 0.0], drop)


def test_a_layer_that_changes_nothing_has_no_influence_and_leaving_it_out_changes_nothing(whole):
    with torch.no_grad():
        layer = whole.network.model.layers[2]
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    found = influences(whole, [[20, 21, 22, 23], [40, 41]])
    assert found[2] == pytest.approx(0, abs=1e-6) and min(found[0], found[1]) > 1e-3
    smaller = with_layers(whole.network, [0, 1, 3])
    row = torch.tensor([[20, 21, 22, 23]], device=DEVICE)
    with torch.no_grad():
        assert torch.allclose(smaller(row).logits, whole.network(row).logits, atol=1e-5)
    assert [layer.self_attn.layer_idx for layer in smaller.model.layers] == [0, 1, 2]


def test_replies_of_different_lengths_are_scored_together_as_each_alone(whole):
    replies = [OwnReply(prompt=(20, 21, 22), tokens=(30, 31)), OwnReply(prompt=(40,), tokens=(50, 51, 52)), OwnReply(prompt=(20, 21), tokens=(33,))]
    with torch.no_grad():
        together = reply_logprobs(whole, replies)
        for reply, found in zip(replies, together.split([len(reply.tokens) for reply in replies]), strict=True):
            row = torch.tensor([[*reply.prompt, *reply.tokens]], device=DEVICE)
            alone = whole.network(row).logits[0, len(reply.prompt) - 1 : -1].log_softmax(-1)
            assert torch.allclose(found, alone, atol=1e-4)
    assert distance_nats(whole, whole, replies) == pytest.approx(0, abs=1e-6)


def stop_after(calls):
    left = iter([False] * calls)
    return Listener(should_stop=lambda: next(left, True))


def test_it_learns_and_goes_on_after_a_stop_as_if_there_had_been_none(whole, tmp_path):
    made = make_smaller(whole, CONFIG, MATERIAL, tmp_path / "small")
    assert (made.layers, len(made.kept), made.kept[0], made.kept[-1]) == (4, 3, 0, 3)
    curve = json.loads((made.folder / RECORD).read_text())["curve_nats"]
    assert curve[-1] < curve[0]  # each step on all replies
    for calls in (1, 3, 3):  # after replies were drawn, after the second step, after the fourth
        with pytest.raises(Stopped):
            make_smaller(whole, CONFIG, MATERIAL, tmp_path / "stopped", stop_after(calls))
        assert not (tmp_path / "stopped").exists()
    again = make_smaller(whole, CONFIG, MATERIAL, tmp_path / "stopped")
    assert dataclasses.replace(again, folder=made.folder) == made
    assert (tmp_path / "stopped" / "model.safetensors").read_bytes() == (tmp_path / "small" / "model.safetensors").read_bytes()
    assert not list(tmp_path.glob(".*"))
    assert make_smaller(whole, CONFIG, MATERIAL, tmp_path / "small", stop_after(0)) == made  # what is made is not made again


@pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this CPU multiplies no bfloat16")
def test_what_is_held_in_16_bits_learns_in_32_and_is_saved_in_16(whole_folder, tmp_path):
    whole = load_model(ModelReference(id=str(whole_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.bfloat16))
    made = make_smaller(whole, CONFIG, MATERIAL, tmp_path / "small")
    assert math.isfinite(made.kl_before_nats) and math.isfinite(made.kl_after_nats)
    curve = json.loads((made.folder / RECORD).read_text())["curve_nats"]
    assert curve[-1] < curve[0]
    assert json.loads((made.folder / "config.json").read_text())["dtype"] == "bfloat16"
    assert {str(weight.dtype) for weight in load_file(made.folder / "model.safetensors").values()} == {"torch.bfloat16"}


def test_it_leaves_a_model_folder_like_any_other_and_says_how_it_was_made(whole, whole_folder, tmp_path):
    made = make_smaller(whole, CONFIG, MATERIAL, tmp_path / "small")
    model = load_model(ModelReference(id=str(made.folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
    assert model.network.config.num_hidden_layers == 3
    assert sample(base_of(model), [plain_prompt([20, 21])], SamplingConfig(max_new_tokens=4), [0])[0].token_ids
    record = json.loads((made.folder / RECORD).read_text())
    assert record["model"] == {"id": whole_folder.name, "revision": None} and str(whole_folder) not in json.dumps(record)
    assert (record["replies"], len(record["curve_nats"])) == (12, 6)  # each query under none, under the statements, under the antitheses


def test_a_folder_that_holds_something_else_is_left_alone(whole, tmp_path):
    make_smaller(whole, CONFIG, MATERIAL, tmp_path / "small")
    with pytest.raises(ConfigError, match="is there already, and holds something else"):
        make_smaller(whole, dataclasses.replace(CONFIG, steps=7), MATERIAL, tmp_path / "small")
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError, match="is there already, and holds something else"):
        make_smaller(whole, CONFIG, MATERIAL, tmp_path / "mine")
    with pytest.raises(Stopped):
        make_smaller(whole, CONFIG, MATERIAL, tmp_path / "begun", stop_after(2))
    with pytest.raises(ConfigError, match="holds the beginning of another model"):
        make_smaller(whole, dataclasses.replace(CONFIG, steps=7), MATERIAL, tmp_path / "begun")
