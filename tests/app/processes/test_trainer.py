"""The trainer with real processes on a real database: runs end, die, are rescued, stopped and resumed, and nothing is lost."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from app.present.runs import CAUSES, messages_html
from app.processes.attempt import Watch
from app.processes.launchers import LocalLauncher, attempt_command, death
from app.processes.protocol import HELPER_LOST, attempt_key
from app.processes.trainer import Trainer, work_once
from app.processes.training import Reporter
from app.services.runs import resume, run_view, stop
from core.progress import StepReport
from core.runs.pace import Pace
from db import machines, runs
from db.status import JobStatus
from tests.app import warm
from tests.app.planting import HARDWARE, claim, make_studio
from tests.app.processes.small_trainings import CONFIG, folder_of, job, log, queue, row, wait_for
from tests.tiny import save_tiny_model

ROOT = Path(__file__).parents[3]


@pytest.fixture
def studio(tmp_path):
    return make_studio(tmp_path / "data")


# An attempt as it is, but that it asks more often whether a person wants it to stop.
ATTENTIVE = "import sys, app.processes.attempt as attempt; attempt.HEARTBEAT_S = 0.2; from app.cli import main; raise SystemExit(main(sys.argv[1:]))"


def attentive(claim):
    return [*warm.python(), "-c", ATTENTIVE, *attempt_command(claim)[3:]]


def killed_at_first(claim):
    """The same, but that the first is an interpreter of its own, gone as soon as it is killed."""
    return [sys.executable, *attempt_command(claim)[1:]] if claim.attempt == 1 else attentive(claim)


@pytest.fixture
def trainer(studio):
    return Trainer(studio.sessions, LocalLauncher(studio.settings, studio.store, attentive))


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def whole(model_folder, tmp_path_factory):
    """A studio whose one run was done from beginning to end, and the run's id."""
    studio = make_studio(tmp_path_factory.mktemp("whole") / "data")
    trainer = Trainer(studio.sessions, LocalLauncher(studio.settings, studio.store))
    run_id = queue(studio, model_folder)
    assert work_once(trainer)
    assert job(studio, run_id).status == JobStatus.FINISHED, log(studio, run_id, 1)
    assert not work_once(trainer)
    yield studio, run_id
    studio.engine.dispose()


def test_a_queued_run_is_done_and_leaves_everything(whole):
    studio, run_id = whole
    run = row(studio, run_id)
    assert run.adapter == f"{attempt_key(run_id, 1)}/adapter"
    assert studio.store.exists(f"{run.adapter}/adapter_model.safetensors")
    assert run.result["report"]["n_queries"] == 4
    assert str(studio.settings.data) not in f"{run.result} {(folder_of(studio, run_id, 1) / 'run.json').read_text()}"
    with studio.sessions.read() as session:
        assert {m.step for m in runs.metrics(session, run_id) if m.name == "loss_nats"} == set(range(1, 17))
        assert {s.side for s in runs.samples(session, run_id)} == {"statement", "antithesis"}


def test_a_killed_attempt_goes_on_from_its_checkpoint_and_ends_as_if_it_had_not_been(studio, model_folder, whole):
    trainer = Trainer(studio.sessions, LocalLauncher(studio.settings, studio.store, killed_at_first))
    killed = queue(studio, model_folder)
    folder = folder_of(studio, killed, 1)
    worker = threading.Thread(target=work_once, args=(trainer,))
    worker.start()
    wait_for(lambda: (folder / "curve.json").exists(), "the first steps")
    os.kill(attempt_of(os.getpid(), killed), signal.SIGKILL)
    worker.join(60)
    after = job(studio, killed)
    assert after.status == JobStatus.QUEUED
    assert "signal 9" in after.notice
    work_once(trainer)
    done = row(studio, killed)
    assert done.job.status == JobStatus.FINISHED, log(studio, killed, 2)
    assert done.job.attempt == 2
    left_alone = row(*whole)
    assert done.adapter_sha256 == left_alone.adapter_sha256
    assert done.result["report"] == left_alone.result["report"]


