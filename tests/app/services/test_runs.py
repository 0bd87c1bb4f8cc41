"""Asking for runs and watching them, on a real database."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.processes.store import FolderStore
from app.services import plans, runs
from app.services.base_models import check_model_id, look_up
from app.services.constitutions import archive
from app.services.logs import LOG_LINES, log_tail
from app.services.query_sets import upload
from app.services.studio import RefusedError, Studio
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE
from core.errors import ConfigError, ConstitutionError, ModelError, QueryError, StudioError
from core.methods.settings import PRESETS, config_from_data
from db import claims, jobs
from db.runs import get_run as get_row
from db.session import clock
from db.tables import JobStatus
from tests.app.planting import (
    HARDWARE,
    add_plain_version,
    claim,
    finish,
    form,
    get_run,
    make_studio,
    measure,
    progress,
    queue,
    sample,
    train_steps,
    version_id,
    write_log,
)
from tests.app.results import result

LLAMA = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 512,
    "max_position_embeddings": 256,
    "tie_word_embeddings": True,
}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A Hub on this machine that has one model, and the addresses it was asked for."""
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            found = self.path == "/tiny/llama/resolve/main/config.json"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(LLAMA).encode() if found else b"")

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield asked
        server.shutdown()
        thread.join()


def model_folder(path: Path, *, weights: str = "model.safetensors", config: str | None = None) -> str:
    path.mkdir()
    (path / weights).write_bytes(b"")
    (path / "config.json").write_text(json.dumps(LLAMA) if config is None else config)
    return str(path)


def test_versions_are_offered_newest_first_and_not_of_archived_constitutions(studio: Studio) -> None:
    newest = add_plain_version(studio, "Mine", "Be brief.")
    offered = plans.choices(studio)
    assert offered.versions[0].id == newest
    assert len(offered.versions) == 6
    archive(studio, offered.versions[0].constitution_id)
    assert newest not in [version.id for version in plans.choices(studio).versions]


def test_models_are_the_operators_the_default_and_those_used_before(studio: Studio, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "tiny")
    queue(studio, model=folder)
    chosen = replace(studio, settings=replace(studio.settings, model="org/chosen"))
    assert plans.choices(chosen).models == ("org/chosen", DEFAULT_MODEL, folder)


def test_a_preview_says_what_is_known_before_anything_was_measured(studio: Studio) -> None:
    preview = plans.preview(studio, form(studio))
    assert preview.hardware is None
    assert preview.estimate is None
    assert DEFAULT_NOTICE in preview.notes
    assert preview.warnings == ()


def test_a_preview_estimates_once_the_machine_was_measured(studio: Studio) -> None:
    measure(studio)
    preview = plans.preview(studio, form(studio))
    assert preview.hardware == HARDWARE
    assert preview.estimate is not None
    assert 30 < preview.estimate.total_s < 240
    assert list(preview.preset_minutes) == list(PRESETS)
    assert sorted(preview.preset_minutes.values()) == list(preview.preset_minutes.values())


def test_the_command_line_is_quoted_and_names_what_differs_from_the_preset(studio: Studio, tmp_path: Path) -> None:
    version = add_plain_version(studio, "It's $HOME; rm -rf", "Be brief.", "bulleted_list")
    folder = model_folder(tmp_path / "a model")
    chosen = form(studio, version_id=version, model=folder, seed=7, changes=("learning_rate=2e-4", "sampling.max_new_tokens=96", "passes=2"))
    command = plans.preview(studio, chosen).command
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "app", "train"]
    assert words[words.index("--model") + 1] == folder
    assert words[words.index("--constitution") + 1] == "it-s-home-rm-rf-v1.yaml"
    assert words[words.index("--queries") + 1] == "everyday-queries.jsonl"
    assert words[words.index("--seed") + 1] == "7"
    assert [words[i + 1] for i, word in enumerate(words) if word == "--set"] == ["learning_rate=0.0002", "sampling.max_new_tokens=96"]


def test_a_query_set_smaller_than_the_preset_is_used_whole_and_said_so(studio: Studio) -> None:
    few = upload(studio, b"query,split\nWhy?,train\nHow?,train\nWhen?,held_out\nWho?,held_out\n", "few.csv")
    notes = plans.preview(studio, form(studio, query_set_id=few.id)).notes
    assert any("2 train queries where 48 are asked for" in note for note in notes)
    assert any("2 held-out queries where 24 are asked for" in note for note in notes)


