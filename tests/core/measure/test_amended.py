"""What another wording changes, on replies made up for it; and who may say so."""

from dataclasses import replace

import pytest

from app.present.amended import family, same_replies, says
from core.constitution.checks import check_from_data
from core.constitution.principles import Constitution, Principle
from core.constitution.scenarios import Scenario
from core.measure.amended import amended
from core.measure.asked_models import AskedModel
from core.measure.cards import DEAL, dealt, dealt_together, identity, shown_hash
from core.measure.marked import Heard
from core.measure.marks import Mark
from core.measure.questions import Answer
from core.measure.rulers import Trained
from core.measure.values import Answered
from tests.core.measure.replies import CONTROL, TRAINED, reply

SHORT, LONG = "one two", "one two three four five six"
KIND = Principle(id="b" * 32, title="Kind", statement="Be kind.", antithesis="Be rude.")
SAID = {True: "Dear you", False: "Go away"}


def of(limit: int, *more: Principle) -> Constitution:
    check = check_from_data({"max_words": limit}, "here")
    return Constitution(name="B", principles=(Principle(id="a" * 32, title="Brief", statement=f"At most {limit}.", antithesis="Long.", check=check), *more))


def replies(texts):
    stated = [reply(query=f"q{i}", text=text, query_logprobs=(-1.0, -2.0)) for i, text in enumerate(texts)]
    return [*stated, *(reply("antithesis", query=f"q{i}", text=LONG) for i in range(len(texts)))]


def trained(name, text, said, own=(), heard=None) -> Trained:
    """A run whose control says the same to everything."""
    control = [reply(query=each.query, side=each.side, text=f"plain {each.query}") for each in said]
    answered = Answered(replies={CONTROL: control, TRAINED: said}, own={CONTROL: [], TRAINED: list(own)} if own else {})
    return Trained(name=name, constitution=text, answered=answered, heard=heard or Heard(marks=()))


def compared(old, new, before, after):
    return amended(trained("run 1", old, before), trained("run 2", new, after))


def test_the_change_is_paired_by_query_and_a_rise_is_shown():
    """Of 24 replies 4 follow before, all after: gained 20, lost 0, so the change is 20/24."""
    found = compared(of(3), of(3), replies([SHORT] * 4 + [LONG] * 20), replies([SHORT] * 24))
    effect = found.principles[0]
    assert found.n_queries == effect.change.n == 24 and effect.change.value == pytest.approx(20 / 24)
    assert (effect.became, effect.question.answer, effect.note, effect.judge) == ("same", Answer.SHOWN, "", "check")
    assert says(effect).startswith("a rise is shown (p < 0.001, corrected), by its check, max_words: 3")
    assert found.relevance_nats.value == pytest.approx(0.0) and found.words.value == pytest.approx(-4 * 20 / 24)


def test_both_are_judged_by_the_new_check_where_it_changed():
    found = compared(of(9), of(3), replies([LONG] * 24), replies([LONG] * 24))
    effect = found.principles[0]
    assert (effect.old.value, effect.new.value, effect.became) == (0.0, 0.0, "changed") and "judged by the new one" in effect.note
    assert (effect.old_number, effect.new_number) == (None, 1)  # what is marked of the old run is marked by other words


def test_what_few_queries_leave_open_says_how_many_more_it_would_need_and_no_judge_is_no_zero():
    found = compared(of(3), of(3, KIND), replies([SHORT, LONG, LONG, LONG]), replies([SHORT, SHORT, LONG, LONG]))
    brief, added = found.principles
    assert brief.question.answer is Answer.OPEN and brief.question.more_queries is not None and brief.question.more_queries > 20
    assert f"would need {brief.question.more_queries} more queries" in says(brief)
    assert (added.became, added.change.value, added.question.answer, added.judge) == ("new", None, Answer.UNMEASURED, None)
    assert says(added).startswith("cannot be judged yet: no program judges it, nobody has marked")


def test_more_principles_are_corrected_together_and_the_family_is_named():
    """The same pairs twice: Holm doubles the smaller p-value."""
    other = Principle(id="c" * 32, title="Again", statement="Short.", antithesis="Long.", check=check_from_data({"max_words": 3}, "here"))
    before, after = replies([SHORT] * 12 + [LONG] * 12), replies([SHORT] * 18 + [LONG] * 6)
    one = compared(of(3), of(3), before, after)
    both = compared(of(3, other, KIND), of(3, other, KIND), before, after)
    assert both.principles[0].question.p_corrected == pytest.approx(2 * one.principles[0].question.p_corrected)
    assert family(one) == "Family of the correction (Holm): one comparison of compliance, of “Brief”, so that there was nothing to correct."
    assert family(both) == (
        "Family of the correction (Holm, 5% for all of them): the 2 comparisons of compliance, of “Brief” and “Again”. "
        "Not among them, since nothing could be compared: “Kind”."
    )
    assert family(compared(Constitution(name="K", principles=(KIND,)), Constitution(name="K", principles=(KIND,)), before, after)).startswith(
        "No claim is made"
    )


