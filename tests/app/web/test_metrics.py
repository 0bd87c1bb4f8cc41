"""/metrics of the real web application, read by the library's own parser."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.services import studio
from app.settings import Settings, prepare_data_folder
from app.web.app import studio_app
from core.errors import ConfigError
from db import claims
from db.status import JobStatus
from tests.app.planting import measure, queue
from tests.app.serving import served

PASSWORD = "correct horse"
OURS = ("Zoë", PASSWORD)
Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]
SECRET = "a text that somebody typed"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, studio.Studio]]:
    before = dict(os.environ)
    settings = Settings.from_environment({"STUDIO_PASSWORD": PASSWORD}, data=tmp_path_factory.mktemp("data"))
    prepare_data_folder(settings)
    with served(studio_app(settings)) as address, httpx.Client(base_url=address, trust_env=False, auth=OURS, timeout=30) as client:
        yield client, studio.open_studio(settings)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def ask(site: tuple[httpx.Client, studio.Studio]) -> Callable[[], Values]:
    def values() -> Values:
        families = text_string_to_metric_families(site[0].get("/metrics").raise_for_status().text)
        return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}

    return values


def requests(values: Values, route: str, status: int) -> float:
    return sum(n for (name, labels), n in values.items() if name == "studio_http_requests_total" and {("route", route), ("status", str(status))} <= set(labels))


def test_requests_are_counted_by_template_and_status_those_refused_too(site: tuple[httpx.Client, studio.Studio], ask: Callable[[], Values]) -> None:
    client, _ = site
    before = ask()
    for number in (1, 2, 3):
        assert client.get(f"/versions/{number}.yaml").status_code == 200
    assert client.get("/versions/404.yaml").status_code == 404
    assert client.post("/api/constitutions/list", json={}).status_code == 200
    assert client.get("/", auth=("me", "wrong")).status_code == 401
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.request("BREW", "/coffee").status_code in (400, 404, 405)
    after = ask()

    def more(route: str, status: int) -> float:
        return requests(after, route, status) - requests(before, route, status)

    assert (more("/versions/{version_id}.yaml", 200), more("/versions/{version_id}.yaml", 404)) == (3, 1)
    assert (more("/api/constitutions/list", 200), more("none", 401), more("none", 400)) == (1, 1, 1)
    assert after["studio_http_answer_seconds_count", (("method", "GET"), ("route", "/versions/{version_id}.yaml"))] >= 4
    assert {dict(labels).get("method") for _, labels in after} <= {None, "GET", "POST", "HEAD", "other"}


def test_nothing_that_strangers_send_becomes_a_label_however_many_they_are(site: tuple[httpx.Client, studio.Studio], ask: Callable[[], Values]) -> None:
    client, _ = site
    ask()
    before = len(ask())
    for number in range(40):
        client.get(f"/nobody-{number}/{SECRET}")
        client.get(f"/gradio_api/file={SECRET}{number}")
        client.request(f"M{number}", "/")
        client.post(f"/api/{SECRET}{number}/x", json={"name": SECRET})
        client.get("/", headers={"Host": f"host-{number}.example"})
    text = client.get("/metrics").text
    assert not [line for line in text.splitlines() if SECRET in line or "nobody-" in line or "host-1" in line or "Zo" in line]
    assert len(ask()) - before < 60  # of a handful of templates and statuses that were new, with their buckets


def test_each_question_is_counted_and_timed_by_its_name(site: tuple[httpx.Client, studio.Studio], ask: Callable[[], Values]) -> None:
    client, _ = site
    assert client.post("/api/constitutions/rename", json={"constitution": 1, "name": SECRET}).status_code == 200
    counted = {dict(labels)["route"]: n for (name, labels), n in ask().items() if name == "studio_http_answer_seconds_count"}
    assert counted["/api/constitutions/rename"] >= 1


def test_the_queue_the_database_and_the_machine_have_figures(site: tuple[httpx.Client, studio.Studio], ask: Callable[[], Values]) -> None:
    _, opened = site
    values = ask()
    assert values["studio_runs", (("status", "queued"),)] == 0
    assert values["studio_oldest_queued_seconds", ()] == 0
    measure(opened)
    for key in ("one", "two"):
        queue(opened, key=f"planted-run-{key}")
    with opened.sessions.begin() as session:
        claimed = claims.claim_next(session, "trainer", {}, 60)
        assert claimed is not None
        claims.fail(session, claims.claim_of(claimed), "memory", SECRET)
    values = ask()
    assert {status: values["studio_runs", (("status", status.value),)] for status in JobStatus} == {
        status: {JobStatus.QUEUED: 1, JobStatus.FAILED: 1}.get(status, 0) for status in JobStatus
    }
    assert values["studio_oldest_queued_seconds", ()] > 0
    assert values["studio_database_bytes", ()] == opened.settings.data.joinpath("studio.db").stat().st_size
    assert values["studio_data_free_bytes", ()] > 0
    assert {part: values["studio_up", (("part", part),)] for part in ("database", "trainer", "model_host")} == {"database": 1, "trainer": 0, "model_host": 0}
    assert values["studio_process_open_fds", ()] > 0
    assert values["studio_process_resident_memory_bytes", ()] > 10_000_000
    (build,) = [dict(labels) for (name, labels) in values if name == "studio_build_info"]
    assert build["schema"].isdecimal()


def test_without_its_database_the_rest_is_still_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at_every_s = "app.services.accounts.LOOKED_AT_EVERY_S"
    monkeypatch.setattr(looked_at_every_s, 3600.0)  # however slow the machine: the accounts are remembered
    settings = Settings.from_environment({"STUDIO_METRICS": "open", "STUDIO_PASSWORD": PASSWORD}, data=tmp_path)
    prepare_data_folder(settings)
    before = dict(os.environ)
    app = studio_app(settings)
    (tmp_path / "studio.db").write_bytes(b"no database any more" * 500)
    with served(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        told = client.get("/metrics")
        assert client.get("/healthz").status_code == 503
        assert client.get("/metrics", headers={"Host": "evil.example"}).status_code == 400
        assert client.get("/").status_code == 401
        monkeypatch.setattr(looked_at_every_s, 0.0)
        assert client.get("/").status_code == 503
    os.environ.clear()
    os.environ.update(before)
    assert 'studio_up{part="database"} 0.0' in told.text
    assert "studio_process_open_fds" in told.text
    assert "studio_runs" not in told.text


def test_metrics_stand_behind_the_password_unless_a_setting_says_otherwise(site: tuple[httpx.Client, studio.Studio]) -> None:
    client, _ = site
    assert client.get("/metrics", auth=("", "")).status_code == 401
    with pytest.raises(ConfigError, match=r"STUDIO_METRICS is 'yes'\. Use closed"):
        Settings.from_environment({"STUDIO_METRICS": "yes"})