def test_too_few_queries_left_to_probe_are_said_and_the_settings_of_probes_can_be_changed(studio: Studio) -> None:
    rows = "".join(f"Question {i}?,{'train' if i < 134 else 'held_out'}\n" for i in range(140))
    small = upload(studio, f"query,split\n{rows}".encode(), "small.csv")
    standard = form(studio, query_set_id=small.id, preset="standard", changes=("train_queries=33", "patience=2", "max_repetition_rise=0.3"))
    preview = plans.preview(studio, standard)
    assert (preview.plan.config.patience, preview.plan.config.max_repetition_rise, preview.plan.config.probe_every) == (2, 0.3, 4)
    assert not any("probed" in note for note in preview.notes)  # 134 - 33 - 66 = 35 are left
    tight = plans.preview(studio, replace(standard, changes=("train_queries=65",))).notes  # 67 - 65 of one half, and none of the other
    assert any("probed on 2 queries where 8 are asked for" in note for note in tight)
    none = plans.preview(studio, replace(standard, changes=("train_queries=67",))).notes
    assert any("not probed" in note for note in none)


def test_a_run_stored_before_there_were_probes_is_asked_for_again_without_them(studio: Studio) -> None:
    run_id = runs.queue_run(studio, "Ann", form(studio, preset="standard"), "some-key")
    with studio.sessions.begin() as session:
        row = get_row(session, run_id)
        row.config = {name: value for name, value in row.config.items() if name not in ("probe_every", "probe_queries", "patience", "max_repetition_rise")}
    assert config_from_data(get_run(studio, run_id).config).probe_every == 0
    assert runs.form_again(studio, run_id).changes == ("probe_every=0",)
    assert runs.run_view(studio, run_id).config is not None


def test_training_anyway_can_be_asked_for_on_the_page_and_is_true_or_false(studio: Studio) -> None:
    assert plans.make_plan(studio, form(studio, changes=("train_anyway=true",))).config.train_anyway is True
    with pytest.raises(ConfigError, match="train_anyway must be true or false, got 'yes'"):
        plans.make_plan(studio, form(studio, changes=("train_anyway=yes",)))


def test_too_little_memory_and_too_long_a_constitution_are_warned_of(studio: Studio, tmp_path: Path) -> None:
    measure(studio, replace(HARDWARE, memory_available_bytes=500_000_000))
    folder = model_folder(tmp_path / "tiny")
    long = add_plain_version(studio, "Long", "word " * 700)
    memory, context = plans.preview(studio, form(studio)).warnings, plans.preview(studio, form(studio, model=folder, version_id=long)).warnings
    assert any("0.5 GB were free" in text for text in memory)
    assert any("reads at most 256" in text for text in context)


def test_a_constitution_without_checks_is_said_to_be_measured_by_attribution_only(studio: Studio) -> None:
    plain = add_plain_version(studio, "Plain", "Be kind.")
    assert any("No principle has a check" in note for note in plans.preview(studio, form(studio, version_id=plain)).notes)


def test_a_hub_model_is_looked_up_by_its_config_alone(hub: list[str]) -> None:
    found = look_up("tiny/llama", local=True)
    assert found.shape is not None
    assert found.shape.context_tokens == 256
    assert hub == ["/tiny/llama/resolve/main/config.json"]


def test_a_model_the_hub_does_not_have_is_said_so(hub: list[str]) -> None:
    assert "the Hub has no such public model" in look_up("tiny/missing", local=True).notice


