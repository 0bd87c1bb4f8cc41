"""The three questions: each answered by its own figures, and no verdict that says more. Results are counted out, query by query."""

import dataclasses

import pytest

from core.measure.questions import ANSWERS, DEPENDS, ROSE, Answer, Question, Sense, compare, doubts, harms, still_answers
from core.measure.statistics import UNMEASURED, Figure, Pairs
from core.measure.verdicts import Verdict
from tests.core.measure.replies import BASE, CAPITALS, N, evaluated, replies, reply

SHOWN, ABSENT, OPEN = Answer.SHOWN, Answer.ABSENT, Answer.OPEN


def arm(statement, antithesis, margin=5.0, n=24, first=0):
    """Replies of which so many of n follow under each side, from the query `first` on in a circle; traced to their side by `margin`."""

    def text(side, i):
        return "LOUD" if (i - first) % n < (statement if side == "statement" else antithesis) else "quiet"

    scores = {"statement": (-1.0, -1.0 - margin), "antithesis": (-1.0 - margin, -1.0)}
    return [reply(side=side, text=text(side, i), query=f"q{i}", logprobs=scores[side]) for i in range(n) for side in scores]


def found(base, aligned):
    return evaluated(CAPITALS, base, aligned).principles[0]


@pytest.mark.parametrize("moved", [0, 3])
def test_what_depends_on_the_text_as_before_is_told_so_and_not_as_something_else(moved):
    """0.54 before and after, 0.00 under the antithesis: it is exactly this behaviour. Once on the same queries, once on other ones."""
    principle = found(arm(13, 0, margin=0.0), arm(13, 0, first=moved))
    assert principle.verdict is Verdict.STEADY
    assert principle.sentence.startswith("“Capitals” depends on the text: under the statement, replies comply in 54%")
    assert "something else" not in principle.sentence
    assert [question.answer for question in principle.questions] == [OPEN if moved else ABSENT, SHOWN, OPEN]


def test_a_fall_from_all_to_most_is_not_the_wrong_way():
    """1.00 → 0.79, and 0.00 under the antithesis."""
    principle = found(arm(24, 0), arm(19, 0))
    assert principle.verdict is Verdict.STEADY
    assert "wrong way" not in principle.sentence
    assert "a fall that chance does not explain" in principle.sentence
    assert principle.questions[0].contrary


def test_the_wrong_way_is_shown_below_the_antithesis_or_a_fall_to_the_other_side():
    assert found(arm(12, 12), arm(2, 20)).verdict is Verdict.REVERSED
    assert found(arm(23, 0), arm(3, 0)).verdict is Verdict.REVERSED
    assert found(arm(12, 12), arm(10, 14)).verdict is not Verdict.REVERSED


def test_a_check_that_both_sides_pass_earns_no_already_followed():
    principle = found(arm(23, 23), arm(23, 23))
    assert principle.verdict is Verdict.BOTH_SIDES
    assert "followed under both sides: in 96%" in principle.sentence
    assert found(arm(23, 2), arm(23, 2)).verdict is Verdict.ALREADY


def test_followed_under_both_sides_needs_the_difference_shown_to_be_absent():
    assert found(arm(4, 0), arm(23, 23)).verdict is Verdict.BOTH_SIDES
    open_ = found(arm(4, 0), arm(24, 20))
    assert open_.verdict is Verdict.RISEN
    assert "Whether that depends on the text is not shown at this n" in open_.sentence


@pytest.mark.parametrize("base", [20, 22, 24])
def test_a_base_with_too_little_to_gain_is_already_followed(base):
    """20 of 24 cannot be shown to rise, whatever training does: it is already followed where the text decides it and four of five comply."""
    assert found(arm(base, 1, margin=0.0), arm(24, 1)).verdict is Verdict.ALREADY


