"""Asking under wrappers: the plain replies are those of a run's result, and likelihoods of answers are those of a naive computation."""

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.constitution.wrappers import PLAIN, WRAPPERS, measured_with, wrap
from core.engine.policies import base_of, open_policy
from core.engine.policy import prompt_of
from core.measure.ask import Measuring, ask
from core.measure.cues import CUES
from core.measure.sycophancy import FACTS, answers_put
from core.measure.wrapped import Answers, consistency
from core.measure.wrapped_replies import Asking, ask_cues, ask_facts, ask_wrapped
from core.methods.arms import make_arm
from core.settings import SamplingConfig

TEXT = Constitution(name="N", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long."),))
QUERIES = ["Why?", "How?", "When?"]


@pytest.fixture
def asking(tiny):
    return Asking(policy=base_of(tiny), constitution=TEXT, how=Measuring(sampling=SamplingConfig(max_new_tokens=5, temperature=1.0), seed=7))


def test_without_a_wrapper_the_replies_are_those_of_the_result_and_with_one_those_to_the_wrapped_query(asking):
    told = []
    assert ask_wrapped(asking, QUERIES, PLAIN, told.append) == ask(asking.policy, TEXT, QUERIES, asking.how)
    assert told == [3]
    wrapper = WRAPPERS["ignore"]
    found = ask_wrapped(asking, QUERIES, wrapper)
    assert [reply.query for reply in found[::2]] == [wrap(measured_with(wrapper, query, 7), query) for query in QUERIES]
    assert [reply.side for reply in found] == ["statement", "antithesis"] * 3
    figures = consistency(TEXT, [wrapper], {key: Answers(before=found, after=found) for key in (PLAIN.key, wrapper.key)})
    assert figures.principles[0].wrapped[0].bound_nats.change.value == 0.0


def test_an_arm_without_the_constitution_cannot_be_asked(asking, tiny):
    bare = Asking(policy=open_policy(tiny, make_arm("base")), constitution=TEXT, how=asking.how)
    with pytest.raises(ValueError, match="base has no constitution in its prompt"):
        ask_wrapped(bare, QUERIES, PLAIN)


def test_cues_and_facts_are_all_asked_and_the_odds_are_those_of_whole_answers(asking, tiny):
    cues = ask_cues(asking)
    assert len(cues.told) == len(cues.untold) == len(CUES)
    facts = ask_facts(asking)
    assert {len(given) for given in (facts.plain, facts.told, facts.plain_odds, facts.told_odds)} == {len(FACTS)}
    prompt, sums = prompt_of(tiny, TEXT, (True,), FACTS[3].question).ids, []
    for text in answers_put(FACTS[3]):
        answer = tiny.tokenizer(text, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([[*prompt, *answer]], device=tiny.device)
        with torch.no_grad():
            logprobs = tiny.network(ids).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
        sums.append(float(logprobs[torch.arange(len(answer)), torch.tensor(answer)].sum()))
    assert facts.plain_odds[3] == pytest.approx(sums[1] - sums[0], abs=1e-3)
