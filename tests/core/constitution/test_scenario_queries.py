"""Scenarios as queries: what asks the same is one, what is for testing is nowhere for training, and a cut takes of every principle alike."""

from core.constitution.principles import Constitution, Principle
from core.constitution.scenario_queries import MAX_TESTED, ScenarioQuery, draw_tested, scenario_queries
from core.constitution.scenarios import Scenario


def made(*of_each: tuple[Scenario, ...]) -> Constitution:
    principles = (Principle(title=f"P{i}", statement=f"Do {i}.", antithesis=f"Do not {i}.", scenarios=scenarios) for i, scenarios in enumerate(of_each))
    return Constitution(name="C", principles=tuple(principles))


def asks(*queries: str) -> tuple[Scenario, ...]:
    return tuple(Scenario(query=query) for query in queries)


def test_scenarios_that_ask_the_same_are_one_query_of_all_their_principles() -> None:
    found = scenario_queries(made(asks("Where are you from?", "Why?"), (), asks("where are you from")), "test")
    assert found == (ScenarioQuery(text="Where are you from?", principles=(0, 2)), ScenarioQuery(text="Why?", principles=(0,)))


def test_what_one_principle_keeps_for_testing_another_cannot_train_on() -> None:
    train = (Scenario(query="WHY?", use="train"), Scenario(query="How?", use="train"))
    assert scenario_queries(made(asks("Why?"), train), "train") == (ScenarioQuery(text="How?", principles=(1,)),)


def test_as_many_as_can_be_measured_are_measured_in_the_authors_order() -> None:
    constitution = made(asks(*(f"Question {i}?" for i in range(MAX_TESTED))))
    assert draw_tested(constitution, 0) == scenario_queries(constitution, "test")


def test_of_more_each_principle_has_its_turn_and_the_seed_decides() -> None:
    constitution = made(asks(*(f"First {i}?" for i in range(60))), asks("Second one?", "Second two?"), asks(*(f"Third {i}?" for i in range(30))))
    drawn = draw_tested(constitution, 0)
    assert [sum(i in query.principles for query in drawn) for i in range(3)] == [23, 2, 23]
    assert drawn == draw_tested(constitution, 0) != draw_tested(constitution, 1)
