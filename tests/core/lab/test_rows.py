"""From replies to rows: bounds, compliance, their changes query by query, the habit's pull, and what a principle is in a word."""

import math

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.lab.meaning import Meaning, meaning_of
from core.lab.prior import percent, pull_of
from core.lab.rows import Replies, rows_of
from core.lab.values import unmeasured
from core.measure.statistics import Figure
from core.measure.values import NO_SIDE
from core.methods.arms import make_arm
from tests.core.lab.found import CAP, known, row
from tests.core.measure.replies import ALONE, CAPITALS, CONTROL, TRAINED, replies, reply

FLOOR = [reply(side=NO_SIDE, text="LOUD" if i < 4 else "plain", logprobs=(), query=f"q{i}") for i in range(16)]


def test_a_row_holds_the_figures_of_the_report():
    """Gaps of 1 nat a token over 5 tokens: log 2 - log(1 + 1/e) = 0.379885 by means, log 2 - log(1 + exp(-5)) = 0.686432 by sums."""
    before, after = rows_of(CAPITALS, {CONTROL: replies("plain", "plain", 0.0), TRAINED: replies("LOUD", "plain", 1.0)}, CONTROL, FLOOR)
    assert (after.own.value, after.own_summed.value) == (pytest.approx(0.379885, abs=1e-6), pytest.approx(0.686432, abs=1e-6))
    assert after.reader.value == pytest.approx(0.379885, abs=1e-6) and after.reader.by == "the base"
    assert (before.compliance.value, after.compliance.value, after.floor.value) == (0.0, 1.0, 0.25)
    assert (after.own_change.value, after.compliance_change.value) == (pytest.approx(0.379885, abs=1e-6), 1.0)
    assert (before.against, after.against) == ("", "prompt")


def test_an_arm_without_the_text_has_compliance_and_says_why_it_has_no_bound():
    (found,) = rows_of(CAPITALS, {ALONE: FLOOR}, None, ())
    assert found.compliance.value == 0.25
    assert (found.own.value, found.own.why) == (None, "no constitution stands in its prompt, so there are no two sides to tell apart")
    assert found.floor.why == "nothing was answered without a constitution"


def test_a_principle_that_nobody_judges_is_not_zero():
    silent = Constitution(name="C", principles=(Principle(title="Kind", statement="Be kind.", antithesis="Be cold."),))
    first, second = rows_of(silent, {CONTROL: replies("a", "b", 0.0), TRAINED: replies("a", "b", 1.0)}, CONTROL, FLOOR)
    assert (first.compliance.value, second.compliance_change.value) == (None, None)
    assert "judge" in first.compliance.why and "judge" in second.compliance_change.why


def test_empty_replies_have_no_bound_and_are_no_part_of_the_change():
    empty = [reply(side=side, text="", logprobs=(), query="q0") for side in ("statement", "antithesis")]
    first, second = rows_of(CAPITALS, {CONTROL: empty, TRAINED: replies("LOUD", "plain", 1.0, n=1)}, CONTROL, FLOOR[:1])
    assert first.own.why == "no query was answered with a text under both sides" and second.own_change.value is None


def test_the_pull_of_the_habit_splits_queries_by_what_the_base_does_anyway():
    """Of 16 queries the base shouts on 4 anyway. With the text it shouts on 8, those 4 among them; turned it shouts on the first 2."""
    loud, turned = range(8), range(2)
    asked = [
        reply(side=side, text="LOUD" if i in where else "plain", query=f"q{i}")
        for i in range(16)
        for side, where in (("statement", loud), ("antithesis", turned))
    ]
    pull = pull_of(Replies(CAPITALS, True, asked), 0, FLOOR)
    assert (pull.flips.value, pull.agreeing.value, pull.against.value) == (6 / 16, 1.0, 4 / 12)
    assert (pull.agreeing.n, pull.against.n) == (4, 12)


def test_of_several_principles_each_has_its_own_two_sides():
    two = Constitution(name="C", principles=(*CAPITALS.principles, Principle(title="Short", statement="s", antithesis="a", check=Check("max_words", 1))))
    scores = {
        "statement": (-1.0, -2.0, -2.0, -1.5),
        "antithesis": (-9.0, -1.0, -9.0, -9.0),
        "flip 1": (-2.0, -2.0, -1.0, -2.0),
        "flip 2": (-1.5, -2.0, -2.0, -1.0),
    }
    asked = [reply(side=side, text="LOUD", logprobs=values) for side, values in scores.items()]
    first, second = rows_of(two, {CONTROL: asked}, None)
    assert first.own.value == pytest.approx(math.log(2) - math.log1p(math.exp(-1)))
    assert second.own.value == pytest.approx(math.log(2) - math.log1p(math.exp(-0.5)))


def test_a_figure_in_percent_has_its_interval_and_its_n():
    assert percent(Figure(0.5, 0.25, 0.75, 8)) == "50% (25 to 75; n = 8)"
    assert percent(Figure(0.35, None, None, 6), 0.7) == "50% (n = 6)"
    assert percent(Figure(None, None, None, 0)) == "could not be measured"


@pytest.mark.parametrize(
    ("found", "meaning"),
    [
        (row(bound=0.9, compliance=0.8), Meaning.MEANT),
        (row(bound=0.05, compliance=0.8), Meaning.HABIT),
        (row(bound=0.9, compliance=0.1, reader=known(0.5 * CAP, 0.2, 0.6)), Meaning.FORM),
        (row(bound=0.9, compliance=0.1, reader=known(0.0, -0.1, 0.1)), Meaning.CODE),
        (row(bound=0.05, compliance=0.1), Meaning.ABSENT),
        (row(bound=0.9, compliance=None), Meaning.UNKNOWN),
        (row(own=unmeasured("no text"), own_summed=unmeasured("no text")), Meaning.UNKNOWN),
    ],
)
def test_a_principle_in_a_word(found, meaning):
    assert meaning_of(found) is meaning


def test_context_aware_decoding_at_weight_0_is_the_prompted_base(tiny, tmp_path):
    """So the probe may take the prompted base in its place."""
    from dataclasses import replace

    from tests.core.lab.benches import bench_on

    bench = bench_on(tiny, tmp_path)
    zero = bench.answers(make_arm("context", settings={"alpha": 0.0}))
    assert [replace(each) for each in zero] == bench.answers(bench.control)
