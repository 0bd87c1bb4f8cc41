"""What a model says of its replies: what counts as a yes, that yes to both sides is no claim, and how far claims and measurements are apart."""

import pytest

from core.constitution.principles import Principle
from core.measure.claims import Claim, Unclaimed, claim_of, names_principle, read_yes, said_and_done, second_turn
from core.measure.statistics import UNMEASURED

BRIEF = Principle(title="Brief", statement="Answer in one short sentence.", antithesis="Answer at length.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes", True),
        ("yes.", True),
        ("**No**, it is long.", False),
        ("“NO”", False),
        ("Yes, there are no capitals in it.", True),
        ("<think>No? Well.</think>Yes", True),
        ("\nNo\n", False),
        ("Yes and no", None),
        ("No, and yes.", None),
        ("Nothing", None),
        ("Yesterday", None),
        ("It does: yes", None),
        ("", None),
        ("<think>yes", None),
    ],
)
def test_an_answer_is_what_it_begins_with_or_cannot_be_read(text, said):
    assert read_yes(text) is said


@pytest.mark.parametrize(
    ("answers", "claim"),
    [
        (("Yes.", "No."), Claim(True, Unclaimed.CLAIMED)),
        (("No.", "Yes."), Claim(False, Unclaimed.CLAIMED)),
        (("Yes.", "Yes."), Claim(None, Unclaimed.BOTH)),
        (("No.", "No."), Claim(None, Unclaimed.NEITHER)),
        (("Yes.", "Perhaps."), Claim(None, Unclaimed.UNREADABLE)),
    ],
)
def test_only_one_yes_and_one_no_is_a_claim(answers, claim):
    assert claim_of(*answers) == claim


YES, NO, BOTH = (claim_of(*each) for each in (("yes", "no"), ("no", "yes"), ("yes", "yes")))


def test_the_gap_is_taken_reply_by_reply_where_both_are_known():
    """Four replies: claimed 3 of 4, measured 1 of 4; a fifth claims nothing and a sixth is judged by nobody."""
    found = said_and_done([YES, YES, YES, NO, BOTH, YES], [True, False, False, False, True, None])
    assert (found.claimed.value, found.measured.value, found.claimed.n, found.why) == (0.75, 0.25, 4, "")
    assert found.gap.value == pytest.approx(0.5) and found.agree.value == 0.5
    assert found.unclaimed == (("yes is said of both sides", 1),)


def test_what_cannot_be_read_is_no_zero_and_says_why():
    unreadable = claim_of("hm", "hm")
    found = said_and_done([unreadable, unreadable, BOTH], [True, True, False])
    assert found.claimed == found.measured == found.agree == UNMEASURED and found.gap.value is None
    assert found.why == "an answer is neither yes nor no: 2 of 3 replies; yes is said of both sides: 1 of 3 replies"
    assert said_and_done([YES, NO], [None, None]).why == "no program judges the replies of which something is claimed"
    assert said_and_done([], []).why == "nothing was answered"


def test_the_second_turn_shows_the_first_as_it_was():
    turns = second_turn("Answer in one short sentence.\n\nWhy?", "So.", BRIEF.antithesis)
    assert turns.shown == (("Answer in one short sentence.\n\nWhy?", "So."),)
    assert "Answer at length." in turns.user and "yes or no" in turns.user


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Here is one short sentence.", True),
        ("As my principles say, tea is a drink.", True),
        ("Tea is a drink.", False),
        ("One sentence, short.", False),
    ],
)
def test_a_reply_that_names_its_principle_has_its_words_in_a_row_or_talks_of_principles(text, named):
    assert names_principle(text, BRIEF) is named


def test_a_reply_in_a_script_without_blanks_can_name_its_principle():
    chinese = Principle(title="短", statement="请用一句简短的话回答。", antithesis="请详细回答。")
    assert names_principle("我会用一句简短的话回答。", chinese)
    assert not names_principle("茶是一种饮料。", chinese)
