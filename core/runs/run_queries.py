"""Which queries a run draws from and is measured on: its query set, and the scenarios of its constitution. Imports no torch.

What a test scenario asks is never trained on. Train scenarios come first among the train queries, within the limit that the run has for
them. Test scenarios are measured beside the held-out queries, never in their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.constitution.principles import Constitution
from core.constitution.queries import Query
from core.constitution.scenario_queries import ScenarioQuery, draw_tested, scenario_queries, scenario_questions
from core.constitution.text import letters, same_question
from core.engine.batching import CHECKED_QUERIES
from core.methods.settings import TrainConfig
from core.runs.iterations import iteration_queries


@dataclass(frozen=True, kw_only=True)
class RunQueries:
    """What a run draws from and is measured on."""

    pool: tuple[Query, ...]  # the set without the train queries that a test scenario asks, and the train scenarios
    for_training: tuple[ScenarioQuery, ...] = ()  # train scenarios in the pool: as many are trained on as there is room for
    tested: tuple[ScenarioQuery, ...] = ()  # test scenarios that are measured
    tests: int = 0  # test scenarios that there are
    taken_out: tuple[str, ...] = ()  # train queries of the set that ask what a test scenario asks
    held_out: int = 0  # train scenarios that ask what a held-out query asks
    both: int = 0  # train scenarios that ask what a test scenario asks

    @property
    def train(self) -> int:
        """Train queries in the pool."""
        return sum(query.split == "train" for query in self.pool)

    def trained(self, config: TrainConfig) -> tuple[ScenarioQuery, ...]:
        """The train scenarios that a run with these settings trains on, in any of its iterations.

        Raises:
            QueryError: The pool has fewer than two train queries.
        """
        used = {query for number in range(1, config.iterations + 1) for query in iteration_queries(self.pool, config, number)}
        return tuple(query for query in self.for_training if query.text in used)


def run_queries(constitution: Constitution, queries: Sequence[Query], seed: int) -> RunQueries:
    """What a run on this constitution and query set draws from. Of a constitution without scenarios that is the set."""
    tests, train = scenario_questions(constitution, "test"), scenario_questions(constitution, "train")
    if not tests and not train:
        return RunQueries(pool=tuple(queries))
    asked = _asked(queries, tests | train)
    held_out = {question for query, question in asked.items() if query.split == "held_out"}
    free = tuple(each for each in scenario_queries(constitution, "train") if same_question(each.text) not in held_out)
    replaced = tests | {same_question(each.text) for each in free}
    kept = [query for query in queries if query.split == "held_out" or asked[query] not in replaced]
    return RunQueries(
        pool=(*kept, *(Query(each.text, "train", first=True) for each in free)),
        for_training=free,
        tested=draw_tested(constitution, seed),
        tests=len(tests),
        taken_out=tuple(query.text for query in queries if query.split == "train" and asked[query] in tests),
        held_out=len((train - tests) & held_out),
        both=len(train & tests),
    )


def _asked(queries: Sequence[Query], questions: frozenset[str]) -> dict[Query, str]:
    """What each query asks, as far as it may be one of these questions; of others nothing: a set may be large, and `same_question` is slow."""
    known = set(map(letters, questions))
    return {query: same_question(query.text) if letters(query.text) in known else "" for query in queries}


def checked_queries(drawn: RunQueries, config: TrainConfig) -> list[str]:
    """The train queries of the first iteration that the base is asked before training: scenarios and others by halves, where there are enough of both."""
    used, own = iteration_queries(drawn.pool, config, 1), {query.text for query in drawn.for_training}
    scenarios, others = [query for query in used if query in own], [query for query in used if query not in own]
    n_scenarios = max(CHECKED_QUERIES // 2, CHECKED_QUERIES - len(others))
    return [*scenarios[:n_scenarios], *others][:CHECKED_QUERIES]


def scenario_notes(drawn: RunQueries, config: TrainConfig) -> tuple[str, ...]:
    """What is to be said of scenarios that are not used as they are marked, and of queries that they take out."""
    notes = []
    if n := len(drawn.taken_out):
        notes.append(f"{_asks(n, 'train query', 'train queries')} what a test scenario asks, so {_not_trained(n)}.")
    if n := drawn.both:
        notes.append(f"{_asks(n, 'train scenario', 'train scenarios')} what a test scenario asks, so {_not_trained(n)}.")
    if n := drawn.held_out:
        notes.append(f"{_asks(n, 'train scenario', 'train scenarios')} what a held-out query asks, so {_not_trained(n)}.")
    used, there = len(drawn.trained(config)), len(drawn.for_training)
    if used < there:
        notes.append(f"Of {there} train scenarios {used} are trained on, drawn by the seed: the run asks for no more train queries.")
    if len(drawn.tested) < drawn.tests:
        notes.append(f"Of {drawn.tests} test scenarios {len(drawn.tested)} are measured, principle after principle in turn, drawn by the seed.")
    return tuple(notes)


def scenarios_say(drawn: RunQueries, config: TrainConfig) -> str:
    """How many scenarios a run trains on and is measured on, in a few words; empty where there are none."""
    if not drawn.for_training and not drawn.tested:
        return ""
    return f"{len(drawn.trained(config))} trained on, {len(drawn.tested)} measured beside the held-out queries"


def scenarios_to_data(drawn: RunQueries, train_queries: Sequence[str]) -> dict[str, object]:
    """Which scenarios were trained on and measured, as plain JSON data: principles are numbered from 1 on. Empty where there are none.

    Args:
        drawn: What the run drew from.
        train_queries: That it trained on.
    """
    if drawn == RunQueries(pool=drawn.pool):
        return {}
    return {
        "scenarios": {
            "trained": _rows([query for query in drawn.for_training if query.text in train_queries]),
            "measured": _rows(drawn.tested),
            "taken_out": list(drawn.taken_out),
        }
    }


def _rows(queries: Sequence[ScenarioQuery]) -> list[dict[str, object]]:
    return [{"query": query.text, "principles": [position + 1 for position in query.principles]} for query in queries]


def _asks(n: int, one: str, several: str) -> str:
    return f"1 {one} asks" if n == 1 else f"{n} {several} ask"


def _not_trained(n: int) -> str:
    return f"{'it is' if n == 1 else 'they are'} not trained on"
