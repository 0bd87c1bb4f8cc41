"""The scenarios of a constitution beside the queries that are chosen, before anyone clicks Train."""

import db.query_sets as store
from app.services.stored import queries_of
from app.services.studio import Studio, in_words
from core.constitution.principles import Constitution
from core.runs.run_queries import RunQueries, run_queries


def scenarios_with(studio: Studio, constitution: Constitution, query_set: int, seed: int) -> RunQueries | None:
    """What a run would draw from; None where the constitution has no scenarios, so that it is the set.

    Raises:
        QueryError: The set cannot be used.
    """
    if not any(principle.scenarios for principle in constitution.principles):
        return None
    with in_words(), studio.sessions.read() as session:
        queries = queries_of(store.get_query_set(session, query_set))
    return run_queries(constitution, queries, seed)
