"""Replies that exist already: outcomes, totals by hand, and the same share as a run's report."""

import pytest

from core import budget
from core.budget import Limit
from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.constitution.reading.replies import Reply
from core.errors import ReplyError
from core.measure import judging
from core.measure.judging import facts_of, judge_replies, judge_within, judged_to_data
from core.measure.report import evaluate
from core.measure.values import MeasuredReply
from core.methods.arms import make_arm
from tests.core.slow import Hangs

LOUD = Principle(title="Loud", statement="Shout.", antithesis="Whisper.", check=Check("capital_letters"))
BRIEF = Principle(title="Brief", statement="Few words.", antithesis="Many.", check=Check("max_words", 2))
KIND = Principle(title="Kind", statement="Be kind.", antithesis="Be cold.")
THREE = Constitution(name="Three", principles=(LOUD, BRIEF, KIND))


def replies(*texts, **more):
    return [Reply(row=i, response=text, **more) for i, text in enumerate(texts, 1)]


def test_each_reply_is_judged_by_each_principle_and_told_of():
    data = judged_to_data(judge_replies(THREE, replies("SO IT IS. IS IT?")))
    assert data["outcomes"] == [
        {"row": 1, "principle": "Loud", "follows": True, "why": "capital_letters is met", "by": "check"},
        {"row": 1, "principle": "Brief", "follows": False, "why": "max_words: 2 is not met", "by": "check"},
        {"row": 1, "principle": "Kind", "follows": None, "why": "the principle has no check", "by": "nobody"},
    ]
    (row,) = data["rows"]
    assert {**row, "language": ""} == {"row": 1, "words": 5, "sentences": 2, "language": "", "refuses": False, "repetition": 0.0, "ends_with_question": True}
    assert set(data) == {"outcomes", "rows", "totals"}


def test_totals_by_hand():
    """Three of four judged: p = 0.75, z² = 3.8415. Centre (0.75 + 3.8415/8) / (1 + 3.8415/4) = 0.62753, half width
    1.95996 / 1.96036 · √(0.75 · 0.25 / 4 + 3.8415 / 64) = 0.32690.
    """
    total = judge_replies(THREE, replies("A", "B", "C", "d", "好的")).totals["Loud"]
    assert (total.follows, total.n, total.unjudged) == (3, 4, 1)
    assert (total.low, total.high) == (pytest.approx(0.30064, abs=1e-4), pytest.approx(0.95443, abs=1e-4))
    nothing = judge_replies(THREE, replies("A")).totals["Kind"]
    assert (nothing.follows, nothing.n, nothing.unjudged, nothing.low, nothing.high) == (0, 0, 1, None, None)


def test_replies_to_one_query_are_one_observation_in_the_interval():
    """Twice one of one: Wilson's lower end at 1 of 1 is 1 / (1 + z²) = 0.20655, at 2 of 2 it is 2 / (2 + z²) = 0.34238."""
    again = judge_replies(THREE, replies("A", "B", query="Why?"))
    apart = judge_replies(THREE, replies("A", "B"))
    assert (again.totals["Loud"].n, again.totals["Loud"].low) == (2, pytest.approx(0.20655, abs=1e-5))
    assert (apart.totals["Loud"].n, apart.totals["Loud"].low) == (2, pytest.approx(0.34238, abs=1e-5))
    assert again.notes == ("Several replies answer one query: the intervals allow for how alike those are.",)
    assert apart.notes == ()


def test_replies_under_an_antithesis_are_judged_and_not_counted():
    rows = [Reply(row=i, response=text, side=side) for i, (text, side) in enumerate([("A", "statement"), ("b", "antithesis"), ("c", "flip 1")], 1)]
    judged = judge_replies(THREE, rows)
    assert [o.follows for o in judged.outcomes if o.principle == "Loud"] == [True, False, False]
    assert (judged.totals["Loud"].follows, judged.totals["Loud"].n, judged.totals["Loud"].unjudged) == (1, 1, 0)
    assert judged.notes == ("2 of 3 replies had an antithesis in their prompt: they are judged, and not counted in the totals.",)


def test_replies_with_and_without_the_constitution_are_not_mixed_in_silence():
    judged = judge_replies(THREE, [Reply(row=1, response="A", side="statement"), Reply(row=2, response="b", side="none")])
    assert judged.totals["Loud"].n == 2
    assert "with and without the constitution" in judged.notes[0]


