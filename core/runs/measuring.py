"""The end of a run: each policy answers the held-out queries, committed batch by batch."""

import dataclasses
import json
from collections.abc import Sequence

from core.engine.checkpoints import write_json
from core.engine.policies import Policy
from core.measure.ask import ask, query_batches
from core.measure.values import MeasuredReply, replies_from_data
from core.progress import StepReport
from core.runs.work import Work


def measure_policy(work: Work, policy: Policy, queries: Sequence[str], name: str) -> list[MeasuredReply]:
    """Replies of one policy to the held-out queries, committed batch by batch."""
    replies: list[MeasuredReply] = []
    batches = query_batches(work.plan.constitution, queries)
    world = work.world
    for number, batch in enumerate(batches):
        path = work.folder / f"{name}-replies-{number:03d}.json"
        measured = replies_from_data(world.share(json.loads(path.read_text(encoding="utf-8")) if world.first and path.exists() else None))
        if measured is None:  # not there yet, or left by an earlier version of the studio
            measured = _ask_together(work, policy, batch)
            if world.first:
                write_json(path, [dataclasses.asdict(reply) for reply in measured])
        replies += measured
        work.tick(StepReport(phase=f"measuring {name}", done=number + 1, total=len(batches)))
    return replies


def _ask_together(work: Work, policy: Policy, batch: Sequence[str]) -> list[MeasuredReply]:
    """The replies to a batch, each process answering its part of the queries."""
    config, own = work.plan.config, work.world.part(batch)
    rows = [dataclasses.asdict(reply) for reply in ask(policy, work.plan.constitution, own, config.sampling, config.seed)]
    by_query = [rows[i * len(rows) // len(own) : (i + 1) * len(rows) // len(own)] for i in range(len(own))]
    measured = replies_from_data([row for group in work.world.together(work.world.gather(by_query)) for row in group])
    assert measured is not None
    return measured
