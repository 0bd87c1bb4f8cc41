"""The answer at the top of a result: a word, a sentence and two replies a principle, all of it escaped."""

import re
from dataclasses import replace

import pytest

from app.present.standings import MOST_CHARS, SIGNS, answer_html, standing_html
from core.measure.standings import MEANINGS, Standing
from core.measure.verdicts import Verdict
from tests.app.planting import HOSTILE
from tests.app.results import EXTREMES, capitals, earlier, principle, report, result


def page(view):
    """As it reads: without the isolation of names."""
    return re.sub("</?bdi>", "", answer_html(view))


def test_standings_differ_by_word_and_by_sign_and_not_by_colour_alone() -> None:
    assert set(SIGNS) == set(Standing)
    assert len(set(SIGNS.values())) == len(SIGNS)
    for found in Standing:
        assert f'aria-hidden="true">{SIGNS[found]}</span>{found.value}</span>' in standing_html(found)


def test_each_principle_has_its_word_its_sentence_and_its_replies() -> None:
    html = page(report(principle("Be brief", "followed", "“Be brief” is followed."), capitals()))
    assert html.count("<li") == 2
    assert "✓</span>followed</span></p>" in html
    assert "“Be brief” is followed.</p>" in html
    assert "✕</span>not followed</span>" in html and "attributable, not followed</span>" in html
    assert html.index("Best reply") < html.index("Air scatters blue light most.") < html.index("Worst reply")
    assert "Follows, and answers its query best of the 21 that do. Relevance 2.05 nats." in html
    assert "Does not follow, and answers worst of the 24 that do not. Relevance −0.41 nats." in html


def test_only_the_words_that_are_used_are_explained() -> None:
    html = page(report())
    assert MEANINGS[Standing.FOLLOWED] in html
    assert MEANINGS[Standing.FORM_ONLY] not in html


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_principle_that_nobody_can_judge_is_not_judged(verdict: Verdict) -> None:
    assert 'data-standing="not-judged"' in page(report(principle("Warm", verdict.value, "A sentence.", judge=None)))


def test_a_result_without_verdicts_and_one_without_chosen_replies_say_so() -> None:
    html = page(earlier(result()).report)
    assert "No best and no worst reply was chosen for this result" in html
    assert "Best reply" not in html
    assert "No verdict could be made" in page(report(replace(capitals(), verdict=None, sentence="")))


def test_titles_sentences_queries_and_replies_are_shown_not_run_and_long_ones_are_cut() -> None:
    hostile = tuple(replace(each, query=HOSTILE, text=HOSTILE + " word" * MOST_CHARS) for each in EXTREMES)
    html = page(report(principle(HOSTILE, "followed", HOSTILE, extremes=hostile)))
    assert "<script" not in html and "<img" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 6
    assert html.count(" word …</p>") == 2