@pytest.mark.parametrize("named", ["Brief", " brief ", 2, "2"])
def test_a_row_may_name_its_principle_by_title_or_number(named):
    judged = judge_replies(THREE, [Reply(row=7, response="yes", principle=named)])
    assert [(o.row, o.principle) for o in judged.outcomes] == [(7, "Brief")]
    assert judged.totals["Loud"].n == judged.totals["Loud"].unjudged == 0


def test_a_title_comes_before_a_number_that_is_written_the_same():
    two = Constitution(name="Two", principles=(BRIEF, Principle(title="1", statement="a", antithesis="b", check=Check("emoji"))))
    assert judge_replies(two, [Reply(row=1, response="yes", principle="1")]).outcomes[0].why == "emoji is not met"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"principle": 0}, "The principle in row 4 is 0"),
        ({"principle": "4"}, "The principle in row 4 is '4'"),
        ({"principle": "Warm"}, "the constitution has “Loud”, “Brief”, “Kind”"),
        ({"side": "Statements"}, "The side in row 4 is 'Statements'"),
        ({"side": "flip 4"}, "The side in row 4 is 'flip 4'"),
    ],
)
def test_what_the_constitution_has_not_is_refused(row, says):
    with pytest.raises(ReplyError) as refused:
        judge_replies(THREE, [Reply(row=4, response="yes", **row)])
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("check", "reply", "why"),
    [
        (Check("lowercase"), "好的", "lowercase cannot judge it: most of its letters have no case"),
        (Check("language", "en"), "Ja", "language: en cannot judge it: it is too short or too mixed to tell its language"),
        (Check("max_words", 2), "<think>Hm.</think>", "max_words: 2 cannot judge it: there is no answer in it"),
        (Check("max_sentences", 2), "ฉันชอบอ่านหนังสือมาก", "max_sentences: 2 cannot judge it: its script does not mark where sentences end"),
    ],
)
def test_what_cannot_be_judged_says_why(check, reply, why):
    one = Constitution(name="One", principles=(Principle(title="P", statement="a", antithesis="b", check=check),))
    (outcome,) = judge_replies(one, replies(reply)).outcomes
    assert (outcome.follows, outcome.why) == (None, why)


def test_totals_are_the_compliance_that_a_report_shows_of_the_same_replies():
    texts = ["A", "b c d", "", "E F", "好的", "G h"]
    measured = [
        MeasuredReply(query=f"q{i}", side="none", text=text, ended=True, tokens=1, logprobs=(), base_logprobs=(), kl_policy_base_nats=None)
        for i, text in enumerate(texts)
    ]
    arm = make_arm("base")
    report = evaluate(THREE, {arm: measured})
    judged = judge_replies(THREE, [Reply(row=i, response=r.text, query=r.query, side=r.side) for i, r in enumerate(measured, 1)])
    for principle in report.principles:
        figure, total = principle.compliance[arm.key].get("none"), judged.totals[principle.title]
        assert figure is not None
        assert (figure.n, figure.low, figure.high) == (total.n, total.low, total.high)
        assert figure.value == (total.follows / total.n if total.n else None)


def test_when_the_time_is_over_the_rest_is_unjudged_and_said():
    judged = judge_within(THREE, replies("A", "B", "C"), within_s=0.0)
    assert [o.follows for o in judged.outcomes if o.principle == "Loud"] == [None, None, None]
    assert {o.why for o in judged.outcomes} == {"the time for judging was over"}
    assert judged.totals["Loud"].unjudged == 3
    assert judged.notes == ("The time was over after 0 of 3 replies; the others are unjudged. Judge them in parts, or with the command.",)


def test_a_reply_that_hangs_or_kills_is_unjudged_with_the_reason_and_the_others_are_judged(monkeypatch):
    monkeypatch.setattr(judging, "JUDGING", Limit(what="Judging a reply", seconds=3.0, remedy="Shorten it."))
    judged = judge_within(THREE, replies("A", "hang", "B", "die", "C"), judges=(Hangs(),))
    assert [o.follows for o in judged.outcomes if o.principle == "Loud"] == [True, None, True, None, True]
    assert [o.row for o in judged.outcomes] == [row for row in range(1, 6) for _ in range(3)]
    whys = {o.row: o.why for o in judged.outcomes if o.follows is None}
    assert whys[2] == "Judging a reply took more than 3 seconds, so it was stopped. Shorten it."
    assert "ended the process that did it (status 7)" in whys[4]
    assert [facts.row for facts in judged.rows] == [1, 3, 5]
    assert judged.totals["Loud"].unjudged == 2
    assert judged.notes == ("2 of 5 replies took too long and are unjudged, or judged in part; each outcome says why. Rows: 2, 4.",)


