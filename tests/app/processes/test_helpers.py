"""Two processes do a run together on the CPU, over gloo: the same adapter as one makes, and nothing left over when one dies."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from app.cli import parser
from app.processes import attempt
from app.processes.helpers import helped
from app.processes.launchers import LocalLauncher, attempt_command
from app.processes.protocol import HELPER_LOST, WORK, HelperLost
from app.processes.trainer import Trainer, work_once
from core.engine.processes import World, default_count
from core.errors import ConfigError, StudioError
from core.methods.settings import preset
from core.progress import Listener, Stopped
from core.runs.execute import execute
from db.runs import TRAIN
from db.status import JobStatus
from tests.app import warm
from tests.app.commands.test_cli import CONSTITUTION, SMALL
from tests.app.planting import claim, make_studio
from tests.app.processes.test_trainer import job, queue
from tests.core.runs.test_training import plan, probed
from tests.tiny import save_tiny_model

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def _float32(monkeypatch):
    monkeypatch.setattr("core.engine.models.choose_dtype", lambda _: torch.float32)
    monkeypatch.setattr("app.processes.helpers.GRACE_S", 100.0)  # the process that would be ended is the one that runs these tests, on a busy machine
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def asked(tiny_folder):
    return plan(tiny_folder, iterations=2, queries_per_step=3, passes=3, max_kl_nats=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording(World):
    """The first of two processes, that keeps what all of them hold instead of only comparing it."""

    seen: list[list[str]]

    def require_same(self, what, value):
        self.seen.append(self.gather(value))


def together(chosen, folder, seen=None, **callbacks):
    """What two processes make of a plan; `seen` gets what each of them holds at every checkpoint."""
    with helped(chosen, folder, folder.parent, 2, lambda meeting, rank: [*warm.python(), "-m", "tests.app.float32_helper", str(meeting), str(rank)]) as world:
        assert world == World(rank=0, size=2)
        return execute(chosen, folder, folder.parent, Listener(**callbacks), world if seen is None else Recording(rank=0, size=2, seen=seen))


@pytest.fixture(scope="module")
def both(tiny_folder, tmp_path_factory):
    """The folders of one plan done by one process and by two, with what was compared at each checkpoint."""
    folder, seen = tmp_path_factory.mktemp("both"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.engine.models.choose_dtype", lambda _: torch.float32)
        execute(asked(tiny_folder), folder / "one", folder)
        together(asked(tiny_folder), folder / "two", seen)
    return folder / "one", folder / "two", seen


def test_two_processes_make_the_adapter_of_one(both):
    one, two, _ = both
    for name in ("iteration-1/adapter", "adapter"):
        first, second = (load_file(folder / name / "adapter_model.safetensors") for folder in (one, two))
        assert first.keys() == second.keys()
        for part, limit in (("", 1e-5), ("lora_B", 1e-4)):  # B alone begins at zero; AdamW magnifies the rounding of its small gradients
            whole = torch.cat([tensor.flatten() for key, tensor in first.items() if part in key])
            shared = torch.cat([second[key].flatten() for key in first if part in key])
            assert float(whole.norm()) > 0
            assert float((shared - whole).norm()) <= limit * float(whole.norm())


def test_two_processes_find_the_same_replies_and_say_the_same_of_them(both):
    replies = [[json.loads(path.read_text()) for path in sorted(folder.rglob("responses-*.json"))] for folder in both[:2]]
    assert len(replies[0]) == 2
    assert replies[0] == replies[1]
    base = [json.loads((folder / "replies-prompt-000.json").read_text()) for folder in both[:2]]
    assert [(row["query"], row["side"], row["text"]) for row in base[0]] == [(row["query"], row["side"], row["text"]) for row in base[1]]
    texts = [[row["text"] for row in json.loads((folder / "replies-sami-000.json").read_text())] for folder in both[:2]]
    assert texts[0] == texts[1]
    records = [json.loads((folder / "run.json").read_text()) for folder in both[:2]]
    for ours, theirs in zip(*(record["metrics"] for record in records), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-5)
    assert records[0]["queries"] == records[1]["queries"]


def test_both_hold_the_same_adapter_to_the_bit_at_every_checkpoint(both):
    _, two, seen = both
    assert len(seen) == 4  # before the first and after the last step of each iteration
    assert all(len(found) == 2 and found[0] == found[1] for found in seen)
    assert len({found[0] for found in seen}) == 4
    assert sorted(path.name for path in two.rglob("checkpoint-*"))[-1:] == sorted(path.name for path in both[0].rglob("checkpoint-*"))[-1:]


def test_probes_end_training_in_two_processes_where_they_do_in_one_and_both_go_back(tiny_folder, tmp_path):
    seen = []
    one = execute(probed(tiny_folder), tmp_path / "one", tmp_path)
    two = together(probed(tiny_folder), tmp_path / "two", seen)
    assert [(ending["iteration"], ending["step"], ending["reason"], ending["back_to"]) for ending in one.endings] == [(3, 2, "patience", 1)]
    assert two.endings == one.endings
    assert seen and all(len(found) == 2 and len(set(found)) == 1 for found in seen)
    texts = [[row["text"] for row in json.loads((tmp_path / name / "replies-sami-000.json").read_text())] for name in ("one", "two")]
    assert texts[0] == texts[1]  # half of the second list comes from the other process, which has to have gone back too
    first, second = (load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("one", "two"))
    assert all(torch.allclose(first[key], second[key], atol=1e-3) for key in first)


@pytest.mark.parametrize("method", ["bct", "act"])
def test_two_processes_hold_replies_alike_under_wrappers_as_one_does(tiny_folder, tmp_path, method):
    wanted = asked(tiny_folder)
    config = preset("quick", method=method, **{name: getattr(wanted.config, name) for name in ("iterations", "train_queries", "held_out_queries")})
    config = dataclasses.replace(config, queries_per_step=3, passes=2, lora_rank=4, lora_alpha=8, max_kl_nats=0, sampling=wanted.config.sampling)
    chosen, seen = dataclasses.replace(wanted, config=config), []
    execute(chosen, tmp_path / "one", tmp_path)
    together(chosen, tmp_path / "two", seen)
    assert seen and all(len(found) == 2 and len(set(found)) == 1 for found in seen)
    drawn = [json.loads((tmp_path / name / "iteration-2" / "responses-000.json").read_text()) for name in ("one", "two")]
    assert drawn[0] == drawn[1] and len(drawn[0]["examples"]) == 3
    first, second = (load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("one", "two"))
    for part, limit in (("", 1e-5), ("lora_B", 1e-3)):
        whole, shared = (torch.cat([tensor.flatten() for key, tensor in each.items() if part in key]) for each in (first, second))
        assert float(whole.norm()) > 0
        assert float((shared - whole).norm()) <= limit * float(whole.norm())
    curves = [json.loads((tmp_path / name / "run.json").read_text())["metrics"] for name in ("one", "two")]
    for ours, theirs in zip(*curves, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-5)


def test_a_run_whose_helper_is_killed_ends_and_goes_on_to_the_same_adapter(both, tiny_folder, tmp_path):
    def kill(report):
        if report.phase == "training 2" and report.done == 1:
            for child in psutil.Process().children():
                if "float32_helper" in " ".join(child.cmdline()):
                    child.kill()

    with pytest.raises(HelperLost, match=r"Process 2 of 2 of this run was ended by signal 9\. Start it again"):
        together(asked(tiny_folder), tmp_path / "run", on_step=kill)
    assert not any("float32_helper" in " ".join(child.cmdline()) for child in psutil.Process().children())
    steps = []
    record = together(asked(tiny_folder), tmp_path / "run", on_step=steps.append)
    assert not any(report.phase == "training" for report in steps)
    assert record.adapter_sha256 == json.loads((both[1] / "run.json").read_text())["adapter_sha256"]


def test_all_stop_when_the_first_is_asked_to(tiny_folder, tmp_path):
    with pytest.raises(Stopped):
        together(asked(tiny_folder), tmp_path / "run", should_stop=lambda: True)
    assert not (tmp_path / "run" / "adapter").exists()


def test_what_all_meet_is_told_once_and_as_it_is(tiny_folder, tmp_path):
    together_refused = dataclasses.replace(asked(tiny_folder), queries=asked(tiny_folder).queries[:1])
    with pytest.raises(StudioError, match="held") as caught:
        together(together_refused, tmp_path / "run")
    assert caught.value.kind == "queries"


FULL = """
import sys
from app import cli
from app.processes import helpers
from core.errors import OutOfMemoryError
def execute(*_, **__):
    raise OutOfMemoryError("The second GPU is full.")
