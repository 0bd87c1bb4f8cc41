"""The mixture: weights by hand on three tokens, networks that pad their vocabularies, what cancels, and rows that share a batch."""

import dataclasses

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.engine.policies import base_of, open_base
from core.engine.policy import prompt_of
from core.engine.sampling import sample
from core.methods.arms import make_arm
from core.methods.mixture import Mixture, Reading, Source, mix, open_mixture
from core.settings import SamplingConfig

CONSTITUTION = Constitution(name="C", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long and dull."),))
QUERIES = ("Why?", "What is tea?", "Where do birds sleep?")
ARM = make_arm("prompt")


def prompts(model):
    return [prompt_of(model, CONSTITUTION, (True,), query) for query in QUERIES]


def test_the_formula_by_hand_on_three_tokens():
    """M (1/2, 1/4, 1/4), expert (1/2, 1/4, 1/4), anti-expert (1/4, 1/4, 1/2), alpha 1: M x expert / anti = (1, 1/4, 1/8), normalised (8, 2, 1) / 11."""
    m, expert, anti = (torch.tensor(p).log() for p in ([0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5]))
    assert mix([m, expert, anti], [1.0, 1.0, -1.0]).softmax(-1).tolist() == pytest.approx([8 / 11, 2 / 11, 1 / 11])
    assert mix([m, expert, anti], [1.0, 2.0, -2.0]).softmax(-1).tolist() == pytest.approx([2 / 2.3125, 0.25 / 2.3125, 0.0625 / 2.3125])


def test_rows_that_only_one_network_has_are_left_as_the_first_has_them():
    """M knows 3 tokens and one row of padding (p 1/8), the others 3 tokens: the third row is moved, the padding keeps its weight of 1/8."""
    m = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    expert, anti = torch.tensor([0.25, 0.25, 0.5]).log() + 7.0, torch.tensor([0.25, 0.5, 0.25]).log() - 3.0  # logits: any constant may be added
    assert mix([m, expert, anti], [1.0, 1.0, -1.0]).softmax(-1).tolist() == pytest.approx([0.5, 0.125, 0.25, 0.125])
    longer = torch.tensor([0.25, 0.25, 0.25, 0.25]).log()  # beyond the first's rows it is left out, and says nothing of the three
    assert mix([torch.tensor([0.5, 0.25, 0.25]).log(), longer], [1.0, 2.0]).softmax(-1).tolist() == pytest.approx([0.5, 0.25, 0.25])


def test_sources_that_are_one_and_the_same_are_put_together_and_what_cancels_is_left_out(tiny):
    base = open_base(tiny, ARM)
    assert open_mixture(ARM, tiny, [Source(base, 0.5), Source(base, 0.5)]) == base
    assert open_mixture(ARM, tiny, [Source(base, 1.0), Source(base, 0.7, Reading.BARE), Source(base, -0.7, Reading.BARE)]) == base
    left = open_mixture(ARM, tiny, [Source(base, 1.0), Source(base, 0.7, Reading.BARE), Source(base, -0.2, Reading.BARE)])
    assert isinstance(left, Mixture)
    assert [(source.weight, source.reading) for source in left.sources] == [(1.0, Reading.WHOLE), (pytest.approx(0.5), Reading.BARE)]


def test_a_row_is_decoded_in_company_as_alone(tiny):
    base = open_base(tiny, ARM)
    policy = open_mixture(ARM, tiny, [Source(base, 1.5), Source(base, -0.5, Reading.BARE)])
    for steady in (True, False):
        sampling = SamplingConfig(max_new_tokens=12, temperature=1.0)
        together = sample(policy, prompts(tiny), sampling, [1, 2, 3], steady=steady)
        alone = [sample(policy, [prompt], sampling, [seed], steady=steady)[0] for prompt, seed in zip(prompts(tiny), (1, 2, 3), strict=True)]
        assert together == alone
        assert together != sample(base_of(tiny), prompts(tiny), sampling, [1, 2, 3], steady=steady)


def test_networks_that_allow_different_layouts_are_asked_in_one_that_all_allow(tiny):
    plain = dataclasses.replace(tiny, packed=False, steady_sizes=(8, 24))
    quick = dataclasses.replace(tiny, steady_sizes=(2, 8, 24))
    sources = [Source(open_base(quick, ARM), 1.5), Source(open_base(plain, ARM), -0.5, Reading.BARE)]
    policy = open_mixture(ARM, quick, sources)
    assert {(source.policy.model.packed, source.policy.model.steady_sizes) for source in policy.sources} == {(False, (8, 24))}
    expected = open_mixture(ARM, tiny, [Source(open_base(tiny, ARM), 1.5), Source(open_base(tiny, ARM), -0.5, Reading.BARE)])
    greedy = SamplingConfig(max_new_tokens=8, temperature=0)
    assert sample(policy, prompts(tiny), greedy, [0, 0, 0], steady=True) == sample(expected, prompts(tiny), greedy, [0, 0, 0])
    with torch.no_grad():
        found, wanted = (one.score(prompts(tiny), [[20, 21, 22], [40, 41]], own=[0, 1]) for one in (policy, expected))
    for ours, theirs in zip(found.own, wanted.own, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)
