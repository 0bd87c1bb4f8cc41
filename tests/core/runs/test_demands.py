"""Runs that could only fail are refused beforehand, in words; whatever can be finished is not."""

import pytest

from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.errors import ConfigError, QueryError
from core.methods.recipes import RECIPES
from core.methods.settings import preset
from core.runs.demands import require_possible
from core.runs.execute import execute
from core.runs.plan import RunPlan
from core.settings import ModelReference


def constitution(n):
    return Constitution(name="Test", principles=tuple(Principle(title=f"P{i}", statement=f"Do {i}.", antithesis=f"Avoid {i}.") for i in range(n)))


def queries(train, held_out=4):
    return [Query(f"Train {i}?", "train") for i in range(train)] + [Query(f"Held {i}?", "held_out") for i in range(held_out)]


def may(method, **settings):
    try:
        preset("quick", method=method, **settings)
    except ConfigError:
        return False
    return True


ASKED = [(method, iterations) for method in RECIPES for iterations in (1, 3) if may(method, n_constitutions=3, iterations=iterations)]


def test_who_contrasts_constitutions_may_have_any_number_of_them():
    assert {method for method, _ in ASKED} == {method for method, info in RECIPES.items() if info.contrasts}
    assert {("sami", 3), ("mipo", 3)} < set(ASKED)


@pytest.mark.parametrize(("method", "iterations"), ASKED)
@pytest.mark.parametrize(("principles", "asked", "ways"), [(1, 3, 2), (1, 4, 2), (2, 5, 4), (3, 16, 8)])
def test_more_constitutions_than_stances_are_refused_with_the_number_for_every_recipe(method, iterations, principles, asked, ways):
    config = preset("quick", method=method, n_constitutions=asked, iterations=iterations)
    with pytest.raises(ConfigError, match=f"n_constitutions is {asked}, .* in only {ways} ways. Set n_constitutions to {ways} or less") as refused:
        require_possible(constitution(principles), queries(100), config)
    assert refused.value.setting == "n_constitutions"
    require_possible(constitution(principles), queries(100), preset("quick", method=method, n_constitutions=ways, iterations=iterations))


@pytest.mark.parametrize(
    ("train", "settings", "setting", "words"),
    [
        (3, {"iterations": 2}, "iterations", "of 3 train queries iteration 2 would have 1"),
        (2, {"iterations": 4}, "iterations", "of 2 train queries iteration 1 would have 1"),
        (50, {"train_queries": 1}, "train_queries", "train_queries is 1, but an iteration trains on at least 2"),
        (50, {"train_queries": 1, "iterations": 3}, "train_queries", "Set it to 2 or more"),
    ],
)
def test_an_iteration_with_fewer_than_two_queries_is_refused(train, settings, setting, words):
    with pytest.raises(ConfigError, match=words) as refused:
        require_possible(constitution(1), queries(train), preset("quick", **settings))
    assert refused.value.setting == setting


@pytest.mark.parametrize(("train", "held_out", "words"), [(1, 4, "1 train query"), (0, 4, "0 train queries"), (9, 1, "1 held-out query")])
def test_a_split_of_fewer_than_two_is_refused(train, held_out, words):
    with pytest.raises(QueryError, match=words):
        require_possible(constitution(1), queries(train, held_out), preset("quick"))


@pytest.mark.parametrize(("train", "settings"), [(2, {}), (4, {"iterations": 2}), (4, {"iterations": 10, "train_queries": 2})])
def test_what_can_be_finished_is_not_refused(train, settings):
    require_possible(constitution(1), queries(train, 2), preset("quick", held_out_queries=1, **settings))


def test_a_run_is_refused_before_its_model_is_looked_for(tmp_path):
    plan = RunPlan(
        constitution=constitution(1),
        queries=tuple(queries(9)),
        model=ModelReference(id=str(tmp_path / "no such model")),
        config=preset("quick", n_constitutions=4),
    )
    with pytest.raises(ConfigError, match="n_constitutions is 4"):
        execute(plan, tmp_path / "run", tmp_path)
    assert not (tmp_path / "run").exists()
