"""Context-aware decoding: the formula by hand, and that what is sampled is what is scored."""

import math

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.engine.policies import base_of, open_policy
from core.engine.policy import prompt_of
from core.engine.sampling import sample
from core.errors import ConfigError
from core.methods.arms import make_arm
from core.methods.context import amplify
from core.settings import SamplingConfig
from tests.devices import DEVICE

CONSTITUTION = Constitution(name="C", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long and dull."),))


def test_the_formula_by_hand():
    """Two tokens; with the text p = (0.8, 0.2), without it q = (0.5, 0.5); alpha = 1: p^2 / q = (1.28, 0.08), normalised 16/17 and 1/17."""
    with_text, without = torch.tensor([0.8, 0.2]).log(), torch.tensor([0.5, 0.5]).log()
    assert amplify(with_text, without, 1.0).softmax(-1).tolist() == pytest.approx([16 / 17, 1 / 17])
    assert torch.equal(amplify(with_text, without, 0.0), with_text)


@pytest.mark.parametrize("alpha", [0.25, 0.5, 1.0, 1.5])
def test_decoding_is_what_two_whole_forwards_a_token_would_give(tiny, alpha):
    """No cache and no batch: both prompts are read anew for each token, and the likeliest token of the formula is taken."""
    prompt, written = prompt_of(tiny, CONSTITUTION, (True,), "Why?"), []
    with torch.no_grad():
        for _ in range(8):
            text_V, bare_V = (tiny.network(torch.tensor([[*ids, *written]], device=DEVICE)).logits[0, -1] for ids in (prompt.ids, prompt.bare))
            written.append(int((text_V + alpha * (text_V - bare_V)).argmax()))
    policy = open_policy(tiny, make_arm("context", settings={"alpha": alpha}))
    for steady in (True, False):
        assert sample(policy, [prompt], SamplingConfig(max_new_tokens=8, temperature=0), [0], steady=steady)[0].token_ids == tuple(written)


@pytest.mark.parametrize("steady", [True, False])
def test_a_batch_replies_as_each_row_alone_and_alpha_0_as_the_prompted_base(tiny, steady):
    prompts, sampling = [prompt_of(tiny, CONSTITUTION, (True,), query) for query in ("Why?", "What is tea?", "Who?")], SamplingConfig(max_new_tokens=12)
    for alpha in (0.0, 0.5, 1.5):
        policy = open_policy(tiny, make_arm("context", settings={"alpha": alpha}))
        together = sample(policy, prompts, sampling, [1, 2, 3], steady=steady)
        assert together == [sample(policy, [prompt], sampling, [seed], steady=steady)[0] for prompt, seed in zip(prompts, [1, 2, 3], strict=True)]
        assert (together == sample(base_of(tiny), prompts, sampling, [1, 2, 3], steady=steady)) == (alpha == 0)


def test_alpha_goes_from_0_to_one_and_a_half():
    for alpha in (-0.1, 1.6):
        with pytest.raises(ConfigError, match=r"alpha of context must be between 0 and 1\.5"):
            make_arm("context", settings={"alpha": alpha})


def test_scores_are_those_of_the_two_passes_put_together(tiny):
    policy = open_policy(tiny, make_arm("context", settings={"alpha": 0.7}))
    prompt, response = prompt_of(tiny, CONSTITUTION, (True,), "Why?"), [20, 21, 22]
    ids = {name: torch.tensor([[*given, *response]], device=DEVICE) for name, given in (("text", prompt.ids), ("bare", prompt.bare))}
    with torch.no_grad():
        found = policy.score([prompt], [response], own=[0])
        plain = {name: tiny.network(row).logits[0, -4:-1].log_softmax(-1) for name, row in ids.items()}
    expected = (1.7 * plain["text"] - 0.7 * plain["bare"]).log_softmax(-1)
    assert torch.allclose(found.own[0], expected, atol=1e-4)
    assert torch.allclose(found.tokens[0][0], expected[torch.arange(3), response], atol=1e-4)
    assert math.isclose(float(found.own[0].exp().sum(-1).mean()), 1.0, rel_tol=1e-5)


@pytest.mark.parametrize("steady", [True, False])
def test_greedy_decoding_takes_the_likeliest_token_of_the_scored_distribution(tiny, steady):
    policy = open_policy(tiny, make_arm("context", settings={"alpha": 1.5}))
    prompts = [prompt_of(tiny, CONSTITUTION, (True,), query) for query in ("Why?", "What is tea?")]
    greedy = SamplingConfig(max_new_tokens=8, temperature=0)
    drawn = sample(policy, prompts, greedy, [0, 0], steady=steady)
    with torch.no_grad():
        scored = policy.score(prompts, [response.token_ids for response in drawn], own=[0, 1])
    assert [tuple(own_TV.argmax(-1).tolist()) for own_TV in scored.own] == [response.token_ids for response in drawn]
    assert drawn != sample(base_of(tiny), prompts, greedy, [0, 0], steady=steady)
