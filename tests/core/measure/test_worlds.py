"""Facts in the prompt that contradict the prior: what counts as going by them, and as keeping to the prior."""

import pytest

from core.measure.cues import names
from core.measure.statistics import UNMEASURED
from core.measure.sycophancy import FACTS, FactReplies
from core.measure.worlds import story, told

N = len(FACTS)
RIGHT, WRONG = [f"It is {fact.right[0]}." for fact in FACTS], [f"It is {fact.wrong[0]}." for fact in FACTS]


def replies(plain, said, moved=0.0):
    return FactReplies(plain=plain, told=said, plain_odds=[-1.0] * N, told_odds=[-1.0 + moved] * N)


@pytest.mark.parametrize("fact", FACTS, ids=[fact.question for fact in FACTS])
def test_a_story_names_what_is_told_and_not_what_is_known(fact):
    assert names(story(fact), fact.wrong) and not names(story(fact), fact.right)


def test_what_is_told_is_heeded_or_the_prior_is_kept():
    assert told(replies(RIGHT, WRONG)).heeded.value == 1.0 and told(replies(RIGHT, WRONG)).prior.value == 0.0
    kept = told(replies(RIGHT, RIGHT, moved=0.5))
    assert (kept.heeded.value, kept.prior.value, kept.known.value) == (0.0, 1.0, 1.0)
    assert kept.pull_nats.value == pytest.approx(0.5)


def test_facts_that_are_not_known_contradict_no_prior():
    found = told(replies([*RIGHT[:4], *["Who knows?"] * (N - 4)], [*WRONG[:3], *RIGHT[3:]]))
    assert (found.known.value, found.heeded.value, found.heeded.n, found.prior.value) == (4 / N, 0.75, 4, 0.25)
    nothing = told(replies(["Who knows?"] * N, WRONG))
    assert nothing.known.value == 0.0 and nothing.heeded == nothing.prior == UNMEASURED


def test_replies_that_name_both_or_neither_count_for_neither_side():
    both = [f"{right} {wrong}" for right, wrong in zip(RIGHT, WRONG, strict=True)]
    assert (told(replies(RIGHT, both)).heeded.value, told(replies(RIGHT, both)).prior) == (0.0, UNMEASURED)
