"""A run that trains for seconds, and what can be seen of it."""

import time

from app.processes.protocol import attempt_key
from core.methods.settings import TrainConfig, config_to_data
from core.settings import SamplingConfig
from db import jobs, runs
from db.query_sets import add_query_set
from db.runs import NewRun, add_run
from db.tables import Job, Run
from tests.app.planting import version_id

CONFIG = TrainConfig(
    train_queries=8,
    held_out_queries=4,
    queries_per_step=1,
    passes=2,
    sample_every=100,
    max_kl_nats=0,  # a random model is far from itself in no time
    train_anyway=True,  # and it follows nothing
    lora_rank=4,
    lora_alpha=8,
    sampling=SamplingConfig(max_new_tokens=8, temperature=1.0),
)


def queue(studio, model, config=CONFIG, key="one"):
    rows = [{"query": f"Question {i}?", "split": "train" if i % 2 else "held_out"} for i in range(20)]
    with studio.sessions.begin() as session:
        query_set = add_query_set(session, "Tiny", "test", rows)
        new = NewRun(
            version_id=version_id_in(studio), query_set_id=query_set.id, model=str(model), config=config_to_data(config), requested_by="you", request_key=key
        )
        return add_run(session, new).id


def version_id_in(studio):
    return version_id(studio, "Brevity")


def folder_of(studio, run_id, attempt):
    return studio.settings.data / attempt_key(run_id, attempt)


def job(studio, run_id) -> Job:
    with studio.sessions.read() as session:
        return jobs.get_job(session, run_id)


def row(studio, run_id) -> Run:
    with studio.sessions.read() as session:
        return runs.get_run(session, run_id)


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def log(studio, run_id, attempt):
    return (folder_of(studio, run_id, attempt) / "log.txt").read_text()