def test_replies_to_other_queries_are_not_compared():
    before = [reply(query="only before", text=SHORT), reply(query="both", text=SHORT)]
    found = compared(of(3), of(3), before, [reply(query="both", text=LONG)])
    assert found.n_queries == 1 and found.principles[0].change.n == 1


# Relevance


def test_relevance_is_one_finding_where_every_principle_rests_on_the_same_replies():
    other = Principle(id="c" * 32, title="Again", statement="Short.", antithesis="Long.", check=check_from_data({"max_words": 3}, "here"))
    found = compared(of(3, other), of(3, other), replies([SHORT] * 6), replies([LONG] * 6))
    assert [each.relevance_nats for each in found.principles] == [None, None] and found.relevance_nats.n == 6
    assert "one finding, and not one for each principle" in same_replies(found)
    assert "on which the change above rests" in same_replies(compared(of(3), of(3), replies([SHORT]), replies([SHORT])))


def test_a_principle_that_rests_on_a_part_of_the_queries_has_the_relevance_of_that_part():
    """Its check can judge two of three replies. One loses a nat: its own query was a nat likelier than the other, and is a nat less likely; the other none."""
    english = Principle(id="d" * 32, title="Plain", statement="No capitals.", antithesis="Capitals.", check=check_from_data("lowercase", "here"))
    texts = ["this has letters", "this has letters too", "你好你好你好"]
    before = [reply(query=f"q{i}", text=text, query_logprobs=(-1.0, -2.0)) for i, text in enumerate(texts)]
    after = [replace(before[0], query_logprobs=(-2.0, -1.0)), *before[1:]]
    found = compared(of(9, english), of(9, english), before, after)
    brief, plain = found.principles
    assert brief.relevance_nats is None and (plain.change.n, plain.relevance_nats.n) == (2, 2)
    assert plain.relevance_nats.value == pytest.approx(-1.0 / 2) and found.relevance_nats.value == pytest.approx(-1.0 / 3)
    assert "or on a part of them" in same_replies(found)


def test_a_principles_own_scenarios_have_a_change_and_a_relevance_of_their_own_that_nothing_rests_on():
    brief = of(3).principles[0]
    text = Constitution(name="B", principles=(replace(brief, scenarios=(Scenario(query="Why, in short?"), Scenario(query="How?", use="train"))),))
    own = [reply(query="Why, in short?", text=LONG, query_logprobs=(-1.0, -3.0)), reply("antithesis", query="Why, in short?", text=SHORT)]
    after = [reply(query="Why, in short?", text=SHORT, query_logprobs=(-1.0, -1.0))]
    stated = replies([SHORT] * 4)
    found = amended(trained("run 1", text, stated, own), trained("run 2", text, stated, after)).principles[0]
    assert found.own is not None and (found.own.n_queries, found.own.change.value, found.own.change.n) == (1, 1.0, 1)
    assert found.own.relevance_nats.value is not None and found.own.relevance_nats.value < 0 and found.own.relevance_nats.n == 1
    assert found.change.value == 0.0 and found.question.answer is not Answer.SHOWN
    unread = [replace(each, query_logprobs=()) for each in after]
    assert amended(trained("run 1", text, stated, own), trained("run 2", text, stated, unread)).principles[0].own.relevance_nats.value is None


# People and models


def kind_of(statement="Be kind.") -> Constitution:
    return Constitution(name="K", principles=(replace(KIND, statement=statement),))


def said(hits, n=12, tail=""):
    """N replies under the statement, of which so many are kind, and as many under the antithesis."""
    return [
        reply(query=f"q{i}", side=side, text=f"{SAID[side == 'statement' and i < hits]} {i}{tail} {side}", query_logprobs=(-1.0, -2.0))
        for i in range(n)
        for side in ("statement", "antithesis")
    ]


def marks_of_cards(deals, principle, who="Ada", most=None):
    cards = [card for deal in deals for card in deal][:most]
    return tuple(Mark(principle=identity(principle), query=card.query, shown=card.shown, who=who, follows="Dear" in card.text) for card in cards)


def heard(*runs, models=(), people=(), marks=()):
    return [replace(run, heard=Heard(marks=tuple(marks), models=tuple(models), people=tuple(people))) for run in runs]


