"""What a script needs besides the pages' own questions, asked over HTTP: what there is, how a run stands, a draft, a stored comparison."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.pages import site
from app.services.proposals import Proposals
from app.services.studio import Studio
from app.settings import Settings
from app.web.api import add_routes
from app.web.security import protect
from core.measure.report_data import report_to_data
from core.measure.rows import rows_to_data
from core.methods.arms import arm_to_data, arms_for, make_arm
from core.runs.links import trainability_from_data, trainability_to_data
from core.settings import SamplingConfig
from db import claims
from db.comparisons import NewComparison, NewReply, add_comparison, save_reply
from tests.app.planting import FOUND, claim, finish, form, make_studio, progress, queue, train_steps, version_id
from tests.app.results import capitals, complying, result

PASSWORD = "a long enough password"
MODEL = "SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class Script:
    """A studio behind its password, and a program that knows it."""

    studio: Studio
    client: TestClient

    def ask(self, address: str, by: str = "ann", status: int = 200, **question: Any) -> dict[str, Any]:
        answer = self.client.post(f"/api/{address}", json=question, auth=(by, PASSWORD))
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    studio, app = make_studio(tmp_path), FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, site.endpoints(studio, Proposals()))
    protect(app, Settings(data=tmp_path, database_url="sqlite://", password=PASSWORD))
    yield Script(studio, TestClient(app, base_url="http://localhost"))
    studio.engine.dispose()


def test_no_endpoint_answers_without_the_password_or_to_another_site(script: Script) -> None:
    addresses = script.client.get("/api/schema.json", auth=("ann", PASSWORD)).json()["endpoints"]
    assert {"constitutions/list", "write/draft", "train/choices", "train/runs", "run/state", "compare/sources", "compare/open"} <= set(addresses)
    for address in addresses:
        assert script.client.post(f"/api/{address}", json={}).status_code == 401
        assert script.client.post(f"/api/{address}", json={}, auth=("ann", PASSWORD), headers={"Origin": "http://evil.test"}).status_code == 403


@pytest.mark.parametrize(
    ("address", "question"),
    [
        ("constitutions/list", {"archived": True}),
        ("write/draft", {"constitution": 999}),
        ("train/choices", {"version": 1}),
        ("train/runs", {"run": 1}),
        ("run/state", {"run": 999}),
        ("run/state", {}),
        ("compare/sources", {"run": 1}),
        ("compare/open", {"comparison": "nothing"}),
    ],
)
def test_what_is_not_there_or_no_such_question_is_a_problem_in_words(script: Script, address: str, question: dict[str, Any]) -> None:
    told = script.ask(address, status=400, **question)
    assert told["kind"] == "problem" and told["message"]


def test_constitutions_are_listed_with_the_newest_version_and_archived_ones_say_so(script: Script) -> None:
    made = script.ask("constitutions/create", name="Mine")
    script.ask("constitutions/archive", constitution=made["id"])
    listed = {each["name"]: each for each in script.ask("constitutions/list")["constitutions"]}
    assert (listed["Brevity"]["version_id"], listed["Brevity"]["archived_at"]) == (version_id(script.studio), None)
    assert listed["Mine"]["id"] == made["id"] and listed["Mine"]["version_id"] is None and listed["Mine"]["archived_at"]


def test_a_draft_is_that_of_whoever_asks_and_can_be_saved(script: Script) -> None:
    brevity = next(each["id"] for each in script.ask("constitutions/list")["constitutions"] if each["name"] == "Brevity")
    draft = script.ask("write/draft", constitution=brevity)
    assert (draft["editor"], draft["head"], draft["problems"]) == ("ann", 1, [])
    changed = [{**draft["principles"][0], "statement": "Answer in one word."}]
    script.ask("write/save", constitution=brevity, revision=draft["revision"], principles=changed)
    assert script.ask("write/draft", constitution=brevity)["principles"][0]["statement"] == "Answer in one word."
    assert script.ask("write/draft", by="bob", constitution=brevity)["principles"] == draft["principles"]


def test_a_run_is_asked_for_with_what_the_choices_say_and_found_in_the_list(script: Script) -> None:
    choices = script.ask("train/choices")
    version = next(each for each in choices["versions"] if each["constitution"] == "Brevity")
    assert {preset["name"] for preset in choices["presets"]} == {"quick", "standard", "thorough"}
    assert choices["presets"][0]["values"]["mipo"]["passes"] and "passes" in {setting["name"] for setting in choices["settings"]}
    asked = {"version": version["id"], "query_set": choices["query_sets"][0]["id"], "model": choices["models"][0]["id"], "preset": "quick", "seed": 0}
    run = script.ask("train/train", **asked, key="a-script-1")["id"]
    (line,) = script.ask("train/runs")["runs"]
    assert (line["id"], line["constitution"], line["status"], line["requested_by"]) == (run, "Brevity", "queued", "ann")
    assert script.ask("run/state", run=run)["says"] == "Waiting, next in line"


def test_a_run_tells_where_it_stands_and_its_curve_a_row_for_each_step(script: Script) -> None:
    run = queue(script.studio)
    held = claim(script.studio)
    train_steps(script.studio, held, 3)
    progress(script.studio, held, "training", 3, 12, eta_s=15.0)
    state = script.ask("run/state", run=run)
    assert (state["kind"], state["status"], state["phase"], state["step"], state["total_steps"]) == ("state", "running", "training", 3, 12)
    assert 0 < state["share"] < 1 and state["eta_s"] > 0
    assert [row["step"] for row in state["curve"]] == [1, 2, 3]
    assert set(state["curve"][0]) == {"step", "loss_nats", "attribution", "mi_bound_nats", "kl_base_policy_nats"}
    assert (state["trainability"], state["result"], state["error"]) == (None, None, None)


def test_a_finished_run_tells_its_report_as_run_json_has_it_and_what_the_base_did_before(script: Script) -> None:
    run, ended = queue(script.studio), result(capitals(), trainability=trainability_from_data(FOUND))
    finish(script.studio, claim(script.studio), ended)
    state = script.ask("run/state", run=run)
    assert (state["status"], state["share"]) == ("finished", 1.0)
    assert state["trainability"] == json.loads(json.dumps(trainability_to_data(trainability_from_data(FOUND))))
    assert state["trainability"]["principles"][0].items() >= FOUND["principles"][0].items()
    assert state["result"] == json.loads(json.dumps({**report_to_data(ended.report), "rows": rows_to_data(ended.report)}))
    assert state["result"]["arms"][0]["arm"]["settings"] == {}


def test_several_seeds_are_asked_for_at_once_and_told_as_one_result(script: Script) -> None:
    chosen = form(script.studio)
    wish = {"version": chosen.version_id, "query_set": chosen.query_set_id, "model": chosen.model, "preset": "quick", "seed": 4}
    run = script.ask("train/train", **wish, seeds=3, key="a-script-1")["id"]
    assert [line["seed"] for line in script.ask("train/runs")["runs"]] == [6, 5, 4]
    told = script.ask("run/state", run=run)["series"]
    assert ([each["seed"] for each in told["runs"]], told["use"], told["result"]) == ([4, 5, 6], None, None)
    for share in (0.9, 0.5, 0.7):
        finish(script.studio, claim(script.studio), complying(share))
    told = script.ask("run/state", run=run)["series"]
    assert told["use"] == told["runs"][2]["run"]
    assert told["result"]["median"]["seed"] == 6
    line = next(each for each in told["result"]["rows"] if each["measure"].endswith("under the statement") and each["arm"] == "sami")
    assert [seed["value"] for seed in line["by_seed"]] == [0.9, 0.5, 0.7]
    queue(script.studio, key="asked-for-alone")
    assert script.ask("run/state", run=run + 3)["series"] is None


def test_a_failed_run_tells_why(script: Script) -> None:
    run = queue(script.studio)
    with script.studio.sessions.begin() as session:
        claims.fail(session, claims.claim_of(claims.claim_next(session, "planted-trainer", {}, 3600.0)), "memory", "Memory ran out.")  # type: ignore[arg-type]
    state = script.ask("run/state", run=run)
    assert (state["status"], state["says"], state["error"]) == ("failed", "Failed: memory ran out", "Memory ran out.")


def planted_comparison(studio: Studio) -> str:
    """Three panes of a version without a run: one answered, one failed, one of a method that was added and never begun."""
    arms = [*arms_for(None, None), make_arm("context", settings={"alpha": 0.7})]
    new = NewComparison(
        version_id=version_id(studio),
        run_id=None,
        model=MODEL,
        revision=None,
        four_bit=False,
        arms=[arm_to_data(arm) for arm in arms],
        query="How do I boil an egg?",
        side="statement",
        seed=7,
        sampling=asdict(SamplingConfig(max_new_tokens=24)),
        created_by="ann",
    )
    answered = NewReply(arm="base", text="Eight minutes.", seed=99, done=True, tokens=4, ended=True, adapter_sha256=None, error=None, token_scores=None)
    failed = NewReply(arm="prompt", text="", seed=99, done=False, tokens=None, ended=None, adapter_sha256=None, error="Too long.", token_scores=None)
    with studio.sessions.begin() as session:
        stored = add_comparison(session, new).id
        for reply in (answered, failed):
            save_reply(session, stored, reply)
    return stored


def test_a_stored_comparison_tells_its_replies_and_all_that_it_was_asked_with(script: Script) -> None:
    stored = planted_comparison(script.studio)
    told = script.ask("compare/open", by="bob", comparison=stored)
    panes = [(pane["title"], pane["state"], pane["text"], pane["error"]) for pane in told["panes"]]
    assert panes[:2] == [("Base without the constitution", "done", "Eight minutes.", ""), ("Base with the constitution", "failed", "", "Too long.")]
    assert [pane["state"] for pane in told["panes"][2:]] == ["stopped"]
    assert (told["kind"], told["source"], told["query"], told["side"], told["seed"]) == (
        "stored",
        f"version:{version_id(script.studio)}",
        "How do I boil an egg?",
        "statement",
        7,
    )
    assert [(arm["method"], arm["settings"]) for arm in told["arms"]] == [("base", {}), ("prompt", {}), ("context", {"alpha": 0.7})]
    assert [arm["method"] for arm in told["added"]] == ["context"]
    assert told["unfinished"] == 2


def test_sources_are_listed_with_their_arms_and_the_newest_comparisons(script: Script) -> None:
    stored = planted_comparison(script.studio)
    told = script.ask("compare/sources")
    source = next(each for each in told["sources"] if each["version"] == version_id(script.studio))
    assert (source["key"], source["run"], [arm["method"] for arm in source["arms"]]) == (f"version:{source['version']}", None, ["base", "prompt"])
    assert [(each["id"], each["query"]) for each in told["recent"]] == [(stored, "How do I boil an egg?")]
