"""The lines of a report: each once, with a cell for each arm that it has a meaning for."""

from dataclasses import replace

from core.measure.rows import POINTS, judged_by, rows
from core.measure.statistics import UNMEASURED
from tests.app.results import ALONE, CONTROL, TRAINED, capitals, earlier, principle, report, result, result_of_two


def labels(found):
    return [row.label for row in rows(found)]


def test_every_line_has_a_cell_for_every_arm_in_order_and_no_label_twice():
    for found in (report(), report(capitals()), result_of_two(capitals()).report, earlier(result()).report):
        assert all(list(row.cells) == [figures.arm.key for figures in found.arms] for row in rows(found))
        assert len(set(labels(found))) == len(labels(found))
        groups = [row.group for row in rows(found)]
        assert groups == sorted(groups, key=groups.index)  # a group's lines stand together


def test_what_has_no_meaning_for_an_arm_is_no_cell_and_what_could_not_be_measured_is_one():
    found = {row.label: row.cells for row in rows(report())}
    assert found["Attribution accuracy (guessing: 50%)"][ALONE.key] is None
    assert found["KL(policy || base), nats a token"][CONTROL.key] is None
    silent = replace(report().arms[1], attribution=UNMEASURED)
    cells = {row.label: row for row in rows(replace(report(), arms=(report().arms[0], silent)))}["Attribution accuracy (guessing: 50%)"]
    assert cells.cells[TRAINED.key] == UNMEASURED
    assert cells.n == 0  # the fewest that a figure of the line rests on


def test_the_differences_of_the_control_are_points():
    found = next(row for row in rows(report()) if row.label.startswith("Be brief: difference from base with the constitution"))
    assert found.form == POINTS
    assert found.cells[CONTROL.key] is None
    assert (found.cells[TRAINED.key].value, found.cells[ALONE.key].value) == (0.792, 0.208)


def test_a_principle_that_nobody_can_judge_has_no_lines_of_compliance():
    unjudged = report(principle("Warm", "no effect found", "Says.", judge=None, check=None))
    assert not any("Warm" in label for label in labels(unjudged))


def test_what_another_judge_than_a_check_found_names_the_judge():
    found = report(principle("Warm", "no effect found", "Says.", judge="reader", check=None))
    assert "Warm (reader), under the statement" in labels(found)


def test_a_check_that_judged_is_told_in_words_and_one_that_is_not_known_as_it_is_written():
    for check, says in (
        ("max_sentences: 3", "Judged by its check: the reply has at most 3 sentences."),
        ("lowercase", "Judged by its check: the reply has no capital letter."),
        ("starts_with: Yes.", "Judged by its check: the reply begins with the text: Yes."),
        ("of_tomorrow: 3", "Judged by its check: of_tomorrow: 3."),
    ):
        assert judged_by(principle("Warm", "no effect found", "Says.", check=check)) == says
