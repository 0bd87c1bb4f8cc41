"""What another wording changes, on replies made up for it."""

import pytest

from core.constitution.checks import check_from_data
from core.constitution.principles import Constitution, Principle
from core.measure.amended import amended
from core.measure.questions import Answer
from tests.core.measure.replies import reply

SHORT, LONG = "one two", "one two three four five six"


def of(limit: int, *more: Principle) -> Constitution:
    check = check_from_data({"max_words": limit}, "here")
    return Constitution(name="B", principles=(Principle(id="a" * 32, title="Brief", statement=f"At most {limit}.", antithesis="Long.", check=check), *more))


def replies(texts):
    stated = [reply(query=f"q{i}", text=text, query_logprobs=(-1.0, -2.0)) for i, text in enumerate(texts)]
    return [*stated, *(reply("antithesis", query=f"q{i}", text=LONG) for i in range(len(texts)))]


def test_the_change_is_paired_by_query_and_a_rise_is_shown():
    """Of 24 replies 4 follow before, all after: gained 20, lost 0, so the change is 20/24."""
    found = amended(of(3), of(3), replies([SHORT] * 4 + [LONG] * 20), replies([SHORT] * 24))
    effect = found.principles[0]
    assert found.n_queries == effect.change.n == 24 and effect.change.value == pytest.approx(20 / 24)
    assert (effect.became, effect.question.answer, effect.note) == ("same", Answer.SHOWN, "")
    assert found.relevance_nats.value == pytest.approx(0.0) and found.words.value == pytest.approx(-4 * 20 / 24)


def test_both_are_judged_by_the_new_check_where_it_changed():
    found = amended(of(9), of(3), replies([LONG] * 24), replies([LONG] * 24))
    effect = found.principles[0]
    assert (effect.old.value, effect.new.value, effect.became) == (0.0, 0.0, "changed") and "judged by the new one" in effect.note


def test_what_few_queries_leave_open_says_how_many_more_it_would_need_and_no_judge_is_no_zero():
    kind = Principle(id="b" * 32, title="Kind", statement="Be kind.", antithesis="Be rude.")
    found = amended(of(3), of(3, kind), replies([SHORT, LONG, LONG, LONG]), replies([SHORT, SHORT, LONG, LONG]))
    brief, added = found.principles
    assert brief.question.answer is Answer.OPEN and brief.question.more_queries is not None and brief.question.more_queries > 20
    assert (added.became, added.change.value, added.question.answer, added.note) == ("new", None, Answer.UNMEASURED, "no program judges it")


def test_more_principles_are_corrected_together():
    """The same pairs twice: Holm doubles the smaller p-value."""
    other = Principle(id="c" * 32, title="Again", statement="Short.", antithesis="Long.", check=check_from_data({"max_words": 3}, "here"))
    before, after = replies([SHORT] * 12 + [LONG] * 12), replies([SHORT] * 18 + [LONG] * 6)
    alone = amended(of(3), of(3), before, after).principles[0].question.p_corrected
    both = amended(of(3, other), of(3, other), before, after).principles[0].question.p_corrected
    assert both == pytest.approx(2 * alone)


def test_replies_to_other_queries_are_not_compared():
    before = [reply(query="only before", text=SHORT), reply(query="both", text=SHORT)]
    found = amended(of(3), of(3), before, [reply(query="both", text=LONG)])
    assert found.n_queries == 1 and found.principles[0].change.n == 1