# The same, but that it dies as soon as a checkpoint is committed, before anybody is told of it.
DYING = (
    "import os, core.runs.loop as loop; commit = loop.save_checkpoint; loop.save_checkpoint = lambda *given: (commit(*given), os.kill(os.getpid(), 9));"
    + ATTENTIVE
)


def test_an_attempt_killed_between_checkpoint_and_rows_leaves_no_gap_in_curve_or_replies(studio, model_folder, whole):
    command = lambda claim: [*warm.python(), "-c", DYING if claim.attempt == 1 else ATTENTIVE, *attempt_command(claim)[3:]]  # noqa: E731
    trainer = Trainer(studio.sessions, LocalLauncher(studio.settings, studio.store, command))
    run_id = queue(studio, model_folder)
    assert work_once(trainer) and work_once(trainer)
    assert (job(studio, run_id).status, job(studio, run_id).attempt) == (JobStatus.FINISHED, 2), log(studio, run_id, 2)
    assert told(studio, run_id) == told(*whole)


def told(studio, run_id):
    """The curve and the replies that the page shows."""
    with studio.sessions.read() as session:
        curve = [(each.step, each.name, each.value) for each in runs.metrics(session, run_id)]
        return curve, [(each.step, each.position, each.query, each.side, each.text) for each in runs.samples(session, run_id)]


def attempt_of(trainer_pid, run_id):
    """The process id of the attempt at a run that this process has started."""
    return next(child.pid for child in psutil.Process(trainer_pid).children() if child.cmdline()[-4:-2] == ["attempt", str(run_id)])


def test_a_run_is_stopped_with_a_checkpoint_and_resumed(studio, trainer, model_folder):
    run_id = queue(studio, model_folder, config=long_config())
    worker = threading.Thread(target=work_once, args=(trainer,))
    worker.start()
    wait_for(lambda: job(studio, run_id).phase == "training" and job(studio, run_id).step > 2, "training")
    stop(studio, run_id)
    worker.join(60)
    stopped = job(studio, run_id)
    assert stopped.status == JobStatus.STOPPED
    assert stopped.checkpoint is not None
    assert studio.store.exists(stopped.checkpoint)
    resume(studio, run_id)
    second = threading.Thread(target=work_once, args=(trainer,))
    second.start()
    wait_for(lambda: job(studio, run_id).step > stopped.step and job(studio, run_id).phase == "training", "going on")
    assert f"training {stopped.step}/" not in log(studio, run_id, 2)  # that step was not done again
    stop(studio, run_id)
    second.join(60)


def long_config():
    return replace(CONFIG, passes=1000)


def test_a_trainer_killed_at_work_loses_nothing(studio, trainer, model_folder):
    """SIGKILL to the trainer process itself: its child sees the pipe close, saves and ends; a new trainer rescues the run at once."""
    run_id = queue(studio, model_folder, config=long_config())
    with studio.sessions.begin() as session:
        machines.put_machine(session, trainer.launcher.place, asdict(HARDWARE))  # so that it begins without measuring
    environ = os.environ | studio.settings.to_environment()
    with (studio.settings.logs_folder / "trainer.log").open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", "app", "trainer"], cwd=ROOT, env=environ, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    wait_for(lambda: job(studio, run_id).phase == "training" and job(studio, run_id).step > 2, "training", 90)
    child = attempt_of(process.pid, run_id)
    process.kill()
    process.wait()
    held = job(studio, run_id)
    assert held.status == JobStatus.RUNNING
    worker = threading.Thread(target=work_once, args=(trainer,))
    worker.start()
    wait_for(lambda: job(studio, run_id).attempt == 2 and job(studio, run_id).phase == "training", "the rescue")
    assert job(studio, run_id).step >= held.step
    wait_for(lambda: not Path(f"/proc/{child}").exists(), "the orphan's end")
    stop(studio, run_id)
    worker.join(60)
    assert job(studio, run_id).status == JobStatus.STOPPED


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"


