"""A check that was made shortly before a run, and asked what the run would ask: then the run does not ask the base again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.constitution.principles import Constitution
from core.constitution.queries import Query
from core.errors import ConfigError
from core.methods.settings import TrainConfig, config_from_data
from core.runs.checked import answers_for, checked_from_data
from core.runs.links import Trainability
from core.runs.run_queries import checked_queries, run_queries
from db.checks import checks_since

FRESH = timedelta(hours=2)  # before the run was asked for; what a Hub model or a folder holds may be another one some day


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The run that would ask."""

    version_id: int
    query_set_id: int
    model: str  # as rows name it
    constitution: Constitution
    queries: Sequence[Query]
    config: TrainConfig


def made_check(session: Session, wanted: Wanted, asked_at: datetime) -> Trainability | None:
    """What the newest check found that answers for a run that was asked for then; None where there is none, or it cannot be read."""
    rows = checks_since(session, wanted.version_id, wanted.query_set_id, wanted.model, asked_at - FRESH)
    if not rows:
        return None
    queries = checked_queries(run_queries(wanted.constitution, wanted.queries, wanted.config.seed), wanted.config)
    for row in rows:
        try:
            config, checked = config_from_data(row.config), checked_from_data({"trainability": row.result, "replies": row.replies})
        except (ConfigError, ValueError):
            continue
        if len(checked.found.principles) == len(wanted.constitution.principles) and answers_for(config, checked, wanted.config, queries):
            return checked.found
    return None
