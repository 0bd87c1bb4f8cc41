"""Which prompts share a beginning: as many tokens as possible are computed once."""

from hypothesis import given
from hypothesis import strategies as st

from core.engine.decoding import shared_beginnings


def test_prompts_that_differ_in_the_middle_share_what_comes_before():
    assert shared_beginnings([[1, 2, 3, 9], [1, 2, 4, 9]]) == [([0, 1], 2)]


def test_two_long_beginnings_are_worth_more_than_one_short_one():
    prompts = [[1, 2, 2, 2, 5], [1, 2, 2, 2, 6], [1, 3, 3, 3, 5], [1, 3, 3, 3, 6]]
    assert shared_beginnings(prompts) == [([0, 1], 4), ([2, 3], 4)]


def test_a_prompt_keeps_a_token_of_its_own():
    assert shared_beginnings([[1, 2, 3], [1, 2, 3]]) == [([0, 1], 2)]
    assert shared_beginnings([[1, 2, 3], [1, 2, 3, 4]]) == [([0, 1], 2)]
    assert shared_beginnings([[7], [7]]) == [([0, 1], 0)]


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8), min_size=1, max_size=8))
def test_every_row_is_in_one_group_and_begins_as_its_group(prompts):
    groups = shared_beginnings(prompts)
    assert sorted(row for rows, _ in groups for row in rows) == list(range(len(prompts)))
    for rows, length in groups:
        assert len({tuple(prompts[row][:length]) for row in rows}) == 1
        assert all(length < len(prompts[row]) for row in rows)
