"""Policies: adapter off = base, strength 0 = base, strength 1 = trained, alpha 0 = the prompted base; two of them may decode in turn."""

import dataclasses

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.engine.adapters import BASE_WEAR, Wear, adapter_hash, load_adapter, lora_layers, put_on, wearing, without_adapters
from core.engine.artifacts import artifact_in, load_artifact
from core.engine.cpu import packed_weights
from core.engine.models import Placing, load_model
from core.engine.policies import as_it_is, base_of, open_policy
from core.engine.policy import prompt_of
from core.engine.sampling import sample
from core.engine.steering_vector import SteeringVector
from core.engine.vectors import save_vector
from core.errors import AdapterError, ConfigError
from core.methods.arms import METHODS, Artifact, arm_from_data, arm_title, arm_to_data, arms_for, make_arm, same_lane
from core.settings import ModelReference, SamplingConfig
from tests.devices import DEVICE
from tests.tiny import save_tiny_adapter

CONSTITUTION = Constitution(name="C", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long and dull."),))
SAMPLING = SamplingConfig(max_new_tokens=12, temperature=1.0)
QUERIES = ("Why?", "What is tea?", "Where do birds sleep?")


@pytest.fixture(scope="module")
def adapter(tiny_folder, tmp_path_factory):
    return save_tiny_adapter(tiny_folder, tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def artifact(adapter):
    return Artifact(kind="adapter", place=str(adapter), sha256=adapter_hash(adapter))


@pytest.fixture
def adapted(tiny_folder, adapter, tmp_path):
    return load_adapter(load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32)), adapter)


def prompts(model, constitution=CONSTITUTION):
    return [prompt_of(model, constitution, (True,) if constitution else (), query) for query in QUERIES]


def replies(policy, constitution=CONSTITUTION, **options):
    return sample(policy, prompts(policy.model, constitution), SAMPLING, [1, 2, 3], **options)


def scores(policy):
    responses = [[20, 21, 22], [40, 41]]
    with torch.no_grad():
        return policy.score(prompts(policy.model), responses, own=[0, 1])


def equal(one, other):
    pairs = [(a, b) for ours, theirs in zip(one.tokens, other.tokens, strict=True) for a, b in zip(ours, theirs, strict=True)]
    return all(torch.equal(a, b) for a, b in [*pairs, *zip(one.own, other.own, strict=True)])


def sami(artifact, **settings):
    return make_arm("sami", artifact=artifact, settings=settings)


def test_a_model_without_its_adapters_is_the_bare_base_again(adapted, tiny_folder, tmp_path):
    bare = without_adapters(adapted)
    assert (bare.adapted, dict(bare.adapters), lora_layers(bare.network)) == (False, {}, [])
    assert without_adapters(bare) is bare
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
    assert equal(*(scores(open_policy(model, make_arm("base"))) for model in (bare, base)))


def test_the_adapter_at_strength_0_is_the_base_and_at_1_as_it_was_trained_exactly(adapted, artifact, tiny):
    base, trained = base_of(tiny), as_it_is(adapted, "sami")
    at = {strength: open_policy(adapted, sami(artifact, strength=strength)) for strength in (0, 0.5, 1, 2)}
    assert replies(at[0]) == replies(base) == replies(base_of(adapted))
    assert equal(scores(at[0]), scores(base))
    assert replies(at[1]) == replies(trained) != replies(base)
    assert equal(scores(at[1]), scores(trained))
    assert not equal(scores(at[0.5]), scores(trained))
    assert not equal(scores(at[2]), scores(trained))


def test_a_strength_scales_the_update_of_every_layer(adapted, artifact):
    """For one layer alone the update is linear in the strength: W x + s B A x."""
    layer = lora_layers(adapted.network)[0]
    x = torch.randn(2, layer.base_layer.in_features, device=DEVICE)
    outputs = {}
    for strength in (0.0, 0.5, 1.0, 2.0):
        with wearing(adapted.network, lora_layers(adapted.network), Wear("default", strength)), torch.no_grad():
            outputs[strength] = layer(x)
    update = outputs[1.0] - outputs[0.0]
    assert update.abs().max() > 1e-3
    for strength in (0.5, 2.0):
        assert torch.allclose(outputs[strength], outputs[0.0] + strength * update, atol=1e-5)


def test_policies_that_decode_in_turn_reply_as_each_alone_and_leave_the_model_as_it_was(adapted, artifact):
    arms = [make_arm("prompt"), sami(artifact), sami(artifact, strength=0.5), make_arm("context")]
    policies = [open_policy(adapted, arm) for arm in arms]
    alone = [[response.token_ids for response in replies(policy, steady=True)] for policy in policies]
    streams = [policy.decode(prompts(adapted), SAMPLING, [1, 2, 3], steady=True) for policy in policies]
    written = [[[] for _ in QUERIES] for _ in policies]
    going = set(range(len(policies)))
    while going:
        for k in sorted(going):
            step = next(streams[k], None)
            if step is None:
                going.discard(k)
            for row, token in zip(written[k], step or [], strict=False):
                row += [] if token is None else [token]
            scores(policies[k])  # asked between two tokens of all
    assert [[tuple(row) for row in rows] for rows in written] == alone
    assert put_on(adapted.network, lora_layers(adapted.network), Wear("default", 1.0)) == Wear("default", 1.0)


