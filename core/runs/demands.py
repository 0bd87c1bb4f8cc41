"""What a run asks of its constitution and its queries. One that could only fail is refused before anything is loaded. Imports no torch."""

from collections.abc import Sequence

from core.constitution.contrasts import most_stances
from core.constitution.principles import Constitution
from core.constitution.queries import Query
from core.errors import ConfigError, QueryError
from core.methods.settings import TrainConfig
from core.runs.iterations import part_of
from core.runs.run_queries import run_queries

FEWEST = 2  # queries: a loss and an interval take several


def require_possible(constitution: Constitution, queries: Sequence[Query], config: TrainConfig) -> None:
    """Raise unless a run with these could be finished, as far as anybody can tell beforehand.

    Raises:
        ConfigError: A setting asks for more than there is, whatever the model replies.
        QueryError: Too few queries in a split, or for an iteration.
    """
    require_stances(len(constitution.principles), config)
    held_out = sum(query.split == "held_out" for query in queries)
    if held_out < FEWEST:
        raise QueryError(f"The query set has {counted(held_out, 'held-out query')}; at least {FEWEST} are needed. Add queries, or mark their split.")
    require_train_queries(run_queries(constitution, queries, config.seed).train, config)


def require_stances(n_principles: int, config: TrainConfig) -> None:
    """Raise ConfigError when a contrast asks for more constitutions than there are: every principle has two sides."""
    there_are = most_stances(n_principles, config.contrast)
    if config.n_constitutions > there_are:
        ways = "taken as statement or antithesis" if config.contrast == "mixed" else "flipped one by one"
        raise ConfigError(
            f"n_constitutions is {config.n_constitutions}, but {counted(n_principles, 'principle')} can be {ways} in only "
            f"{there_are} ways. Set n_constitutions to {there_are} or less, or add principles.",
            "n_constitutions",
        )


def require_train_queries(n_train: int, config: TrainConfig) -> None:
    """Raise unless every iteration has at least two queries to train on."""
    if config.train_queries < FEWEST:
        raise ConfigError(
            f"train_queries is {config.train_queries}, but an iteration trains on at least {FEWEST}. Set it to {FEWEST} or more.", "train_queries"
        )
    if n_train < FEWEST:
        raise QueryError(f"The query set has {counted(n_train, 'train query')}; at least {FEWEST} are needed. Add queries, or mark their split.")
    for number in range(1, config.iterations + 1):
        found = len(part_of(range(n_train), config, number))
        if found < FEWEST:
            raise ConfigError(
                f"iterations is {config.iterations}, but of {counted(n_train, 'train query')} iteration {number} would have {found}: iterations take turns "
                f"with two halves of them, and each needs at least {FEWEST}. Set iterations to 1, or add train queries.",
                "iterations",
            )


def counted(count: int, noun: str) -> str:
    """`1 principle`, `3 queries`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"
