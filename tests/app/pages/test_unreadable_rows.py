"""Every page opens on a database that holds what cannot be read, marks it, and gives it away as it is stored."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from app.pages import site
from app.pages.compare import ComparePage
from app.pages.constitutions import ConstitutionsPage
from app.pages.judge import JudgePage
from app.pages.run import RunPage
from app.pages.train import TrainPage
from app.pages.write import WritePage
from app.services import constitutions
from app.services.comparisons import CompareForm, start_comparison
from app.services.proposals import Proposals
from app.services.runs import run_view
from app.services.stored import unreadable_rows, unreadable_versions
from app.services.studio import Studio, open_studio
from app.web import api, downloads
from app.web.actors import Actor, KnownBy
from tests.app.damaging import Damaged, constitution_of_version, plant_damage
from tests.app.pages.calling import asks
from tests.app.planting import claim, finish, make_studio, queue, settings_for, version_id
from tests.app.results import result

Opened = tuple[Studio, Damaged, TestClient]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    data: Path = tmp_path_factory.mktemp("damaged")
    made = make_studio(data)
    damaged = plant_damage(made)
    made.engine.dispose()
    studio = open_studio(settings_for(data))
    app = FastAPI()

    @app.middleware("http")
    async def gate(request: Request, call_next: Any) -> Any:
        request.state.actor = Actor("Ann", KnownBy.LOGIN)
        return await call_next(request)

    downloads.add_routes(app, studio)
    api.add_routes(app, site.endpoints(studio, Proposals()))
    yield studio, damaged, TestClient(app)
    studio.engine.dispose()


def told(reply: dict[str, Any]) -> dict[str, Any]:
    json.dumps(reply, ensure_ascii=False).encode()  # as it is sent
    return reply


def test_the_list_marks_a_version_that_cannot_be_read_and_offers_it_as_it_is_stored(opened: Opened) -> None:
    studio, _, client = opened
    reply = told(ConstitutionsPage(studio).list({}, asks()))
    assert reply["html"].count("cannot be read") == 6 and "its stored text was changed" in reply["html"]
    address = f"./versions/{version_id(studio, 'Lost')}/stored.json"
    assert f'href="{address}"' in reply["html"]
    answer = client.get(address.removeprefix("."))
    assert answer.status_code == 200 and answer.json()["version"][0]["message"] == "First."


@pytest.mark.parametrize("name", ["head", "lost", "old", "long", "unknown"])
def test_the_write_page_opens_every_constitution(opened: Opened, name: str) -> None:
    studio, damaged, _ = opened
    reply = told(WritePage(studio).opened({"constitution": str(getattr(damaged, name))}, asks("Cid")))
    assert reply["kind"] == "opened" and reply["history"]
    assert ("Version 2 cannot be read: save one after it" in reply["verdict"]) == (name == "head")
    preview = told(WritePage(studio).preview({"constitution": getattr(damaged, name)}, asks("Cid")))
    assert preview["kind"] == "preview" and preview["html"]


def test_a_version_that_cannot_be_read_is_shown_as_such(opened: Opened) -> None:
    studio, damaged, _ = opened
    page = WritePage(studio)
    reply = told(page.open({"constitution": damaged.head, "number": 2}, asks("Cid")))
    assert reply["problem"] and "stored.json" in reply["html"] and "judge" not in reply["head"] and reply["difference"] is None
    assert told(page.open({"constitution": damaged.head, "number": 1}, asks("Cid")))["problem"] == ""
    old = told(page.open({"constitution": damaged.old, "number": 1}, asks("Cid")))
    assert "No program of this studio can judge it. Stored is `max_words: 99999999999999999999`" in old["html"]
    refused = told(page.download({"constitution": damaged.head, "format": "yaml", "number": 2}, asks("Cid")))
    assert refused["kind"] == "problem" and "Take it as it is stored" in refused["message"]


def test_a_draft_that_cannot_be_read_can_be_taken_and_begun_again(opened: Opened) -> None:
    studio, damaged, client = opened
    reply = told(WritePage(studio).opened({"constitution": str(damaged.draft)}, asks("Ann")))
    assert reply["kind"] == "choose" and f'data-begin="{damaged.draft}"' in reply["html"]
    assert client.get(f"/drafts/{damaged.draft}/stored.json").json()["draft"][0]["content"] == '{"name'
    assert client.post("/api/write/draft", json={"constitution": damaged.draft}).status_code == 400
    assert client.post("/api/write/rename", json={"constitution": damaged.draft, "name": "Changed"}).json()["kind"] == "renamed"
    assert client.post("/api/write/begin", json={"constitution": damaged.draft}).json()["kind"] == "opened"
    assert client.post("/api/write/draft", json={"constitution": damaged.draft}).json()["kind"] == "opened"


def test_train_judge_and_compare_offer_the_others(opened: Opened) -> None:
    studio, damaged, _ = opened
    train = told(TrainPage(studio).opened({}, asks()))
    assert {v["constitution"] for v in train["versions"] if v["problem"]} == {"Changed", "Lost", "Warm tone"} and len(train["versions"]) == 11
    again = told(TrainPage(studio).opened({"from": str(damaged.runs["setting"])}, asks()))
    assert told(TrainPage(studio).opened({"from": str(damaged.runs["preset"])}, asks()))["again"]["preset"] == "quick"
    assert again["again"] is None and "Unknown setting" in again["message"]
    judge = told(JudgePage(studio).opened({}, asks()))
    assert sum(bool(version["problem"]) for version in judge["versions"]) == 3 and judge["chosen"] is not None
    compare = told(ComparePage(studio).opened({}, asks()))
    marked = [source["label"] for source in compare["sources"] if source["problem"]]
    assert len(marked) == 7 and all(label.endswith("(cannot be read)") for label in marked) and compare["chosen"] == f"run:{damaged.runs['fine']}"
    stored = told(ComparePage(studio).opened({"comparison": damaged.comparison}, asks()))
    assert stored["comparison"] is None and "This comparison cannot be read" in stored["problem"]


def test_the_page_of_every_run_opens(opened: Opened) -> None:
    studio, damaged, client = opened
    for name, run_id in damaged.runs.items():
        reply = told(RunPage(studio).opened({"id": str(run_id)}, asks()))
        assert reply["kind"] == "run"
        messages = reply["sections"]["messages"]
        assert ("cannot be read" in messages) == (name in ("setting", "method", "json", "kind", "status")), name
        assert client.post("/api/run/state", json={"run": run_id}).status_code == 200
        assert client.get(f"/runs/{run_id}/stored.json").json()["run"][0]["id"] == str(run_id)
        assert client.get(f"/runs/{run_id}/report.csv").status_code == (404 if name in ("result", "figure") else 200)


def test_downloads_of_what_cannot_be_read_say_where_it_can_be_had(opened: Opened) -> None:
    studio, damaged, client = opened
    lost = client.get(f"/versions/{version_id(studio, 'Lost')}.yaml")
    assert lost.status_code == 404 and "stored.json" in lost.json()["detail"]
    queries = client.get(f"/query-sets/{damaged.queries}.jsonl")
    assert queries.status_code == 404 and "were changed since they were uploaded" in queries.json()["detail"]
    assert "Whom" in client.get(f"/query-sets/{damaged.queries}/stored.json").text
    assert "telepathy" in client.get(f"/comparisons/{damaged.comparison}/stored.json").text


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 2**64, 10**40])
def test_an_id_of_nothing_is_not_found_in_words(opened: Opened, number: int) -> None:
    client = opened[2]
    for address in ("runs/{}/run.json", "runs/{}/stored.json", "versions/{}.yaml", "versions/{}/stored.json", "query-sets/{}.jsonl", "drafts/{}/stored.json"):
        answer = client.get(f"/{address.format(number)}")
        assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such thing here."}), address
    asked = {"run/state": {"run": number}, "write/draft": {"constitution": number}, "write/open": {"constitution": 1, "number": number}}
    asked |= {"judge/replies": {"version": number, "data": "e30="}, "constitutions/archive": {"constitution": number}}
    for address, question in asked.items():
        answer = client.post(f"/api/{address}", json=question)
        assert answer.status_code == 400 and " no " in answer.json()["message"], (address, answer.json())


@pytest.mark.parametrize("sent", ["abc", "1e3", "٣", "9" * 400, "1.5", "%00"])
def test_what_is_no_number_in_an_address_is_not_found_either(opened: Opened, sent: str) -> None:
    assert opened[2].get(f"/versions/{sent}/stored.json").status_code == 404
    assert opened[2].get(f"/runs/{sent}/report.csv").status_code == 404


@pytest.mark.parametrize("sent", ["9" * 30, "-1", "x", "9" * 9])
def test_an_address_of_a_page_that_names_nothing_says_so(opened: Opened, sent: str) -> None:
    studio = opened[0]
    assert told(RunPage(studio).opened({"id": sent}, asks()))["kind"] == "none"
    assert told(WritePage(studio).opened({"constitution": sent}, asks()))["kind"] == "choose"
    assert "cannot be trained on" in told(TrainPage(studio).opened({"version": sent}, asks()))["message"]
    assert "There is no finished run" in told(ComparePage(studio).opened({"run": sent}, asks()))["problem"]


KEYS = [
    *("version.constitution_id", "version.parent_id", "version.number", "draft.constitution_id", "draft.base_version_id", "run.version_id"),
    *("run.query_set_id", "comparison.run_id", "comparison.version_id", "principle.constitution_id", "run.id", "constitution.id"),
]
WRONG = {"of no row": 999_999, "bytes": b"\xff\x00", "nothing": None}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A data folder with a row of each kind, and the constitution that they are of."""
    data: Path = tmp_path_factory.mktemp("sound") / "data"
    studio = make_studio(data)
    run_id = queue(studio)
    finish(studio, claim(studio), result())
    version = version_id(studio)
    here = constitution_of_version(studio, version)
    draft = constitutions.open_draft(studio, here, "Ann")
    constitutions.save_draft(studio, here, "Ann", draft.revision, [*draft.rows, {**draft.rows[0], "id": "7" * 32}])
    sampling = {"max_new_tokens": 8, "temperature": 0, "top_p": 1}
    asked = CompareForm(run_id=run_id, version_id=None, query="Why?", side="statement", seed=0, sampling=sampling)
    with closing(start_comparison(studio, "Ann", asked)) as told_of:  # type: ignore[type-var]
        next(told_of)
    studio.engine.dispose()
    return data, here


