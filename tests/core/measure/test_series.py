"""Several seeds as one result: arithmetic worked by hand, which adapter is the median one, and sentences that only count."""

import json
import math
from dataclasses import replace

import pytest

from core.constitution.principles import Constitution, Principle
from core.measure.rows import rows
from core.measure.series import BOUND, COMPLIANCE, NOTHING, left_out_says, median_of, median_says, pool, series_to_data
from core.measure.statistics import T95, UNMEASURED, Figure, over_seeds
from core.measure.verdicts import Verdict
from tests.core.measure.replies import CAPITALS, CONTROL, TRAINED, evaluated, reply

N = 24
UNCHECKED = Constitution(name="U", principles=(Principle(title="Kind", statement="Be kind.", antithesis="Be cold."),))


def answers(followed, margin=0.0, n=N):
    """Replies to n queries, of which so many follow under the statement and none under the antithesis."""
    return [
        reply(side=side, text="LOUD NOW" if side == "statement" and i < followed else "a quiet reply", query=f"q{i}", logprobs=own)
        for i in range(n)
        for side, own in (("statement", (-1.0, -1.0 - margin)), ("antithesis", (-1.0 - margin, -1.0)))
    ]


def seeded(followed, *, before=0, margin=2.0, constitution=CAPITALS, n=N):
    return evaluated(constitution, answers(before, n=n), answers(followed, margin, n))


def row(series, label, arm=TRAINED):
    return next(row.cells[arm.key] for row in series.rows if label in row.label)


def test_the_mean_over_seeds_and_student_s_interval_of_it():
    """Of 0.5, 0.75 and 0.7 the mean is 0.65, the squared deviations 0.0225 + 0.01 + 0.0025 = 0.035, the variance 0.0175, t(2) 4.3027:
    half the interval is 4.3027 * sqrt(0.0175 / 3) = 0.32863, more than the seeds' own intervals reach: sqrt(3 * 0.01) / 3 = 0.0577.
    """
    pooled = over_seeds([Figure(value, value - 0.1, value + 0.1, 24) for value in (0.5, 0.75, 0.7)], 0.0, 1.0)
    assert pooled.mean.value == pytest.approx(0.65)
    assert pooled.sd == pytest.approx(math.sqrt(0.0175))
    assert (pooled.mean.low, pooled.mean.high) == (pytest.approx(0.65 - 0.32863, abs=1e-5), pytest.approx(0.65 + 0.32863, abs=1e-5))
    assert (pooled.mean.n, pooled.cut, sorted(pooled.values)) == (3, False, [0.5, 0.7, 0.75])


def test_seeds_that_are_alike_leave_as_much_open_as_their_own_intervals_do():
    """Three shares of 1, each from 0.8 on: sqrt(3 * 0.2^2) / 3 = 0.11547 below 1, and nothing above it."""
    pooled = over_seeds([Figure(1.0, 0.8, 1.0, 24)] * 3, 0.0, 1.0)
    assert pooled.sd == 0.0
    assert (pooled.mean.low, pooled.mean.high, pooled.cut) == (pytest.approx(1 - 0.11547, abs=1e-5), 1.0, False)


def test_an_interval_of_shares_is_cut_where_shares_end_and_says_so():
    """Two seeds: t(1) is tan(0.475 pi) = 12.7062; the half is 12.7062 * 0.1 = 1.27, since the standard error of 0.7 and 0.9 is 0.1."""
    assert T95[0] == pytest.approx(math.tan(0.475 * math.pi), abs=1e-4)
    shares = [Figure(0.7, 0.5, 0.8, 24), Figure(0.9, 0.8, 1.0, 24)]
    assert over_seeds(shares, 0.0, 1.0).mean == Figure(pytest.approx(0.8), 0.0, 1.0, 2)
    assert over_seeds(shares, 0.0, 1.0).cut
    assert over_seeds(shares).mean.low == pytest.approx(0.8 - 1.27062)


def test_a_seed_without_a_value_is_left_out_of_the_mean_and_one_alone_has_no_interval():
    alone = over_seeds([UNMEASURED, Figure(0.5, 0.4, 0.6, 24)])
    assert (alone.mean, alone.sd, alone.cut) == (Figure(0.5, None, None, 1), None, False)
    assert over_seeds([UNMEASURED, UNMEASURED]).mean == UNMEASURED
    two = over_seeds([Figure(0.4, 0.3, 0.5, 24), UNMEASURED, Figure(0.6, 0.5, 0.7, 24)])
    assert (two.mean.n, two.mean.value, len(two.by_seed)) == (2, 0.5, 3)


def test_a_series_has_every_line_of_its_reports_with_every_seed():
    reports = {4: seeded(24), 2: seeded(12), 3: seeded(18)}
    series = pool(reports)
    assert series.seeds == (2, 3, 4)
    assert [(row.group, row.label) for row in series.rows] == [(row.group, row.label) for row in rows(reports[2])]
    followed = row(series, "under the statement")
    assert [figure.value for figure in followed.by_seed] == [0.5, 0.75, 1.0]
    assert followed.by_seed[0] == reports[2].principles[0].compliance[TRAINED.key]["statement"]
    assert followed.mean.value == 0.75
    assert row(series, "under the statement", CONTROL).mean.value == 0.0
    assert row(series, "Attribution accuracy").mean.value == 1.0
    assert row(series, "KL(policy", CONTROL) is None


