"""The end of a run: each arm answers the held-out queries, and the test scenarios beside them, committed batch by batch."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from core.constitution.principles import SIDES
from core.constitution.scenario_queries import ScenarioQuery
from core.engine.models import LoadedModel
from core.engine.policies import open_policy
from core.engine.policy import Policy
from core.engine.processes import remember_together
from core.measure.ask import Measuring, ask, ask_scenarios, query_batches, scenario_batches
from core.measure.relevance import Read, read_beside, read_replies, with_reading
from core.measure.values import Answered, MeasuredReply, replies_from_data
from core.methods.arms import Arm
from core.progress import StepReport, measuring_phase
from core.runs.phases import READING, SCENARIO_READING
from core.runs.work import Work

Item = TypeVar("Item")
Rows = list[dict[str, Any]]


def measure_arms(work: Work, model: LoadedModel, arms: Sequence[Arm]) -> Answered:
    """The replies of each arm. What the model wears from its training is the arms' artifact, where it has not got that by its hash."""
    worn = {arm: arm if arm.artifact is not None and arm.artifact.sha256 in model.artifacts else dataclasses.replace(arm, artifact=None) for arm in arms}
    found = {arm: _measure(work, open_policy(model, worn[arm])) for arm in arms}
    return Answered(replies={arm: replies for arm, (replies, _) in found.items()}, own={arm: own for arm, (_, own) in found.items()})


def replies_file(arm: str, number: int) -> str:
    """The file of a batch of an arm's replies, in the run's folder."""
    return f"replies-{arm}-{number:03d}.json"


def scenarios_file(arm: str, number: int) -> str:
    """The same of its replies to scenarios."""
    return f"scenarios-{arm}-{number:03d}.json"


def _measure(work: Work, policy: Policy) -> tuple[list[MeasuredReply], list[MeasuredReply]]:
    """An arm's replies to the held-out queries, and to the scenarios."""
    batches, scenarios = query_batches(policy.arm, work.constitution, work.held_out), scenario_batches(work.queries.tested)
    steps = _Steps(work, policy, len(batches) + len(scenarios) + policy.arm.in_prompt * (1 + bool(scenarios)))
    replies, own = [], []
    for number, batch in enumerate(batches):
        path = work.folder / replies_file(policy.arm.key, number)
        replies += replies_from_data(_remembered(work, path, batch, partial(_ask_together, work, policy, batch)))
        steps.tick()
    for number, some in enumerate(scenarios):
        path = work.folder / scenarios_file(policy.arm.key, number)
        own += replies_from_data(remember_together(work.world, path, partial(_ask_scenarios_together, work, policy, some)))
        steps.tick()
    if policy.arm.in_prompt:
        replies = _read(work, policy, replies, READING, lambda texts: read_replies(policy.model, work.held_out, texts, work.world))
        steps.tick()
    if policy.arm.in_prompt and scenarios:
        asked = [query.text for query in work.queries.tested]
        own = _read(work, policy, own, SCENARIO_READING, lambda texts: read_beside(policy.model, asked, texts, work.held_out, work.world))
        steps.tick()
    return replies, own


def _remembered(work: Work, path: Path, batch: Sequence[str], compute: Callable[[], Rows]) -> Rows:
    """The replies to a batch; what another version of the studio measured in other batches is measured anew."""
    rows: Rows = remember_together(work.world, path, compute)
    if list(dict.fromkeys(row["query"] for row in rows)) == list(batch):
        return rows
    if work.world.first:
        path.unlink()
    again: Rows = remember_together(work.world, path, compute)
    return again


class _Steps:
    """How far the measurement of an arm is."""

    def __init__(self, work: Work, policy: Policy, total: int) -> None:
        self.work, self.phase, self.done, self.total = work, measuring_phase(policy.arm.key), 0, total
        work.on_step(StepReport(phase=self.phase, done=0, total=total))

    def tick(self) -> None:
        """One more step is committed."""
        self.done += 1
        self.work.tick(StepReport(phase=self.phase, done=self.done, total=self.total))


def _read(work: Work, policy: Policy, replies: Sequence[MeasuredReply], file: str, read: Callable[[Sequence[str]], Sequence[Read]]) -> list[MeasuredReply]:
    """The replies of an arm with which queries they answer, as the base reads those under the statements."""
    texts = [reply.text for reply in replies if reply.side == SIDES[0]]

    def compute() -> Rows:
        return [dataclasses.asdict(each) for each in read(texts)]

    rows = remember_together(work.world, work.folder / file.format(policy.arm.key), compute)
    return with_reading(replies, [Read(logprobs=tuple(row["logprobs"]), tokens=row["tokens"]) for row in rows])


def _ask_together(work: Work, policy: Policy, batch: Sequence[str]) -> Rows:
    """The replies to a batch as plain data, each process answering its part of the queries."""

    def answer(part: Sequence[str]) -> list[Rows]:
        rows = [dataclasses.asdict(reply) for reply in ask(policy, work.constitution, part, _how(work))]
        return [rows[i * len(rows) // len(part) : (i + 1) * len(rows) // len(part)] for i in range(len(part))]

    return _together(work, batch, answer)


def _ask_scenarios_together(work: Work, policy: Policy, batch: Sequence[ScenarioQuery]) -> Rows:
    """The same for scenarios."""

    def answer(part: Sequence[ScenarioQuery]) -> list[Rows]:
        found = ask_scenarios(policy, work.constitution, part, _how(work))
        return [[dataclasses.asdict(reply) for reply in replies] for replies in found]

    return _together(work, batch, answer)


def _how(work: Work) -> Measuring:
    config = work.plan.config
    return Measuring(sampling=config.sampling, seed=config.seed, trace=config.trace)


def _together(work: Work, batch: Sequence[Item], answer: Callable[[Sequence[Item]], list[Rows]]) -> Rows:
    return [row for rows in work.world.together(work.world.gather(answer(work.world.part(batch)))) for row in rows]
