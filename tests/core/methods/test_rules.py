"""Three decoding rules: each by hand on a vocabulary of four, what is sampled is what is scored, and no rule at 0 leaves a trace."""

import dataclasses

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.engine.policies import base_of, open_policy
from core.engine.policy import prompt_of
from core.engine.sampling import sample
from core.errors import ConfigError
from core.methods.arms import METHODS, make_arm
from core.methods.rules import SHIFTS, Rules, ruled, rules_of
from core.settings import SamplingConfig
from tests.devices import DEVICE

CONSTITUTION = Constitution(name="C", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long and dull."),))
QUERIES = ("Why?", "What is tea?", "Who?")
STRONG = {"repeats": 3.0, "ending": 0.5, "shifts": 1.0}


def rules(**given):
    return Rules(**{"repeats": 0.0, "ending": 0.0, "shifts": {}, "end_ids": (3,), **given})


def test_each_rule_by_hand():
    """Tokens a, b, c and the end; all logits 0. After "a b": repeats 2 takes 2 from a and b; ending 0.5 gives the end 2 x 0.5; a shift of -4 falls on c."""
    logits, written, before = torch.zeros(1, 4), torch.tensor([[True, True, False, False]]), torch.tensor([2])
    assert ruled(logits, written, before, rules(repeats=2.0)).tolist() == [[-2.0, -2.0, 0.0, 0.0]]
    assert ruled(logits, written, before, rules(ending=0.5)).tolist() == [[0.0, 0.0, 0.0, 1.0]]
    assert ruled(logits, written, before, rules(shifts={2: -4.0})).tolist() == [[0.0, 0.0, -4.0, 0.0]]
    assert ruled(logits, written, before, rules(repeats=2.0, ending=0.5, shifts={2: -4.0})).tolist() == [[-2.0, -2.0, -4.0, 1.0]]
    assert logits.tolist() == [[0.0] * 4]


def test_a_token_that_stands_twice_loses_no_more_than_one_that_stands_once_and_the_first_token_has_nothing_before_it():
    nothing = torch.zeros(1, 4, dtype=torch.bool)
    assert ruled(torch.zeros(1, 4), nothing, torch.tensor([0]), rules(repeats=2.0, ending=0.5)).tolist() == [[0.0] * 4]


def test_the_published_shifts_are_fifteen_and_those_that_are_no_single_token_are_left_out(tiny):
    assert len(SHIFTS) == 15
    found = rules_of(tiny, make_arm("rules", settings={"shifts": 2.0})).shifts
    ids = {text: tiny.tokenizer(text, add_special_tokens=False)["input_ids"] for text in SHIFTS}
    assert found == {of[0]: 2.0 * SHIFTS[text] for text, of in ids.items() if len(of) == 1}
    assert {text for text, of in ids.items() if len(of) == 1} == {"<", "|", "I", "\n", "!"}  # a token a byte


@pytest.mark.parametrize("settings", [STRONG, {"repeats": 3.0, "ending": 0.0, "shifts": 0.0}, {"repeats": 0.0, "ending": 0.5, "shifts": 0.0}])
def test_decoding_is_what_a_whole_forward_a_token_and_the_formula_would_give(tiny, settings):
    """No cache and no batch: the prompt is read anew for each token, and the rules are written out token by token."""
    prompt, written, ends = prompt_of(tiny, CONSTITUTION, (True,), "Why?"), [], set(tiny.end_ids)
    shifts = rules_of(tiny, make_arm("rules", settings=settings)).shifts
    with torch.no_grad():
        while len(written) < 10 and not (written and written[-1] in ends):
            logits = tiny.network(torch.tensor([[*prompt.ids, *written]], device=DEVICE)).logits[0, -1].tolist()
            changed = [
                value - settings["repeats"] * (token in written) + settings["ending"] * len(written) * (token in ends) + shifts.get(token, 0.0)
                for token, value in enumerate(logits)
            ]
            written.append(max(range(len(changed)), key=changed.__getitem__))
    policy = open_policy(tiny, make_arm("rules", settings=settings))
    for steady in (True, False):
        assert sample(policy, [prompt], SamplingConfig(max_new_tokens=10, temperature=0), [0], steady=steady)[0].token_ids == tuple(written)


@pytest.mark.parametrize("steady", [True, False])
def test_a_batch_replies_as_each_row_alone_and_with_all_three_at_0_as_the_base(tiny, steady):
    prompts, sampling = [prompt_of(tiny, CONSTITUTION, (True,), query) for query in QUERIES], SamplingConfig(max_new_tokens=16)
    for settings in (STRONG, {"repeats": 0.0, "ending": 0.0, "shifts": 0.0}):
        policy = open_policy(tiny, make_arm("rules", settings=settings))
        together = sample(policy, prompts, sampling, [1, 2, 3], steady=steady)
        assert together == [sample(policy, [prompt], sampling, [seed], steady=steady)[0] for prompt, seed in zip(prompts, [1, 2, 3], strict=True)]
        assert (together == sample(base_of(tiny), prompts, sampling, [1, 2, 3], steady=steady)) == (not any(settings.values()))


def test_the_end_that_is_raised_comes_sooner_and_rows_that_have_ended_leave_the_others_as_they_are(tiny):
    prompts, sampling = [prompt_of(tiny, None, (), query) for query in QUERIES], SamplingConfig(max_new_tokens=40)
    policy = open_policy(tiny, make_arm("rules-alone", settings={"repeats": 0.0, "ending": 1.0, "shifts": 0.0}))
    replies = sample(policy, prompts, sampling, [1, 2, 3])
    assert all(reply.ended for reply in replies)
    assert sum(len(reply.token_ids) for reply in replies) < sum(len(reply.token_ids) for reply in sample(base_of(tiny), prompts, sampling, [1, 2, 3]))


@pytest.mark.parametrize("packed", [True, False])
def test_scores_are_those_of_the_rules_written_out_for_each_reply_alone(tiny, packed):
    model = dataclasses.replace(tiny, packed=packed)
    policy = open_policy(model, make_arm("rules", settings=STRONG))
    prompts, responses = [prompt_of(model, CONSTITUTION, (side,), "Why?") for side in (True, False)], [[40, 41, 40], [41, 42]]
    shifts = rules_of(model, make_arm("rules", settings=STRONG)).shifts
    with torch.no_grad():
        found = policy.score(prompts, responses, own=[0, 1])
        for c, prompt in enumerate(prompts):
            for r, response in enumerate(responses):
                logits = model.network(torch.tensor([[*prompt.ids, *response]], device=DEVICE)).logits[0, -len(response) - 1 : -1].float().clone()
                for t in range(len(response)):
                    for token in set(response[:t]):
                        logits[t, token] -= STRONG["repeats"]
                    for token in model.end_ids:
                        logits[t, token] += STRONG["ending"] * t
                    for token, nats in shifts.items():
                        logits[t, token] += nats
                expected = logits.log_softmax(-1)
                assert torch.allclose(found.tokens[c][r], expected[torch.arange(len(response)), response], atol=1e-4)
                if c == r:
                    assert torch.allclose(found.own[r], expected, atol=1e-4)


@pytest.mark.parametrize("steady", [True, False])
def test_greedy_decoding_takes_the_likeliest_token_of_the_scored_distribution(tiny, steady):
    policy = open_policy(tiny, make_arm("rules", settings=STRONG))
    prompts = [prompt_of(tiny, CONSTITUTION, (True,), query) for query in QUERIES[:2]]
    drawn = sample(policy, prompts, SamplingConfig(max_new_tokens=8, temperature=0), [0, 0], steady=steady)
    with torch.no_grad():
        scored = policy.score(prompts, [response.token_ids for response in drawn], own=[0, 1])
    assert [tuple(own_TV.argmax(-1).tolist()) for own_TV in scored.own] == [response.token_ids for response in drawn]


def test_they_need_no_adapter_and_are_held_to_their_ranges():
    assert [(METHODS[key].needs, METHODS[key].control, METHODS[key].in_prompt) for key in ("rules", "rules-alone")] == [
        (("constitution",), "prompt", True),
        ((), "base", False),
    ]
    for name, value in (("repeats", 11), ("ending", -0.1), ("shifts", 4)):
        with pytest.raises(ConfigError, match=f"{name} of rules must be between"):
            make_arm("rules", settings={name: value})
