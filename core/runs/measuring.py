"""The end of a run: each arm answers the held-out queries, committed batch by batch."""

import dataclasses
import json
from collections.abc import Sequence

from core.engine.checkpoints import write_json
from core.engine.models import LoadedModel
from core.engine.policies import Policy, open_policy
from core.measure.ask import ask, query_batches
from core.measure.values import MeasuredReply, replies_from_data
from core.methods.arms import Arm
from core.progress import StepReport, measuring_phase
from core.runs.work import Work


def measure_arms(work: Work, model: LoadedModel, queries: Sequence[str], arms: Sequence[Arm]) -> dict[Arm, list[MeasuredReply]]:
    """Replies of each arm to the held-out queries. What the model wears from its training is the arms' artifact."""
    return {arm: _measure(work, open_policy(model, dataclasses.replace(arm, artifact=None)), queries) for arm in arms}


def replies_file(arm: str, number: int) -> str:
    """The file of a batch of an arm's replies, in the run's folder."""
    return f"replies-{arm}-{number:03d}.json"


def _measure(work: Work, policy: Policy, queries: Sequence[str]) -> list[MeasuredReply]:
    replies: list[MeasuredReply] = []
    batches = query_batches(policy.arm, work.plan.constitution, queries)
    world = work.world
    for number, batch in enumerate(batches):
        path = work.folder / replies_file(policy.arm.key, number)
        measured = replies_from_data(world.share(json.loads(path.read_text(encoding="utf-8")) if world.first and path.exists() else None))
        if measured is None:
            measured = _ask_together(work, policy, batch)
            if world.first:
                write_json(path, [dataclasses.asdict(reply) for reply in measured])
        replies += measured
        work.tick(StepReport(phase=measuring_phase(policy.arm.key), done=number + 1, total=len(batches)))
    return replies


def _ask_together(work: Work, policy: Policy, batch: Sequence[str]) -> list[MeasuredReply]:
    """The replies to a batch, each process answering its part of the queries."""
    config, own = work.plan.config, work.world.part(batch)
    rows = [dataclasses.asdict(reply) for reply in ask(policy, work.plan.constitution, own, config.sampling, config.seed)]
    by_query = [rows[i * len(rows) // len(own) : (i + 1) * len(rows) // len(own)] for i in range(len(own))]
    measured = replies_from_data([row for group in work.world.together(work.world.gather(by_query)) for row in group])
    assert measured is not None
    return measured
