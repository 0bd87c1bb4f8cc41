"""The laboratory as scripts ask it: its probes, a battery from the queue to its report, and what is refused."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.pages.endpoints import endpoints_of
from app.pages.lab import ENDPOINTS, LabPage
from app.processes.protocol import LAB, attempt_key
from app.services.studio import Studio
from app.web import downloads
from app.web.api import add_routes
from app.web.security import protect
from core.lab.drift.data import drift_to_data
from core.lab.probes import PROBES
from core.lab.results import LabAbout, lab_result, result_to_data
from db import claims
from tests.app.labs import claim_lab, finished_lab, write_files
from tests.app.planting import claim, finish, make_studio, measure, queue, version_id
from tests.app.results import result
from tests.core.lab.benches import ONE
from tests.core.lab.drifts import LOUD, trained
from tests.core.lab.drifts import found as drifted
from tests.core.lab.drifts import plan as drift_plan
from tests.core.lab.drifts import replies as drift_replies
from tests.core.lab.found import record, row


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, endpoints_of("lab", LabPage(studio), ENDPOINTS))
    downloads.add_routes(app, studio)
    protect(app, studio.settings)
    return TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50000))


def ask(client: TestClient, address: str, **question: Any) -> dict[str, Any]:
    told: dict[str, Any] = client.post(f"/api/lab/{address}", json=question).json()
    return told


def found() -> dict[str, Any]:
    about = LabAbout(constitution=ONE, model="m", adapter_sha256=None, arm="prompt", n_queries=2, seed=0)
    return result_to_data(lab_result(about, [record(row("<b>Loud</b>", bound=0.9, compliance=0.1), key="prompt")]))


def test_it_begins_with_the_probes_and_their_minutes_once_the_machine_is_known(studio: Studio, client: TestClient) -> None:
    assert {probe["minutes"] for probe in ask(client, "opened")["probes"]} == {None}
    measure(studio)
    told = ask(client, "opened", run="7")
    assert [probe["key"] for probe in told["probes"]] == list(PROBES)
    assert told["run"] is None and "no run 7" in told["message"]
    assert all(0 < probe["minutes"] < 20 for probe in told["probes"] if probe["quick"])


def test_a_battery_goes_from_the_queue_to_its_report(studio: Studio, client: TestClient) -> None:
    begun = ask(client, "begin", version=version_id(studio), probes=["prompt"], limit=8, key="key-of-a-form-1")
    number = begun["lab"]["id"]
    assert (begun["lab"]["status"], begun["lab"]["wish"]["probes"], begun["found"]) == ("queued", ["prompt"], None)
    assert ask(client, "begin", version=version_id(studio), probes=["prompt"], limit=8, key="key-of-a-form-1")["lab"]["id"] == number
    assert client.get(f"/labs/{number}/report.html").status_code == 404
    with studio.sessions.begin() as session:
        job = claims.claim_next(session, "a-trainer", {}, 3600.0, [LAB])
        assert job is not None
        held = claims.claim_of(job)
    with studio.store.workspace(attempt_key(held.job_id, held.attempt)) as folder:
        (folder / "report.json").write_text(json.dumps(found()))
    with studio.sessions.begin() as session:
        claims.finish(session, held)
    shown = ask(client, "shown", lab=number)
    assert shown["lab"]["status"] == "finished" and shown["found"]["verdict"]["answer"] == "not sufficient here"
    page = client.get(f"/labs/{number}/report.html")
    assert page.status_code == 200 and "&lt;b&gt;Loud&lt;/b&gt;" in page.text and "<b>Loud" not in page.text
    assert client.get(f"/labs/{number}/report.json").json()["probes"][0]["key"] == "prompt"
    assert [each["id"] for each in ask(client, "labs")["labs"]] == [number]


def test_of_a_run_it_takes_version_queries_and_model(studio: Studio, client: TestClient) -> None:
    number = queue(studio)
    finish(studio, claim(studio), result())
    wish = ask(client, "begin", run=number, key="key-of-a-form-2")["lab"]["wish"]
    assert (wish["run"], wish["version"]) == (number, version_id(studio))


def test_a_version_is_tried_on_the_studios_model_or_on_one_that_is_typed(studio: Studio, client: TestClient) -> None:
    assert ask(client, "opened")["model"] == studio.settings.model
    asked = {"version": version_id(studio), "key": "key-of-a-form-4"}
    assert ask(client, "begin", **asked)["lab"]["model"] == studio.settings.model
    assert ask(client, "begin", **asked | {"key": "key-of-a-form-5"}, model="org/other")["lab"]["model"] == "org/other"
    told = ask(client, "begin", **asked | {"key": "key-of-a-form-6"}, model="no model")
    assert told["kind"] == "problem" and "no model" in told["message"]


def test_one_that_waits_can_be_stopped_and_gone_on_with(studio: Studio, client: TestClient) -> None:
    number = ask(client, "begin", version=version_id(studio), key="key-of-a-form-3")["lab"]["id"]
    assert ask(client, "stop", lab=number)["lab"]["status"] == "stopped"
    assert ask(client, "resume", lab=number)["lab"]["status"] == "queued"


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({}, "about a run or about a version"),
        ({"run": 1, "version": 1}, "about a run or about a version"),
        ({"version": 999}, "no version"),
        ({"version": 1, "probes": ["samy"]}, "no probe"),
        ({"version": 1, "limit": 500}, "1 to 96"),
    ],
)
def test_what_cannot_be_asked_for_is_said_in_words(client: TestClient, question: dict[str, Any], says: str) -> None:
    told = ask(client, "begin", key="key-of-a-form-4", **question)
    assert told["kind"] == "problem" and says in told["message"]


def test_a_report_that_was_damaged_is_told_in_words(studio: Studio, client: TestClient) -> None:
    number = ask(client, "begin", version=version_id(studio), key="key-of-a-form-5")["lab"]["id"]
    with studio.store.workspace(attempt_key(number, 0)) as folder:
        (folder / "report.json").write_text("{}")
    assert "cannot be read" in ask(client, "shown", lab=number)["message"]


def test_a_plan_says_what_each_probe_takes_and_lacks(studio: Studio, client: TestClient) -> None:
    measure(studio)
    told = ask(client, "plan", version=version_id(studio), limit=8)
    assert told["kind"] == "plan" and told["lacks"]["sami"] == "an adapter" and told["held_out"] == 8
    assert ask(client, "opened", version=str(version_id(studio)))["version"] == version_id(studio)


def test_what_a_battery_found_is_told_for_people_and_escaped(studio: Studio, client: TestClient) -> None:
    number = ask(client, "begin", version=version_id(studio), probes=["prompt"], key="key-of-a-form-6")["lab"]["id"]
    write_files(studio, claim_lab(studio), {"report.json": found()})
    shown = ask(client, "opened", lab=str(number))["shown"]
    assert "&lt;b&gt;Loud&lt;/b&gt;" in shown["html"] and "<b>Loud" not in shown["html"]
    assert "not the number of a battery" in ask(client, "opened", lab="x")["message"] and "no job 99" in ask(client, "opened", lab="99")["message"]


def test_cards_are_read_undone_and_revealed_over_the_wire(studio: Studio, client: TestClient) -> None:
    number = finished_lab(studio)
    at = ask(client, "card", lab=number)
    assert at["kind"] == "cards" and at["html"] == "" and set(at["reading"]["card"]) == {"card", "query", "reply", "options"}
    assert ask(client, "shown", lab=number)["cards"] == 12
    for i in range(12):
        at = ask(client, "pick", lab=number, card=at["reading"]["card"]["card"], pick=i % 2, key=f"key-of-card-{i}")
    assert at["reading"]["card"] is None and "guessing gives 50%" in at["html"] and "not this one" in at["html"]
    again = ask(client, "undo", lab=number, pick=at["reading"]["last"])
    assert again["reading"]["done"] == 11 and again["reading"]["read"] == []
    assert "you, 11 cards" in client.get(f"/labs/{number}/report.html").text


def test_a_battery_is_deleted_after_it_was_said_what_goes(studio: Studio, client: TestClient) -> None:
    number = finished_lab(studio)
    card = ask(client, "card", lab=number)["reading"]["card"]["card"]
    ask(client, "pick", lab=number, card=card, pick=0, key="key-of-card-1")
    planned = ask(client, "plan_deleting", lab=number)
    assert planned["name"] == f"battery {number}" and "the 1 pick of its cards (1 by you)" in planned["goes"]
    assert ask(client, "delete", lab=number)["says"] == f"Battery {number} is deleted."
    assert ask(client, "labs") == {"kind": "labs", "labs": [], "more": 0}
    assert client.get(f"/labs/{number}/report.json").status_code == 404


def test_a_drift_matrix_goes_from_the_queue_to_its_report_and_its_texts_are_escaped(studio: Studio, client: TestClient) -> None:
    runs = []
    for name in ("Brevity", "Bullet points"):
        runs.append(queue(studio, name, key=f"planted-{name}".replace(" ", "-")))
        finish(studio, claim(studio), result())
    assert ask(client, "plan_drift", runs=runs[:1], limit=4)["message"].startswith("A matrix is about 2 to 12 finished runs, not 1.")
    assert ask(client, "plan_drift", runs=runs, limit=4)["planned"]["cells"] == 18
    begun = ask(client, "begin_drift", runs=runs, limit=4, key="key-of-a-matrix-1")
    number = begun["lab"]["id"]
    assert (begun["lab"]["wish"]["runs"], begun["probes"], begun["html"]) == (runs, [], "")
    assert client.get(f"/labs/{number}/report.html").status_code == 404
    evil = replace(ONE, name="<b>Loud</b>")
    made = drifted(drift_plan(evil, LOUD, adapters=[trained()]), {"trained 1": drift_replies("x" * 12, said=lambda _: "ONE TWO THREE FOUR.")})
    write_files(studio, claim_lab(studio), {"report.json": drift_to_data(made)})
    shown = ask(client, "shown", lab=number)
    assert "Alarm: “Shout”" in shown["html"] and "<b>Loud" not in shown["html"] and shown["found"]["checks"]["family"] == 14
    page = client.get(f"/labs/{number}/report.html")
    assert page.status_code == 200 and "&lt;b&gt;Loud&lt;/b&gt;" in page.text and "<b>Loud" not in page.text
    assert client.get(f"/labs/{number}/report.json").json()["said"]["alarms"][0].startswith("Alarm: ")
    assert ask(client, "labs")["labs"][0]["wish"]["runs"] == runs
