"""Held-out replies of a tiny model: under which stances, with whose scores, and in a form that can be stored."""

import dataclasses
import json

import pytest
import torch

from core.constitution.contrasts import asked_stances, flip_side, is_asked
from core.constitution.principles import Constitution, Principle
from core.engine.adapters import load_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import as_it_is, base_of, draw_groups
from core.engine.scoring import score
from core.measure.ask import Measuring, ask, query_batches, reply_seed, side_prompt
from core.measure.values import replies_from_data
from core.methods.arms import make_arm
from core.settings import ModelReference, SamplingConfig
from tests.asking import adapter_off, drawn
from tests.devices import DEVICE
from tests.tiny import save_tiny_adapter

SAMPLING = SamplingConfig(max_new_tokens=8, temperature=1.0)
QUERIES = ("Why is it dark?", "Where to?")


def constitution(n_principles):
    return Constitution(
        name="C", principles=tuple(Principle(title=f"P{i}", statement=f"Do {i} now.", antithesis=f"Never do {i}.") for i in range(n_principles))
    )


@pytest.fixture(scope="module")
def adapted(tiny_folder, tmp_path_factory):
    """The tiny model with an adapter that changes what it says."""
    adapter = save_tiny_adapter(tiny_folder, tmp_path_factory.mktemp("adapter"))
    base = load_model(ModelReference(id=str(tiny_folder)), adapter, Placing(device=DEVICE, dtype=torch.float32))
    return load_adapter(base, adapter)


def test_one_principle_is_asked_under_two_stances_and_several_under_each_single_flip_too():
    assert asked_stances(1) == {"statement": (True,), "antithesis": (False,)}
    assert asked_stances(2) == {"statement": (True, True), "antithesis": (False, False), "flip 1": (False, True), "flip 2": (True, False)}
    assert [len(set(asked_stances(k).values())) for k in (1, 2, 3, 32)] == [2, 4, 5, 34]
    assert [flip_side(0, 1), flip_side(2, 3)] == ["antithesis", "flip 3"]


def test_a_batch_holds_about_as_many_replies_whatever_the_number_of_principles():
    queries = [f"Question {i}?" for i in range(30)]
    assert [len(batch) for batch in query_batches(make_arm("prompt"), constitution(1), queries)] == [24, 6]
    assert [len(batch) for batch in query_batches(make_arm("prompt"), constitution(4), queries)] == [12, 12, 6]  # two full batches of what is shown
    assert {len(batch) for batch in query_batches(make_arm("prompt"), constitution(32), queries)} == {2}
    assert [len(batch) for batch in query_batches(make_arm("sami-alone"), constitution(4), queries)] == [30]


@pytest.mark.parametrize("k", [1, 2, 8])
def test_every_reply_has_its_scores_under_every_stance_by_policy_and_base(adapted, k):
    """With 8 principles there are 10 stances, scored in 10 blocks; the scores are those of all pairs at once."""
    replies = ask(as_it_is(adapted, "sami"), constitution(k), QUERIES, Measuring(sampling=SAMPLING, seed=3))
    sides = list(asked_stances(k))
    assert [(reply.query, reply.side) for reply in replies] == [(query, side) for query in QUERIES for side in sides]
    for query in QUERIES:
        own = [reply for reply in replies if reply.query == query]
        prompts = [side_prompt(adapted, constitution(k), side, query).ids for side in sides]
        responses = [r.token_ids for r in drawn(adapted, prompts, SAMPLING, [reply_seed(3, query, side) for side in sides], steady=True)]
        with torch.no_grad():
            expected_CR = score(adapted, prompts, responses).means_CR()
            with adapter_off(adapted):
                base_CR = score(adapted, prompts, responses).means_CR()
        for r, reply in enumerate(own):
            assert reply.tokens == len(responses[r])
            assert reply.logprobs == pytest.approx(expected_CR[:, r].tolist(), abs=1e-4)
            assert reply.base_logprobs == pytest.approx(base_CR[:, r].tolist(), abs=1e-4)
            assert reply.kl_policy_base_nats > 0.01


def test_the_base_is_measured_by_itself_alone_and_leaves_the_adapter_on(adapted):
    """Only scoring asks the network for the logits of several positions at once, and it does so once a query."""
    passes = []
    hook = adapted.network.register_forward_hook(lambda _network, _inputs, output: passes.append(output.logits.shape[1] > 1))
    replies = ask(base_of(adapted), constitution(1), QUERIES, Measuring(sampling=SAMPLING, seed=3))
    assert sum(passes) == len(QUERIES)
    assert all(reply.kl_policy_base_nats == 0 and reply.base_logprobs == reply.logprobs for reply in replies)
    passes.clear()
    assert ask(as_it_is(adapted, "sami"), constitution(1), QUERIES, Measuring(sampling=SAMPLING, seed=3))[0].kl_policy_base_nats > 0
    assert sum(passes) == 2 * len(QUERIES)
    hook.remove()


