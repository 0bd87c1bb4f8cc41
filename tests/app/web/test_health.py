"""What is said of the parts, with a PostgreSQL that is really stopped or frozen and a trainer that is really killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.cli import main
from app.processes.lifeline import SUPERVISED
from app.services import health as health_service
from app.services import studio
from app.services.health import Parts, parts_of
from app.settings import Settings, prepare_data_folder
from app.web import health
from app.web.app import studio_app
from db import trainers
from tests.app.hosting import wait_until
from tests.app.planting import make_studio
from tests.app.serving import served
from tests.app.warm import ROOT
from tests.clusters import TEMPLATE, Cluster, open_cluster

STRANGER = {"Host": "who.knows.example"}


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    with open_cluster() as running:
        running.add_template()
        yield running


@pytest.fixture(scope="module")
def site(own_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    before = dict(os.environ)
    settings = Settings.from_environment({"DATABASE_URL": own_cluster.new(TEMPLATE)}, data=tmp_path_factory.mktemp("data"))
    prepare_data_folder(settings)
    opened: list[studio.Studio] = []
    real = studio.open_studio
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studio, "open_studio", lambda settings: opened.append(real(settings)) or opened[0])
        app = studio_app(settings)
    with served(app) as address, httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        yield client
    opened[0].engine.dispose()
    os.environ.clear()
    os.environ.update(before)


def asked(client: httpx.Client) -> tuple[int, str, str]:
    answer = client.get("/healthz", headers=STRANGER)
    return answer.status_code, answer.json()["status"], answer.json()["parts"]["database"]


def test_a_stopped_database_is_said_everywhere_in_words_and_all_goes_on_when_it_is_back(site: httpx.Client, own_cluster: Cluster) -> None:
    assert asked(site) == (200, "degraded", "ok")
    assert site.post("/api/constitutions/list", json={}).status_code == 200
    own_cluster.stop()
    assert asked(site) == (503, "degraded", "missing")
    told = site.post("/api/constitutions/list", json={})
    assert (told.status_code, told.json()["kind"]) == (400, "problem")
    assert "database cannot be reached" in told.json()["message"]
    file = site.get("/versions/1.yaml")
    assert (file.status_code, "database cannot be reached" in file.text) == (503, True)
    assert site.get("/judge").status_code == 200
    own_cluster.start()
    assert asked(site) == (200, "degraded", "ok")
    assert site.post("/api/constitutions/list", json={}).status_code == 200
    assert site.get("/versions/1.yaml").status_code == 200


def test_a_studio_that_starts_without_its_database_says_so_in_a_line(own_cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, before = own_cluster.new(TEMPLATE), dict(os.environ)
    own_cluster.stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        assert main(["web", "--data", str(tmp_path)]) == 1
        assert main(["backup", str(tmp_path / "b.tar"), "--data", str(tmp_path)]) == 1
    own_cluster.start()
    os.environ.clear()
    os.environ.update(before)
    said = capsys.readouterr().err.splitlines()
    assert [line.startswith("error: The database cannot be reached") for line in said] == [True, True]
    assert not (tmp_path / "b.tar").exists()


def test_a_frozen_database_keeps_nobody_waiting(site: httpx.Client, own_cluster: Cluster) -> None:
    assert site.post("/api/constitutions/list", json={}).status_code == 200
    server = psutil.Process(int((own_cluster.folder / "data" / "postmaster.pid").read_text().split()[0]))
    frozen = [server, *server.children(recursive=True)]
    for process in frozen:
        process.suspend()
    try:
        assert asked(site) == (503, "degraded", "missing")
        assert site.get("/modules/none.js").status_code == 503  # whoever has an account cannot be known now, which is said at once
        threads = threading.active_count()
        assert asked(site) == (503, "degraded", "missing")  # and asking again begins nothing new
        assert threading.active_count() <= threads
    finally:
        for process in frozen:
            process.resume()
    wait_until(lambda: asked(site)[0] == 200, seconds=30)


def test_a_database_whose_tables_are_gone_is_none(tmp_path: Path) -> None:
    opened = make_studio(tmp_path)
    parts = parts_of(opened)
    assert parts.there()["database"]
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    assert not parts.there()["database"]


def test_a_stranger_learns_only_which_parts_are_there(site: httpx.Client) -> None:
    told = site.get("/healthz", headers=STRANGER).json()
    assert set(told) == {"status", "parts"}
    assert set(told["parts"]) == {"database", "trainer", "model host"}
    assert set(told["parts"].values()) <= {"ok", "missing"}
    assert site.head("/healthz", headers=STRANGER).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/healthz"), ("DELETE", "/healthz"), ("GET", "/"), ("GET", "/healthz/"), ("GET", "//healthz")])
def test_only_this_address_answers_to_any_host_name(site: httpx.Client, method: str, path: str) -> None:
    assert site.request(method, path, headers=STRANGER).status_code == 400


def test_a_part_that_hangs_or_fails_is_missing_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_service, "WITHIN_S", 0.2)
    monkeypatch.setattr(health, "WITHIN_S", 0.2)
    free, begun = threading.Event(), []

    def hang() -> bool:
        begun.append(1)
        return free.wait(30)

    def fail() -> bool:
        raise OSError("postgresql://ann:secret@host")

    app = FastAPI()
    health.add_routes(app, Parts({"database": lambda: True, "trainer": hang, "model host": fail}))
    with TestClient(app) as client:
        for _ in range(3):
            answer = client.get("/healthz")
            assert (answer.status_code, answer.json()["parts"]) == (200, {"database": "ok", "trainer": "missing", "model host": "missing"})
            assert "secret" not in answer.text
        assert begun == [1]
        free.set()
        wait_until(lambda: client.get("/healthz").json()["parts"]["trainer"] == "ok")


def test_a_killed_trainer_is_missing_at_once_and_one_of_another_machine_when_it_was_not_heard_of(tmp_path: Path) -> None:
    opened = make_studio(tmp_path)
    parts = parts_of(opened)
    assert not parts.there()["trainer"]
    trainer = start_trainer(opened.settings)
    wait_until(lambda: parts.there()["trainer"], seconds=60)
    trainer.send_signal(signal.SIGKILL)
    trainer.wait()
    assert not parts.there()["trainer"]
    assert trainer.stdin is not None
    trainer.stdin.close()
    with opened.sessions.begin() as session:
        assert len(trainers.heard_of(session, 60)) == 1  # its row is there still, and is not believed
        trainers.beat(session, "elsewhere", {"host": "another machine", "pid": 1})
    assert parts.there()["trainer"]  # nothing can be known of it but that it was heard of
    with opened.sessions.begin() as session:
        trainers.leave(session, "elsewhere")
    assert not parts.there()["trainer"]


def test_a_trainer_waits_for_a_database_that_stops_and_works_on_when_it_is_back(own_cluster: Cluster, tmp_path: Path) -> None:
    settings = Settings.from_environment({"DATABASE_URL": own_cluster.new(TEMPLATE)}, data=tmp_path)
    prepare_data_folder(settings)
    opened = studio.open_studio(settings)
    parts = parts_of(opened)
    trainer = start_trainer(settings)
    try:
        wait_until(lambda: parts.there()["trainer"], seconds=60)
        own_cluster.stop()
        wait_until(lambda: "database cannot be reached" in (tmp_path / "log").read_text(), seconds=60)
        own_cluster.start()
        with opened.sessions.begin() as session:
            trainers.leave(session, "the one")  # what it said before it lost the database
        wait_until(lambda: parts.there()["trainer"], seconds=60)
        assert trainer.poll() is None
        assert "Traceback" not in (tmp_path / "log").read_text()
    finally:
        assert trainer.stdin is not None
        trainer.stdin.close()
        assert trainer.wait(30) == 0
    with opened.sessions.read() as session:
        assert trainers.heard_of(session, 3600) == []  # it went in good order
    opened.engine.dispose()


def start_trainer(settings: Settings) -> "subprocess.Popen[bytes]":
    environ = os.environ | settings.to_environment() | {SUPERVISED: "1"}
    with (settings.data / "log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-c", TRAINER], cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=log, stderr=log)


# The trainer as it is, under a name that is known, and so attentive that no test waits; there is nothing to be measured.
TRAINER = """
import os
from app.processes import launchers, trainer
trainer.HEARTBEAT_S = 0.1
trainer.POLL_S = 0.1
launchers.LocalLauncher.survey = lambda self, known: None
trainer.uuid.uuid4 = lambda: type("Name", (), {"hex": "the one"})
from app.settings import Settings
raise SystemExit(trainer.serve(Settings.from_environment(os.environ)))
"""
