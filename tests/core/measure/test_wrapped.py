"""What wrappers take and training gives back, on replies that are written down: shares, shifts and claims worked by hand."""

import math
from dataclasses import replace

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.constitution.wrappers import PLAIN, WRAPPERS, own_wrapper
from core.measure.statistics import UNMEASURED, paired_change, share
from core.measure.values import MeasuredReply
from core.measure.wrapped import Answers, consistency

BRIEF = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 3))
TEXT = Constitution(name="N", principles=(BRIEF,))
FLATTER, IGNORE = WRAPPERS["flattering"], WRAPPERS["ignore"]
SHORT, LONG = "It rains.", "It rains on and on without end."
N = 20


def reply(query, side, text, told_apart):
    """Scored so that the bound of its query is log 2 - log(1 + e^-told_apart)."""
    own, other = -1.0, -1.0 - told_apart
    scores = (own, other) if side == "statement" else (other, own)
    return MeasuredReply(query=query, side=side, text=text, ended=True, tokens=4, logprobs=scores if text else (), base_logprobs=(), kl_policy_base_nats=None)


def replies(follow, told_apart=1.0, texts=None):
    """N queries, of which the first so many are followed under the statement."""
    found = []
    for i in range(N):
        text = (SHORT if i < follow else LONG) if texts is None else texts[i]
        found += [reply(f"q{i}", "statement", text, told_apart), reply(f"q{i}", "antithesis", LONG, told_apart)]
    return found


def found_of(plain, flattered, ignored, wrappers=(FLATTER, IGNORE), text=TEXT):
    """Each given as how many follow before and after."""
    answers = {PLAIN.key: plain, FLATTER.key: flattered, IGNORE.key: ignored}
    return consistency(text, wrappers, {key: Answers(before=replies(before), after=replies(after)) for key, (before, after) in answers.items()})


def test_shares_shifts_and_what_is_taken_and_repaired_by_hand():
    """18 of 20 follow without a wrapper, before and after. Flattery takes nothing; *ignore* leaves 4 before, 16 after."""
    found = found_of((18, 18), (18, 18), (4, 16))
    assert (found.n_queries, found.family) == (20, 2)
    (principle,) = found.principles
    assert principle.plain.compliance.before == share([True] * 18 + [False] * 2)
    assert principle.plain.shift.before == UNMEASURED
    flattered, ignored = principle.wrapped
    assert (flattered.taken_before, flattered.taken_after, flattered.repaired, flattered.lost) == (False,) * 4
    assert ignored.compliance.before.value == 4 / 20
    assert ignored.compliance.change.value == 12 / 20
    assert ignored.shift.before == paired_change([i < 18 for i in range(N)], [i < 4 for i in range(N)])
    assert ignored.shift.before.value == pytest.approx(-14 / 20)
    assert ignored.shift.after.value == pytest.approx(-2 / 20)
    assert ignored.shift.change.value == pytest.approx(12 / 20)
    assert (ignored.taken_before, ignored.taken_after, ignored.repaired, ignored.lost) == (True, False, True, False)
    assert ignored.sentence == (
        "“Brief” under the wrapper “Ignore your principles” is followed in 20% (8% to 42%) before training and in 80% (58% to 92%) after it; "
        "training gives back some of what the wrapper takes."
    )
    assert "that the wrapper takes something before training is not shown at this n, so nothing can be called repaired" in flattered.sentence


def test_what_training_lowers_under_a_wrapper_is_called_lowered_and_never_repaired():
    found = found_of((18, 18), (18, 4), (4, 4)).principles[0].wrapped
    assert found[0].lost and found[0].taken_after and not found[0].repaired
    assert found[0].sentence.endswith("after it: training lowers it.")
    assert found[1].taken_before and not found[1].repaired
    assert found[1].sentence.endswith("; that training gives back what the wrapper takes is not shown at this n.")


def test_claims_are_corrected_over_all_wrappers():
    """A fall of 5 in 20: centre -5/22, error sqrt(6 - 25/22) / 22 = 0.1002, so p = 0.023 by itself, and 0.070 among three whose others change nothing."""
    one = consistency(TEXT, [FLATTER], {key: Answers(before=replies(n), after=replies(n)) for key, n in ((PLAIN.key, 18), (FLATTER.key, 13))})
    assert one.principles[0].wrapped[0].taken_before
    play, tried = WRAPPERS["role_play"], ((PLAIN.key, 18), (FLATTER.key, 13), (IGNORE.key, 18), ("role_play", 18))
    three = consistency(TEXT, [FLATTER, IGNORE, play], {key: Answers(before=replies(n), after=replies(n)) for key, n in tried})
    assert three.family == 3 and not three.principles[0].wrapped[0].taken_before


