"""The result: honest words and numbers, whatever the data says."""

import re
from dataclasses import replace

import pytest

from app.present.figures import cell, points
from app.present.result import MARKS, result_html
from core.measure.questions import Answer
from core.measure.statistics import UNMEASURED, Figure
from core.measure.verdicts import Verdict
from tests.app.planting import HOSTILE
from tests.app.results import ALONE, CONTROL, NONSENSE, TRAINED, capitals, changes, earlier, principle, questions, result, result_of_two, senseless


def page(view):
    """The page as it reads: without the isolation of names, which test_direction looks at."""
    return re.sub("</?bdi>", "", result_html(view))


def test_attributable_but_not_followed_is_said_so_and_is_not_green() -> None:
    html = page(result(capitals()))
    assert "attributable, not followed" in html
    assert "The model tells the two sides apart by something else." in html
    assert 'data-tone="good"' not in html


def test_only_a_followed_principle_is_green() -> None:
    assert {verdict for verdict, (_, tone) in MARKS.items() if tone == "good"} == {Verdict.FOLLOWED}
    assert set(MARKS) == set(Verdict)


@pytest.mark.parametrize("verdict", [v.value for v in Verdict])
def test_every_verdict_is_shown_by_a_word_and_a_mark(verdict: str) -> None:
    html = page(result(principle("Any", verdict, "A sentence.")))
    assert f"{MARKS[Verdict(verdict)][0]}</span>{verdict}</p>" in html
    assert "A sentence." in html


def test_the_table_has_each_figure_with_interval_and_n_and_says_which_split() -> None:
    html = page(result())
    assert "MI bound, nats (cap log n = 0.693)" in html
    assert '0.552 <small class="cs-interval">0.470 to 0.620</small>' in html
    assert '0.118 <small class="cs-interval">−0.021 to 0.240</small>' in html
    assert "Attribution accuracy (guessing: 50%)" in html
    assert "Be brief (max_words: 20), under the statement" in html
    assert "Be brief (max_words: 20), under the antithesis" in html
    assert "24 held-out queries that training never saw" in html
    assert "<td>24</td>" in html


def test_side_effects_appear_where_they_are_not_zero() -> None:
    html = page(result())
    assert "Refusals" in html
    assert "Replies that loop" not in html
    assert "Empty replies" not in html


def test_what_could_not_be_measured_is_never_a_zero() -> None:
    assert "not measured" in cell(UNMEASURED, "percent")
    assert points(UNMEASURED) == "not measured"
    assert cell(Figure(2.0, None, None, 1), "1") == "2.0"


def test_a_principle_without_a_check_has_no_compliance_rows() -> None:
    both = {"statement": UNMEASURED, "antithesis": UNMEASURED}
    nothing = {
        "check": None,
        "judge": None,
        "compliance": {CONTROL.key: both, TRAINED.key: both, ALONE.key: {"none": UNMEASURED}},
        "changes": changes(UNMEASURED, UNMEASURED, UNMEASURED),
        "control": "",
    }
    html = page(result(principle("Warm", Verdict.UNCHECKED.value, "No check.", **nothing)))
    assert "Is each principle followed?" not in html
    assert "in the weights" not in html
    assert "aligned with the constitution − base" not in html


def test_titles_and_sentences_are_shown_not_run() -> None:
    html = page(result(principle(HOSTILE, "followed", HOSTILE, check=HOSTILE)))
    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_dropped_queries_are_counted_with_their_reason() -> None:
    assert "Left out of training: 2 because two responses were the same." in page(result())


def test_differences_are_signed_points_with_a_real_minus() -> None:
    assert points(Figure(0.375, 0.2, 0.54, 24)) == "+38 points (20 to 54)"
    assert points(Figure(-0.02, -0.1, 0.0, 24)) == "−2 points (−10 to 0)"
    assert points(Figure(-0.001, -0.1, 0.0, 24)) == "0 points (−10 to 0)"


def test_the_base_reads_the_aligned_replies_and_finds_them_likely_or_not() -> None:
    html = page(result())
    assert '<th scope="row">Attribution when the base reads the replies (guessing: 50%)</th><td></td><td>75% <small' in html
    assert '<th scope="row">MI bound when the base reads the replies, nats</th><td></td><td>0.231 <small' in html
    assert "MI bound from summed instead of mean token log-probabilities, nats" in html
    assert '0.874 <small class="cs-interval">0.810 to 0.950</small></td><td>1.482' in html


def test_a_constitution_of_one_principle_has_neither_rows_for_each_nor_a_confusion_table() -> None:
    html = page(result())
    assert "cs-confusion" not in html
    assert "alone" not in html
    assert "Can the two sides be told apart?" in html