def test_offline_a_hub_model_could_not_be_looked_up(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    measure(studio)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    preview = plans.preview(studio, form(studio, model="some/model"))
    assert preview.estimate is None
    assert any("could not be looked up" in note for note in preview.notes)


@pytest.mark.parametrize("model", ["", "   ", "org/", "a/b/c", "org name/x", "../../etc", "x" * 600, "org/na\nme", "<script>", None, 7])
@pytest.mark.parametrize("local", [True, False])
def test_a_malformed_model_id_is_refused(model: object, local: bool) -> None:
    with pytest.raises(ModelError):
        check_model_id(model, local)


def test_a_folder_must_hold_a_model_without_pickles(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        check_model_id(str(tmp_path), local=True)
    with pytest.raises(ModelError, match="pickled weights can run code"):
        check_model_id(model_folder(tmp_path / "pickled", weights="pytorch_model.bin"), local=True)
    assert look_up(model_folder(tmp_path / "odd", config="[]"), local=True).shape is None
    assert "mixture of experts" in look_up(model_folder(tmp_path / "moe", config=json.dumps({**LLAMA, "num_experts": 8})), local=True).notice


def test_a_folder_of_another_machine_is_not_looked_for_on_this_one(tmp_path: Path) -> None:
    for folder in ("/models/of/a/cluster", str(tmp_path)):  # the second is here, and no model
        found = look_up(folder, local=False)
        assert (found.id, found.shape) == (folder, None)
        assert "on the machine that trains" in found.notice
    with pytest.raises(ModelError, match="the whole path of a folder"):
        check_model_id("models", local=False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"preset": "huge"}, ConfigError),
        ({"seed": -1}, ConfigError),
        ({"changes": ("passes=0",)}, ConfigError),
        ({"changes": ("passes=two",)}, ConfigError),
        ({"changes": ("kl_weight=inf",)}, ConfigError),
        ({"changes": ("learning_rate=nan",)}, ConfigError),
        ({"changes": ("passes=" + "9" * 5000,)}, ConfigError),
        ({"changes": ("colour=1",)}, ConfigError),
        ({"model": "not a model"}, ModelError),
        ({"query_set_id": 999}, QueryError),
        ({"version_id": 999}, RefusedError),
    ],
)
def test_an_unusable_form_is_refused_in_words_and_queues_nothing(studio: Studio, changes: dict[str, object], error: type[StudioError]) -> None:
    with pytest.raises(error):
        runs.queue_run(studio, "Ann", form(studio, **changes), "request-key-1")
    assert runs.list_runs(studio) == []


def test_a_version_that_cannot_be_trained_on_is_refused(studio: Studio) -> None:
    same = add_plain_version(studio, "Same", "The other way.")
    with pytest.raises(ConstitutionError, match="same text"):
        plans.preview(studio, form(studio, version_id=same))


def test_a_double_click_makes_one_run_and_keeps_who_asked(studio: Studio) -> None:
    first, second = (queue(studio, key="same-click", caller="Zoë") for _ in range(2))
    assert first == second
    (line,) = runs.list_runs(studio)
    assert (line.requested_by, line.constitution, line.preset, line.status) == ("Zoë", "Brevity", "quick", JobStatus.QUEUED)
    assert config_from_data(get_run(studio, first).config) == PRESETS["quick"]


@pytest.mark.parametrize("key", [None, "", "short", "x" * 65, "under_score!", 5])
def test_a_request_without_a_usable_key_is_refused(studio: Studio, key: object) -> None:
    with pytest.raises(ConfigError, match="request key"):
        runs.queue_run(studio, "Ann", form(studio), key)


def test_a_run_waits_then_moves_through_its_phases_then_ends(studio: Studio) -> None:
    first, second = queue(studio, key="first-key"), queue(studio, "Warm tone", key="second-key")
    assert (runs.run_view(studio, first).ahead, runs.run_view(studio, second).ahead) == (0, 1)
    held = claim(studio)
    shares = [runs.run_view(studio, first).line.share]
    for phase, done, total in (
        ("preparing", 50, 100),
        ("sampling", 1, 1),
        ("training", 6, 12),
        ("measuring prompt", 1, 1),
        ("measuring sami", 1, 1),
        ("measuring sami-alone", 0, 1),
    ):
        progress(studio, held, phase, done, total)
        shares.append(runs.run_view(studio, first).line.share)
    assert shares == sorted(shares)
    finish(studio, held, result())
    view = runs.run_view(studio, first)
    assert (view.line.status, view.line.share, view.ended) == (JobStatus.FINISHED, 1.0, True)
    assert view.result == result()
    assert runs.run_view(studio, second).ahead == 0


