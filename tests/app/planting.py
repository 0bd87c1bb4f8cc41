"""Rows as a trainer writes them, so that pages and services can be tested without torch."""

import asyncio
import functools
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from app.processes.protocol import attempt_key
from app.processes.store import LOG
from app.services.plans import TrainForm
from app.services.runs import queue_run
from app.services.starter_queries import STARTER_NAME
from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from core.engine.default_model import DEFAULT_MODEL
from core.machine import Hardware
from core.measure.values import NO_SIDE
from core.runs.results import RunResult, run_result_to_data
from db import claims, machines, runs
from db.claims import Claim, Progress
from db.constitutions import NewVersion, add_constitution, add_version, list_constitutions
from db.query_sets import list_query_sets
from db.runs import Metric, Sample
from db.tables import Run
from tests.app.results import ADAPTER, ALONE, CONTROL, TRAINED

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> {{7*7}} ${1+1} [a link](javascript:alert(3))"
HARDWARE = Hardware(
    device="cpu",
    device_name="AMD EPYC 9355",
    cores=2,
    memory_bytes=25_000_000_000,
    memory_available_bytes=21_000_000_000,
    gpu_memory_bytes=None,
    dtype="bfloat16",
    matmul_gflops=860.0,
    copy_gb_s=75.0,
)

FOUND: dict[str, Any] = {  # the data of a check that found no link, as it comes from JSON
    "verdict": "no-go",
    "principles": [
        {
            "title": HOSTILE,
            "followed": {"value": 1 / 96, "low": 0.0, "high": 0.2, "n": 16},
            "followed_under_antithesis": {"value": 0.0, "low": 0.0, "high": 0.19, "n": 16},
            "replies": 96,
            "hits": 1,
            "verdict": "no-go",
            "reason": f"1 of 96 replies of the base follow “{HOSTILE}”: there is nothing that training could make more of.",
        },
    ],
    "words": [39.4, 36.2],
    "length_tells": 0.54,
    "cut": 0.72,
    "same": 0.01,
    "replies": 128,
    "notes": ["72% of replies are cut at 64 tokens."],
}


def settings_for(data: Path) -> Settings:
    return Settings(data=data, database_url=f"sqlite:///{data / 'studio.db'}")


def make_studio(data: Path) -> Studio:
    """A studio on a new data folder, with its starters. The database is a copy of one that was made once, since its migrations take five times as long."""
    settings = settings_for(data)
    prepare_data_folder(settings)
    database = data / "studio.db"
    if not database.exists():
        database.write_bytes(_new_database())
    return open_studio(settings)


@functools.cache
def _new_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_studio(settings_for(Path(folder))).engine.dispose()
        return (Path(folder) / "studio.db").read_bytes()


def measure(studio: Studio, hardware: Hardware = HARDWARE) -> None:
    """As if the trainer had measured where it sends runs."""
    with studio.sessions.begin() as session:
        machines.put_machine(session, "the trainer's place", asdict(hardware))


def version_id(studio: Studio, name: str = "Brevity") -> int:
    with studio.sessions.read() as session:
        card = next(card for card in list_constitutions(session) if card.name == name)
        assert card.version_id is not None
        return card.version_id


def starter_set_id(studio: Studio) -> int:
    with studio.sessions.read() as session:
        return next(query_set.id for query_set in list_query_sets(session) if query_set.name == STARTER_NAME)


def form(studio: Studio, name: str = "Brevity", **changes: Any) -> TrainForm:
    values = {"version_id": version_id(studio, name), "query_set_id": starter_set_id(studio), "model": DEFAULT_MODEL}
    return TrainForm(**(values | changes))


def queue(studio: Studio, name: str = "Brevity", key: str = "planted-run-1", caller: str = "Ann", **changes: Any) -> int:
    return queue_run(studio, caller, form(studio, name, **changes), key)


def make_control(studio: Studio, run_id: int, variant: str) -> None:
    """Have a run be one of a control of its text."""
    with studio.sessions.begin() as session:
        run = runs.get_run(session, run_id)
        run.config = {**run.config, "variant": variant}


def claim(studio: Studio) -> Claim:
    """Take the run that has waited longest, as a trainer that is alive does."""
    with studio.sessions.begin() as session:
        run = claims.claim_next(session, "planted-trainer", {}, 3600.0)
        assert run is not None
        return claims.claim_of(run)