def test_judging_is_given_up_where_every_reply_kills(monkeypatch):
    monkeypatch.setattr(judging, "MOST_HELD_UP", 2)
    judged = judge_within(THREE, replies("die", "die", "A", "B"), judges=(Hangs(),))
    assert {o.follows for o in judged.outcomes} == {None}
    assert judged.outcomes[-1].why == "judging was given up after 2 replies that held it up"


def test_what_is_asked_of_a_reply_after_its_time_says_nothing_and_what_was_before_counts(monkeypatch):
    """The first check alone takes more than the reply has: Patient lets a pattern search for half a second."""
    monkeypatch.setattr(judging, "REPLY_S", 0.2)
    slow = Principle(title="Slow", statement="a", antithesis="b", check=Check("regex", "(a|a)*$"))
    judged = judge_replies(Constitution(name="Two", principles=(BRIEF, slow, LOUD)), replies("a" * 60 + "b"))
    assert [(o.principle, o.follows) for o in judged.outcomes] == [("Brief", True), ("Slow", None), ("Loud", None)]
    assert judged.outcomes[1].why == "regex: (a|a)*$ took too long"
    assert judged.outcomes[2].why == "the time for this reply was over: what was asked of it before took too long"
    assert judged.rows == () and "Rows: 1." in judged.notes[0]


def test_many_patterns_that_never_end_have_one_time_for_all_of_them_and_what_is_no_pattern_is_judged(monkeypatch):
    """Each alone would be given up after three seconds: thirty-two of them held an answer up for a minute."""
    monkeypatch.setattr(judging, "LOST_S", 0.4)
    monkeypatch.setattr(judging, "REPLY_S", 600.0)
    endless = [Principle(title=f"T{i}", statement=f"a{i}", antithesis="b", check=Check("regex", f"(a|a)*$|{i}")) for i in range(12)]
    judged = judge_replies(Constitution(name="Many", principles=(*endless, LOUD)), replies(*["a" * 60 + "b"] * 4))
    tried = [o for o in judged.outcomes if o.why.startswith("regex")]
    assert [o.why for o in tried] == ["regex: (a|a)*$|0 took too long"]  # for half a second
    others = [o for o in judged.outcomes if o.principle != "Loud" and o not in tried]
    assert {(o.follows, o.why) for o in others} == {(None, "the time for patterns that take too long was over: none is tried any more")}
    assert [o.follows for o in judged.outcomes if o.principle == "Loud"] == [False] * 4


def test_patterns_that_end_are_tried_on_every_reply_however_many_they_are(monkeypatch):
    monkeypatch.setattr(judging, "LOST_S", 0.0)
    fast = [Principle(title=f"T{i}", statement=f"a{i}", antithesis="b", check=Check("regex", f"a{{{i}}}b")) for i in range(12)]
    judged = judge_replies(Constitution(name="Many", principles=tuple(fast)), replies(*["a" * 60 + "b"] * 4))
    assert {o.follows for o in judged.outcomes} == {True}


@pytest.mark.parametrize("text", ["`" * 200_000, " " * 199_999 + "a", "\"'" * 99_999 + "ab", "「。" * 100_000], ids=["quotes", "blanks", "ends", "brackets"])
def test_no_reply_is_too_long_for_what_is_told_of_it(text):
    """Each of them took minutes once."""
    facts = budget.within(Limit(what="It", seconds=60.0, remedy=""), facts_of, Reply(row=1, response=text))
    assert facts.ends_with_question is False and facts.words <= 1


def test_replies_to_scenarios_among_others_are_told():
    mixed = judge_replies(THREE, [*replies("A", "B"), Reply(row=3, response="C", scenario=True), Reply(row=4, response="D", side="antithesis", scenario=True)])
    assert "1 of the 3 counted replies are to scenarios, the others to held-out queries. Judge them in two files to see them apart." in mixed.notes
    assert not any("scenarios" in note for note in judge_replies(THREE, replies("A", scenario=True)).notes)
