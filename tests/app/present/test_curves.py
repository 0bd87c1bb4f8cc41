"""The curves of a run: those of every recipe, and those that the table of recipes tells for one alone."""

import dataclasses
import re
from datetime import UTC, datetime

import pytest

from app.present.curves import charts_html
from app.present.runs import phase_words
from app.services.run_views import Point, RunLine, RunView
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig, preset
from core.runs.phases import run_phases
from db.status import JobStatus

METRICS = ("loss_nats", "attribution", "mi_bound_nats", "margin_nats", "kl_base_policy_nats")


def view(config: TrainConfig | None, metrics: tuple[str, ...] = METRICS) -> RunView:
    line = RunLine(
        id=1,
        constitution="C",
        version_number=1,
        model="m",
        preset="quick",
        seed=0,
        status=JobStatus.RUNNING,
        stopping=False,
        phase="training",
        share=0.5,
        requested_by="Ann",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        finished_at=None,
    )
    nothing = {field.name: None for field in dataclasses.fields(RunView)}
    told = {name: (Point(1, 0.5), Point(2, 0.25)) for name in metrics}
    return RunView(**{**nothing, "line": line, "config": config, "step": 2, "total_steps": 4, "metrics": told})  # type: ignore[arg-type]


def titles(html: str) -> list[str]:
    return re.findall(r'class="cs-chart-title">([^<]+)<', html)


def test_a_recipes_own_curve_is_drawn_as_the_table_tells_it() -> None:
    html = charts_html(view(preset("quick", method="mipo")))
    assert titles(html) == ["Loss", "Attribution accuracy", "MI bound", "Margin", "Distance from the base"]
    assert 'id="chart-margin-nats-t"' in html
    assert RECIPES["mipo"].curves[0].meaning in html
    early = METRICS[:3]
    assert titles(charts_html(view(preset("quick", method="mipo"), early))) == ["Loss", "Attribution accuracy", "MI bound"]
    ends_by_distance = preset("quick", method="mipo", max_kl_nats=0.25)
    assert titles(charts_html(view(ends_by_distance, early))) == ["Loss", "Attribution accuracy", "MI bound", "Distance from the base"]


def test_where_nothing_is_contrasted_no_curve_speaks_of_telling_apart() -> None:
    bct = ("loss_nats", "gap_nats", "kl_base_policy_nats", "probe_bound_nats")
    assert titles(charts_html(view(preset("quick", method="bct"), bct))) == ["Loss", "Gap of the wrapper", "Distance from the base", "Probe bound"]
    html = charts_html(view(preset("quick", method="act"), ("loss", "raw_loss", "suffix_tokens")))
    assert titles(html) == ["Loss", "Raw loss"]
    assert "not told apart" not in html and "Experimental" not in RECIPES["bct"].title
    assert "experimental" in RECIPES["act"].title and "experimental" in RECIPES["act"].outcome and "experimental" in RECIPES["act"].note


def test_another_recipe_has_no_such_curve_and_unreadable_settings_hide_none() -> None:
    assert "Margin" not in titles(charts_html(view(preset("quick"))))
    assert "Margin" in titles(charts_html(view(None)))


@pytest.mark.parametrize(("method", "line"), [("sami", "log 4 = 1.386: not told apart"), ("mipo", "log 2 = 0.693: not told apart")])
def test_the_loss_has_its_words_and_its_reference_line(method: str, line: str) -> None:
    html = charts_html(view(preset("quick", method=method, n_constitutions=4)))
    assert line in html
    assert RECIPES[method].loss.meaning in html


def test_every_phase_is_told_in_words_with_the_arm_that_it_measures() -> None:
    assert [phase_words(phase) for phase in run_phases(preset("quick", method="mipo"))] == [
        "Prepare the model",
        "Sample responses",
        "Train",
        "Measure: base with the constitution",
        "Measure: MIPO with the constitution",
        "Measure: MIPO without the constitution",
    ]
    assert phase_words("measuring sami-alone") == "Measure: aligned without the constitution"
    assert (phase_words("training 2"), phase_words("")) == ("Train, iteration 2", "starting")


@pytest.mark.parametrize(("config", "told"), [(preset("quick"), 0), (preset("quick", summed_scores=True), 2), (preset("quick", method="mipo"), 2)])
def test_bound_and_attribution_say_where_they_come_of_sums(config: TrainConfig, told: int) -> None:
    """The result's table has a line of each, which must not be taken for one another."""
    shown = re.sub(r"<svg.*?</svg>", "", charts_html(view(config)), flags=re.DOTALL)
    assert shown.count("from summed log-probabilities") == told