def test_people_who_marked_both_runs_judge_a_principle_that_no_program_does():
    old, new = trained("run 1", kind_of(), said(2)), trained("run 2", kind_of(), said(12, tail="!"))
    marks = [mark for run in (old, new) for mark in marks_of_cards(dealt(run.constitution, 0, run.answered, run.name), KIND)]
    found = amended(*heard(old, new, marks=marks)).principles[0]
    assert (found.judge, found.old.value, found.new.value, found.question.answer) == ("marks by Ada", pytest.approx(2 / 12), 1.0, Answer.SHOWN)
    assert "as marked by Ada" in says(found) and (found.old_number, found.new_number) == (1, 1)
    half = [mark for mark in marks if mark.shown in {card.shown for deal in dealt(old.constitution, 0, old.answered, old.name) for card in deal}]
    one = amended(*heard(old, new, marks=half)).principles[0]
    assert one.old.n == 12 and one.new.n == 0 and one.question.answer is Answer.UNMEASURED
    assert says(one) == "cannot be judged yet: of no query both replies are judged, as marked by Ada"


def test_marks_by_another_wording_are_of_another_thing_and_the_cards_of_both_mixed_are_marked_by_the_new():
    """Twelve queries with a reply of each run are the 24 cards of one deal."""
    old, new = trained("run 1", kind_of("Be nice."), said(2)), trained("run 2", kind_of(), said(12, tail="!"))
    ruler = new.constitution.principles[0]
    by_own = [mark for run in (old, new) for mark in marks_of_cards(dealt(run.constitution, 0, run.answered, run.name), run.constitution.principles[0])]
    found = amended(*heard(old, new, marks=by_own)).principles[0]
    assert (found.became, found.old.n, found.new.n, found.change.value) == ("changed", 0, 12, None)
    deals = dealt_together(ruler, [(new.name, new.answered), (old.name, old.answered)])
    assert deals == dealt_together(ruler, [(old.name, old.answered), (new.name, new.answered)]) and [len(deal) for deal in deals] == [DEAL]
    assert {card.text for card in deals[0]} == {each.text for run in (old, new) for each in run.answered.replies[TRAINED] if each.side == "statement"}
    together = amended(*heard(old, new, marks=marks_of_cards(deals, ruler))).principles[0]
    assert (together.change.n, together.question.answer, together.note) == (12, Answer.SHOWN, "both are judged by the new wording")
    unfinished = amended(*heard(old, new, marks=marks_of_cards(deals, ruler, most=DEAL - 1))).principles[0]
    assert unfinished.judge is None and unfinished.marks is not None and unfinished.marks.waiting == DEAL - 1


def test_a_removed_principle_is_marked_by_the_old_wording():
    brief = of(3).principles[0]
    old, new = trained("run 1", Constitution(name="B", principles=(brief, KIND)), said(2)), trained("run 2", of(3), said(12, tail="!"))
    marks = marks_of_cards(dealt_together(KIND, [(old.name, old.answered), (new.name, new.answered)]), KIND)
    gone = next(each for each in amended(*heard(old, new, marks=marks)).principles if each.became == "removed")
    assert (gone.number, gone.old_number, gone.new_number, gone.change.n, gone.judge) == (2, 2, None, 12, "marks by Ada")


@pytest.mark.parametrize(("agree", "judge"), [(24, "m at here, κ 1.00"), (15, None)])
def test_a_model_judges_where_people_agree_with_it_far_enough_and_else_is_shown_and_not_used(agree, judge):
    old, new = trained("run 1", kind_of(), said(2)), trained("run 2", kind_of(), said(12, tail="!"))
    cards = [card for run in (old, new) for deal in dealt(run.constitution, 0, run.answered, run.name) for card in deal]
    told = tuple((card.shown, "Dear" in card.text) for card in cards)
    elsewhere = [(shown_hash(KIND, f"other {i}", "x"), i % 2 == 0) for i in range(24)]
    people = [Mark(principle=identity(KIND), query="", shown=shown, who="Bob", follows=follows == (i < agree)) for i, (shown, follows) in enumerate(elsewhere)]
    model = AskedModel(name="m at here", said=told, of_marked=tuple(elsewhere))
    found = amended(*heard(old, new, models=[model], people=people)).principles[0]
    assert (found.judge or "").startswith(judge or "") and (found.judge is None) == (judge is None)
    if judge is None:
        assert found.change.value is None and found.models[0].not_used.startswith("the lower end must be at least 0.4")
    else:
        assert found.question.answer is Answer.SHOWN and "as judged by m at here, κ 1.00" in says(found) and found.models[0].not_used == ""
