"""The scenarios of a constitution as queries: which question belongs to which principles, and which ones a run is measured on. Pure text."""

import random
from dataclasses import dataclass
from itertools import zip_longest

from core.constitution.principles import Constitution
from core.constitution.scenarios import Use
from core.constitution.text import same_question
from core.seeds import seed_for

MAX_TESTED = 48  # test scenarios of a constitution that a run is measured on


@dataclass(frozen=True, kw_only=True)
class ScenarioQuery:
    """What one scenario asks, or several that ask the same."""

    text: str  # as the first of them has it
    principles: tuple[int, ...]  # positions of the principles that have it, rising


def scenario_queries(constitution: Constitution, use: Use) -> tuple[ScenarioQuery, ...]:
    """The queries of all scenarios of a use, in the author's order. What one scenario keeps for testing is nowhere for training."""
    kept = scenario_questions(constitution, "test") if use == "train" else frozenset()
    texts: dict[str, str] = {}
    principles: dict[str, list[int]] = {}
    for i, principle in enumerate(constitution.principles):
        for scenario in principle.scenarios:
            question = same_question(scenario.query)
            if scenario.use == use and question not in kept:
                texts.setdefault(question, scenario.query)
                principles.setdefault(question, []).append(i)
    return tuple(ScenarioQuery(text=text, principles=tuple(dict.fromkeys(principles[question]))) for question, text in texts.items())


def scenario_questions(constitution: Constitution, use: Use) -> frozenset[str]:
    """What the scenarios of a use ask, in the form in which `same_question` compares."""
    return frozenset(same_question(scenario.query) for principle in constitution.principles for scenario in principle.scenarios if scenario.use == use)


def draw_tested(constitution: Constitution, seed: int) -> tuple[ScenarioQuery, ...]:
    """The test scenarios that a run is measured on: all, or up to `MAX_TESTED`, principle after principle in turn, drawn by the seed."""
    tests = scenario_queries(constitution, "test")
    if len(tests) <= MAX_TESTED:
        return tests
    stacks = []
    for i in range(len(constitution.principles)):
        stack = [query for query in tests if i in query.principles]
        random.Random(seed_for(seed, "scenarios", i)).shuffle(stack)
        stacks.append(stack)
    in_turn = dict.fromkeys(query for turn in zip_longest(*stacks) for query in turn if query is not None)
    drawn = set(list(in_turn)[:MAX_TESTED])
    return tuple(query for query in tests if query in drawn)
