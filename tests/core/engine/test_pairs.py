"""Chosen pairs scored together equal each pair alone, whatever prompts begin with and however long replies are."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.models import Placing, load_model
from core.engine.pairs import Pairs, _lines, score_pairs
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


def test_lines_are_about_as_long_as_each_other_and_hold_every_reply_once():
    asked = [Pairs(prompt=[*HEAD, 10 + i, 7], replies=[[20] * n for n in lengths]) for i, lengths in enumerate([[64] * 8, [9] * 8, [40] * 8, [64, 1], [3]])]
    lines = list(_lines(asked, 0, range(len(asked)), len(HEAD)))
    assert sorted(at for line in lines for at in line.starts) == [(row, place) for row, each in enumerate(asked) for place in range(len(each.replies))]
    widths = [len(line.replies) for line in lines]
    assert sum(widths) == sum(len(reply) for each in asked for reply in each.replies) == 972
    assert len(lines) == 2 and max(widths) * len(lines) < 1.1 * sum(widths)


def test_replies_see_their_own_prompt_and_none_of_those_beside_it(tiny):
    """What stands in the same line is changed, and nothing of the first prompt's scores."""
    others = [Pairs(prompt=[*HEAD, 12, 13], replies=[[60, 61, 62]]), Pairs(prompt=[*HEAD, 99, 98], replies=[[1, 2, 3]])]
    first, second = (score_pairs(tiny, [PAIRS[0], other])[0] for other in others)
    assert all(torch.allclose(one, two, atol=1e-6) for one, two in zip(first.tokens, second.tokens, strict=True))
    assert len(list(_lines([PAIRS[0], others[0]], 0, (0, 1), len(HEAD)))) == 1
