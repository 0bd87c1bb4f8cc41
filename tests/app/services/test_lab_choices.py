"""What a battery can be asked for with, and what it would take, before anyone clicks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services.lab_choices import lab_choices, plan_lab
from app.services.lab_jobs import LabForm
from app.services.studio import Studio
from core.errors import ConfigError
from core.lab.probes import PROBES
from core.methods.recipes import RECIPES
from tests.app.planting import claim, finish, make_studio, measure, queue, version_id
from tests.app.results import result


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    measure(opened)
    yield opened
    opened.engine.dispose()


def finished(studio: Studio, **form: object) -> int:
    number = queue(studio, **form)  # type: ignore[arg-type]
    finish(studio, claim(studio), result())
    return number


def of_version(studio: Studio) -> LabForm:
    return LabForm(run=None, version=version_id(studio), query_set=None)


def test_a_run_that_the_address_names_brings_its_version_along(studio: Studio) -> None:
    run = finished(studio, name="Warm tone")
    found = lab_choices(studio, "Ann", run, None)
    assert (found.run, found.version, found.message) == (run, version_id(studio, "Warm tone"), "")
    assert [(each.run, each.version_id) for each in found.runs] == [(run, found.version)]


@pytest.mark.parametrize(("named", "says"), [((99, None), "There is no run 99"), ((None, 99), "is not there")])
def test_what_the_address_names_and_is_not_there_is_told(studio: Studio, named: tuple[int | None, int | None], says: str) -> None:
    found = lab_choices(studio, "Ann", *named)
    assert says in found.message and found.run is None and found.version is not None


def test_a_run_that_has_not_finished_is_told_and_not_offered(studio: Studio) -> None:
    found = lab_choices(studio, "Ann", queue(studio), None)
    assert "is queued" in found.message and (found.run, found.runs) == (None, ())


def test_without_a_run_what_needs_an_adapter_is_said_to_lack_it(studio: Studio) -> None:
    planned = plan_lab(studio, of_version(studio), 24)
    assert planned.lacks == {key: "an adapter" for key, probe in PROBES.items() if probe.needs == ("an adapter",)}
    assert planned.held_out == 24 and all(probe.minutes is not None and probe.minutes > 0 for probe in planned.probes)
    assert plan_lab(studio, LabForm(run=finished(studio), version=None, query_set=None), 24).lacks == {}


def test_fewer_queries_take_less(studio: Studio) -> None:
    """A sixth of the queries, in one batch; those of 48 are several, two of which are made side by side."""
    few, many = (sum(probe.minutes or 0 for probe in plan_lab(studio, of_version(studio), limit).probes) for limit in (8, 48))
    assert few < many / 3


@pytest.mark.parametrize("method", RECIPES)
def test_minutes_are_known_of_runs_of_every_method(studio: Studio, method: str) -> None:
    run = finished(studio, changes=(f"method={method}",))
    assert all(probe.minutes for probe in plan_lab(studio, LabForm(run=run, version=None, query_set=None), 24).probes)


def test_too_many_queries_are_refused_in_words(studio: Studio) -> None:
    with pytest.raises(ConfigError, match="1 to 96"):
        plan_lab(studio, of_version(studio), 97)
