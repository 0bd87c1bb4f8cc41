"""Downloads: only the files of that run, and only for those who may see it."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.present.report_csv import report_csv
from app.services import downloads
from app.services.studio import Studio
from app.web.actors import COOKIE
from app.web.doors import is_known
from app.web.downloads import add_routes
from app.web.security import protect
from core.constitution.files import parse_yaml
from core.constitution.reading.query_files import read_query_file
from core.methods.arms import arm_to_data
from db.audit import list_entries
from db.tables import Run
from tests.app.checked import kept_check, mark_check_whole
from tests.app.marking import finished_run, mark_all
from tests.app.planting import claim, finish, make_studio, queue, queue_series, settings_for, starter_set_id, version_id
from tests.app.results import complying, result


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    app = FastAPI()
    add_routes(app, studio)
    protect(app, studio.settings)
    return TestClient(app, base_url="http://127.0.0.1", client=("203.0.113.5", 50000))


def finished(studio: Studio) -> Path:
    queue(studio)
    return finish(studio, claim(studio), result())


def point_to(studio: Studio, path: str) -> None:
    with studio.sessions.begin() as session:
        run = session.get(Run, 1)
        assert run is not None
        run.adapter = path


def test_the_adapter_comes_as_a_zip_of_the_folder(studio: Studio, client: TestClient) -> None:
    adapter = finished(studio)
    answer = client.get("/runs/1/adapter.zip")
    assert answer.headers["content-disposition"].endswith("run-1-adapter.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
        assert sorted(archive.namelist()) == ["run-1-adapter/adapter_config.json", "run-1-adapter/adapter_model.safetensors"]
        assert archive.read("run-1-adapter/adapter_model.safetensors") == (adapter / "adapter_model.safetensors").read_bytes()


def test_the_figures_of_a_series_come_from_each_of_its_runs_once_there_are_some(studio: Studio, client: TestClient) -> None:
    ids = queue_series(studio)
    alone = queue(studio, key="asked-for-alone")
    assert client.get(f"/runs/{alone}/series.json").status_code == client.get("/runs/999/series.csv").status_code == 404
    assert client.get(f"/runs/{ids[0]}/series.json").json()["result"] is None
    assert "has no figures yet" in client.get(f"/runs/{ids[0]}/series.csv").text
    for share in (0.9, 0.5, 0.7):
        finish(studio, claim(studio), complying(share))
    for run_id in ids:
        answer = client.get(f"/runs/{run_id}/series.json")
        assert answer.headers["content-disposition"].endswith(f"run-{run_id}-series.json")
        assert (answer.json()["use"], answer.json()["result"]["seeds"]) == (ids[2], [0, 1, 2])
    lines = client.get(f"/runs/{ids[0]}/series.csv").text.splitlines()
    assert lines[0].endswith(",seed 0,seed 1,seed 2")
    assert any(line.endswith(",held-out,0.9,0.5,0.7") for line in lines)


def test_who_takes_an_adapter_away_is_remembered(studio: Studio, client: TestClient) -> None:
    assert client.get("/runs/1/adapter.zip").status_code == 404
    finished(studio)
    for path in ("run.json", "report.csv", "replies.json", "adapter.zip"):
        assert client.get(f"/runs/1/{path}", headers={"Cookie": f"{COOKIE}=Ann"}).status_code == 200
    with studio.sessions.read() as session:
        rows = [(row.who, row.place, row.subject) for row in list_entries(session) if row.what == "adapter.downloaded"]
    assert rows == [("Ann", "203.0.113.5", "run 1")]


def test_the_figures_come_as_a_table_of_every_line_of_the_page(studio: Studio, client: TestClient) -> None:
    finished(studio)
    answer = client.get("/runs/1/report.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].endswith("run-1-report.csv")
    assert answer.text == report_csv(result().report)


def test_marks_come_as_a_table_and_the_figures_are_those_that_they_make(studio: Studio, client: TestClient) -> None:
    run = finished_run(studio)
    before = client.get(f"/runs/{run}/report.csv").text
    mark_all(studio, run)
    answer = client.get(f"/runs/{run}/marks.csv")
    assert answer.headers["content-type"].startswith("text/csv") and answer.headers["content-disposition"].endswith(f"run-{run}-marks.csv")
    assert answer.text.startswith("run,check,principle,query,response,follows,who") and answer.text.count("Ada") == 24
    assert "(marks), under the statement" not in before and "(marks), under the statement" in client.get(f"/runs/{run}/report.csv").text
    assert client.get("/runs/99/marks.csv").status_code == 404


def test_marks_of_a_check_come_as_a_table_too_and_the_check_as_it_is_stored(studio: Studio, client: TestClient) -> None:
    check = kept_check(studio)
    mark_check_whole(studio, check, most=3)
    answer = client.get(f"/checks/{check}/marks.csv")
    assert answer.headers["content-disposition"].endswith(f"check-{check}-marks.csv") and answer.text.count("Ada") == 3
    assert client.get(f"/checks/{check}/stored.json").json()["checks"][0]["id"] == str(check)
    assert client.get("/checks/99/marks.csv").status_code == client.get("/checks/99/stored.json").status_code == 404


def test_replies_that_were_measured_before_there_were_arms_still_come_under_the_arms_they_are_of(studio: Studio, client: TestClient) -> None:
    folder = finished(studio).parent
    (folder / "replies-sami-alone-000.json").unlink()
    (folder / "replies-prompt-000.json").rename(folder / "base-replies-000.json")
    (folder / "replies-sami-000.json").rename(folder / "aligned-replies-000.json")
    rows = client.get("/runs/1/replies.json").json()
    assert [(row["arm"], row["text"]) for row in rows] == [("prompt", "Because."), ("sami", "So.")]


def test_a_run_without_a_result_that_can_be_read_has_no_figures_to_give(studio: Studio, client: TestClient) -> None:
    queue(studio)
    assert client.get("/runs/1/report.csv").status_code == 404
    finish(studio, claim(studio), result())
    with studio.sessions.begin() as session:
        run = session.get(Run, 1)
        assert run is not None
        run.result = {"of another": "form"}
    assert client.get("/runs/1/report.csv").status_code == 404
    assert client.get("/runs/9/report.csv").status_code == 404


def test_run_json_and_replies_are_those_of_the_run(studio: Studio, client: TestClient) -> None:
    finished(studio)
    assert client.get("/runs/1/run.json").json() == {"adapter_sha256": "ab"}
    rows = client.get("/runs/1/replies.json").json()
    assert [(row["arm"], row["text"]) for row in rows] == [("prompt", "Because."), ("sami", "So."), ("sami-alone", "Thus.")]


def test_replies_to_scenarios_come_with_the_others_and_say_what_they_are(studio: Studio, client: TestClient) -> None:
    run = finished_run(studio, n=2, scenarios=[{"query": "Own?", "follows": "A guess."}])
    rows = client.get(f"/runs/{run}/replies.json").json()
    found = [(row["arm"], row["side"]) for row in rows if row["split"] == "scenarios"]
    assert found == [*((arm, side) for arm in ("prompt", "sami") for side in ("statement", "antithesis")), ("sami-alone", "none")]
    assert {row["query"] for row in rows if row["split"] == "held-out"} == {"What is 0?", "What is 1?"}
    plain = finished_run(studio, n=2, name="Plain")
    assert {row["split"] for row in client.get(f"/runs/{plain}/replies.json").json()} == {"held-out"}


@pytest.mark.parametrize(
    ("place", "known"),
    [("models/mine", "data:models/mine"), ("/opt/people/ann/mine", "mine"), ("/root/.cache/models--org--name/snapshots/" + "a" * 40, "org/name"), (None, "m")],
)
def test_what_is_taken_away_tells_no_path_of_the_machine_whichever_version_wrote_it(studio: Studio, client: TestClient, place: str | None, known: str) -> None:
    folder = finished(studio).parent
    model = str(studio.settings.data / place) if place is not None else "m"
    before = "/before/data/runs/1/attempt-1/adapter"
    arms = [{"arm": {"key": "prompt", "artifact": None}}, {"arm": {"key": "sami", "artifact": {"place": before}}}]
    (folder / "run.json").write_text(json.dumps({"model": {"id": model, "revision": None}, "result": {"arms": arms}}))
    told = client.get("/runs/1/run.json")
    assert told.json() == {
        "model": {"id": known, "revision": None},
        "result": {"arms": [arms[0], {"arm": {"key": "sami", "artifact": {"place": "adapter"}}}]},
    }
    with studio.sessions.begin() as session:
        run = session.get(Run, 1)
        assert run is not None and run.result is not None
        run.result = json.loads(json.dumps(run.result).replace('"place": "adapter"', f'"place": "{before}"'))
    assert before not in json.dumps([arm_to_data(figures.arm) for figures in downloads.report_of_run(studio, 1).arms])


@pytest.mark.parametrize("name", ["adapter.zip", "run.json", "replies.json"])
def test_there_is_nothing_before_the_end_and_nothing_of_unknown_runs(studio: Studio, client: TestClient, name: str) -> None:
    queue(studio)
    for run_id in ("1", "7", "9" * 30, "-1"):
        assert client.get(f"/runs/{run_id}/{name}").status_code == 404
    assert client.get(f"/runs/..%2f..%2fstudio.db/{name}").status_code in (404, 422)


def test_a_row_that_points_elsewhere_gives_nothing(studio: Studio, client: TestClient, tmp_path: Path) -> None:
    adapter = finished(studio)
    outside = tmp_path / "outside" / "adapter"
    shutil.copytree(adapter, outside)
    other_run = studio.settings.runs_folder / "2" / "attempt-1" / "adapter"
    shutil.copytree(adapter, other_run)
    (studio.settings.runs_folder / "1" / "link").symlink_to(tmp_path / "outside")
    absolute = [str(path) for path in (outside, other_run, adapter)]
    for path in (*absolute, "runs/2/attempt-1/adapter", "runs/1/../2/attempt-1/adapter", "runs/1/link/adapter", "outside/adapter", "..", ""):
        point_to(studio, path)
        assert client.get("/runs/1/adapter.zip").status_code == 404


def test_a_link_inside_the_adapter_is_left_out(studio: Studio, client: TestClient) -> None:
    adapter = finished(studio)
    (adapter / "secret").symlink_to(studio.settings.data / "studio.db")
    with zipfile.ZipFile(io.BytesIO(client.get("/runs/1/adapter.zip").content)) as archive:
        assert not any("secret" in name for name in archive.namelist())


def test_files_that_were_deleted_are_said_to_be_gone(studio: Studio, client: TestClient) -> None:
    adapter = finished(studio)
    (adapter.parent / "run.json").unlink()
    assert client.get("/runs/1/run.json").status_code == 404
    shutil.rmtree(adapter)
    assert client.get("/runs/1/adapter.zip").status_code == 404


def test_the_files_of_the_command_line_can_be_had_and_read_back(studio: Studio, client: TestClient) -> None:
    answer = client.get(f"/versions/{version_id(studio)}.yaml")
    assert parse_yaml(answer.text).name == "Brevity"
    assert answer.headers["content-disposition"].endswith("brevity-v1.yaml")
    queries = client.get(f"/query-sets/{starter_set_id(studio)}.jsonl")
    assert len(read_query_file(queries.content, "queries.jsonl").queries) == 300
    assert json.loads(queries.text.splitlines()[0]).keys() == {"query", "split"}
    assert client.get("/versions/999.yaml").status_code == 404
    assert client.get("/query-sets/999.jsonl").status_code == 404


def test_downloads_stand_behind_the_password(studio: Studio, tmp_path: Path) -> None:
    finished(studio)
    app = FastAPI()
    add_routes(app, studio)
    settings = settings_for(tmp_path)
    protect(app, type(settings)(data=settings.data, database_url=settings.database_url, password="correct horse"))
    client = TestClient(app, base_url="http://127.0.0.1")
    assert client.get("/runs/1/run.json").status_code == 401
    assert client.get("/runs/1/run.json", auth=("Ann", "correct horse")).status_code == 200


def test_every_file_has_a_door(client: TestClient) -> None:
    addresses = [route.path for route in client.app.routes if isinstance(route, APIRoute)]  # type: ignore[attr-defined]
    assert any(path.startswith("/labs/") for path in addresses) and any(path.startswith("/checks/") for path in addresses)
    assert [path for path in addresses if not is_known("GET", path)] == []
