"""Models as judges of a run: what they said counts where people agree with them, by whole deals, after programs and people."""

from dataclasses import replace

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.asked_models import AskedModel, ModelOf, model_says
from core.measure.cards import dealt, identity
from core.measure.lengths import LENGTH_BOUND, UNKNOWN
from core.measure.marked import Counted, Heard, count_marks
from core.measure.marks import Mark
from core.measure.report import evaluate
from core.measure.rows import judged_by, rows
from core.measure.statistics import Figure
from core.measure.values import NO_SIDE, Answered
from core.measure.verdicts import Verdict
from tests.core.measure.replies import ALONE, CONTROL, TRAINED, reply

KIND = Principle(title="Kind", statement="Be kind.", antithesis="Be cold.", id="k" * 32)
ONLY = Constitution(name="C", principles=(KIND,))
N = 16  # queries, three cards each: two deals of 24
SCORES = {"statement": (-1.0, -2.0), "antithesis": (-2.0, -1.0)}
ARMS = {
    CONTROL: [reply(side=side, text="plain", query=f"q{i}") for i in range(N) for side in SCORES],
    TRAINED: [
        reply(side=side, text="dear" if side == "statement" else "cold", query=f"q{i}", logprobs=scores) for i in range(N) for side, scores in SCORES.items()
    ],
    ALONE: [reply(side=NO_SIDE, text="so", query=f"q{i}", logprobs=()) for i in range(N)],
}
ANSWERED = Answered(replies=ARMS)
DEALS = dealt(ONLY, 0, ANSWERED, "run")
CARDS = [card for deal in DEALS for card in deal]
ELSEWHERE = [f"{i:064x}" for i in range(30)]  # cards of another run, that people marked
PEOPLE = tuple(Mark(principle=identity(KIND), query="q", shown=shown, who="Ada", follows=i % 2 == 0) for i, shown in enumerate(ELSEWHERE))


EVERY, ALL_MARKED = len(CARDS), len(ELSEWHERE)
LONGER = Figure(0.75, 0.5, 0.9, 22)


def model(name="m at host:1", n=EVERY, mistakes=0, says=lambda card: card.text == "dear", known=ALL_MARKED, words=()):
    """One that was asked about the first n cards, and errs so often on those that people marked."""
    of_marked = tuple((shown, (i % 2 == 0) != (i < mistakes)) for i, shown in enumerate(ELSEWHERE[:known]))
    return AskedModel(name=name, said=tuple((card.shown, says(card)) for card in CARDS[:n]), of_marked=of_marked, words=words)


def counted(*models, marks=(), constitution=ONLY) -> Counted:
    return count_marks(evaluate(constitution, ARMS), constitution, ANSWERED, Heard(marks=marks, models=models, people=PEOPLE), "run")


def own_marks(n, follows=lambda card: card.text == "dear"):
    return tuple(Mark(principle=identity(KIND), query=card.query, shown=card.shown, who="Bob", follows=follows(card)) for card in CARDS[:n])


def test_a_model_that_people_agree_with_judges_as_marks_do_and_says_who_it_is_and_how_far_they_agree():
    found = counted(model(mistakes=3))
    by_people = counted(marks=own_marks(len(CARDS)))
    principle, same = found.report.principles[0], by_people.report.principles[0]
    assert principle.verdict is same.verdict is Verdict.FOLLOWED
    assert (principle.compliance, principle.changes) == (same.compliance, same.changes)
    # 3 of 30 told apart wrongly where chance gives half: (0.9 - 0.5) / 0.5 = 0.8
    assert principle.judge.startswith("m at host:1, κ 0.80 (0.") and principle.judge.endswith(" with people on 30 cards")
    assert judged_by(principle) == f"Judged by {principle.judge}."
    assert "Kind (m at host:1), under the statement" in [row.label for row in rows(found.report)]
    assert found.models[0][0].not_used == "" and found.marks == ()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (model(mistakes=10), "the lower end must be at least 0.4, with 24 cards or more"),
        (model(known=23), "the lower end must be at least 0.4, with 24 cards or more"),
        (model(known=0), "the lower end must be at least 0.4, with 24 cards or more"),
        (model(n=23), "it counts once it was asked about all cards that were dealt together"),
        (model(n=0), "it was not asked about this principle"),
    ],
)
def test_one_that_is_not_trusted_or_not_asked_about_a_whole_deal_changes_nothing_and_says_why(asked, why):
    found = counted(asked)
    assert found.report == evaluate(ONLY, ARMS)
    assert found.models[0][0].not_used == why


