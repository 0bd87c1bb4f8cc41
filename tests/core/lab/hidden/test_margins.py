"""The margin by hand, and the same from a network as pair by pair."""

import pytest
import torch

from core.engine.policies import base_of
from core.engine.policy import prompt_of
from core.lab.hidden.margins import margin, margins, stored_pairs
from core.measure.values import MeasuredReply


def test_a_margin_is_the_difference_of_two_means():
    """(-1 - 3) / 2 = -2 and (-2 - 2 - 5) / 3 = -3, so the reply under the statement is likelier by 1 nat a token."""
    assert margin(torch.tensor([-1.0, -3.0]), torch.tensor([-2.0, -2.0, -5.0])) == pytest.approx(1.0)
    assert margin(torch.tensor([-2.0, -2.0, -5.0]), torch.tensor([-1.0, -3.0])) == pytest.approx(-1.0)


def reply(text, side):
    return MeasuredReply(query="?", side=side, text=text, ended=True, tokens=1, logprobs=(), base_logprobs=(), kl_policy_base_nats=None)


def stored(model, *texts):
    return stored_pairs(model, [(reply(one, "statement"), reply(other, "antithesis")) for one, other in texts])


def test_each_principle_is_read_at_each_query_as_it_would_be_alone(tiny):
    prompts = [prompt_of(tiny, None, (), query) for query in ("What is tea?", "Who was Ada, and why is she known?", "Why?")]
    pairs = [stored(tiny, ("yes", "no, not at all"), ("a", "bb"), ("", "never")), stored(tiny, ("c", "ddd"), ("ee", ""), ("f g", "h"))]
    found = margins(base_of(tiny), prompts, pairs)
    assert found[0][2] is None and found[1][1] is None
    for p, of_principle in enumerate(pairs):
        for q, pair in enumerate(of_principle):
            if all(pair):
                with torch.no_grad():
                    scores = base_of(tiny).score([prompts[q]], pair)
                assert found[p][q] == pytest.approx(margin(*scores.tokens[0]), abs=1e-4)


def test_many_queries_are_read_in_several_passes(tiny):
    prompts = [prompt_of(tiny, None, (), f"Question {i}?") for i in range(30)]
    pairs = [stored(tiny, *[(f"a{i}", "b") for i in range(30)])]
    (found,) = margins(base_of(tiny), prompts, pairs)
    assert None not in found
    assert margins(base_of(tiny), prompts[-1:], [pairs[0][-1:]])[0][0] == pytest.approx(found[-1], abs=1e-4)
