"""Whether the queries that are chosen have to do with the text, before anyone clicks Train."""

import db.query_sets as store
from app.services.starter_queries import FILES, STARTER_SOURCE
from app.services.stored import queries_of
from app.services.studio import Studio, in_words
from core.constitution.principles import Constitution
from core.constitution.topics import off_topic, topic_of
from core.errors import QueryError
from db.tables import QuerySet


def topic_note(studio: Studio, constitution: Constitution, query_set: int) -> str:
    """A warning where hardly any train query has to do with the text, with the set of the studio's own that has more; empty where there is none to give."""
    topic = topic_of(constitution)
    if topic is None:
        return ""  # and no set is read, and proved whole, for nothing at every change of the form
    with in_words(), studio.sessions.read() as session:
        chosen = _train(store.get_query_set(session, query_set))
        if not off_topic(topic, chosen):
            return ""
        own = [row for row in store.list_query_sets(session) if row.source == STARTER_SOURCE and row.name in FILES and row.id != query_set]
        return off_topic(topic, chosen, {row.name: _train(store.get_query_set(session, row.id)) for row in own})


def _train(row: QuerySet) -> list[str]:
    try:
        return [query.text for query in queries_of(row) if query.split == "train"]
    except QueryError:  # told where the set is chosen to be trained on
        return []
