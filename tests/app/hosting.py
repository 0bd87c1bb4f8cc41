"""A model host as a process of its own, and a finished run of a tiny model for it to answer from."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from app.processes.lifeline import SUPERVISED
from app.services.studio import Studio
from app.settings import Settings
from core.methods.arms import Artifact
from core.methods.settings import TrainConfig, config_to_data, preset
from core.settings import SamplingConfig
from db import claims, query_sets, runs
from db.constitutions import list_constitutions
from tests.app import warm

SHORT = replace(preset("quick"), sampling=SamplingConfig(max_new_tokens=24))


class RunningHost:
    """Can be killed and started again on the same data folder, as the supervisor does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.start()

    def start(self) -> None:
        environ = os.environ | self.settings.to_environment() | {SUPERVISED: "1"}
        reads, self.lifeline = os.pipe()
        with (self.settings.data / "host.log").open("ab") as output:
            self.process = warm.start(["model-host"], environ, (reads, output.fileno(), output.fileno()))
        os.close(reads)

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> int | None:
        """Close the pipe, as a supervisor that dies does."""
        os.close(self.lifeline)
        self.process.join(30)
        return self.process.exitcode

    def ask(self, method: str, path: str) -> Any:
        return ask(self.settings, method, path)


def ask(settings: Settings, method: str, path: str) -> Any:
    """What the host that is announced answers."""
    said = json.loads(settings.model_host_file.read_text())
    return httpx.request(method, f"http://127.0.0.1:{said['port']}{path}", headers={"Authorization": f"Bearer {said['token']}"}, trust_env=False).json()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def adapter_of(studio: Studio, folder: Path, sha256: str) -> Artifact:
    """An adapter in the studio's data folder, as what a run leaves."""
    return Artifact(kind="adapter", place=folder.relative_to(studio.settings.data).as_posix(), sha256=sha256)


def plant_finished_run(studio: Studio, model: Path, adapter: Artifact, name: str = "Brevity", config: TrainConfig = SHORT) -> int:
    """A finished run as its trainer leaves it in the database; returns its id."""
    with studio.sessions.begin() as session:
        version_id = next(card.version_id for card in list_constitutions(session) if card.name == name)
        assert version_id is not None
        rows = [{"query": "How do I boil an egg?", "split": "train"}]
        queries = query_sets.add_query_set(session, "Everyday", "written here", rows)
        new = runs.NewRun(
            version_id=version_id,
            query_set_id=queries.id,
            model=str(model),
            config=config_to_data(config),
            requested_by="ann",
            request_key=f"{name}-{config.sampling.max_new_tokens}-{config.four_bit}",
        )
        run_id = runs.add_run(session, new).id
        run = claims.claim_next(session, "trainer", {}, 100.0)
        assert run is not None
        assert run.id == run_id
        runs.finish(session, claims.claim_of(run), adapter.place, adapter.sha256, {})
        return run_id
