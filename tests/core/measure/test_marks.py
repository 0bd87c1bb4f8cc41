"""People as judges: what their marks make of a report."""

from dataclasses import replace

import pytest

from core.constitution.checks import Check, Kept
from core.constitution.principles import Constitution, Principle
from core.measure.cards import Card, asked_cells, dealt, identity, shown_hash
from core.measure.judges import CheckJudge, judge_of
from core.measure.marks import Mark, MarkJudge, judges_with, listed
from core.measure.remarks import family_note
from core.measure.report import evaluate, judged_anew
from core.measure.rows import judged_by, rows
from core.measure.values import NO_SIDE, Answered, Cell
from core.measure.verdicts import Verdict
from tests.core.measure.replies import ALONE, CONTROL, TRAINED, replies, reply

KIND = Principle(title="Kind", statement="Be kind.", antithesis="Be cold.", id="k" * 32)
LOUD = Principle(title="Loud", statement="Shout.", antithesis="Whisper.", check=Check("capital_letters"), id="l" * 32)
ONLY = Constitution(name="C", principles=(KIND,))
N = 16
CELLS = asked_cells([CONTROL, TRAINED], 1)


def mark(text, follows, who="Ada", query="q0", principle=KIND):
    return Mark(principle=identity(principle), query=query, shown=shown_hash(principle, query, text), who=who, follows=follows)


def cards(*texts, query="q0", principle=KIND):
    """One deal: these texts as replies to one query."""
    cell = Cell(arm=TRAINED.key, side="statement")
    return (tuple(Card(shown=shown_hash(principle, query, text), query=query, text=text, cell=cell) for text in texts),)


def judge_of_marks(*marks, deals=None):
    return MarkJudge(identity(KIND), marks, cards("Dear you", "a", "b", "c") if deals is None else deals, CELLS)


def test_a_mark_belongs_to_what_was_seen_and_to_nothing_else():
    judge = judge_of_marks(mark("Dear you", True), deals=cards("Dear you"))
    assert judge.judge(KIND, "q0", "Dear you").follows is True
    assert [judge.judge(KIND, *other).follows for other in (("q1", "Dear you"), ("q0", "Dear you."))] == [None, None]
    assert judge.judge(replace(KIND, antithesis="Be rude."), "q0", "Dear you").follows is None
    assert judge.judge(KIND, "q0", "unseen").why.startswith("nobody has marked it")


def test_who_disagrees_or_cannot_tell_leaves_it_open_and_says_so():
    said = [mark("a", True), mark("a", True, "Bob"), mark("b", True), mark("b", False, "Bob"), mark("c", False), mark("c", None, "Bob")]
    judge = judge_of_marks(*said, deals=cards("a", "b", "c"))
    found = {text: judge.judge(KIND, "q0", text) for text in "abc"}
    assert [found[text].follows for text in "abc"] == [True, None, None]
    assert [found[text].why for text in "abc"] == ["marked by Ada and Bob", "Ada: follows; Bob: does not", "Bob cannot tell"]
    assert {outcome.by for outcome in found.values()} == {"marks by Ada and Bob"}


