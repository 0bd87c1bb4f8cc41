"""A check that was just made is used by the run that would ask the same, and by no other; the Train page says so beforehand."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.processes.attempt import Watch
from app.processes.training import _plan
from app.services import plans, previews
from app.services.kept_checks import check_found
from app.services.stored import queries_of
from app.services.studio import Studio
from core.runs.links import Trainability
from core.runs.run_queries import checked_queries, run_queries
from db.query_sets import get_query_set
from tests.app.checked import base_replies, kept_check
from tests.app.planting import claim, form, make_studio, measure, queue


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def check(studio: Studio, **changes: object) -> int:
    """Keep a check of the starter that `form` names, on the very queries that its run would ask."""
    plan = plans.make_plan(studio, asked := form(studio, **changes))
    with studio.sessions.read() as session:
        queries = queries_of(get_query_set(session, asked.query_set_id))
    drawn = checked_queries(run_queries(plan.constitution, queries, plan.config.seed), plan.config)
    return kept_check(studio, replace(base_replies(n=len(drawn)), queries=tuple(drawn)), version_id=asked.version_id, **changes)


def taken(studio: Studio, **changes: object) -> Trainability | None:
    """What the run that is queued and claimed next takes from a check."""
    queue(studio, **changes)
    return _plan(studio.settings, Watch(studio.sessions, claim(studio))).checked


def test_the_run_takes_the_verdict_and_the_page_says_so_with_fewer_minutes(studio: Studio) -> None:
    measure(studio)
    before = previews.preview(studio, form(studio))
    made = check(studio)
    after = previews.preview(studio, form(studio, changes=("train_anyway=true",)))
    assert previews.CHECKED in after.notes
    assert previews.CHECKED not in before.notes
    assert before.estimate is not None
    assert after.estimate is not None
    assert after.estimate.seconds["preparing"] < before.estimate.seconds["preparing"]
    assert taken(studio) == check_found(studio, made).found


@pytest.mark.parametrize("changes", [{"seed": 1}, {"changes": ("sampling.max_new_tokens=48",)}, {"changes": ("train_queries=40", "iterations=2")}])
def test_a_run_that_would_ask_something_else_asks_itself(studio: Studio, changes: dict[str, object]) -> None:
    check(studio)
    assert taken(studio, **changes) is None


@pytest.mark.parametrize("change", ["made_at = '2026-01-01 00:00:00'", "result = '{}'", "config = '{\"telepathy\": 1}'"])
def test_one_from_long_ago_and_one_that_cannot_be_read_are_not_used(studio: Studio, change: str) -> None:
    check(studio)
    with studio.engine.begin() as connection:
        connection.execute(text(f"UPDATE checks SET {change}"))
    assert taken(studio) is None
    assert previews.CHECKED not in previews.preview(studio, form(studio)).notes