@pytest.mark.parametrize("column", KEYS)
def test_a_key_that_is_damaged_stops_no_page_and_no_start_and_the_doctor_names_it(sound: tuple[Path, int], tmp_path: Path, column: str) -> None:
    for what, value in WRONG.items():
        data = tmp_path / what
        shutil.copytree(sound[0], data)
        if not damage_key(data / "studio.db", column, value):
            continue  # SQLite itself refuses such an id
        studio = open_studio(settings_for(data))
        pages = {
            "list": ConstitutionsPage(studio).list({}, asks("Ann")),
            "write": WritePage(studio).opened({"constitution": str(sound[1])}, asks("Ann")),
            "choices": TrainPage(studio).choices({}, asks("Ann")),
            "runs": TrainPage(studio).runs({}, asks("Ann")),
            "run": RunPage(studio).state({"run": 1}, asks("Ann")),
            "compare": ComparePage(studio).sources({}, asks("Ann")),
            "judge": JudgePage(studio).opened({}, asks("Ann")),
        }
        gone = {"constitution.id": ["write"], "run.id": ["run"]}.get(column, [])  # whoever asks for what is not there is told
        assert [name for name, reply in pages.items() if told(reply)["kind"] in ("fault", "problem", "choose")] == gone, (what, pages)
        with studio.sessions.read() as session:
            found = [*unreadable_versions(session), *unreadable_rows(session)]
        may_be_none = value is None and column in ("version.parent_id", "draft.base_version_id", "comparison.run_id")
        assert found or may_be_none or (column, what) == ("version.number", "of no row"), what
        if column == "run.version_id":
            assert run_view(studio, 1).problems == ("Version 0, which it was made from, cannot be read: there is no such version in the database.",)
        studio.engine.dispose()


def damage_key(database: Path, column: str, value: object) -> bool:
    """Change a key behind the studio's back, also to NULL where none may be; False where SQLite has no such row."""
    table, name = column.split(".")
    with closing(sqlite3.connect(database, isolation_level=None)) as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        raw.execute("PRAGMA writable_schema=ON")
        (made,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        raw.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (re.sub(rf"(\b{name} \w+) NOT NULL", r"\1", made), table))
    with closing(sqlite3.connect(database, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints=ON")
        try:
            raw.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = (SELECT max(rowid) FROM {table})", (value,))
        except sqlite3.IntegrityError:
            return False
    return True
