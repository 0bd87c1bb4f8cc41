"""A drift matrix: the arithmetic of a cell, the family that it is corrected over, what is an alarm, and what could not be measured."""

from dataclasses import replace

import pytest

from core.constitution.principles import Constitution
from core.errors import ConfigError
from core.lab.drift.matrix import CUT, PICKED, RELEVANCE, WORDS
from core.lab.drift.plan import columns_of, fingerprint, is_own, rows_of
from core.lab.drift.says import family_says, said_of
from core.measure.questions import Answer
from core.measure.statistics import pairs_of
from tests.core.lab.drifts import BRIEF, LONG, LOUD, ONE, OTHER, SHORT, SHOUT, cell, found, plan, replies, trained

SHOUTS = {"x": "ONE TWO THREE FOUR.", ".": LONG}


def shouted(follows):
    """Replies that follow `Shout` where there is an x, and `Be brief` never."""
    return replies(follows, said=SHOUTS.__getitem__)


def test_every_arm_has_a_row_and_is_held_against_the_base_under_the_same_prompt():
    of = plan(adapters=[trained(), trained(1, "cd" * 32)])
    against = {row.key: row.against for row in rows_of(of)}
    assert against == {
        "base": "",
        "prompt 1": "base",
        "prompt 2": "base",
        "trained 1": "prompt 1",
        "trained 1, alone": "base",
        "trained 2": "prompt 2",
        "trained 2, alone": "base",
        "rules 1": "prompt 1",
        "rules 2": "prompt 2",
        "rules": "base",
    }
    assert all(row.text == of.constitutions[row.own] for row in rows_of(of) if row.text is not None)


def test_a_cell_is_the_paired_change_over_the_base_under_the_same_prompt():
    """Prompted base 2 of 12, the adapter with the text all of these and 8 more: up 8.5, down 0.5 of 14 after adding half an observation to each cell.

    Centre 8/14 = 0.571; error sqrt(9 - 64/14)/14 = 0.1503; 0.571 -/+ 1.96 * 0.1503 = 0.277 to 0.866. The base alone follows 4 times, and counts for
    what was trained only where that has no text in its prompt either.
    """
    made = found(
        plan(adapters=[trained()]),
        {"base": replies("....xxxx...."), "prompt 1": replies("........" + "xx.."), "trained 1": replies("xxxxxxxx" + "xx..")},
    )
    told = cell(made.checks, "trained 1", "1.1")
    assert (told.own, told.alarm, told.before.value, told.after.value) == (True, False, pytest.approx(2 / 12), pytest.approx(10 / 12))
    assert (told.change.value, told.change.n) == (pytest.approx(8 / 12), 12)
    assert (told.change.low, told.change.high) == (pytest.approx(0.277, abs=1e-3), pytest.approx(0.866, abs=1e-3))
    alone = cell(made.checks, "trained 1, alone", "1.1")
    assert (alone.before.value, alone.change.value) == (pytest.approx(4 / 12), pytest.approx(-4 / 12))
    assert cell(made.checks, "prompt 1", "1.1").change.value == pytest.approx(-2 / 12)


def test_all_cells_that_could_be_measured_are_one_family():
    """Nine rows and two principles with a check: 18 cells, so Holm multiplies the smallest p by 18. A principle without a check is no member."""
    of = plan(ONE, LOUD, OTHER, adapters=[trained()])
    made = found(of, {"trained 1": shouted("xxxxxxxx....")})
    told = cell(made.checks, "trained 1", "2.1")
    rows = sum(bool(row.against) for row in made.rows)
    assert made.checks.family == 2 * rows == 18
    assert told.p_corrected == pytest.approx(18 * pairs_of([False] * 12, [True] * 8 + [False] * 4).p_value)
    assert told.alarm and told.answer is Answer.SHOWN
    assert "all 18 cells" in family_says(made.checks)


def test_a_change_that_its_own_interval_shows_and_the_family_does_not_is_no_alarm():
    """5 of 12 gain: p = 0.015 by itself, over fourteen cells 0.21. What a change of 20 points would need is said."""
    made = found(plan(adapters=[trained()]), {"trained 1": shouted("xxxxx.......")})
    told = cell(made.checks, "trained 1", "2.1")
    assert told.change.low > 0 and not told.alarm and told.answer is Answer.OPEN
    assert told.p_corrected == pytest.approx(14 * 0.01486, abs=1e-3) and told.more_queries > 0
    said = said_of(made)
    assert said.alarms[0].startswith("No alarm: of 2 cells") and "more queries would be needed" in said.alarms[1]


def test_a_fall_is_an_alarm_too_and_the_strongest_comes_first():
    of = plan(adapters=[trained(), trained(1, "cd" * 32)])
    given = {
        "prompt 1": shouted("xxxxxxxxx..."),
        "trained 1": shouted("." * 12),
        "prompt 2": replies("." * 12),
        "trained 2": replies("x" * 12),
    }
    said = said_of(found(of, given))
    assert said.alarms[0].startswith("Alarm: “Be brief”, trained on “Loud”, with “Loud” in the prompt: +100 points")
    assert said.alarms[1].startswith("Alarm: “Shout”, trained on “Brief”, with “Brief” in the prompt: −75 points")
    assert "shown, down (p < 0.001, corrected)" in said.alarms[1]


