"""Asking a model from a page: what would go where, who may be asked, and jobs that are stopped, go on and fail in words."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.processes.launchers import LocalLauncher
from app.processes.protocol import ASK
from app.processes.trainer import Trainer, work_once
from app.services import asking
from app.services.askings import AskingView, AskWish
from app.services.audit import acting
from app.services.deleting import delete_run
from app.services.marking import marked_run
from app.services.runs import run_view
from app.services.studio import RefusedError, Studio
from app.settings import Settings
from core.errors import ConfigError, StudioError
from db.audit import list_entries
from db.claims import Claim
from db.status import JobStatus
from tests.app import warm
from tests.app.judging import JudgeServer, attentive, judge_server
from tests.app.marking import finished_run
from tests.app.planting import make_studio, queue

KEY = "a-click-1"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        yield running


def wish(server: JudgeServer, run: int, **changes: str) -> AskWish:
    return replace(AskWish(run=run, address=server.address, model="m"), **changes)


# An attempt as it is, but that it asks more often whether a person wants it to stop.
ATTENTIVE = "import sys, app.processes.attempt as attempt; attempt.HEARTBEAT_S = 0.05; from app.cli import main; raise SystemExit(main(sys.argv[1:]))"


def command(claim: Claim) -> list[str]:
    return [*warm.python(), "-c", ATTENTIVE, "attempt", str(claim.job_id), claim.owner, str(claim.attempt)]


def asker(studio: Studio) -> Trainer:
    return Trainer(studio.sessions, LocalLauncher(studio.settings, studio.store, command, needs_memory=False), kinds=(ASK,))


def only(studio: Studio, run: int) -> AskingView:
    (found,) = run_view(studio, run).askings
    return found


def test_a_plan_says_how_many_questions_would_go_where_and_sends_nothing(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    plan = asking.plan(studio, wish(server, run, address=f" {server.address}/ ", model=" m "))
    assert (plan.address, plan.model, plan.cards, plan.waiting, plan.questions) == (server.address, "m", 24, 24, 48)
    assert plan.seconds is None, "it was never asked"
    assert server.seen == [] and run_view(studio, run).askings == ()


def test_a_process_of_its_own_asks_about_all_cards_and_says_how_far_it_is(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    assert (only(studio, run).status, only(studio, run).total, only(studio, run).by) == (JobStatus.QUEUED, 0, "Ada")
    assert work_once(asker(studio))
    done = only(studio, run)
    assert (done.status, done.done, done.total, done.problem) == (JobStatus.FINISHED, 24, 24, "")
    assert len(server.seen) == 48 and marked_run(studio, run).models[0].says[0].follows == 8
    assert asking.plan(studio, wish(server, run)).questions == 0
    told = asking.plan(studio, wish(server, finished_run(studio, name="Another")))
    assert told.waiting == 24 and told.question_s is not None and told.seconds == 48 * told.question_s >= 0, "by what the same judge took elsewhere"


def test_who_asks_takes_no_run_and_who_trains_asks_nobody(studio: Studio, server: JudgeServer) -> None:
    run, waiting = finished_run(studio), queue(studio)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    assert run_view(studio, waiting).ahead == 0
    assert work_once(asker(studio)) and not work_once(asker(studio))
    assert run_view(studio, waiting).line.status == JobStatus.QUEUED and only(studio, run).status == JobStatus.FINISHED


def test_the_same_judge_is_not_asked_twice_at_once(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    for key in (KEY, KEY, "a-click-2"):
        asking.begin(studio, "Ada", wish(server, run), key)
    first = only(studio, run).id
    asking.begin(studio, "Ada", wish(server, run, model="n"), "a-click-3")
    views = run_view(studio, run).askings
    assert [view.wish.model for view in views] == ["n", "m"] and views[1].id == first


def test_it_stops_after_the_card_that_it_is_at_and_goes_on_from_there(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    job = only(studio, run).id

    def stops_at_the_third(handler: object, body: dict[str, object]) -> None:
        if len(server.seen) == 5:
            asking.stop(studio, run, job)
        if len(server.seen) >= 5:
            time.sleep(0.2)  # so that it hears of the stop before all is answered
        attentive(handler, body)  # type: ignore[arg-type]

    server.answer = stops_at_the_third
    assert work_once(asker(studio))
    stopped = only(studio, run)
    assert stopped.status == JobStatus.STOPPED and 3 <= stopped.done < 24 and len(server.seen) == 2 * stopped.done
    server.answer = attentive
    asking.resume(studio, run, job)
    assert work_once(asker(studio))
    assert (only(studio, run).status, only(studio, run).done, len(server.seen)) == (JobStatus.FINISHED, 24, 48)


def test_one_that_waits_stops_at_once_and_another_click_goes_on(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    asking.stop(studio, run, only(studio, run).id)
    assert only(studio, run).status == JobStatus.STOPPED
    asking.begin(studio, "Ada", wish(server, run), "a-click-2")
    assert only(studio, run).status == JobStatus.QUEUED


def test_asking_stopping_and_going_on_are_remembered_without_what_is_asked(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    with acting("Zoë", "203.0.113.5"):
        asking.plan(studio, wish(server, run))
        for _ in range(2):  # a double click
            asking.begin(studio, "Zoë", wish(server, run), KEY)
        job = only(studio, run).id
        asking.stop(studio, run, job)
        asking.resume(studio, run, job)
    with studio.sessions.read() as session:
        told = [row for row in list_entries(session) if row.subject == f"job {job}"]
    assert [(row.what, row.who, row.place) for row in told] == [
        (f"model.{what}", "Zoë", "203.0.113.5") for what in ("asked-for", "asking-stopped", "asking-resumed")
    ]
    assert told[0].detail == {"run": run, "address": server.address, "model": "m"}


def test_an_endpoint_that_refuses_ends_it_in_words(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    server.answer = lambda handler, _: handler.say("", 401)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    assert work_once(asker(studio))
    assert only(studio, run).status == JobStatus.FAILED and "refused the key, or wants one (status 401)" in only(studio, run).problem


def test_the_key_goes_to_the_endpoint_and_into_no_row_or_file(studio: Studio, server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_JUDGE_KEY", "sk-not-to-be-seen")
    run = finished_run(studio, n=1)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    assert work_once(asker(studio))
    assert {headers["Authorization"] for _, headers, _ in server.seen} == {"Bearer sk-not-to-be-seen"}
    assert not [path for path in studio.settings.data.rglob("*") if path.is_file() and b"sk-not-to-be-seen" in path.read_bytes()]


@pytest.mark.parametrize("changes", [{"host": "0.0.0.0", "password": "long enough"}, {"user_header": "Remote-User", "trusted_proxies": "127.0.0.1"}])
def test_where_others_are_served_only_what_the_operator_allowed_is_asked(studio: Studio, server: JudgeServer, changes: dict[str, str]) -> None:
    run = finished_run(studio)
    closed = replace(studio, settings=replace(studio.settings, **changes))  # type: ignore[arg-type]
    for refused in (lambda: asking.plan(closed, wish(server, run)), lambda: asking.begin(closed, "Ada", wish(server, run), KEY)):
        with pytest.raises(ConfigError, match=r"cannot be asked from this page.*None is allowed so far\..*STUDIO_JUDGE_ADDRESSES"):
            refused()
    opened = replace(closed, settings=replace(closed.settings, judge_addresses=(server.address,)))
    assert asking.plan(opened, wish(server, run)).questions == 48
    for other in (f"{server.address}/more", server.address.replace("127.0.0.1", "localhost"), "http://169.254.169.254/latest"):
        with pytest.raises(ConfigError, match="cannot be asked from this page"):
            asking.plan(opened, wish(server, run, address=other))
    assert server.seen == [] and run_view(studio, run).askings == ()


def test_what_was_allowed_when_it_was_asked_for_is_asked_again_before_it_begins(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    closed = replace(studio, settings=replace(studio.settings, host="0.0.0.0", password="long enough"))
    assert work_once(asker(closed))
    assert only(studio, run).status == JobStatus.FAILED and "cannot be asked from this page" in only(studio, run).problem
    with pytest.raises(ConfigError, match="cannot be asked from this page"):
        asking.resume(closed, run, only(studio, run).id)
    assert server.seen == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"address": "file:///etc/passwd"}, "must be an http or https address"),
        ({"address": "http://a:b@127.0.0.1/v1"}, "must be an http or https address"),
        ({"model": " "}, "The judge's model is ''"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(studio: Studio, server: JudgeServer, changes: dict[str, str], words: str) -> None:
    run = finished_run(studio)
    with pytest.raises(ConfigError, match=words):
        asking.begin(studio, "Ada", wish(server, run, **changes), KEY)


def test_a_run_that_is_none_or_has_not_finished_cannot_be_asked_about_nor_another_job_be_stopped(studio: Studio, server: JudgeServer) -> None:
    run, waiting = finished_run(studio), queue(studio)
    for other in (waiting, 999):
        with pytest.raises(StudioError):
            asking.begin(studio, "Ada", wish(server, other), KEY)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    for act in (asking.stop, asking.resume):
        with pytest.raises(RefusedError, match="Reload the page"):
            act(studio, run, waiting)
        with pytest.raises(RefusedError, match="Reload the page"):
            act(studio, waiting, only(studio, run).id)


def test_with_the_run_its_askings_end(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asking.begin(studio, "Ada", wish(server, run), KEY)
    delete_run(studio.sessions, studio.store, run)
    assert not work_once(asker(studio)) and server.seen == []


def test_addresses_are_read_from_the_environment_and_handed_to_children() -> None:
    read = Settings.from_environment({"STUDIO_DATA": "/tmp/x", "STUDIO_JUDGE_ADDRESSES": "https://judge.example/v1/, http://127.0.0.1:8000/v1"})
    assert read.judge_addresses == ("https://judge.example/v1", "http://127.0.0.1:8000/v1")
    assert Settings.from_environment(os.environ | read.to_environment()).judge_addresses == read.judge_addresses
    with pytest.raises(ConfigError, match=r"STUDIO_JUDGE_ADDRESSES names 'judge\.example'"):
        Settings.from_environment({"STUDIO_DATA": "/tmp/x", "STUDIO_JUDGE_ADDRESSES": "judge.example"})
