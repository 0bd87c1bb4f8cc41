"""What models say feeds results: agreement is asked of all runs of a principle, lists and pages follow, stored results stay."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.services.came_out import newest_run
from app.services.deleting import delete_run
from app.services.downloads import report_of_run
from app.services.judge_endpoint import JudgeEndpoint
from app.services.marking import marked_run
from app.services.model_judging import ask, plan_asking, tally
from app.services.runs import list_runs, run_view
from app.services.stored import read_result
from app.services.studio import Studio
from core.measure.standings import Standing
from core.measure.values import PrincipleFigures
from db.constitutions import NewVersion, add_version, get_version_by_id
from db.mark_tables import Mark
from db.marks import retract
from tests.app.judging import JudgeServer, guesses, judge_server
from tests.app.marking import TEXTS, finished_run, mark_all
from tests.app.planting import get_run, make_studio

OTHER_TEXTS = {cell: f"Well. {text}" for cell, text in TEXTS.items()}  # so that no card of one run is one of the other
BY_MODEL = re.compile(r"m at 127\.0\.0\.1:\d+, κ 1\.00 \(0\.\d\d to 1\.00\) with people on 24 cards")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        yield running


def asked(studio: Studio, server: JudgeServer, run: int, limit: int | None = None, **changes: Any) -> None:
    judge = JudgeEndpoint(**{"address": server.address, "model": "m", "backoff_s": 0.01, **changes})
    ask(studio, plan_asking(studio, run, judge, limit), judge, "Ada", lambda _: None, lambda: False)


def two_runs(studio: Studio, server: JudgeServer) -> tuple[int, int]:
    """One that a person marked, and one of the same principle that nobody did; the model was asked about both."""
    marked = finished_run(studio, name="Marked")
    mark_all(studio, marked)
    other = finished_run(studio, name="Other", texts=OTHER_TEXTS)
    for run in (marked, other):
        asked(studio, server, run)
    return marked, other


def principle_of(studio: Studio, run: int) -> PrincipleFigures:
    result = run_view(studio, run).result
    assert result is not None
    return result.report.principles[0]


def in_lists(studio: Studio, run: int) -> set[Standing]:
    """What list and margin say."""
    (line,) = [line for line in list_runs(studio) if line.id == run]
    newest = newest_run(studio, run_view(studio, run).constitution_id)
    assert newest is not None
    return {*line.came_out, *(each.standing for each in newest.principles)}


def test_a_run_that_nobody_marked_is_judged_by_a_model_that_people_agree_with_elsewhere(studio: Studio, server: JudgeServer) -> None:
    _, other = two_runs(studio, server)
    found = principle_of(studio, other)
    assert found.judge is not None and BY_MODEL.fullmatch(found.judge)
    assert found.sentence.startswith("“Only” is followed: under the statement, replies comply in 100%")
    assert in_lists(studio, other) == {Standing.FOLLOWED}
    assert report_of_run(studio, other).principles[0] == found
    (model,) = marked_run(studio, other).models
    assert (model.use.asked, model.use.failed, model.use.tokens_in, model.use.untold) == (24, 0, 4800, 0)
    stored = read_result(get_run(studio, other))
    assert stored is not None and stored.report.principles[0].judge is None


def test_marks_of_the_run_itself_come_before_the_model(studio: Studio, server: JudgeServer) -> None:
    marked, _ = two_runs(studio, server)
    assert principle_of(studio, marked).judge == "marks by Ada"
    (model,) = marked_run(studio, marked).models
    assert model.says[0].not_used == "people’s marks judge this principle"


def test_without_agreement_it_is_shown_and_not_used(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asked(studio, server, run)
    assert principle_of(studio, run).judge is None and in_lists(studio, run) == {Standing.NOT_JUDGED}
    view = run_view(studio, run)
    assert view.marks == () and view.models[0].says[0].follows == 8 and view.models[0].says[0].not_used.startswith("the lower end must be")


def test_a_model_that_says_the_opposite_of_people_is_not_used(studio: Studio, server: JudgeServer) -> None:
    server.answer = lambda handler, body: handler.say({"A": "B", "B": "A"}[guesses(body)])
    _, other = two_runs(studio, server)
    assert principle_of(studio, other).judge is None
    agreement = marked_run(studio, other).models[0].says[0].agreement
    assert agreement.n == 24 and agreement.value is not None and agreement.value < 0


def test_a_mark_that_is_taken_back_in_another_run_is_seen_in_the_list_at_once(studio: Studio, server: JudgeServer) -> None:
    marked, other = two_runs(studio, server)
    assert in_lists(studio, other) == {Standing.FOLLOWED}
    with studio.sessions.begin() as session:
        retract(session, session.scalars(select(Mark.id).where(Mark.run_id == marked)).first() or 0, "Ada")
    assert in_lists(studio, other) == {Standing.NOT_JUDGED}  # 23 cards are too few


def test_with_the_run_that_was_marked_the_trust_goes(studio: Studio, server: JudgeServer) -> None:
    marked, other = two_runs(studio, server)
    assert in_lists(studio, other) == {Standing.FOLLOWED}
    delete_run(studio.sessions, studio.store, marked)
    assert in_lists(studio, other) == {Standing.NOT_JUDGED}


def test_a_deal_counts_once_all_of_it_was_asked_about_and_what_failed_was_not(studio: Studio, server: JudgeServer) -> None:
    marked = finished_run(studio, name="Marked")
    mark_all(studio, marked)
    other = finished_run(studio, name="Other", texts=OTHER_TEXTS)
    asked(studio, server, marked)
    asked(studio, server, other, limit=23)
    assert principle_of(studio, other).judge is None and in_lists(studio, other) == {Standing.NOT_JUDGED}
    server.answer = lambda handler, _: handler.send(b"no JSON")
    asked(studio, server, other)
    assert principle_of(studio, other).judge is None and run_view(studio, other).models[0].use.failed == 1
    server.answer = lambda handler, body: handler.say(guesses(body))
    asked(studio, server, other)
    assert in_lists(studio, other) == {Standing.FOLLOWED}


def test_marks_by_another_text_of_the_principle_say_nothing_of_the_model(studio: Studio, server: JudgeServer) -> None:
    marked = finished_run(studio, name="Marked")
    mark_all(studio, marked)
    asked(studio, server, marked)
    with studio.sessions.begin() as session:
        before = get_version_by_id(session, get_run(studio, marked).version_id)
        row = {"id": "c" * 32, "title": "Only", "statement": "Say whether it is known or guessed, please.", "antithesis": "The other way."}
        content = {"name": "Marked", "principles": [row]}
        new = NewVersion(constitution_id=before.constitution_id, base_version_id=before.id, content=content, message="Second.", author="Ann")
        version = add_version(session, new).id
    later = finished_run(studio, name="Later", version_id=version)
    asked(studio, server, later)
    (model,) = marked_run(studio, later).models
    assert (model.says[0].follows, model.says[0].agreement.n) == (8, 0) and principle_of(studio, later).judge is None


def test_another_address_model_or_wording_has_its_own_agreement(studio: Studio, server: JudgeServer) -> None:
    _, other = two_runs(studio, server)
    asked(studio, server, other, max_tokens=65)
    first, second = marked_run(studio, other).models
    assert (first.says[0].agreement.n, second.says[0].agreement.n) == (24, 0)
    assert first.use.wording != second.use.wording and (first.says[0].not_used, second.says[0].follows) == ("", 8)


def test_the_command_tells_the_same_agreement_as_the_page(studio: Studio, server: JudgeServer) -> None:
    _, other = two_runs(studio, server)
    told = tally(studio, plan_asking(studio, other, JudgeEndpoint(address=server.address, model="m")))
    (model,) = marked_run(studio, other).models
    assert told.principles[0].agreement == model.says[0].agreement and told.principles[0].trusted