def test_what_changes_with_no_training_is_told_for_comparison_and_is_no_alarm():
    made = found(plan(adapters=[trained()]), {"prompt 1": shouted("x" * 12), "trained 1": shouted("x" * 12), "rules 1": shouted("x" * 12)})
    assert not any(each.alarm for each in made.checks.cells)
    assert cell(made.checks, "prompt 1", "2.1").answer is Answer.SHOWN
    assert any("the text in the prompt, nothing trained: 1 of 2 such cells changed" in sentence for sentence in said_of(made).beside)


def test_a_principle_without_a_program_could_not_be_measured_and_is_never_zero():
    made = found(plan(ONE, OTHER, adapters=[trained()]), {})
    told = cell(made.checks, "trained 1", "2.1")
    assert (told.change.value, told.answer, told.why) == (None, Answer.UNMEASURED, "no program judges this principle")
    said = said_of(made)
    assert said.alarms == ("What else changed could not be measured: no program judges any principle beside those that were trained on.",)
    assert said.unmeasured == ("“Ask back” could not be measured: no program judges this principle.",)


def test_a_row_that_could_not_be_asked_is_told_and_what_is_held_against_it_cannot_be_measured():
    of = plan(adapters=[trained(), trained(1, "cd" * 32)])
    made = found(of, {}, failed={"trained 1": "The adapter was made for another model.", "prompt 2": "It is too long"})
    assert cell(made.checks, "trained 1", "1.1").why == "The adapter was made for another model."
    assert cell(made.checks, "trained 2", "1.1").why == "the base under the same prompt could not be asked: It is too long"
    assert cell(made.checks, "trained 1, alone", "1.1").why == ""
    assert said_of(made).unmeasured == (
        "Trained on “Brief”, with “Brief” in the prompt could not be measured: The adapter was made for another model.",
        "The base, with “Loud” in the prompt could not be measured: It is too long.",
    )
    assert made.checks.family == 2 * 5


def test_the_same_principle_in_another_constitution_is_no_other_principle():
    again = Constitution(name="Again", principles=(replace(BRIEF, title="Short"), SHOUT))
    of = plan(ONE, again, adapters=[trained()])
    row = next(row for row in rows_of(of) if row.key == "trained 1")
    assert [is_own(row, column, of.constitutions) for column in columns_of(of.constitutions)] == [True, True, False]


def test_beside_the_checks_stand_relevance_length_and_what_the_reader_picks_with_their_changes():
    """The adapter's replies have two words in place of five; the reader takes nine more of twelve for its own text; nothing is cut."""
    given = {
        "prompt 1": replies("." * 12, picks="x" * 3 + "." * 9),
        "trained 1": replies("x" * 12, picks="x" * 12, relevance=0.5),
    }
    made = found(plan(adapters=[trained()]), given)
    told = {each.name: each for each in made.beside if each.row == "trained 1"}
    assert (told[WORDS].value.value, told[WORDS].change.value) == (2, -3)
    assert (told[RELEVANCE].value.value, told[RELEVANCE].change.value, told[RELEVANCE].change.n) == (0.5, -0.5, 12)
    assert (told[PICKED].value.value, told[PICKED].change.value) == (1, pytest.approx(0.75))
    assert (told[CUT].value.value, told[CUT].change.value) == (0, 0)
    assert cell(made.reader, "trained 1", "1.1").change.value == pytest.approx(0.75)
    assert any("relevance fell" in sentence and "−0.50 nats" in sentence for sentence in said_of(made).answers)


def test_an_alarm_has_replies_that_show_it():
    made = found(plan(adapters=[trained()]), {"trained 1": shouted("." + "x" * 11)})
    assert [(each.query, each.before, each.after) for each in made.examples] == [(f"Question {i}?", LONG, SHOUTS["x"]) for i in (1, 2)]
    assert SHORT not in (each.after for each in made.examples)


def test_a_control_with_another_text_is_held_against_the_base_with_that_text():
    of = plan(adapters=[trained(variant="emptied"), trained(variant="swapped", sha256="cd" * 32)])
    rows = {row.key: row for row in rows_of(of)}
    assert rows["trained 1"].against == "prompt 1, emptied" and rows["trained 1"].text.principles[0].statement == "Xxxxxx xx xxx xxxx."
    assert rows["prompt 1, emptied"].text == rows["trained 1"].text
    assert rows["trained 2"].against == "prompt 1" and rows["trained 2"].text == ONE
    made = found(of, {"trained 1": shouted("x" * 12)})
    assert not any(each.alarm for each in made.checks.cells)
    assert said_of(made).alarms == ("Nothing that was trained is in this matrix, so nothing can have changed with it.",)


def test_two_adapters_of_one_text_are_told_apart():
    named = [row.trained_on for row in rows_of(plan(adapters=[trained(), trained(sha256="cd" * 32)])) if row.key in ("trained 1", "trained 2")]
    assert named == ["“Brief” (abababab)", "“Brief” (cdcdcdcd)"]


def test_one_constitution_is_refused_with_the_remedy():
    with pytest.raises(ConfigError, match=r"at least 2 constitutions.*got 1\. Add --constitution FILE"):
        plan(ONE)


def test_what_a_folder_belongs_to_differs_with_adapter_and_queries():
    one = fingerprint(plan(adapters=[trained()]))
    assert one != fingerprint(plan(adapters=[trained(sha256="cd" * 32)])) and one != fingerprint(plan(adapters=[trained()], queries=11))
    assert one == fingerprint(plan(adapters=[trained()])) and "/somewhere" not in str(one)
    assert LOUD in plan().constitutions