helpers.execute = execute
sys.exit(cli.main(["helper", *sys.argv[1:]]))
"""


def test_what_only_a_helper_meets_is_told_as_the_reason(tiny_folder, tmp_path):
    chosen, folder = asked(tiny_folder), tmp_path / "run"
    with (
        pytest.raises(StudioError, match="The second GPU is full") as caught,
        helped(chosen, folder, tmp_path, 2, lambda meeting, rank: [*warm.python(), "-c", FULL, str(meeting), str(rank)]) as world,
    ):
        execute(chosen, folder, tmp_path, world=world)
    assert caught.value.kind == "memory"


STUCK = """
import sys
from pathlib import Path
import tests.core.runs.test_training as planned
from app.processes import helpers
helpers.GRACE_S = 0.5
with helpers.helped(planned.plan(Path("model")), Path("run"), Path("."), 2, lambda *_: [sys.executable, "-c", "raise SystemExit(3)"]):
    print("met")
"""


def test_a_process_that_waits_for_a_dead_helper_is_ended_with_a_word(tmp_path):
    environ = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run([*warm.python(), "-c", STUCK], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == HELPER_LOST
    assert done.stderr.splitlines()[-1].startswith("error: Process 2 of 2 of this run ended with status 3.")
    assert done.stdout == ""
    assert list(tmp_path.glob("studio-helpers-*")) == []


def test_the_command_line_and_its_helpers_end_together_and_the_command_goes_on(tiny_folder, tmp_path):
    (tmp_path / "c.yaml").write_text(CONSTITUTION)
    (tmp_path / "q.jsonl").write_text("".join(json.dumps({"query": f"Question {i}?", "split": "train" if i % 2 else "held_out"}) + "\n" for i in range(16)))
    command = ["-m", "app", "train", "--constitution", "c.yaml", "--queries", "q.jsonl", "--model", str(tiny_folder), "--out", "run"]
    command += ["--device", "cpu", "--processes", "2", "--data", "data", *[part for setting in SMALL for part in ("--set", setting)]]
    (tmp_path / "scratch").mkdir()
    environ = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "scratch")}
    with subprocess.Popen([sys.executable, *command], cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "run" / "curve.json").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        helpers = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
    assert len(helpers) == 1
    assert psutil.wait_procs(helpers, timeout=20)[1] == []
    assert list((tmp_path / "scratch").glob("studio-helpers-*")) == []
    done = subprocess.run([*warm.python(), *command], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "adapter" / "adapter_model.safetensors").exists()


def test_the_runs_of_the_page_are_done_together_too(tmp_path, tiny_folder):
    studio = make_studio(tmp_path / "data")
    settings = dataclasses.replace(studio.settings, processes=2, device="cpu")
    run_id = queue(studio, tiny_folder)
    command = lambda claim: [*warm.python(), *attempt_command(claim)[1:]]  # noqa: E731
    assert work_once(Trainer(studio.sessions, LocalLauncher(settings, studio.store, command)))
    log = (settings.runs_folder / str(run_id) / "attempt-1" / "log.txt").read_text()
    assert job(studio, run_id).status == JobStatus.FINISHED, log
    assert "Processes that do this run: 2" in log


def lose_a_helper(settings, watch, folder):
    """Work for an attempt."""
    raise HelperLost("gone")


def test_an_attempt_whose_helper_died_counts_as_a_crash(tmp_path, tiny_folder, monkeypatch):
    studio = make_studio(tmp_path / "data")
    run_id = queue(studio, tiny_folder)
    watch = attempt.Watch(studio.sessions, claim(studio))
    monkeypatch.setitem(WORK, TRAIN, f"{__name__}:lose_a_helper")
    assert attempt._attempt(studio.settings, watch) == HELPER_LOST
    assert job(studio, run_id).status == JobStatus.RUNNING  # so that the trainer puts it back in the queue


class Torn(World):
    """One of two processes, the other of which holds something else."""

    def gather(self, value):
        return [value, "other"]


def test_processes_that_hold_different_things_are_found_out():
    with pytest.raises(RuntimeError, match="different adapters: mine, other"):
        Torn(rank=0, size=2).require_same("adapters", "mine")


def test_shares_differ_by_one_at_most_and_come_together_in_order():
    items = list(range(7))
    worlds = [World(rank=rank, size=3) for rank in range(3)]
    parts = [world.part(items) for world in worlds]
    assert [len(part) for part in parts] == [3, 2, 2]
    assert worlds[0].together(parts) == items
    assert World().together([World().part(items)]) == items


def test_a_gpu_each_or_a_message(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert [World(rank=rank, size=4).device(torch.device("cuda")).index for rank in range(4)] == [0, 1, 2, 3]
    assert default_count(torch.device("cuda")) == 4
    assert default_count(torch.device("cuda:2")) == default_count(torch.device("cpu")) == 1
    for world, device in ((World(size=5), "cuda"), (World(size=2), "cuda:1")):
        with pytest.raises(ConfigError, match="need a GPU each"):
            world.device(torch.device(device))


@pytest.mark.parametrize("text", ["0", "-1", "two", "65"])
def test_a_number_of_processes_that_is_none_is_refused(text, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["train", "--constitution", "c", "--queries", "q", "--out", "o", f"--processes={text}"])
    assert ended.value.code == 2
    assert f"must be a whole number from 1 to 64, got '{text}'" in capsys.readouterr().err