def test_a_deal_that_is_not_whole_waits_while_a_whole_one_counts():
    found = counted(model(n=30)).report.principles[0]
    assert len(DEALS[0]) == 24 and found.compliance[TRAINED.key]["statement"].n == 8


def test_what_the_model_does_not_say_in_both_orders_is_not_judged():
    found = counted(model(says=lambda card: None if card.query == "q3" else card.text == "dear"))
    assert found.report.principles[0].compliance[TRAINED.key]["statement"].n == N - 1
    assert (found.models[0][0].follows, found.models[0][0].does_not, found.models[0][0].unjudged) == (N - 1, 2 * (N - 1), 3)


def test_a_program_comes_first_then_people_then_models():
    checked = replace(ONLY, principles=(replace(KIND, check=Check("contains", "dear")),))
    by_program = counted(model(), constitution=checked)
    assert (by_program.report.principles[0].judge, by_program.models[0][0].not_used) == ("check", "a program judges this principle")
    by_people = counted(model(), marks=own_marks(24))
    assert (by_people.report.principles[0].judge, by_people.models[0][0].not_used) == ("marks by Bob", "people’s marks judge this principle")
    not_yet = counted(model(), marks=own_marks(23))
    assert not_yet.report.principles[0].judge.startswith("m at host:1, κ 1.00") and not_yet.marks[0].waiting == 23


def test_of_two_models_the_one_is_used_with_which_people_agree_more_surely_whatever_they_say():
    worse, better = model("a", mistakes=3), model("b", mistakes=1, says=lambda card: False)
    for order in ((worse, better), (better, worse)):
        found = counted(*order)
        assert found.report.principles[0].judge.startswith("b, κ 0.93")
        assert {each[0].name: each[0].not_used for each in found.models} == {"a": "another model judges it, with which people agree more surely", "b": ""}


def test_marks_by_another_principle_say_nothing_of_a_model():
    others = tuple(replace(mark, principle="x" * 32) for mark in PEOPLE)
    found = count_marks(evaluate(ONLY, ARMS), ONLY, ANSWERED, Heard(marks=(), models=(model(),), people=others), "run")
    assert found.report.principles[0].judge is None and found.models[0][0].agreement.n == 0


def test_what_a_model_said_is_told_in_a_sentence():
    told = ModelOf(
        name="m at h", cards=24, follows=8, does_not=14, unjudged=2, agreement=Figure(0.5, 0.3, 0.7, 30), longer=LONGER, leaning=UNKNOWN, not_used="why"
    )
    assert model_says(told) == (
        "m at h: 8 follow, 14 do not, 2 not judged. Agreement with people, over all runs of this principle: Cohen’s kappa 0.50 (0.30 to 0.70), "
        "n = 30 replies. The longer of two follows in 0.75 of pairs (0.50 to 0.90), n = 22 replies; by people’s marks it is not known; shown and not used: "
        "why."
    )
    unknown = replace(told, unjudged=0, agreement=Figure(None, None, None, 0), longer=Figure(None, None, None, 3), not_used="")
    assert model_says(unknown) == (
        "m at h: 8 follow, 14 do not. Nobody has marked cards that it judged by this principle, in any run. Whether the longer of two follows more often is "
        "not known; used."
    )


def test_one_that_agrees_with_people_and_errs_towards_the_longer_reply_is_shown_and_not_used():
    """Of 96 marked cards 16 are told wrongly: kappa is (5/6 - 1/2) / (1/2) = 0.67. Each is a short one that should follow, or a long one that should not."""
    shown = [f"{i:064x}" for i in range(96)]
    people = tuple(Mark(principle=identity(KIND), query="q", shown=each, who="Ada", follows=i % 2 == 0) for i, each in enumerate(shown))
    said = tuple((each, (i % 2 == 0) != (i % 12 < 2)) for i, each in enumerate(shown))
    lengths = tuple((each, (5, 40)[i % 2] if i % 12 < 2 else 10 + i // 2 % 20) for i, each in enumerate(shown))

    def heard(words):
        asked = AskedModel(name="m", said=model().said, of_marked=said, words=words)
        return count_marks(evaluate(ONLY, ARMS), ONLY, ANSWERED, Heard(marks=(), models=(asked,), people=people), "run").models[0][0]

    fair, biased = heard(()), heard(lengths)
    assert fair.agreement == biased.agreement and fair.agreement.value == pytest.approx(2 / 3)
    assert (fair.not_used, fair.leaning) == ("", UNKNOWN)
    assert biased.leaning.people.value < 0.5 < biased.leaning.model.value
    assert biased.not_used == f"not used are {LENGTH_BOUND}"
