"""Every row of a drift matrix asked and read, each committed as soon as it is done; a row that cannot be asked says why, and the others go on."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.constitution.principles import Constitution
from core.constitution.scenario_queries import ScenarioQuery
from core.engine.artifacts import load_artifact
from core.engine.checkpoints import remember, write_json
from core.engine.models import LoadedModel
from core.engine.policies import open_policy
from core.engine.policy import Policy
from core.lab.battery import REPORT, claim, tried
from core.lab.bench import REPLIES, Bench, reply_stem
from core.lab.drift.data import drift_to_data
from core.lab.drift.matrix import DriftFound, Reply, drift_of, options_of
from core.lab.drift.plan import DriftPlan, Row, columns_of, fingerprint, rows_of
from core.lab.lines import BASE_READER
from core.lab.plan import LabPlan
from core.measure.ask import Measuring, ask_scenarios, scenario_batches
from core.measure.likelihoods import LikelihoodReader
from core.measure.readers import Option, ReaderCard, Reading
from core.measure.relevance import read_replies
from core.measure.sense import relevance_of
from core.methods.arms import needs_artifact
from core.progress import OnStep, ShouldStop, StepReport, ignore_step, never_stop

ROWS = "rows"  # the phase whose units are rows
READINGS = "readings"  # the folder, within the matrix's, of what the reader made of replies


@dataclass(frozen=True, kw_only=True)
class Drifting:
    """What the rows of a matrix are asked with."""

    plan: DriftPlan
    folder: Path
    model: LoadedModel  # the base, with nothing on it
    on_step: OnStep = ignore_step
    should_stop: ShouldStop = never_stop


def report_drift(drifting: Drifting) -> DriftFound:
    """Ask what is not there yet, and leave what all of it came to in the folder.

    Raises:
        Stopped: It was asked to; what was done is kept.
        ConfigError: The folder holds something else.
        DiskFullError: Nothing can be kept any longer.
    """
    plan = drifting.plan
    claim(drifting.folder, fingerprint(plan))
    model, failed = _wearing(drifting)
    bench = _bench(dataclasses.replace(drifting, model=model))
    rows, replies = rows_of(plan), dict[str, list[Reply]]()
    for number, row in enumerate(rows):
        if row.key in failed:
            continue
        bench.on_step(StepReport(phase=ROWS, done=number, total=len(rows), note=row.label))
        found, why = tried(row.label, partial(_asked, bench, row, plan))
        if found is None:
            failed[row.key] = why
        else:
            replies[row.key] = found
    found_all = drift_of(plan, replies, failed)
    write_json(drifting.folder / REPORT, drift_to_data(found_all))
    return found_all


def _wearing(drifting: Drifting) -> tuple[LoadedModel, dict[str, str]]:
    """The model with everything that was trained at hand, and which rows lack theirs, with why: an adapter of another model, or a damaged one."""
    model, lost = drifting.model, dict[str, str]()
    for each in drifting.plan.trained:
        worn, why = tried(f"what was trained on {each.of + 1}", partial(load_artifact, model, Path(each.artifact.place), each.artifact.sha256))
        if worn is None:
            lost[each.artifact.sha256] = why.replace(each.artifact.place, "its folder")  # which is nobody else's
        else:
            model = worn
    rows = [row for row in rows_of(drifting.plan) if needs_artifact(row.arm) and row.arm.artifact is not None]
    return model, {row.key: lost[row.arm.artifact.sha256] for row in rows if row.arm.artifact is not None and row.arm.artifact.sha256 in lost}


def _bench(drifting: Drifting) -> Bench:
    """The laboratory's, which commits what readers make of cards and asks whether to stop."""
    plan, own = drifting.plan, drifting.folder / READINGS
    for folder in (own, drifting.folder / REPLIES):
        folder.mkdir(parents=True, exist_ok=True)
    lab = LabPlan(
        constitution=plan.constitutions[0], queries=(), held_out=plan.held_out, model=plan.model, config=plan.config, others=tuple(plan.constitutions[1:])
    )
    return Bench(
        probe="drift",
        plan=lab,
        folder=drifting.folder,
        own=own,
        model=drifting.model,
        models=drifting.folder,
        on_step=drifting.on_step,
        should_stop=drifting.should_stop,
    )


def _asked(bench: Bench, row: Row, plan: DriftPlan) -> list[Reply]:
    """A reply of a row to each query under the statements, or under none, with which query and which text it is taken to belong to."""
    queries, policy = plan.held_out, open_policy(bench.model, row.arm)
    text = row.text if row.text is not None else plan.constitutions[0]  # which stands in no prompt then
    stem = f"drift-{reply_stem(row.arm, text, queries, plan.config)}"
    written = _written(bench, policy, text, stem)
    texts = [each["text"] for each in written]
    bench.tick(len(queries), len(queries), "which query a reply answers is read")
    path = bench.folder / REPLIES / f"{stem}-read.json"
    read = remember(path, lambda: [dataclasses.asdict(each) for each in read_replies(bench.model, queries, texts)])
    readings = _readings(bench, plan, queries, texts)
    return [
        Reply(query=query, text=each["text"], ended=each["ended"], relevance_nats=relevance_of(of_query["logprobs"]), reading=reading)
        for query, each, of_query, reading in zip(queries, written, read, readings, strict=True)
    ]


def _written(bench: Bench, policy: Policy, text: Constitution, stem: str) -> list[dict[str, Any]]:
    """One reply to each query, drawn as everywhere in the studio, and judged, not scored; batch by batch from the folder where they were drawn before."""
    found: list[dict[str, Any]] = []
    batches = scenario_batches([ScenarioQuery(text=query, principles=()) for query in bench.plan.held_out])
    how = Measuring(sampling=bench.plan.config.sampling, seed=bench.plan.config.seed)

    def ask(batch: Sequence[ScenarioQuery]) -> list[dict[str, Any]]:
        return [dataclasses.asdict(reply) for of_query in ask_scenarios(policy, text, batch, how) for reply in of_query]

    for number, batch in enumerate(batches):
        bench.tick(number, len(batches), f"{policy.arm.key} answers")
        found += remember(bench.folder / REPLIES / f"{stem}-{number:03d}.json", partial(ask, batch))
    return found


def _readings(bench: Bench, plan: DriftPlan, queries: Sequence[str], texts: Sequence[str]) -> list[Reading]:
    """Which of all texts the base, from outside, takes each reply for."""
    options = tuple(Option(text=text, title="") for text in options_of(columns_of(plan.constitutions)))
    cards = [ReaderCard(query=query, reply=text, options=options, own=0) for query, text in zip(queries, texts, strict=True)]
    return bench.readings(LikelihoodReader(BASE_READER, bench.model), cards)