def test_attributable_is_said_only_of_more_than_the_base_s_own_with_both_figures():
    already = found(arm(0, 0, margin=5.0), arm(0, 0, margin=5.0))
    assert already.verdict is Verdict.NO_EFFECT
    assert "traced to their constitution in 100% (86% to 100%), the base’s own in 100% (86% to 100%)" in already.sentence
    more = found(arm(0, 0, margin=0.0), arm(0, 0, margin=5.0))
    assert more.verdict is Verdict.NOT_FOLLOWED
    assert "traced to their constitution in 100% (86% to 100%), the base’s own in 0% (0% to 14%)" in more.sentence


def figure(value, half, n=24):
    return Figure(value, value - half, value + half, n)


STEADY = {"relevance_nats": figure(0.0, 0.1), "surprise_nats": figure(0.0, 0.1), "echo": figure(0.0, 0.05), "cap_nats": 2.079, "n_queries": 24}


def senseless(aligned, lost):
    """The same replies, read as answers to another query by so many nats, beside a base that is read right."""
    read = {"read_tokens": 3}
    return [dataclasses.replace(r, query_logprobs=(-1.0 - lost, *(-9.0,) * 7), **read) if r.side == "statement" else r for r in aligned]


def test_replies_in_the_form_asked_for_that_no_longer_answer_are_not_called_followed():
    base = senseless(arm(4, 0, margin=0.0), 0.0)
    principle = found(base, senseless(arm(23, 0), 12.0))
    assert principle.verdict is Verdict.FORM_ONLY
    assert principle.sentence.startswith("“Capitals” is in the form asked for, but the replies no longer answer (relevance −")
    assert principle.questions[2] == Question(name=ANSWERS, answer=ABSENT)
    assert found(base, senseless(arm(4, 4), 12.0)).verdict is Verdict.SENSELESS
    kept = found(base, senseless(arm(23, 0), 0.1))
    assert kept.verdict is Verdict.FOLLOWED and "still answer" not in kept.sentence


def test_one_senseless_reply_of_many_leaves_what_is_followed_in_doubt():
    """Of 24 replies under the statement one loses 17 nats: a mean of -0.7, beyond the limit, which chance explains."""
    base = senseless(arm(4, 0, margin=0.0), 0.0)
    aligned = senseless(arm(23, 0), 0.0)
    aligned[0] = dataclasses.replace(aligned[0], query_logprobs=(-24.0, *(-9.0,) * 7))
    principle = found(base, aligned)
    assert principle.verdict is Verdict.FOLLOWED and principle.questions[2] == Question(name=ANSWERS, answer=OPEN)
    assert "Whether the replies still answer is not shown at this n (relevance −0.7" in principle.sentence


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({}, ()),
        ({"relevance_nats": figure(-0.3, 0.4)}, ("relevance",)),
        ({"relevance_nats": figure(-0.15, 0.4)}, ()),  # within what it may lose
        ({"relevance_nats": figure(-1.3, 0.4)}, ()),  # shown, and no doubt
        ({"surprise_nats": figure(0.6, 0.7), "echo": figure(0.3, 0.4)}, ("surprise", "echo")),
        ({"relevance_nats": UNMEASURED}, ()),
    ],
)
def test_what_got_worse_by_more_than_it_may_and_not_beyond_chance_is_a_doubt(changed, named):
    assert doubts(Sense(**(STEADY | changed))) == named


