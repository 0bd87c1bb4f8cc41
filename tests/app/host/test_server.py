"""The model host as a process of its own, on a tiny model: what it streams, whom it refuses, and what a kill or a departure does to it."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.host import client as host_client
from app.host.client import HostError
from app.host.protocol import ModelChoice, ReplyRequest, WriteRequest
from app.host.server import BUSY
from app.processes.lifeline import SUPERVISED, is_alive
from app.settings import Settings, prepare_data_folder
from core.engine.adapters import adapter_hash
from core.methods.arms import Arm, Artifact, arm_to_data, arms_for, make_arm
from tests.app.hosting import RunningHost, ask, wait_until
from tests.app.warm import ROOT
from tests.tiny import CHAT_TEMPLATE, save_tiny_adapter, save_tiny_model

KEYS = ("base", "prompt", "sami", "sami-alone")
CONSTITUTION = {"name": "Brevity", "principles": [{"title": "Short", "statement": "Be brief.", "antithesis": "Be long."}]}
LONG = {"max_new_tokens": 3000, "temperature": 0.0, "top_p": 1.0}  # the likeliest token of the tiny model is never the end


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def adapter(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_adapter(model_folder, tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, database_url=f"sqlite:///{data}/studio.db", device="cpu")
    prepare_data_folder(settings)
    running = RunningHost(settings)
    yield running
    running.kill()


@pytest.fixture
def request_(model_folder: Path, adapter: Path) -> ReplyRequest:
    return ReplyRequest(
        model=ModelChoice(id=str(model_folder)),
        query="Why is the sky blue? 日本",
        seed=3,
        sampling={"max_new_tokens": 24, "temperature": 1.0, "top_p": 1.0},
        constitution=CONSTITUTION,
        arms=data(arms_for("sami", artifact_of(adapter))),
    )


def artifact_of(adapter: Path) -> Artifact:
    return Artifact(kind="adapter", place=str(adapter), sha256=adapter_hash(adapter))


def data(arms: Sequence[Arm]) -> list[dict[str, Any]]:
    return [arm_to_data(arm) for arm in arms]


def events(host: RunningHost, request: ReplyRequest) -> list[dict[str, Any]]:
    return list(host_client.stream(host.settings, request))


def texts(host: RunningHost, request: ReplyRequest) -> dict[str, str]:
    return {event["arm"]: event["text"] for event in events(host, request) if event["event"] == "done"}


def test_an_idle_host_says_who_it_is_to_this_user_only_and_has_not_imported_torch(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db", device="cpu")
    environ = os.environ | settings.to_environment() | {SUPERVISED: "1"}
    with subprocess.Popen([sys.executable, "-m", "app", "model-host"], cwd=ROOT, env=environ, stdin=subprocess.PIPE) as process:
        wait_until(settings.model_host_file.exists, 30)
        said = json.loads(settings.model_host_file.read_text())
        assert stat.S_IMODE(settings.model_host_file.stat().st_mode) == 0o600
        assert is_alive(said["identity"]) is True
        assert ask(settings, "GET", "/health") == {"status": "ok", "busy": False, "model": None, "adapters": []}
        assert psutil.Process(process.pid).memory_info().rss < 150_000_000
    assert process.returncode == 0


def test_a_request_without_the_token_is_refused(host: RunningHost) -> None:
    wait_until(host.settings.model_host_file.exists, 30)
    port = json.loads(host.settings.model_host_file.read_text())["port"]
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp4"}):
        for method, path in (("GET", "/health"), ("POST", "/replies"), ("POST", "/text"), ("POST", "/check"), ("POST", "/release")):
            assert httpx.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, trust_env=False).status_code == 401


def test_all_panes_are_written_in_step_and_each_ends_with_its_whole_text(host: RunningHost, request_: ReplyRequest) -> None:
    seen = events(host, request_)
    done = {event["arm"]: event for event in seen if event["event"] == "done"}
    assert set(done) == set(KEYS)
    assert seen[-1] == {"event": "end"}
    tokens = [(event["arm"], event["tokens"]) for event in seen if event["event"] == "token"]
    assert {key for key, _ in tokens[:4]} == set(KEYS)
    for key, event in done.items():
        written = [each["text"] for each in seen if each["event"] == "token" and each["arm"] == key]
        assert all(event["text"].startswith(text.rstrip()) for text in written)
    assert done["base"]["adapter_sha256"] is None
    assert done["prompt"]["adapter_sha256"] is None
    assert done["sami-alone"]["adapter_sha256"] == done["sami"]["adapter_sha256"] == request_.arms[2]["artifact"]["sha256"]
    assert len({event["seed"] for event in done.values()}) == 1


def test_the_base_panes_are_the_base_without_any_adapter_exactly(host: RunningHost, request_: ReplyRequest) -> None:
    together = texts(host, request_)
    host.kill()  # a new one has no adapter on its base
    host.start()
    alone = texts(host, replace(request_, arms=request_.arms[:2]))
    assert alone == {key: together[key] for key in ("base", "prompt")}
    assert together["sami"] != together["prompt"]
    assert together["sami-alone"] != together["base"]


def test_the_same_request_gives_the_same_replies_and_another_side_others(host: RunningHost, request_: ReplyRequest) -> None:
    assert texts(host, request_) == texts(host, request_)
    assert texts(host, replace(request_, side="antithesis"))["sami"] != texts(host, request_)["sami"]


def test_token_scores_join_to_the_reply_and_differ_between_base_and_aligned(host: RunningHost, request_: ReplyRequest) -> None:
    done = {event["arm"]: event for event in events(host, request_) if event["event"] == "done"}
    scores = done["sami"]["token_scores"]
    assert "".join(text for text, _, _ in scores).strip() == done["sami"]["text"]
    assert len(scores) == done["sami"]["tokens"]
    assert all(base <= 0 and aligned <= 0 for _, base, aligned in scores)
    assert any(base != aligned for _, base, aligned in scores)
    assert done["base"]["token_scores"] is None


def test_two_adapters_take_turns_on_one_base(host: RunningHost, request_: ReplyRequest, model_folder: Path, tmp_path: Path) -> None:
    other = save_tiny_adapter(model_folder, tmp_path, seed=9)
    second = replace(request_, arms=data(arms_for("sami", artifact_of(other))))
    first_texts, second_texts = texts(host, request_), texts(host, second)
    assert first_texts["sami-alone"] != second_texts["sami-alone"]
    assert first_texts["base"] == second_texts["base"]
    assert texts(host, request_) == first_texts


def test_two_adapters_and_one_at_several_strengths_stand_side_by_side(host: RunningHost, request_: ReplyRequest, model_folder: Path, tmp_path: Path) -> None:
    right = Artifact(**request_.arms[2]["artifact"])
    other = artifact_of(save_tiny_adapter(model_folder, tmp_path, seed=9))
    alone = texts(host, request_)
    strengths = {value: make_arm("sami", artifact=right, settings={"strength": value}) for value in (0.0, 0.5, 2.0)}
    foreign = make_arm("sami", artifact=other, settings={"strength": 1.5})  # another key than the first adapter's arms
    together = texts(host, replace(request_, arms=[*request_.arms, *data([*strengths.values(), foreign])]))
    assert {key: together[key] for key in KEYS} == alone
    assert together[strengths[0.0].key] == alone["prompt"]
    assert len({alone["prompt"], alone["sami"], *(together[strengths[value].key] for value in (0.5, 2.0)), together[foreign.key]}) == 5
    assert set(host.ask("GET", "/health")["adapters"]) == {right.sha256, other.sha256}
    assert texts(host, replace(request_, arms=data([foreign]))) == {foreign.key: together[foreign.key]}


def test_context_aware_decoding_is_a_pane_like_any_other(host: RunningHost, request_: ReplyRequest) -> None:
    arms = [make_arm("context"), make_arm("context", settings={"alpha": 0.0})]
    done = {event["arm"]: event for event in events(host, replace(request_, arms=[*request_.arms, *data(arms)])) if event["event"] == "done"}
    assert done["context alpha=0"]["text"] == done["prompt"]["text"] != done["context"]["text"]
    assert any(base != own for _, base, own in done["context"]["token_scores"])
    assert done["context"]["adapter_sha256"] is done["context alpha=0"]["token_scores"] is None


def test_turns_are_put_to_the_base_as_they_are(host: RunningHost, request_: ReplyRequest) -> None:
    turns = {"system": "You are a helpful assistant.", "user": request_.query}
    request = WriteRequest(model=request_.model, turns=turns, seed=3, sampling=request_.sampling)
    texts(host, request_)  # so that an adapter is on the base
    seen = [list(host_client.stream(host.settings, each)) for each in (request, request, replace(request, turns=turns | {"user": "Why?"}))]
    last = [[event for event in events if event["event"] == "done"] for events in seen]
    assert [len(done) for done in last] == [1, 1, 1]
    assert last[0] == last[1] != last[2]
    written = [event for event in seen[0] if event["event"] == "token"]
    assert [event["tokens"] for event in written] == list(range(1, last[0][0]["tokens"] + 1))
    assert last[0][0]["text"].startswith(written[-1]["text"].strip())
    long = replace(request, sampling={**LONG, "max_new_tokens": 4096})
    assert any(event["event"] == "error" and "Shorten" in event["message"] for event in host_client.stream(host.settings, long))


def test_a_changed_or_missing_adapter_is_refused_in_words(host: RunningHost, request_: ReplyRequest, tmp_path: Path) -> None:
    right = Artifact(**request_.arms[2]["artifact"])
    other, gone = replace(right, sha256="0" * 64), replace(right, place=str(tmp_path / "gone"))
    for changed, says in ((other, "is not the one that the run recorded"), (gone, "no longer where the run left it")):
        asked = replace(request_, arms=data(arms_for("sami", changed)))
        assert any(event["event"] == "error" and says in event["message"] for event in events(host, asked))
    assert len(texts(host, request_)) == 4


def test_a_prompt_that_does_not_fit_leaves_the_other_panes_alone(host: RunningHost, request_: ReplyRequest) -> None:
    long = {"name": "Long", "principles": [{"title": "L", "statement": "word " * 790, "antithesis": "x"}]}
    seen = events(host, replace(request_, constitution=long, sampling={**LONG, "max_new_tokens": 200}))
    assert {event["arm"] for event in seen if event["event"] == "done"} == {"base", "sami-alone"}
    failed = [event for event in seen if event["event"] == "error"]
    assert {event["arm"] for event in failed} == {"prompt", "sami"}
    assert all("Shorten the constitution" in event["message"] for event in failed)


def test_a_setting_outside_its_range_and_an_unknown_model_are_errors_in_words(host: RunningHost, request_: ReplyRequest, tmp_path: Path) -> None:
    hot = replace(request_, sampling={"max_new_tokens": 8, "temperature": 99.0, "top_p": 1.0})
    assert [event["message"] for event in events(host, hot) if event["event"] == "error"] == ["temperature must be between 0 and 5, got 99.0."]
    unknown = replace(request_, model=ModelChoice(id=str(tmp_path / "nothing")), arms=request_.arms[:1])
    assert any(event["event"] == "error" and "neither a model folder" in event["message"] for event in events(host, unknown))


def test_a_template_that_never_ends_is_told_with_its_reason_and_holds_up_nobody(
    host: RunningHost, request_: ReplyRequest, model_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(model_folder, tmp_path / "endless")
    endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    (folder / "chat_template.jinja").write_text(endless + CHAT_TEMPLATE)
    asked = replace(request_, model=ModelChoice(id=str(folder)), arms=request_.arms[:1])
    seen, busy = [], []
    for event in host_client.stream(host.settings, asked):
        seen.append(event)
        if event["event"] == "alive":  # a second has passed, and the host answers others; the last may be heard of when it is over
            busy.append(host.ask("GET", "/health")["busy"])
    assert busy[0] is True
    told = [event["message"] for event in seen if event["event"] == "error"]
    assert len(told) == 1 and "took more than 6 seconds, so it was stopped. Choose another model." in told[0]
    assert len(texts(host, request_)) == 4


def test_when_the_reader_leaves_the_writing_stops_and_the_next_is_served(host: RunningHost, request_: ReplyRequest) -> None:
    with closing(host_client.stream(host.settings, replace(request_, sampling=LONG))) as stream:
        next(event for event in stream if event["event"] == "token")
        assert host.ask("GET", "/health")["busy"] is True
    wait_until(lambda: host.ask("GET", "/health")["busy"] is False, 5)
    assert len(texts(host, request_)) == 4


def test_a_second_reader_is_told_to_wait(host: RunningHost, request_: ReplyRequest) -> None:
    with closing(host_client.stream(host.settings, replace(request_, sampling=LONG))) as first:
        next(event for event in first if event["event"] == "token")
        with closing(host_client.stream(host.settings, request_)) as second:
            assert next(second)["note"] == BUSY
            first.close()
            assert any(event["event"] == "done" for event in second)


def test_release_puts_the_model_away_and_the_next_request_brings_it_back(host: RunningHost, request_: ReplyRequest) -> None:
    before = texts(host, request_)
    assert host_client.release(host.settings) is True
    wait_until(lambda: host.ask("GET", "/health")["model"] is None, 5)
    assert texts(host, request_) == before


def test_a_host_killed_before_the_first_token_is_waited_for(host: RunningHost, request_: ReplyRequest) -> None:
    host.kill()
    host.start()
    assert len(texts(host, request_)) == 4


def test_a_host_killed_in_the_middle_is_an_error_in_words_and_the_next_request_works(host: RunningHost, request_: ReplyRequest) -> None:
    with closing(host_client.stream(host.settings, replace(request_, sampling=LONG))) as stream:
        next(event for event in stream if event["event"] == "token")
        host.kill()
        with pytest.raises(HostError, match="stopped in the middle"):
            list(stream)
    host.start()
    assert len(texts(host, request_)) == 4


def test_without_a_host_the_message_says_where_to_look(host: RunningHost, request_: ReplyRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_client, "PATIENCE_S", 0.5)
    elsewhere = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db")
    with pytest.raises(HostError, match=r"logs/model-host\.log"):
        list(host_client.stream(elsewhere, request_))
    assert host_client.release(elsewhere) is False


def test_a_host_whose_supervisor_is_gone_stops_and_takes_its_file_with_it(host: RunningHost, request_: ReplyRequest) -> None:
    assert len(texts(host, request_)) == 4
    assert host.end() == 0
    assert not host.settings.model_host_file.exists()
    host.start()
