"""The end of a run: each arm answers the held-out queries, committed batch by batch."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Any

from core.constitution.principles import SIDES
from core.engine.models import LoadedModel
from core.engine.policies import open_policy
from core.engine.policy import Policy
from core.engine.processes import remember_together
from core.measure.ask import ask, query_batches
from core.measure.relevance import Read, read_replies, with_reading
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
    work.on_step(StepReport(phase=measuring_phase(policy.arm.key), done=0, total=len(batches) + policy.arm.in_prompt))
    for number, batch in enumerate(batches):
        path = work.folder / replies_file(policy.arm.key, number)
        replies += replies_from_data(remember_together(work.world, path, partial(_ask_together, work, policy, batch)))
        work.tick(StepReport(phase=measuring_phase(policy.arm.key), done=number + 1, total=len(batches) + policy.arm.in_prompt))
    return _read(work, policy, queries, replies) if policy.arm.in_prompt else replies


def _read(work: Work, policy: Policy, queries: Sequence[str], replies: Sequence[MeasuredReply]) -> list[MeasuredReply]:
    """The replies of an arm with which queries they answer, as the base reads them."""
    texts = [reply.text for reply in replies if reply.side == SIDES[0]]

    def compute() -> list[dict[str, Any]]:
        return [dataclasses.asdict(read) for read in read_replies(policy.model, queries, texts, work.world)]

    rows = remember_together(work.world, work.folder / f"reading-{policy.arm.key}.json", compute)
    steps = len(query_batches(policy.arm, work.plan.constitution, queries)) + 1
    work.tick(StepReport(phase=measuring_phase(policy.arm.key), done=steps, total=steps))
    return with_reading(replies, [Read(logprobs=tuple(row["logprobs"]), tokens=row["tokens"]) for row in rows])


def _ask_together(work: Work, policy: Policy, batch: Sequence[str]) -> list[dict[str, Any]]:
    """The replies to a batch as plain data, each process answering its part of the queries."""
    config, part = work.plan.config, work.world.part(batch)
    rows = [dataclasses.asdict(reply) for reply in ask(policy, work.plan.constitution, part, config.sampling, config.seed)]
    by_query = [rows[i * len(rows) // len(part) : (i + 1) * len(rows) // len(part)] for i in range(len(part))]
    return [row for group in work.world.together(work.world.gather(by_query)) for row in group]