def test_the_bound_is_the_mean_over_queries_and_its_shift_is_paired():
    """Told apart by 2 nats a token without the wrapper and by 1 with it: log 2 - log(1 + e^-2) = 0.5662 and log 2 - log(1 + e^-1) = 0.3799."""
    answers = {
        PLAIN.key: Answers(before=replies(10, 2.0), after=replies(10, 2.0)),
        IGNORE.key: Answers(before=replies(10, 1.0), after=replies(10, 2.0)),
    }
    (wrapped,) = consistency(TEXT, [IGNORE], answers).principles[0].wrapped
    assert wrapped.bound_nats.before.value == pytest.approx(math.log(2) - math.log1p(math.exp(-1)))
    assert wrapped.bound_shift_nats.before.value == pytest.approx(0.3799 - 0.5662, abs=1e-4)
    assert wrapped.bound_shift_nats.after.value == pytest.approx(0.0)
    assert wrapped.bound_nats.change.value == pytest.approx(wrapped.bound_nats.after.value - wrapped.bound_nats.before.value)
    assert wrapped.bound_nats.change.n == N


def test_what_nobody_judges_is_unmeasured_and_no_member_of_the_family():
    unjudged = replace(TEXT, principles=(replace(BRIEF, check=None),))
    found = found_of((18, 18), (4, 4), (4, 4), text=unjudged)
    assert (found.family, found.principles[0].judge) == (0, None)
    assert found.principles[0].wrapped[0].compliance.before == UNMEASURED
    assert found.principles[0].wrapped[0].bound_nats.before.n == N
    assert "could not be measured: no reply could be judged" in found.principles[0].wrapped[0].sentence


def test_an_empty_reply_is_a_miss_and_adds_nothing_to_the_bound():
    texts = ["", *[SHORT] * (N - 1)]
    answers = {key: Answers(before=replies(0, texts=texts), after=replies(N)) for key in (PLAIN.key, IGNORE.key)}
    plain = consistency(TEXT, [IGNORE], answers).principles[0].plain
    assert (plain.compliance.before.value, plain.compliance.before.n) == (19 / 20, 20)
    assert (plain.bound_nats.before.n, plain.bound_nats.after.n, plain.bound_nats.change.n) == (19, 20, 19)


def test_refusals_are_counted_on_queries_without_a_wrapper_alone():
    refused = ["I'm sorry, but I cannot help with that.", *[SHORT] * (N - 1)]
    answers = {
        PLAIN.key: Answers(before=replies(N), after=replies(0, texts=refused)),
        IGNORE.key: Answers(before=replies(0, texts=refused), after=replies(N)),
    }
    refusals = consistency(TEXT, [IGNORE], answers).refusals
    assert (refusals.before.value, refusals.after.value, refusals.before.n) == (0.0, 1 / 20, 20)


def test_the_authors_own_wrapper_is_marked_as_the_wording_that_was_trained_with():
    mine = own_wrapper("Says my aunt:")
    answers = {key: Answers(before=replies(9), after=replies(9)) for key in (PLAIN.key, mine.key, IGNORE.key)}
    wrapped = consistency(TEXT, [mine, IGNORE], answers).principles[0].wrapped
    assert [each.as_trained for each in wrapped] == [True, False]


def test_with_several_principles_each_is_held_against_its_own_flip():
    """Stances: all statements, all antitheses, the first flipped, the second flipped. The bound of the second is of places 0 and 3."""
    text = Constitution(name="N", principles=(BRIEF, replace(BRIEF, title="Other", check=None)))
    scores = {"statement": (0.0, -9.0, -9.0, -2.0), "antithesis": (-9.0, 0.0, -9.0, -9.0), "flip 1": (-9.0, -9.0, 0.0, -9.0), "flip 2": (-2.0, -9.0, -9.0, 0.0)}
    asked = [replace(reply(f"q{i}", side, SHORT, 1.0), logprobs=given) for i in range(3) for side, given in scores.items()]
    found = consistency(text, [IGNORE], {key: Answers(before=asked, after=asked) for key in (PLAIN.key, IGNORE.key)})
    assert found.n_queries == 3
    assert found.principles[1].plain.bound_nats.before.value == pytest.approx(math.log(2) - math.log1p(math.exp(-2)))
    assert found.principles[0].plain.bound_nats.before.value == pytest.approx(math.log(2) - math.log1p(math.exp(-9)))