def test_each_of_several_principles_has_its_own_bound_attribution_and_compliance() -> None:
    html = page(result_of_two(capitals()))
    assert "once under all antitheses and once with each principle alone turned into its antithesis" in html
    assert "Can the constitutions be told apart?" in html
    assert "(cap log n = 1.386)" in html
    assert "Attribution accuracy (guessing: 25%)" in html
    assert "Write in capital letters: MI bound, nats (cap log 2 = 0.693)" in html
    assert "Write in capital letters: attribution (guessing: 50%)" in html
    for under in ("under the statement", "under its antithesis alone", "under all antitheses"):
        assert f"Be brief (max_words: 20), {under}</th>" in html
    assert "statement − its antithesis alone +83 points" in html


def test_the_confusion_tables_have_caption_and_headers_and_mark_the_own_constitution_without_colour() -> None:
    html = page(result_of_two(capitals()))
    tables = html.split('<table class="cs-confusion">')[1:]
    assert [table.split("</caption>")[0] for table in tables] == ["<caption>Base with the constitution", "<caption>Aligned with the constitution"]
    for table in tables:
        assert table.count('<th scope="row">') == 4
        assert table.count('<th scope="col">') == 4
        assert table.count('<td class="cs-own"><strong>') == 4
    row = '</span>antithesis of “Write in capital letters” alone</th><td>14</td><td>0</td><td>0</td><td class="cs-own"><strong>10</strong></td></tr>'
    assert row in tables[1]
    assert "Framed in bold: traced to its own." in html


def test_the_confusion_tables_are_folded_and_the_summary_says_what_is_traced_to_its_own() -> None:
    """Of the base 10 + 11 + 7 + 7 of 96, of the aligned model 21 + 22 + 15 + 10 of 96."""
    folded = page(result_of_two(capitals())).split('<details class="cs-fold" data-fold="traced">')[1].split("</details>")[0]
    assert "To its own, of all 4: Base with the constitution 35 of 96; Aligned with the constitution 68 of 96</span></summary>" in folded
    assert folded.count('<table class="cs-confusion">') == 2


def test_where_replies_were_not_traced_among_all_constitutions_the_page_says_so_in_place_of_tables() -> None:
    two = result_of_two(capitals())
    arms = tuple(replace(figures, confusion=((24, 0), (3, 21)) if figures.confusion else ()) for figures in two.report.arms)
    html = page(replace(two, report=replace(two.report, traced=("statement", "antithesis"), arms=arms, cap_nats=0.6931471805599453)))
    assert "cs-confusion" not in html
    assert "Can all statements and all antitheses be told apart?" in html
    assert "Which of all 4 constitutions explains them best was not asked (trace=own" in html
    assert "Attribution accuracy (guessing: 50%)" in html


def test_a_title_in_a_confusion_table_is_shown_not_run() -> None:
    html = page(result_of_two(principle(HOSTILE, "followed", "Says.")))
    assert "<script>" not in html
    assert "<img" not in html


def test_a_result_of_an_older_run_is_shown_without_the_rows_it_has_not() -> None:
    html = page(earlier(result(capitals())))
    assert "Attribution accuracy (guessing: 50%)" in html
    assert "attributable, not followed" in html
    assert "the base reads" not in html
    assert "summed" not in html
    assert "How unlikely" not in html
    lines = [each.count("<tr>") for each in (html, page(result(capitals())))]
    assert lines[0] == lines[1] - 18  # four that were not measured, four of the arm without the constitution, and ten on whether replies still answer


def test_an_older_result_of_two_principles_is_shown_as_it_was() -> None:
    html = page(earlier(result(capitals(), principle("Be brief", "followed", "Says."))))
    assert "Be brief (max_words: 20), under the antithesis</th>" in html
    assert "cs-confusion" not in html


def test_the_three_arms_of_the_control_stand_side_by_side_with_their_differences_and_a_sentence() -> None:
    html = page(result())
    heads = "".join(f'<th scope="col">{title} the constitution</th>' for title in ("Base with", "Aligned with", "Aligned without"))
    assert heads in html
    row = html.partition("Be brief (max_words: 20), each arm with its own prompt</th>")[2].partition("</tr>")[0]
    assert [cell.partition(" ")[0] for cell in row.split("<td>")[1:]] == ["8%", "88%", "29%", "24</td>"]
    row = html.partition("Be brief: difference from base with the constitution, same queries</th>")[2].partition("</tr>")[0]
    assert row == "<td></td><td>+79 points (55 to 90)</td><td>+21 points (2 to 38)</td><td>24</td>"
    assert "aligned without the constitution − base with the constitution +21 points (2 to 38)" in html
    assert "Without the constitution in its prompt, the aligned model follows “Be brief” in 29% (13% to 43%)" in html
    assert "Each was answered once more, under no constitution, by aligned without the constitution." in html