def test_the_time_left_counts_the_phases_to_come(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    progress(studio, held, "training", 6, 12, eta_s=15.0)
    left = runs.run_view(studio, run_id).eta_s
    assert left is not None
    assert left > 15.0 + 10.0
    progress(studio, held, "measuring sami-alone", 1, 2, eta_s=9.0)
    assert runs.run_view(studio, run_id).eta_s == pytest.approx(9.0)


def test_without_a_pace_the_time_left_is_the_estimate_or_unknown(studio: Studio) -> None:
    run_id = queue(studio)
    progress(studio, claim(studio), "sampling", 0, 1)
    assert runs.run_view(studio, run_id).eta_s is None
    measure(studio)
    assert runs.run_view(studio, run_id).eta_s == pytest.approx(plans.preview(studio, form(studio)).estimate.total_s, rel=0.2)  # type: ignore[union-attr]


def test_metrics_and_samples_of_a_run_are_its_own(studio: Studio) -> None:
    first, second = queue(studio, key="first-key"), queue(studio, key="second-key")
    held = claim(studio)
    train_steps(studio, held, 3)
    sample(studio, held, 2, [("Why?", "So.", "Because.")])
    view = runs.run_view(studio, first)
    assert [point.step for point in view.metrics["loss_nats"]] == [1, 2, 3]
    assert [(s.step, s.side, s.text) for s in view.samples] == [(2, "statement", "So."), (2, "antithesis", "Because.")]
    assert runs.run_view(studio, second).metrics == {}


def test_the_log_tail_is_the_last_lines_without_control_characters(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    assert runs.run_view(studio, run_id).log == ()
    write_log(studio, held, "\n".join(f"line {i}" for i in range(250)) + "\n\x1b[31mred\x1b[0m\x07\nloading 10%\rloading 100%\n")
    log = runs.run_view(studio, run_id).log
    assert len(log) == LOG_LINES
    assert log[-3:] == ("line 249", "red", "loading 100%")


def test_a_log_of_many_megabytes_or_broken_text_is_still_read_quickly(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with store.workspace("runs/1/attempt-1") as folder:
        (folder / "log.txt").write_bytes(b"\xff\xfe" + b"x" * 3_000_000 + "\nlast ü\n".encode())
    assert log_tail(store, "runs/1/attempt-1/log.txt") == ("last ü",)


def test_stop_and_resume(studio: Studio) -> None:
    waiting = queue(studio, key="waiting-key")
    assert runs.stop(studio, waiting) == JobStatus.STOPPED
    runs.resume(studio, waiting)
    held = claim(studio)
    assert runs.stop(studio, waiting) == JobStatus.RUNNING
    assert runs.run_view(studio, waiting).line.stopping
    progress(studio, held, "training", 3, 12, checkpoint="runs/1/attempt-1/checkpoint-000003")
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, held)
    view = runs.run_view(studio, waiting)
    assert (view.line.status, view.resumable_from) == (JobStatus.STOPPED, "checkpoint-000003")
    runs.resume(studio, waiting)
    with pytest.raises(RefusedError, match="only a stopped or failed run"):
        runs.resume(studio, waiting)


def test_a_run_that_does_not_exist_is_refused_in_words(studio: Studio) -> None:
    for act in (runs.run_view, runs.stop, runs.resume, runs.form_again):
        with pytest.raises(RefusedError, match="There is no run 7"):
            act(studio, 7)


def test_a_silent_trainer_is_noticed(studio: Studio) -> None:
    run_id = queue(studio)
    claim(studio)
    assert runs.run_view(studio, run_id).silent_s is None
    with studio.sessions.begin() as session:
        jobs.get_job(session, run_id).heartbeat_at = clock(session) - timedelta(minutes=3)
    assert runs.run_view(studio, run_id).silent_s == pytest.approx(180, abs=20)


def test_a_run_written_by_another_version_of_the_studio_is_still_shown(studio: Studio) -> None:
    run_id = queue(studio)
    with studio.sessions.begin() as session:
        get_row(session, run_id).config = {"preset": "quick", "unheard_of": 1}
    assert runs.run_view(studio, run_id).config is None
    with pytest.raises(ConfigError):
        runs.form_again(studio, run_id)


def test_a_run_gives_back_the_form_that_asked_for_it(studio: Studio) -> None:
    asked = form(studio, "Warm tone", preset="standard", seed=3, changes=("passes=1", "sampling.temperature=0.9"))
    run_id = runs.queue_run(studio, "Ann", asked, "request-key")
    assert runs.form_again(studio, run_id) == asked
    assert asked.version_id == version_id(studio, "Warm tone")