def test_the_replies_under_statement_and_antithesis_do_not_depend_on_the_flips_asked_beside_them(adapted):
    together = {reply.side: reply.text for reply in ask(as_it_is(adapted, "sami"), constitution(2), QUERIES[:1], Measuring(sampling=SAMPLING, seed=3))}
    prompts = {side: side_prompt(adapted, constitution(2), side, QUERIES[0]) for side in together}
    assert len(set(prompts.values())) == 4
    assert together == {
        reply.side: reply.text for reply in ask(as_it_is(adapted, "sami"), constitution(2), list(reversed(QUERIES)), Measuring(sampling=SAMPLING, seed=3))[4:]
    }


def test_replies_survive_a_file(adapted):
    replies = ask(as_it_is(adapted, "sami"), constitution(2), QUERIES, Measuring(sampling=SAMPLING, seed=3))
    rows = json.loads(json.dumps([dataclasses.asdict(reply) for reply in replies]))
    assert replies_from_data(rows) == replies


def test_own_asks_what_a_principle_rests_on_and_leaves_the_rest_out():
    """Of 64 pairs of six principles 22: under the statements all replies, under every other side its own and the one under the statements."""
    asked = {(prompt, written) for prompt in range(8) for written in range(8) if is_asked(prompt, written, "own")}
    assert len(asked) == 22
    assert all({(0, 0), (0, flip), (flip, 0), (flip, flip)} <= asked for flip in range(1, 8))
    assert {(p, w) for p in (0, 1) for w in (0, 1) if is_asked(p, w, "own")} == {(p, w) for p in (0, 1) for w in (0, 1)}  # of one principle: all


def test_what_is_asked_with_own_is_what_it_is_with_all_and_the_rest_is_absent(adapted):
    policy, how = as_it_is(adapted, "sami"), Measuring(sampling=SAMPLING, seed=3)
    whole, own = (ask(policy, constitution(3), QUERIES, dataclasses.replace(how, trace=trace)) for trace in ("all", "own"))
    sides = list(asked_stances(3))
    for one, other in zip(whole, own, strict=True):
        assert (one.text, one.kl_policy_base_nats) == (other.text, pytest.approx(other.kl_policy_base_nats, abs=1e-4))
        written = sides.index(one.side)
        for scores, some in ((one.logprobs, other.logprobs), (one.base_logprobs, other.base_logprobs)):
            assert None not in scores
            assert [value is not None for value in some] == [is_asked(prompt, written, "own") for prompt in range(5)]
            assert [value for value in some if value is not None] == pytest.approx(
                [value for prompt, value in enumerate(scores) if is_asked(prompt, written, "own")], abs=1e-4
            )


def test_of_one_principle_own_and_all_are_the_same_to_the_last_bit(adapted):
    policy, how = as_it_is(adapted, "sami"), Measuring(sampling=SAMPLING, seed=3)
    assert ask(policy, constitution(1), QUERIES, how) == ask(policy, constitution(1), QUERIES, dataclasses.replace(how, trace="own"))


def test_what_compare_can_show_is_steady_and_only_flips_are_sampled_packed(adapted, monkeypatch):
    asked = []

    def listening(policy, groups, sampling):
        asked.extend((group.steady, len(group.prompts)) for group in groups)
        return draw_groups(policy, groups, sampling)

    monkeypatch.setattr("core.measure.ask.draw_groups", listening)
    ask(base_of(adapted), constitution(3), QUERIES, Measuring(sampling=SAMPLING, seed=3))
    assert asked == [(True, 4), (False, 6)]


def test_an_empty_reply_has_no_scores_and_is_no_row_of_anybody_else(adapted, monkeypatch):
    """The reply under the second flip to the first query is empty: its own are none, those of the others are what they were."""
    policy, how = as_it_is(adapted, "sami"), Measuring(sampling=SAMPLING, seed=3, trace="own")
    before = ask(policy, constitution(3), QUERIES, how)

    def silent(*given):
        shown, flips = yield from draw_groups(*given)
        return [shown, [dataclasses.replace(reply, text="") if i == 1 else reply for i, reply in enumerate(flips)]]

    monkeypatch.setattr("core.measure.ask.draw_groups", silent)
    after = ask(policy, constitution(3), QUERIES, how)
    assert [i for i, (one, other) in enumerate(zip(before, after, strict=True)) if bool(one.logprobs) != bool(other.logprobs)] == [3]
    assert (after[3].side, after[3].text, after[3].logprobs, after[3].kl_policy_base_nats) == ("flip 2", "", (), None)
    assert after[0].logprobs == pytest.approx(before[0].logprobs, abs=1e-4)