@pytest.mark.parametrize(("names", "words"), [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C"), (list("ABCDE"), "5 people")])
def test_people_are_named_as_long_as_they_are_few(names, words):
    assert listed(names) == words


def test_an_empty_reply_is_a_miss_where_all_others_to_its_query_were_judged():
    """Else its partners are left out and it alone would count: "cannot tell" to what the others said would make a share of the empty ones."""
    judge = judge_of_marks(mark("a", True), mark("b", False), deals=cards("a", "b"))
    assert (judge.judge(KIND, "q0", "").follows, judge.judge(KIND, "q1", "").follows) == (False, None)
    assert judge_of_marks(mark("a", True), mark("b", None), deals=cards("a", "b")).judge(KIND, "q0", "").follows is None


def test_a_deal_counts_once_all_of_it_is_marked_by_somebody():
    """By any of the people: one of two may have left half of it."""
    deals = (*cards("a", "b"), *cards("c", query="q1"))
    half = judge_of_marks(mark("a", True), deals=deals)
    assert not half.can_judge(KIND) and half.judge(KIND, "q0", "a").follows is None
    whole = judge_of_marks(mark("a", True), mark("b", False, "Bob"), mark("c", True, query="q1"), deals=deals)
    assert [whole.judge(KIND, *seen).follows for seen in (("q0", "a"), ("q0", "b"), ("q1", "c"))] == [True, False, True]
    assert not judge_of_marks(mark("b", True), mark("a", True, principle=LOUD), deals=deals).can_judge(KIND)


def test_a_program_comes_first_and_people_where_no_program_can():
    old = replace(LOUD, check=Check("shouts", kept=Kept(written="{}", why="it is unknown")), id="o" * 32)
    deals = {identity(principle): cards("a", principle=principle) for principle in (KIND, LOUD, old)}
    judges = judges_with([mark("a", True), mark("a", True, "Bob", principle=LOUD), mark("a", True, "Cleo", principle=old)], deals, CELLS)
    assert [judge_of(principle, judges).name for principle in (KIND, LOUD, old)] == ["marks by Ada", "check", "marks by Cleo"]
    assert isinstance(judge_of(old, judges_with([mark("a", True)], deals, CELLS)), CheckJudge)
    assert judge_of(replace(KIND, id="n" * 32), judges) is None


def test_a_principle_without_an_id_is_known_by_its_texts():
    plain = replace(KIND, id="")
    assert identity(plain) == identity(replace(plain, title="Another")) != identity(replace(plain, statement="Be kinder."))


ARMS = {
    CONTROL: replies("plain", "frosty", 0.0),
    TRAINED: replies("dear", "cold", 2.0),
    ALONE: [reply(side=NO_SIDE, text="so", query=f"q{i}", logprobs=()) for i in range(N)],
}
SAYS = {"plain": False, "dear": True, "cold": False}


def anew(marks, constitution=ONLY, arms=ARMS):
    """The report as the marks make it; every query is a deal."""
    deals = {}
    for i, principle in enumerate(constitution.principles):
        of = [card for deal in dealt(constitution, i, Answered(replies=arms), "run") for card in deal]
        deals[identity(principle)] = [[card for card in of if card.query == query] for query in dict.fromkeys(card.query for card in of)]
    judges = judges_with(marks, deals, asked_cells(list(arms), len(constitution.principles)))
    return judged_anew(evaluate(constitution, arms), constitution, Answered(replies=arms), judges)


def marked(n, who="Ada"):
    return [mark(text, follows, who, f"q{i}") for i in range(n) for text, follows in SAYS.items()]


def test_without_marks_the_report_is_the_same_and_says_both_ways_on():
    report = evaluate(ONLY, ARMS)
    assert anew([]) == report
    (found,) = report.principles
    assert (found.verdict, found.judge, judged_by(found)) == (Verdict.UNCHECKED, None, "Judged by nobody.")
    assert found.sentence.endswith("Two ways on: mark its replies, or add a check.")


def test_marks_give_compliance_change_verdict_and_sentence_as_a_program_does():
    by_program = evaluate(Constitution(name="C", principles=(replace(KIND, check=Check("contains", "dear")),)), ARMS).principles[0]
    report = anew(marked(N))
    (found,) = report.principles
    assert (found.judge, judged_by(found), found.verdict) == ("marks by Ada", "Judged by marks by Ada.", Verdict.FOLLOWED)
    assert (found.compliance[TRAINED.key], found.changes[:2], found.sentence) == (
        by_program.compliance[TRAINED.key],
        by_program.changes[:2],
        by_program.sentence,
    )
    assert "Kind (marks), under the statement" in [row.label for row in rows(report)]
    assert not any("each arm with its own prompt" in row.label for row in rows(report))  # nobody is asked about replies without the constitution
    turned = next(row for row in rows(report) if row.label == "Kind (marks), under the antithesis")
    assert (turned.cells[CONTROL.key], turned.cells[TRAINED.key].n, turned.n) == (None, N, N)


def test_marked_in_part_counts_the_marked_and_never_a_zero_for_the_others():
    (found,) = anew(marked(5)).principles
    shares = found.compliance[TRAINED.key]
    assert (shares["statement"].value, shares["statement"].n, shares["antithesis"].value, shares["antithesis"].n) == (1.0, 5, 0.0, 5)
    assert found.changes[0].figure.n == 5 and found.compliance[ALONE.key][NO_SIDE].value is None


def test_one_mark_alone_judges_nothing():
    (found,) = anew([mark("dear", True)]).principles
    assert (found.verdict, found.judge) == (Verdict.UNCHECKED, None)


def test_replies_that_nobody_is_asked_about_are_not_judged_though_they_read_alike():
    """Of the arm without the constitution, and of the control turned: a share of those that happen to read like a card, or are empty, is of no sample."""
    alone = [reply(side=NO_SIDE, text="" if i < 4 else "dear", query=f"q{i}", logprobs=()) for i in range(N)]
    (found,) = anew(marked(N), arms={**ARMS, ALONE: alone}).principles
    assert found.compliance[ALONE.key][NO_SIDE].n == found.compliance[CONTROL.key]["antithesis"].n == 0
    assert found.compliance[TRAINED.key]["statement"].n == N and found.control == ""


def test_principles_judged_by_people_and_by_programs_are_one_family():
    both = Constitution(name="C", principles=(KIND, LOUD))
    sides = ("statement", "antithesis", "flip 1", "flip 2")
    texts = {CONTROL: dict.fromkeys(sides, "plain"), TRAINED: dict.fromkeys(sides, "cold") | {"statement": "dear", "flip 2": "dear"}}
    arms = {arm: [reply(side=side, text=said[side], query=f"q{i}", logprobs=(-1.0,) * 4) for i in range(N) for side in sides] for arm, said in texts.items()}
    report, found = evaluate(both, arms), anew(marked(N), both, arms)
    assert [principle.judge for principle in found.principles] == ["marks by Ada", "check"] and found.arms == report.arms
    (alone,) = (principle for principle in report.principles if principle.judge == "check")
    before, after = ([q.p_corrected for q in principle.questions if q.p_corrected is not None] for principle in (alone, found.principles[1]))
    people = [q.p_corrected for q in found.principles[0].questions if q.p_corrected is not None]
    assert [len(people), len(before), len(after)] == [2, 2, 2]
    assert max(people) < 0.001 and "the 4 comparisons behind" in family_note(found) and "the 2 comparisons behind" in family_note(report)
    assert min(people) == pytest.approx(2 * min(q.p_corrected for q in anew(marked(N)).principles[0].questions if q.p_corrected is not None), rel=1e-6)
