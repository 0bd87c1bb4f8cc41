"""Chosen pairs scored together equal each pair alone, whatever prompts begin with and however long replies are."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.models import Placing, load_model
from core.engine.pairs import Pairs, score_pairs
from core.engine.scoring import score
from core.settings import ModelReference
from tests.devices import DEVICE

HEAD = [5, 6, 7, 8, 9]  # what the prompts begin with
PAIRS = [
    Pairs(prompt=[*HEAD, 10], replies=[[20, 21, 22], [30], [31, 32, 33, 34, 35]], own=2),
    Pairs(prompt=[*HEAD, 11, 12, 13], replies=[[40, 41]]),
    Pairs(prompt=[*HEAD, 11, 14], replies=[[20, 21, 22], [50, 51, 52, 53]], own=0),
]


def alone(model, asked):
    """Each reply in a pass of its own."""
    with torch.no_grad():
        return [[score(model, [each.prompt], [reply], [0]) for reply in each.replies] for each in asked]


def assert_alike(found, expected, asked):
    for scores, of_prompt, each in zip(found, expected, asked, strict=True):
        for tokens, one in zip(scores.tokens, of_prompt, strict=True):
            assert torch.allclose(tokens, one.tokens[0][0], atol=1e-4)
        assert (scores.own is None) == (each.own is None)
        if scores.own is not None:
            assert torch.allclose(scores.own, of_prompt[each.own].own[0], atol=1e-4)


@pytest.mark.parametrize("packed", [True, False])
def test_pairs_scored_together_equal_each_alone_and_keep_the_distributions_that_were_named(tiny, packed):
    assert_alike(score_pairs(dataclasses.replace(tiny, packed=packed), PAIRS), alone(tiny, PAIRS), PAIRS)


@pytest.fixture(scope="module")
def shared_tiny(tiny_folder, tmp_path_factory):
    return load_model(ModelReference(id=str(tiny_folder)), tmp_path_factory.mktemp("m"), Placing(device=DEVICE, dtype=torch.float32))


tokens = st.lists(st.integers(0, 250), min_size=1, max_size=9)


@given(st.lists(st.tuples(tokens, st.lists(tokens, min_size=1, max_size=3)), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_so_they_do_for_any_lengths_and_numbers(shared_tiny, rows):
    asked = [Pairs(prompt=prompt, replies=replies) for prompt, replies in rows]
    assert_alike(score_pairs(shared_tiny, asked), alone(shared_tiny, asked), asked)


def test_no_reply_and_an_empty_one_are_refused(tiny):
    for replies in ([], [[1], []]):
        with pytest.raises(ValueError, match="reply"):
            score_pairs(tiny, [Pairs(prompt=[1, 2], replies=replies)])