def progress(studio: Studio, held: Claim, phase: str, step: int, total: int, **more: Any) -> None:
    with studio.sessions.begin() as session:
        claims.set_progress(session, held, Progress(phase=phase, step=step, total_steps=total, **more))


def train_steps(studio: Studio, held: Claim, steps: int, first: int = 1) -> None:
    """The numbers of some steps, as a run that learns gives them."""
    numbers = []
    for step in range(first, steps + 1):
        gone = step / (steps + 3)
        numbers += [
            Metric(step=step, name="loss_nats", value=0.69 - 0.5 * gone + 0.05 * ((step * 7) % 5 - 2) / 2),
            Metric(step=step, name="attribution", value=min(1.0, 0.5 + 0.125 * round(4.2 * gone + ((step * 3) % 3 - 1) * 0.5))),
            Metric(step=step, name="mi_bound_nats", value=0.02 + 0.55 * gone - 0.06 * ((step * 5) % 4 - 1.5)),
            Metric(step=step, name="kl_base_policy_nats", value=0.2 * gone**2),
        ]
    with studio.sessions.begin() as session:
        runs.add_metrics(session, held, numbers)


def sample(studio: Studio, held: Claim, step: int, replies: list[tuple[str, str, str]]) -> None:
    """Replies as (query, under the statement, under the antithesis)."""
    rows = [
        Sample(step=step, position=position, query=query, side=side, text=text)
        for position, (query, *texts) in enumerate(replies)
        for side, text in zip(("statement", "antithesis"), texts, strict=True)
    ]
    with studio.sessions.begin() as session:
        runs.add_samples(session, held, rows)


def write_log(studio: Studio, held: Claim, text: str) -> None:
    with studio.store.workspace(attempt_key(held.job_id, held.attempt)) as folder:
        (folder / LOG).write_text(text, encoding="utf-8")


def finish(studio: Studio, held: Claim, result: RunResult) -> Path:
    """End the run well, with the files that a real one leaves."""
    key = attempt_key(held.job_id, held.attempt)
    folder = studio.settings.data / key
    adapter = folder / "adapter"
    adapter.mkdir(parents=True, exist_ok=True)
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (adapter / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 4000)
    (folder / "run.json").write_text('{"adapter_sha256": "ab"}')
    for arm, side, text in ((CONTROL, "statement", "Because."), (TRAINED, "statement", "So."), (ALONE, NO_SIDE, "Thus.")):
        (folder / f"replies-{arm.key}-000.json").write_text(json.dumps([{"query": "Why?", "side": side, "text": text}]))
    with studio.sessions.begin() as session:
        runs.finish(session, held, f"{key}/adapter", ADAPTER.sha256, run_result_to_data(result))
    return adapter


def queue_series(studio: Studio, seeds: int = 3, key: str = "planted-series-1", **changes: Any) -> list[int]:
    """The ids of the runs of one click with several seeds."""
    first = queue(studio, key=key, seeds=seeds, **changes)
    with studio.sessions.read() as session:
        return [run.id for run in runs.series_of(session, runs.get_run(session, first))]


def add_plain_version(studio: Studio, name: str, statement: str, check: object = None, scenarios: Sequence[dict[str, str]] = ()) -> int:
    """A constitution of one principle with its first version."""
    row: dict[str, Any] = {"id": "c" * 32, "title": "Only", "statement": statement, "antithesis": "The other way."}
    row |= ({"check": check} if check else {}) | ({"scenarios": list(scenarios)} if scenarios else {})
    with studio.sessions.begin() as session:
        constitution = add_constitution(session, name)
        content = {"name": name, "principles": [row]}
        new = NewVersion(constitution_id=constitution.id, base_version_id=None, content=content, message="First.", author="Ann")
        return add_version(session, new).id


def get_run(studio: Studio, run_id: int) -> Run:
    with studio.sessions.read() as session:
        return runs.get_run(session, run_id)


def built(build: Callable[[], None]) -> list[dict[str, Any]]:
    """The components of a page, built inside a running loop: without one, Gradio makes several and closes none."""

    async def make() -> list[dict[str, Any]]:
        with gr.Blocks() as page:
            build()
        return list(page.config["components"])

    return asyncio.run(make())