def test_a_stream_that_is_left_puts_the_adapter_back_on(adapted):
    steps = base_of(adapted).decode(prompts(adapted), SAMPLING, [1, 2, 3])
    next(steps)
    assert put_on(adapted.network, lora_layers(adapted.network), BASE_WEAR) == BASE_WEAR
    steps.close()
    assert put_on(adapted.network, lora_layers(adapted.network), BASE_WEAR) == Wear("default", 1.0)


def test_two_adapters_on_one_base_reply_as_each_does_alone(tiny_folder, adapter, adapted, artifact, tmp_path):
    other_folder = save_tiny_adapter(tiny_folder, tmp_path / "other", seed=5)
    other = Artifact(kind="adapter", place=str(other_folder), sha256=adapter_hash(other_folder))
    alone = as_it_is(load_adapter(load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32)), other_folder), "sami")
    first = replies(open_policy(adapted, sami(artifact)))
    both = load_adapter(adapted, other_folder)
    assert set(both.adapters) == {artifact.sha256, other.sha256}
    assert load_adapter(both, other_folder) is both
    assert replies(open_policy(both, sami(other))) == replies(alone) != first
    assert replies(open_policy(both, sami(artifact))) == first
    with pytest.raises(AdapterError, match="has none of that name"):
        open_policy(adapted, sami(other))


def test_an_arm_without_the_text_in_its_prompt_reads_the_query_alone(adapted, artifact):
    bare = prompt_of(adapted, None, (), QUERIES[0])
    assert bare.ids == bare.bare == prompts(adapted)[0].bare != prompts(adapted)[0].ids
    assert replies(open_policy(adapted, make_arm("sami-alone", artifact=artifact)), None) == replies(as_it_is(adapted, "sami"), None)


def test_an_arm_is_told_by_method_settings_and_artifact_and_survives_the_wire(artifact):
    assert [arm.key for arm in arms_for("sami", artifact)] == ["base", "prompt", "sami", "sami-alone"]
    assert [arm.key for arm in arms_for(None, None)] == ["base", "prompt"]
    half = sami(artifact, strength=0.5)
    assert (half.key, arm_title(half)) == ("sami strength=0.5", "Aligned with the constitution, strength 0.5")
    assert sami(artifact, strength=1).key == "sami"
    assert all(arm_from_data(arm_to_data(arm)) == arm for arm in (*arms_for("sami", artifact), half))
    assert make_arm("context", settings={"alpha": 1}).key == "context alpha=1"


def test_what_no_method_has_is_refused_in_words():
    with pytest.raises(ConfigError, match="no method 'magic'; known are base, prompt"):
        make_arm("magic")
    with pytest.raises(ConfigError, match="Unknown setting 'alpha' of sami; known are strength"):
        make_arm("sami", settings={"alpha": 1})
    with pytest.raises(ConfigError, match="strength of sami must be between 0 and 3, got 4"):
        make_arm("sami", settings={"strength": 4})


def test_lanes_are_shared_by_the_same_weights_decoded_in_the_same_way(artifact):
    other = dataclasses.replace(artifact, sha256="0" * 64)
    assert same_lane(make_arm("base"), make_arm("prompt"))
    assert same_lane(sami(artifact), make_arm("sami-alone", artifact=artifact))
    assert same_lane(sami(artifact, strength=0), make_arm("prompt"))
    assert same_lane(make_arm("context", settings={"alpha": 0}), make_arm("base"))
    assert not same_lane(sami(artifact), make_arm("prompt"))
    assert not same_lane(sami(artifact), sami(other))
    assert not same_lane(sami(artifact), sami(artifact, strength=0.5))
    assert not same_lane(make_arm("context"), make_arm("prompt"))


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.key)
def test_every_line_of_the_table_opens_and_is_its_control_exactly(method, adapted, artifact, tmp_path):
    vector = save_vector(SteeringVector(layer=0, multiplier=2.0, vector_H=torch.ones(64), random_H=-torch.ones(64)), tmp_path / "vector")
    adapted, needs = load_artifact(adapted, vector), {"adapter": artifact, "vector": artifact_in(vector), None: None}[method.artifact]
    text = CONSTITUTION if method.in_prompt else None
    policy = open_policy(adapted, make_arm(method.key, artifact=needs))
    assert all(response.token_ids for response in replies(policy, text))
    if method.control is not None:
        at_control = make_arm(method.key, artifact=needs, settings={setting.name: setting.control for setting in method.settings})
        control = open_policy(adapted, make_arm(method.control))
        assert replies(open_policy(adapted, at_control), text) == replies(control, text)
        assert equal(scores(open_policy(adapted, at_control)), scores(control))


@pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this CPU multiplies no bfloat16")
def test_weights_are_held_packed_from_the_first_token_to_the_first_gradient(tiny_folder, adapter, artifact, tmp_path, monkeypatch):
    adapted = load_adapter(load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.bfloat16)), adapter)

    def held():
        return {"forward" in vars(layer) for layer in adapted.network.modules() if type(layer) is torch.nn.Linear and layer.weight.dtype == torch.bfloat16}

    policy = open_policy(adapted, sami(artifact))
    with monkeypatch.context() as patched:
        patched.setattr(packed_weights, "ROOM_BYTES", 0)
        plain, plain_scores = replies(policy, steady=True), scores(policy)
        assert held() == {False}
    assert replies(policy, steady=True) == plain
    assert equal(scores(policy), plain_scores)
    assert held() == {True}
    policy.score(prompts(adapted), [[20, 21, 22]])
    assert held() == {False}