def test_a_side_effect_that_one_seed_shows_is_a_line_with_the_zeros_of_the_others():
    shown = seeded(24)
    mended = replace(shown, arms=tuple(replace(figures, refusals=Figure(0.25, 0.1, 0.4, 24)) for figures in shown.arms))
    assert not any(row.label == "Refusals" for row in pool({0: shown, 1: shown}).rows)
    assert [figure.value for figure in row(pool({0: shown, 1: mended, 2: shown}), "Refusals").by_seed] == [0.0, 0.25, 0.0]


def test_the_sentence_counts_verdicts_and_says_no_more():
    series = pool({0: seeded(24), 1: seeded(1), 2: seeded(23)})
    (principle,) = series.principles
    assert principle.verdicts == (Verdict.FOLLOWED, Verdict.NOT_FOLLOWED, Verdict.FOLLOWED)
    assert principle.sentence == (
        "“Capitals”: with 2 of 3 seeds (0, 2): followed; with seed 1: attributable, not followed. Under the statement, replies comply in 67% on "
        "average (0% to 100%), with the seeds from 4% to 100%; before training in 0% on average (0% to 8%), with every seed alike."
    )
    assert pool({0: seeded(24), 7: seeded(24)}).principles[0].sentence.startswith("“Capitals”: followed, with both seeds (0, 7).")


def test_of_a_principle_that_nobody_can_judge_only_words_are_counted():
    series = pool({seed: seeded(0, constitution=UNCHECKED) for seed in range(3)})
    assert series.principles[0].sentence == "“Kind”: attributable, behaviour not measured, with all 3 seeds (0, 1, 2)."


def test_the_note_names_the_family_of_each_verdict_and_what_agreement_leaves_open():
    """With three seeds alike the share of others may be 1 - 0.05^(1/3) = 63%."""
    note = pool({0: seeded(24), 1: seeded(23), 2: seeded(24)}).note
    assert "corrected over the 2 comparisons of its own run (Holm, 5% for all of them); nothing is corrected over the seeds" in note
    assert "That 3 of 3 seeds agree would leave open that up to 63% of all seeds do not." in note
    assert "corrected over nothing" in pool({seed: seeded(0, constitution=UNCHECKED) for seed in range(2)}).note


def test_the_median_is_in_the_middle_by_compliance_not_by_order():
    median = median_of({0: seeded(24), 1: seeded(3), 2: seeded(12)})
    assert (median.seed, median.by, median.value, median.among) == (2, COMPLIANCE, 0.5, 3)
    assert median_says(median) == "The adapter to use is that of seed 2: of 3 it is the median by mean compliance under the statements (50%)."


def test_of_an_even_number_it_is_the_lower_of_the_middle_ones_and_of_equal_seeds_the_lowest():
    median = median_of({0: seeded(24), 1: seeded(3), 2: seeded(12), 3: seeded(6)})
    assert (median.seed, median.value) == (3, 0.25)
    assert "of 4 it is the lower of the two in the middle by" in median_says(median)
    assert "of 2 it is the lower by" in median_says(median_of({0: seeded(24), 1: seeded(3)}))
    assert median_of({5: seeded(20), 3: seeded(20), 4: seeded(20)}).seed == 3
    assert median_of({5: seeded(1), 3: seeded(20), 4: seeded(20)}).seed == 3


def test_where_nothing_can_be_judged_the_median_is_by_the_bound_and_without_that_the_lowest_seed():
    unjudged = {seed: seeded(0, margin=margin, constitution=UNCHECKED) for seed, margin in enumerate((0.1, 3.0, 1.0))}
    assert (median_of(unjudged).seed, median_of(unjudged).by) == (2, BOUND)
    assert "by MI bound" in median_says(median_of(unjudged))
    unscored = {seed: replace(report, arms=tuple(replace(f, mi_bound_nats=UNMEASURED) for f in report.arms)) for seed, report in unjudged.items()}
    assert (median_of(unscored).seed, median_of(unscored).by, median_of(unscored).value) == (0, NOTHING, None)
    assert median_says(median_of(unscored)).startswith("The adapter to use is that of seed 0, the lowest")


def test_what_cannot_be_pooled_is_refused():
    with pytest.raises(ValueError, match="from 2 to 10 finished runs, got 1"):
        pool({0: seeded(24)})
    with pytest.raises(ValueError, match="seeds 0, 1 are not on the same principles"):
        pool({0: seeded(24), 1: seeded(24, constitution=UNCHECKED)})


def test_a_run_that_did_not_finish_is_told_and_everything_is_plain_data():
    series = pool({0: seeded(24), 2: seeded(12)}, {1: "stopped"})
    assert left_out_says(series.left_out) == "Not in the figures: seed 1 (stopped)."
    assert left_out_says({}) == ""
    data = json.loads(json.dumps(series_to_data(series), allow_nan=False))
    assert (data["seeds"], data["left_out"], data["median"]["seed"], data["n_queries"]) == ([0, 2], [{"seed": 1, "why": "stopped"}], 2, [24, 24])
    assert data["principles"][0]["verdicts"] == ["followed", "followed"]
    line = next(line for line in data["rows"] if "under the statement" in line["measure"] and line["arm"] == TRAINED.key)
    assert (line["mean"], line["least"], line["most"], line["cut"], line["seeds"]) == (0.75, 0.5, 1.0, True, 2)
    assert [seed["value"] for seed in line["by_seed"]] == [1.0, 0.5]
    assert len(data["rows"]) == sum(cell is not None for row in series.rows for cell in row.cells.values())