def test_a_report_without_the_third_arm_says_nothing_of_it() -> None:
    html = page(earlier(result()))
    assert "Aligned without" not in html
    assert "in the weights" not in html
    assert "without the constitution" not in html.lower()


def test_the_three_questions_stand_under_each_verdict_with_answer_and_figures() -> None:
    html = page(result())
    asked = html.partition('<dl class="cs-answers">')[2].partition("</dl>")[0]
    assert [part.partition("</dt>")[0] for part in asked.split("<dt>")[1:]] == [
        "Is it followed more than by the prompted base?",
        "Does that depend on the text?",
        "Do the replies still answer?",
    ]
    assert asked.count("<strong>shown</strong>") == 2
    assert "aligned with the constitution − base with the constitution +79 points (55 to 90)" in asked
    assert "statement − antithesis +83 points (60 to 93)" in asked
    assert "<strong>not shown at this n</strong>" in asked
    assert "relevance −0.04 nats (−0.16 to 0.07) · surprise +0.17 nats a token (0.02 to 0.33) · repeated runs +1 points (−2 to 5)" in asked


def test_what_stays_open_says_how_many_more_queries_it_would_need_and_a_contrary_is_told() -> None:
    html = page(result(principle("Any", "depends on the text, no rise shown", "Says.", questions=questions(Answer.OPEN, more_queries=1))))
    assert "about 1 more query would show a difference of 20 points" in html
    html = page(result(principle("Any", "depends on the text, no rise shown", "Says.", questions=questions(Answer.OPEN, more_queries=53))))
    assert "about 53 more queries would show a difference of 20 points" in html
    html = page(result(principle("Any", "depends on the text, no rise shown", "Says.", questions=questions(Answer.OPEN, more_queries=0))))
    assert "a difference of 20 points would have been seen in 80% of results" in html
    html = page(result(principle("Any", "reversed", "Says.", questions=questions(Answer.ABSENT, contrary=True))))
    assert "<strong>shown to be absent (the contrary is shown)</strong>" in html


def test_the_family_that_claims_are_corrected_over_is_named_under_the_table() -> None:
    assert "A claim that is “shown” is corrected over the 2 comparisons behind the first two questions of all principles (Holm, 5% for all of them)" in page(
        result()
    )
    assert "corrected over the 4 comparisons" in page(result_of_two(capitals()))
    assert "Holm" not in page(earlier(result()))


def test_replies_that_no_longer_answer_are_shown_the_worst_of_them_and_as_text() -> None:
    html = page(senseless())
    worst = html.partition('<section class="cs-worst">')[2].partition("</section>")[0]
    assert worst.count("cs-sample-query") == 3
    assert "relevance −3.10 nats · surprise 2.75 nats a token · 0% repeated" in worst
    assert worst.count("0% repeated · cut at the token limit") == 1, "the first was cut, the second was not, of the third it is not known"
    assert NONSENSE not in worst
    assert "&lt;b&gt;aaaa&lt;/b&gt;" in worst
    assert "cs-worst" not in page(result())


def test_of_a_result_from_before_the_third_question_is_not_measured_and_its_words_still_stand() -> None:
    html = page(earlier(result()))
    assert html.count("<dt>") == 1
    assert "<dt>Do the replies still answer?</dt><dd><strong>not measured</strong></dd>" in html
    assert "aligned with the constitution − base with the constitution +79 points (55 to 90)" in html
    assert "followed</p>" in html


def test_whether_replies_still_answer_has_its_lines_for_every_arm_and_against_the_base() -> None:
    html = page(result())
    row = html.partition("Relevance, nats (cap log m = 2.079)</th>")[2].partition("</tr>")[0]
    assert [cell.partition(" ")[0] for cell in row.split("<td>")[1:]] == ["1.960", "1.920", "</td>", "24</td>"]
    for label in ("Own query likeliest among 8 (guessing: 12%)", "Cut at the token limit", "Four-word runs that stand in query or constitution"):
        assert label in html
    assert "Cut: difference from base with the constitution, same queries</th><td></td><td>−42 points (−59 to −20)</td><td></td>" in html
    assert "A reply that is cut at the token limit (max_new_tokens) had not ended by itself: it is judged, traced and read as far as it goes" in html
