"""Checks whose outcome is settled by how long a reply may be."""

import pytest

from core.constitution.checks import CHECKS, Check
from core.constitution.meant import always_holds, always_holds_within, never_holds_within, tells_nothing

TOKENS = 64


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        (Check("max_words", 80), True),
        (Check("max_words", 64), True),  # 64 tokens are 64 words at most
        (Check("max_words", 63), False),
        (Check("max_sentences", 64), True),
        (Check("max_sentences", 63), False),  # 63 sentences of one token each leave one over
        (Check("min_words", 1), True),  # also without a limit
        (Check("min_words", 2), False),
        (Check("regex", ".*"), True),
    ],
)
def test_what_every_reply_of_so_many_tokens_meets(check, holds):
    assert bool(always_holds_within(check, TOKENS)) is holds


def test_a_longer_reply_may_fail_what_a_short_one_cannot():
    assert always_holds_within(Check("max_words", 80), 64).startswith(
        "replies have at most 64 tokens, so no more than 64 words, in text with spaces between its words."
    )
    assert always_holds_within(Check("max_words", 80), 128) == always_holds(Check("max_words", 80)) == ""


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"max_words", "max_sentences", "min_words"}))
def test_of_every_other_kind_the_length_of_a_reply_proves_nothing(name):
    check = Check(name, CHECKS[name].example)
    assert always_holds_within(check, 1) == never_holds_within(check, 1) == ""


def test_more_words_than_there_are_tokens_can_never_be_asked_for():
    assert "no more than 64 words" in never_holds_within(Check("min_words", 65), TOKENS)
    assert never_holds_within(Check("min_words", 64), TOKENS) == ""


def test_it_is_said_of_the_principle_with_its_check_and_the_remedy():
    assert tells_nothing("Brief", Check("max_words", 80), TOKENS) == (
        "The check of “Brief” (max_words: 80) cannot fail: replies have at most 64 tokens, so no more than 64 words, in text with spaces between its words. "
        "Write fewer words, or allow longer replies (sampling.max_new_tokens)."
    )
    assert "can never be met" in tells_nothing("Long", Check("min_words", 80), TOKENS)
    assert tells_nothing("Brief", Check("max_words", 20), TOKENS) == tells_nothing("Kind", None, TOKENS) == ""
