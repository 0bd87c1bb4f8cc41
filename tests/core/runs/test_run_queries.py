"""What a run draws from: test scenarios are never trained on, train scenarios come first and no further than the limit, all else is as it was."""

import dataclasses

import pytest

from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query, draw_queries
from core.constitution.scenarios import Scenario
from core.engine.batching import CHECKED_QUERIES
from core.errors import QueryError
from core.methods.settings import TrainConfig, preset
from core.runs.demands import require_possible
from core.runs.iterations import iteration_queries, probe_queries
from core.runs.run_queries import checked_queries, run_queries, scenario_notes, scenarios_say, scenarios_to_data

SET = tuple(Query(f"Question {i}?", "held_out" if i % 4 == 0 else "train") for i in range(16))
CONFIG = TrainConfig(seed=3, iterations=2, train_queries=2, probe_every=1, probe_queries=4)


def made(*scenarios: Scenario) -> Constitution:
    return Constitution(name="C", principles=(Principle(title="P", statement="Do.", antithesis="Do not.", scenarios=scenarios),))


def train(*queries: str) -> tuple[Scenario, ...]:
    return tuple(Scenario(query=query, use="train") for query in queries)


def trained(drawn, config):
    return [iteration_queries(drawn.pool, config, number) for number in range(1, config.iterations + 1)]


def test_without_scenarios_a_run_draws_what_it_drew_before_there_were_any() -> None:
    """The queries were drawn by the code as it stood before scenarios."""
    drawn = run_queries(made(), SET, CONFIG.seed)
    assert drawn.pool == SET
    assert trained(drawn, CONFIG) == [["Question 9?", "Question 2?"], ["Question 15?", "Question 1?", "Question 13?", "Question 7?"]]
    assert draw_queries(drawn.pool, "held_out", 3, CONFIG.seed) == ["Question 8?", "Question 4?", "Question 12?"]
    assert (scenario_notes(drawn, CONFIG), scenarios_say(drawn, CONFIG), scenarios_to_data(drawn, [])) == ((), "", {})


def test_what_a_test_scenario_asks_is_neither_trained_on_nor_probed_nor_asked_beforehand() -> None:
    drawn = run_queries(made(Scenario(query="QUESTION 9"), Scenario(query="question 2 ?")), SET, CONFIG.seed)
    config = dataclasses.replace(CONFIG, train_queries=20, probe_queries=20)
    asked = {query for number in (1, 2) for query in (*iteration_queries(drawn.pool, config, number), *probe_queries(drawn.pool, CONFIG, number))}
    assert asked | set(checked_queries(drawn, config)) == {f"Question {i}?" for i in (1, 3, 5, 6, 7, 10, 11, 13, 14, 15)}
    assert drawn.taken_out == ("Question 2?", "Question 9?")
    assert scenario_notes(drawn, config) == ("2 train queries ask what a test scenario asks, so they are not trained on.",)


def test_test_scenarios_take_no_held_out_query_away() -> None:
    drawn = run_queries(made(Scenario(query="Question 4?"), Scenario(query="New?")), SET, CONFIG.seed)
    assert draw_queries(drawn.pool, "held_out", 9, 0) == draw_queries(SET, "held_out", 9, 0)
    assert [query.text for query in drawn.tested] == ["Question 4?", "New?"]


def test_train_scenarios_come_first_in_every_iteration_and_no_further_than_the_limit() -> None:
    drawn = run_queries(made(*train("Own 1?", "Own 2?", "Own 3?")), SET, CONFIG.seed)
    first, second = trained(drawn, CONFIG)
    assert (len(first), len(second)) == (2, 4)
    assert {*first[:2], *second[:1]} == {"Own 1?", "Own 2?", "Own 3?"}
    many = run_queries(made(*train(*(f"Own {i}?" for i in range(9)))), SET, CONFIG.seed)
    one = dataclasses.replace(CONFIG, iterations=1, train_queries=4)
    assert len(many.trained(one)) == len(iteration_queries(many.pool, one, 1)) == 4
    assert trained(many, one) != trained(many, dataclasses.replace(one, seed=4))
    assert scenario_notes(many, one) == ("Of 9 train scenarios 4 are trained on, drawn by the seed: the run asks for no more train queries.",)


def test_a_train_scenario_that_stands_in_the_set_is_trained_on_once() -> None:
    drawn = run_queries(made(*train("question 9")), SET, CONFIG.seed)
    assert [query.text for query in drawn.pool if query.text.lower().startswith("question 9")] == ["question 9"]
    assert drawn.train == 12


def test_a_train_scenario_that_is_measured_is_not_trained_on_and_that_is_said() -> None:
    drawn = run_queries(made(*train("question 4", "Why?"), Scenario(query="WHY")), SET, CONFIG.seed)
    assert drawn.pool == SET
    assert scenario_notes(drawn, CONFIG) == (
        "1 train scenario asks what a test scenario asks, so it is not trained on.",
        "1 train scenario asks what a held-out query asks, so it is not trained on.",
    )
    assert scenarios_say(drawn, CONFIG) == "0 trained on, 1 measured beside the held-out queries"


def test_more_test_scenarios_than_are_measured_are_told() -> None:
    drawn = run_queries(made(*(Scenario(query=f"Own {i}?") for i in range(60))), SET, CONFIG.seed)
    assert scenario_notes(drawn, CONFIG) == ("Of 60 test scenarios 48 are measured, principle after principle in turn, drawn by the seed.",)


def test_the_base_is_asked_scenarios_and_other_queries_by_halves() -> None:
    many = tuple(Query(f"Question {i}?", "train") for i in range(40))
    config = dataclasses.replace(CONFIG, iterations=1, train_queries=40)
    drawn = run_queries(made(*train(*(f"Own {i}?" for i in range(20)))), many, config.seed)
    asked = checked_queries(drawn, config)
    assert len(asked) == CHECKED_QUERIES
    assert sum(query.startswith("Own") for query in asked) == CHECKED_QUERIES // 2
    few = run_queries(made(*train(*(f"Own {i}?" for i in range(20)))), many[:3], config.seed)
    assert sum(query.startswith("Own") for query in checked_queries(few, config)) == CHECKED_QUERIES - 3
    alone = run_queries(made(), many, config.seed)
    assert checked_queries(alone, config) == iteration_queries(many, config, 1)[:CHECKED_QUERIES]


def test_scenarios_count_for_what_a_run_needs() -> None:
    held_out, config = tuple(query for query in SET if query.split == "held_out"), preset("quick", iterations=1)
    require_possible(made(*train("Own 1?", "Own 2?")), held_out, config)
    with pytest.raises(QueryError, match="has 1 train query"):
        require_possible(made(Scenario(query="One?")), (*held_out, Query("One?", "train"), Query("Two?", "train")), config)
