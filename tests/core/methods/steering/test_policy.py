"""Steering as a policy: nothing added is the base exactly, and what is sampled is what is scored, alone or in company."""

import dataclasses

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.engine.adapters import TRAINED
from core.engine.policies import base_of, open_policy
from core.engine.policy import prompt_of
from core.engine.sampling import sample
from core.engine.steering_vector import SteeringVector
from core.engine.vectors import load_vector, save_vector, vector_hash, with_vector
from core.errors import AdapterError
from core.methods.arms import Artifact, controls_for, make_arm, same_lane, swapped_arm
from core.settings import SamplingConfig
from tests.devices import DEVICE

CONSTITUTION = Constitution(name="C", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long and dull."),))
QUERIES = ("Why?", "What is tea?", "Where do birds sleep at night when it rains?")
SAMPLING, GREEDY = SamplingConfig(max_new_tokens=12, temperature=1.0), SamplingConfig(max_new_tokens=8, temperature=0)
ARMS = ("steering", "steering-alone", "steering-random", "steering-random-alone")


def made(seed=0, layer=0, multiplier=2.0):
    draw = torch.Generator().manual_seed(seed)
    return SteeringVector(layer=layer, multiplier=multiplier, vector_H=0.3 * torch.randn(64, generator=draw), random_H=0.3 * torch.randn(64, generator=draw))


@pytest.fixture(params=[0, 1], ids=["first layer", "last layer"])
def steered(tiny, request):
    return with_vector(tiny, made(layer=request.param), TRAINED)


def prompts(policy):
    return [prompt_of(policy.model, CONSTITUTION if policy.arm.in_prompt else None, (True,) if policy.arm.in_prompt else (), query) for query in QUERIES]


def policy(model, method="steering", **settings):
    return open_policy(model, make_arm(method, settings=settings))


def scored(policy, responses=((20, 21, 22), (40, 41)), own=(0, 1)):
    with torch.no_grad():
        return policy.score(prompts(policy), responses, own)


def same(one, other, atol=None):
    pairs = [(a, b) for ours, theirs in zip(one.tokens, other.tokens, strict=True) for a, b in zip(ours, theirs, strict=True)]
    pairs += list(zip(one.own, other.own, strict=True))
    return all(torch.equal(a, b) if atol is None else torch.allclose(a, b, atol=atol) for a, b in pairs)


@pytest.mark.parametrize("method", ARMS)
@pytest.mark.parametrize("steady", [True, False])
def test_a_multiplier_of_0_is_the_base_token_for_token_and_score_for_score(steered, tiny, method, steady):
    none, base = policy(steered, method, multiplier=0), open_policy(tiny, make_arm("prompt" if make_arm(method).in_prompt else "base"))
    assert sample(none, prompts(none), SAMPLING, [1, 2, 3], steady=steady) == sample(base, prompts(base), SAMPLING, [1, 2, 3], steady=steady)
    assert same(scored(none), scored(base))
    assert same_lane(none.arm, base.arm)


@pytest.mark.parametrize("method", ARMS)
def test_packed_scores_are_those_of_each_pair_by_itself(steered, method):
    packed = policy(steered, method)
    plain = policy(dataclasses.replace(steered, packed=False), method)
    assert steered.packed
    assert same(scored(packed), scored(plain), atol=1e-4)
    assert not same(scored(packed), scored(base_of(steered) if packed.arm.in_prompt else policy(steered, method, multiplier=0)), atol=1e-2)
    alone = [packed.score([prompt], [(20, 21, 22)]).tokens[0][0] for prompt in prompts(packed)]
    assert all(torch.allclose(a, b[0], atol=1e-4) for a, b in zip(alone, scored(packed).tokens, strict=True))


@pytest.mark.parametrize("steady", [True, False])
def test_greedy_decoding_takes_the_likeliest_token_of_the_scored_distribution(steered, steady):
    for method in ("steering", "steering-random-alone"):
        one = policy(steered, method)
        drawn = sample(one, prompts(one), GREEDY, [0, 0, 0], steady=steady)
        assert [tuple(own_TV.argmax(-1).tolist()) for own_TV in scored(one, [reply.token_ids for reply in drawn], (0, 1, 2)).own] == [
            reply.token_ids for reply in drawn
        ]
    assert drawn != sample(policy(steered, "steering-alone"), prompts(one), GREEDY, [0, 0, 0], steady=steady)


@pytest.mark.parametrize("steady", [True, False])
def test_a_batch_replies_as_each_row_alone(steered, steady):
    one = policy(steered)
    together = sample(one, prompts(one), SAMPLING, [1, 2, 3], steady=steady)
    assert together == [sample(one, [prompt], SAMPLING, [seed], steady=steady)[0] for prompt, seed in zip(prompts(one), [1, 2, 3], strict=True)]


def test_decoding_adds_what_a_naive_loop_adds_that_reads_everything_anew_for_each_token(steered):
    """Without a cache, by a hook of the test's own: v at the last token of the prompt and at all that follow."""
    one, vector = policy(steered, "steering-alone"), steered.vectors[TRAINED]
    (prompt, *_), written = prompts(one), []
    layer = steered.network.model.layers[vector.layer]

    def add(_module, _args, output):
        states = output if torch.is_tensor(output) else output[0]
        states = states.clone()
        states[0, len(prompt.ids) - 1 :] += 2.0 * vector.vector_H
        return states if torch.is_tensor(output) else (states, *output[1:])

    handle = layer.register_forward_hook(add)
    with torch.no_grad():
        for _ in range(GREEDY.max_new_tokens):
            written.append(int(steered.network(torch.tensor([[*prompt.ids, *written]], device=DEVICE)).logits[0, -1].argmax()))
    handle.remove()
    assert sample(one, [prompt], GREEDY, [0])[0].token_ids == tuple(written)


def test_another_policy_may_be_asked_between_two_tokens(steered):
    one, base = policy(steered), base_of(steered)
    alone, plain = [policy.decode(prompts(policy), SAMPLING, [1, 2, 3], steady=True) for policy in (one, base)], scored(base)
    expected = [list(steps) for steps in alone]
    streams = [policy.decode(prompts(policy), SAMPLING, [1, 2, 3], steady=True) for policy in (one, base)]
    found: list[list[list[int | None]]] = [[], []]
    for _ in range(SAMPLING.max_new_tokens):
        for k, stream in enumerate(streams):
            step = next(stream, None)
            if step is not None:
                found[k].append(step)
            assert same(scored(base), plain)
    assert found == expected
    left = one.decode(prompts(one), SAMPLING, [1, 2, 3])
    next(left)
    left.close()
    assert same(scored(base), plain)


def test_an_arm_names_its_vector_by_the_hash_of_its_file(tiny, tmp_path):
    folder = save_vector(made(), tmp_path / "vector")
    artifact = Artifact(kind="vector", place=str(folder), sha256=vector_hash(folder))
    arm = make_arm("steering-alone", artifact=artifact)
    with pytest.raises(AdapterError, match="needs a steering vector, but none of that name is at hand"):
        open_policy(tiny, arm)
    loaded = open_policy(load_vector(tiny, folder), arm)
    assert same(scored(loaded), scored(policy(with_vector(tiny, made(), TRAINED), "steering-alone")))
    turned = open_policy(load_vector(tiny, folder), make_arm("steering-alone", artifact=artifact, settings={"multiplier": -1}))
    assert not same(scored(turned), scored(loaded), atol=1e-2)


def test_beside_what_was_made_stand_the_sides_swapped_the_random_vector_and_the_base():
    artifact = Artifact(kind="vector", place="", sha256="1" * 64)
    controls = controls_for("steering", artifact)
    assert [arm.key for arm in controls] == ["steering-alone multiplier=-1", "steering-random", "steering-random-alone", "base"]
    alone = make_arm("steering-alone", artifact=artifact)
    assert swapped_arm(alone, controls) == controls[0]
    assert swapped_arm(controls[0], (alone, *controls)) is None
    assert swapped_arm(make_arm("steering", artifact=artifact), controls) is None
    assert controls_for("mipo", artifact) == ()
