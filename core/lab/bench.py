"""What a probe works with: the plan, the loaded model, the adapter that is examined, and replies that no two probes draw twice.

Everything that is drawn is committed to the folder batch by batch, so that a battery that was killed goes on from there.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.constitution.principles import SIDES, Constitution, content_hash
from core.engine.artifacts import artifact_in
from core.engine.checkpoints import remember, write_json
from core.engine.models import LoadedModel
from core.engine.policies import open_policy
from core.engine.policy import Policy
from core.lab.plan import LabPlan
from core.measure.ask import Measuring, ask, query_batches
from core.measure.readers import Reader, ReaderCard, Reading
from core.measure.relevance import Read, read_replies, with_reading
from core.measure.values import MeasuredReply, replies_from_data
from core.methods.arms import BASE, CONTROL, METHODS, Arm, Artifact, arm_to_data, make_arm
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig
from core.progress import OnStep, ShouldStop, StepReport, Stopped, ignore_step, never_stop

REPLIES = "replies"  # the folder, within the battery's, of what arms answered
CARDS_TOGETHER = 24  # that a reader reads before its readings are committed


@dataclass(frozen=True, kw_only=True)
class Examined:
    """The adapter that is examined, or what else a run made."""

    artifact: Artifact
    recipe: str  # which method trained it, as far as that is known
    record: Mapping[str, Any] | None = None  # the run's `run.json`; None: the adapter is a stranger's
    folder: Path | None = None  # of the run, with its replies and checkpoints; None: there is none


def examine(folder: Path, record: Mapping[str, Any] | None, recipe: str | None) -> Examined:
    """What lies in a folder, an adapter or what else a run makes, with the record of its run where there is one, whose other files lie beside it.

    Args:
        folder: Of a run, or a stranger's.
        record: Of the run.
        recipe: Which method made it; None: the first of those that make what lies there.
    """
    artifact = artifact_in(folder)
    made_by = recipe or next(key for key, info in RECIPES.items() if info.artifact == artifact.kind)
    return Examined(artifact=artifact, recipe=made_by, record=record, folder=folder.resolve().parent if record is not None else None)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a probe is given."""

    probe: str  # its key
    plan: LabPlan
    folder: Path  # of the whole battery
    own: Path  # the probe's, within it: what it commits there it finds again
    model: LoadedModel  # with the adapter that is examined, where there is one
    models: Path  # folder of converted models, for a probe that loads another
    examined: Examined | None = None
    readers: Sequence[Reader] = ()  # from outside, besides the base
    on_step: OnStep = ignore_step
    should_stop: ShouldStop = never_stop

    @property
    def control(self) -> Arm:
        """The base with the constitution in its prompt."""
        return make_arm(CONTROL)

    @property
    def trained(self) -> tuple[Arm, Arm] | None:
        """What is examined, with the constitution in its prompt and without; None where nothing is."""
        if self.examined is None:
            return None
        arms = [
            make_arm(method.key, artifact=self.examined.artifact) for method in METHODS.values() if method.recipe == self.examined.recipe and not method.beside
        ]
        with_text, without = sorted(arms, key=lambda arm: not arm.in_prompt)
        return with_text, without

    def tick(self, done: int, total: int, note: str = "") -> None:
        """Say how far the probe is, and leave if asked to: what was done is committed.

        Raises:
            Stopped: `should_stop` said yes.
        """
        self.on_step(StepReport(phase=self.probe, done=done, total=total, note=note))
        if self.should_stop():
            raise Stopped

    def answers(self, arm: Arm, constitution: Constitution | None = None, queries: Sequence[str] | None = None) -> list[MeasuredReply]:
        """What an arm replies to the held-out queries, scored by itself and by the base, and read under other queries.

        Args:
            arm: Opened on the model; it may wear the adapter that is examined.
            constitution: Another one than the plan's.
            queries: Others than the held-out ones.
        """
        return replies_of(self, open_policy(self.model, arm), constitution or self.plan.constitution, queries or self.plan.held_out)

    def readings(self, reader: Reader, cards: Sequence[ReaderCard]) -> list[Reading]:
        """What a reader makes of cards, from the probe's folder where it read them before. What it failed at is asked again the next time."""
        found: list[Reading] = []
        for start in range(0, len(cards), CARDS_TOGETHER):
            self.tick(start, len(cards), f"{reader.name} reads")
            found += _read(self.own, reader, cards[start : start + CARDS_TOGETHER])
        return found

    def floor(self) -> list[MeasuredReply]:
        """What the base answers with no constitution in its prompt."""
        return self.answers(make_arm(BASE))


def replies_of(bench: Bench, policy: Policy, constitution: Constitution, queries: Sequence[str]) -> list[MeasuredReply]:
    """What a policy replies, from the folder where it was asked before. Who it is is known by its arm and that arm's artifact."""
    config, stem = bench.plan.config, reply_stem(policy.arm, constitution, queries, bench.plan.config)
    batches, replies = query_batches(policy.arm, constitution, queries), []
    (bench.folder / REPLIES).mkdir(parents=True, exist_ok=True)
    for number, batch in enumerate(batches):
        path = bench.folder / REPLIES / f"{stem}-{number:03d}.json"
        bench.tick(number, len(batches), f"{policy.arm.key} answers")
        replies += replies_from_data(remember(path, partial(_rows, policy, constitution, batch, config)))
    if not policy.arm.in_prompt:
        return replies
    texts = [reply.text for reply in replies if reply.side == SIDES[0]]
    rows = remember(bench.folder / REPLIES / f"{stem}-read.json", lambda: [dataclasses.asdict(read) for read in read_replies(bench.model, queries, texts)])
    return with_reading(replies, [Read(logprobs=tuple(row["logprobs"]), tokens=row["tokens"]) for row in rows])


def _rows(policy: Policy, constitution: Constitution, batch: Sequence[str], config: TrainConfig) -> list[dict[str, Any]]:
    how = Measuring(sampling=config.sampling, seed=config.seed, trace="own")  # rows hold one principle's two sides, and nothing of the others
    return [dataclasses.asdict(reply) for reply in ask(policy, constitution, batch, how)]


def reply_stem(arm: Arm, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> str:
    """A file name that no other arm, text, queries or manner of drawing has."""
    known = arm_to_data(dataclasses.replace(arm, artifact=dataclasses.replace(arm.artifact, place="") if arm.artifact is not None else None))
    asked = [known, content_hash(constitution) if arm.in_prompt else "", list(queries), dataclasses.asdict(config.sampling), config.seed]
    return f"{re.sub('[^a-z0-9.-]+', '-', arm.key)}-{hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]}"


def _read(folder: Path, reader: Reader, cards: Sequence[ReaderCard]) -> list[Reading]:
    shown = [[card.query, card.reply, [option.text for option in card.options]] for card in cards]
    path = folder / f"readings-{hashlib.sha256(json.dumps([reader.name, reader.version, shown]).encode()).hexdigest()[:16]}.json"
    if path.exists():
        return [Reading(**{**row, "scores": tuple(row["scores"])}) for row in json.loads(path.read_text(encoding="utf-8"))]
    found = reader.read(cards)
    if not any(reading.failure and not reading.final for reading in found):
        write_json(path, [dataclasses.asdict(reading) for reading in found])
    return found