def test_a_model_that_was_brought_damaged_is_no_mistake_of_the_program(studio, trainer, model_folder, tmp_path):
    quantised = b'{"model_type": "llama", "quantization_config": {"quant_method": "awq"}}'
    found = {}
    for name, content in (("model.safetensors", POINTER), ("tokenizer.json", b"{"), ("config.json", quantised)):
        folder = shutil.copytree(model_folder, tmp_path / name)
        (folder / name).write_bytes(content)
        run_id = queue(studio, folder, key=name)
        work_once(trainer)
        found[name] = job(studio, run_id).error_kind
        assert name in job(studio, run_id).error_text or "awq" in job(studio, run_id).error_text
        assert CAUSES[found[name]] != CAUSES["bug"]
    assert found == {"model.safetensors": "damaged", "tokenizer.json": "damaged", "config.json": "unsupported"}


def test_a_model_that_cannot_be_had_fails_with_its_remedy_and_the_next_run_starts(studio, trainer, model_folder, tmp_path):
    empty = tmp_path / "not-a-model"
    empty.mkdir()
    bad, good = queue(studio, empty, key="bad"), queue(studio, model_folder, key="good")
    work_once(trainer)
    failed = job(studio, bad)
    assert (failed.status, failed.error_kind) == (JobStatus.FAILED, "model")
    assert "config.json" in failed.error_text
    work_once(trainer)
    assert job(studio, good).status == JobStatus.FINISHED


def test_a_trainer_that_stops_hands_its_run_back(studio, trainer, model_folder):
    run_id = queue(studio, model_folder, config=long_config())
    worker = threading.Thread(target=work_once, args=(trainer,))
    worker.start()
    wait_for(lambda: job(studio, run_id).phase == "training" and job(studio, run_id).step > 2, "training")
    trainer.stopping.set()
    worker.join(60)
    back = job(studio, run_id)
    assert back.status == JobStatus.QUEUED
    assert back.crashes == 0
    assert back.checkpoint is not None


@pytest.mark.parametrize(("status", "words"), [(-9, "memory runs out"), (-15, "SIGTERM"), (1, "status 1"), (HELPER_LOST, "One of the processes")])
def test_a_death_is_told_in_words(status, words):
    assert words in death(status)


def test_a_notice_that_lasts_stays_on_the_run_when_the_next_phase_begins(studio, model_folder):
    run_id = queue(studio, model_folder)
    report = Reporter(Watch(studio.sessions, claim(studio)), Pace({}))
    report(StepReport(phase="preparing", done=100, total=100, note="Scored row by row.", lasting="Scored row by row."))
    report(StepReport(phase="preparing", done=100, total=100, note="asking the base"))
    assert job(studio, run_id).notice == "asking the base"
    report(StepReport(phase="sampling", done=1, total=1))
    assert job(studio, run_id).notice == "Scored row by row."


# The same, but content with the little room of a little disk.
CONTENT = f"import app.processes.attempt as a; a.ROOM_BYTES = a.MOST_ROOM_BYTES = 1 << 20; {ATTENTIVE}"


@pytest.mark.skipif(not os.environ.get("STUDIO_TEST_LONG") or os.geteuid() != 0, reason="a disk is mounted: only as root, and with STUDIO_TEST_LONG=1")
def test_a_run_on_a_disk_that_fills_up_waits_says_so_and_ends_as_if_it_had_not(model_folder, tmp_path, whole):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        studio = make_studio(disk / "data")
        command = lambda claim: [*warm.python(), "-c", CONTENT, *attempt_command(claim)[3:]]  # noqa: E731
        trainer = Trainer(studio.sessions, LocalLauncher(studio.settings, studio.store, command))
        run_id = queue(studio, model_folder)
        worker = threading.Thread(target=work_once, args=(trainer,))
        worker.start()
        wait_for(lambda: (folder_of(studio, run_id, 1) / "curve.json").exists(), "the first steps")
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        wait_for(lambda: run_view(studio, run_id).waits is not None, "the full disk to be told")
        assert "The disk is full since" in messages_html(run_view(studio, run_id))
        (disk / "filler").unlink()
        worker.join(120)
        done = row(studio, run_id)
        assert (done.job.status, done.job.attempt) == (JobStatus.FINISHED, 1), log(studio, run_id, 1)
        assert done.adapter_sha256 == row(*whole).adapter_sha256
        studio.engine.dispose()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
