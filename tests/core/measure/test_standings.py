"""Five words for what came out: each verdict has one, and nobody's judgement is never a miss."""

from dataclasses import replace

import pytest

from core.measure.standings import MEANINGS, STANDINGS, Standing, counted, standing, standing_of
from core.measure.verdicts import Verdict
from tests.app.results import capitals, principle


def test_every_verdict_has_one_standing_and_every_standing_a_meaning_and_a_verdict() -> None:
    assert set(STANDINGS) == set(Verdict)
    assert set(STANDINGS.values()) == set(MEANINGS) == set(Standing)


def test_followed_is_said_only_of_what_depends_on_the_text_and_rose_or_was_high_before() -> None:
    assert {verdict for verdict, found in STANDINGS.items() if found is Standing.FOLLOWED} == {Verdict.FOLLOWED, Verdict.ALREADY}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_nobody_could_judge_is_not_judged_whatever_its_figures_say(verdict: Verdict) -> None:
    assert standing_of(verdict, None) is Standing.NOT_JUDGED
    assert standing_of(None, "check") is Standing.NOT_JUDGED


def test_a_principle_stands_as_its_verdict_does() -> None:
    assert standing(principle("Be brief", "followed", "It is.")) is Standing.FOLLOWED
    assert standing(capitals()) is Standing.NOT_FOLLOWED
    assert standing(replace(capitals(), judge=None)) is Standing.NOT_JUDGED


def test_standings_are_counted_in_the_order_of_the_words_and_without_zeros() -> None:
    found = [Standing.NOT_JUDGED, Standing.FOLLOWED, Standing.NOT_JUDGED, Standing.FORM_ONLY, Standing.FOLLOWED, Standing.NOT_JUDGED]
    assert counted(found) == "2 followed, 1 in form only, 3 not judged"
    assert counted([]) == ""