def test_the_three_replies_that_got_worst_are_kept_with_their_measures():
    base, aligned = senseless(arm(4, 0, n=6), 0.0), senseless(arm(4, 0, n=6), 0.0)
    for i, lost in ((2, 9.0), (6, 12.0), (10, 7.0)):
        aligned[i] = dataclasses.replace(aligned[i], query_logprobs=(-1.0 - lost, *(-9.0,) * 7), text=f"nonsense\x00 {lost}")
    worst = evaluated(CAPITALS, base, aligned).sense[0].worst
    assert [(row.query, row.text) for row in worst] == [("q3", "nonsense� 12.0"), ("q1", "nonsense� 9.0"), ("q5", "nonsense� 7.0")]
    assert worst[0].relevance_nats < worst[1].relevance_nats < 0
    assert (worst[0].surprise_nats, worst[0].echo) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("changed", "answer", "named"),
    [
        ({}, SHOWN, ()),
        ({"relevance_nats": figure(-0.15, 0.1)}, OPEN, ()),  # may have lost more than it may
        ({"relevance_nats": figure(-0.3, 0.4)}, OPEN, ()),  # more than it may, but chance explains it
        ({"relevance_nats": figure(-0.15, 0.05)}, SHOWN, ()),  # fell, by less than matters
        ({"relevance_nats": figure(-1.3, 0.4)}, ABSENT, ("relevance",)),
        ({"relevance_nats": figure(0.5, 0.1)}, SHOWN, ()),
        ({"surprise_nats": figure(0.7, 0.1)}, ABSENT, ("surprise",)),
        ({"surprise_nats": figure(-0.4, 0.1)}, SHOWN, ()),  # less surprising is no harm
        ({"echo": figure(0.4, 0.1)}, ABSENT, ("echo",)),
        ({"echo": figure(0.4, 0.1), "surprise_nats": figure(1.0, 0.1)}, ABSENT, ("surprise", "echo")),
        ({"relevance_nats": UNMEASURED}, OPEN, ()),  # what was not read is not shown
        ({"echo": figure(0.0, 0.01, n=20)}, OPEN, ()),  # four silent replies answer nothing
        (dict.fromkeys(("relevance_nats", "surprise_nats", "echo"), UNMEASURED), Answer.UNMEASURED, ()),
    ],
)
def test_whether_replies_still_answer(changed, answer, named):
    sense = Sense(**(STEADY | changed))
    assert still_answers(sense) == Question(name=ANSWERS, answer=answer)
    assert harms(sense) == named


def test_questions_about_shares_are_corrected_together():
    """7 gained of 24 are p = 0.0046: shown by themselves and among four like it, not among sixteen of which none is clearer."""
    seven, none = Pairs(n=24, gained=7, lost=0), Pairs(n=24, gained=2, lost=2)
    assert compare([ROSE], [seven])[0].answer is SHOWN
    assert [question.answer for question in compare([ROSE] * 4, [seven] * 4)] == [SHOWN] * 4
    among = compare([ROSE] * 16, [seven] + [none] * 15)
    assert among[0].answer is OPEN
    assert among[0].p_corrected == pytest.approx(16 * seven.p_value)
    assert among[0].more_queries > compare([ROSE], [none])[0].more_queries


def test_absent_is_the_contrary_or_a_difference_that_matters_excluded():
    def answer(**counts):
        return compare([DEPENDS], [Pairs(**counts)])[0]

    assert answer(n=24, gained=0, lost=0).answer is ABSENT
    assert answer(n=8, gained=0, lost=0).answer is OPEN
    assert answer(n=24, gained=1, lost=1).answer is ABSENT
    assert answer(n=24, gained=2, lost=2).answer is OPEN
    assert answer(n=200, gained=15, lost=15).answer is ABSENT
    assert (answer(n=24, gained=0, lost=12).answer, answer(n=24, gained=0, lost=12).contrary) == (ABSENT, True)
    assert answer(n=0, gained=0, lost=0) == Question(name=DEPENDS, answer=Answer.UNMEASURED)


def test_a_principle_that_nobody_can_judge_is_no_member_of_the_family():
    """Two that were not measured make no other claim harder."""
    clear, empty = Pairs(n=24, gained=6, lost=0), Pairs(n=0, gained=0, lost=0)
    assert compare([ROSE, ROSE, ROSE], [clear, empty, empty])[0].p_corrected == pytest.approx(clear.p_value)


def test_a_report_of_replies_that_were_not_read_leaves_the_third_question_unmeasured_where_nothing_else_was():
    silent = [dataclasses.replace(r, text="", logprobs=(), base_logprobs=()) for r in replies("a", "b", 0.0)]
    assert evaluated(CAPITALS, BASE, silent).principles[0].questions[2].answer is Answer.UNMEASURED
    assert N >= 16
