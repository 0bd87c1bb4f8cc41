"""One run from plan to result: prepare, sample, train, measure. The command line and the trainer's child both call `execute`.

Everything finished is committed to the run's folder as it is done, so that a run killed at any moment goes on from there.
"""

import contextlib
import dataclasses
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.adapters import reset_adapter, restore_adapter, save_adapter
from core.balance import count_balance
from core.batching import QUERIES_PER_BATCH, SHOWN_QUERIES
from core.checkpoints import remember, write_json
from core.config import TrainConfig
from core.constitutions import Stance, require_valid
from core.contrasts import contrast_for
from core.endings import ending_words, endings_data, read_ending
from core.evaluation import evaluate
from core.iterations import iteration_config, iteration_queries, probe_note, probe_queries
from core.measuring import SIDES, MeasuredReply, ask, query_batches, replies_from_data, show_replies, side_prompt
from core.memory import memory_in_words
from core.models import LoadedModel, ModelReference, adapter_hash, adapter_off, attach_adapter, choose_device, load_model, locate
from core.preparation import draw_examples, require_examples
from core.probing import start_probes
from core.processes import ALONE, World, remember_together
from core.progress import OnStep, ShouldStop, StepReport, Stopped, ignore_step, never_stop, phase_of
from core.queries import draw_queries
from core.recomputation import recomputing, should_recompute
from core.records import Curve, RunPlan, RunRecord, claim_folder, record_to_data
from core.scoring import check_packing
from core.trainability import Asking, Trainability, check_run, now_and_then, require_link, trainability_from_data, trainability_to_data
from core.training import Example, example_from_data, step_order, train

RECOMPUTED = "The activations of a step would not fit the memory, so they are computed again in the backward pass; steps take longer."


@dataclass(kw_only=True)
class _Work:
    """What the phases of one attempt share."""

    plan: RunPlan
    folder: Path
    on_step: OnStep
    should_stop: ShouldStop  # the same answer in all processes, so all must ask
    stop_alone: ShouldStop  # for what the first process does while the others wait
    world: World
    dropped: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[Stance, ...]] = field(default_factory=list)  # the contrast of each example, over all iterations
    train_queries: list[str] = field(default_factory=list)  # of all iterations, without repeats

    def tick(self, report: StepReport) -> None:
        """Report, then leave at once if asked to: what is reported has been committed."""
        self.on_step(report)
        if self.should_stop():
            raise Stopped


def execute(
    plan: RunPlan, folder: Path, models: Path, *, on_step: OnStep = ignore_step, should_stop: ShouldStop = never_stop, world: World = ALONE
) -> RunRecord:
    """Run a plan in a folder, going on from what an earlier attempt committed there; leaves `folder/adapter` and `folder/run.json`.

    Args:
        plan: What to do.
        folder: The run's folder: made when missing; must belong to the same plan otherwise.
        models: Folder of converted models.
        on_step: Told every step.
        should_stop: Asked after every step.
        world: The processes that do the run together, each with the same plan and folder; only the first one's callbacks are used.

    Raises:
        Stopped: `should_stop` said yes.
        StudioError: Anything the user can put right.
    """
    started = time.monotonic()
    work = _begin(plan, folder, on_step, should_stop, world)
    held_out = draw_queries(plan.queries, "held_out", plan.config.held_out_queries, plan.config.seed)
    with memory_in_words(_remedy(plan.config)):
        base = _check_packing(work, _load(work, models), held_out[0])
        trainability = _check_link(work, base)
        model = _iterate(work, base, held_out[:SHOWN_QUERIES])
        with adapter_off(model):
            base_replies = measure_policy(work, model, held_out, "base")
        aligned_replies = measure_policy(work, model, held_out, "aligned")
    record = RunRecord(
        adapter=folder / "adapter",
        adapter_sha256=adapter_hash(folder / "adapter"),
        result=evaluate(plan.constitution, base_replies, aligned_replies),
        model=model.reference,
        trainability=trainability,
        dropped=dict(work.dropped),
        balance=count_balance(plan.constitution, work.kept),
        endings=endings_data(folder, plan.config),
        duration_s=time.monotonic() - started,
    )
    return _kept(work, record, held_out)


def _begin(plan: RunPlan, folder: Path, on_step: OnStep, should_stop: ShouldStop, world: World) -> _Work:
    require_valid(plan.constitution)
    claim_folder(plan, folder, world)
    return _Work(
        plan=plan,
        folder=folder,
        on_step=on_step if world.first else ignore_step,
        should_stop=lambda: bool(world.share(should_stop())),
        stop_alone=should_stop,
        world=world,
    )


def _kept(work: _Work, record: RunRecord, held_out: list[str]) -> RunRecord:
    if work.world.first:
        curve = Curve(work.folder / "curve.json").rows
        write_json(work.folder / "run.json", record_to_data(work.plan, record, curve, work.train_queries, held_out))
    return record


def _load(work: _Work, models: Path) -> LoadedModel:
    """The base; several processes leave fetching it, and which revision it is, to the first."""
    plan, world = work.plan, work.world
    reference, device = plan.model, world.device(choose_device(plan.device))
    if world.size > 1:
        pinned = locate(reference, models, _progress(work))[1] if world.first else reference
        reference = ModelReference(**world.share(dataclasses.asdict(pinned)))
    return load_model(reference, models, device=device, four_bit=plan.config.four_bit, on_progress=_progress(work))


def _check_packing(work: _Work, base: LoadedModel, query: str) -> LoadedModel:
    """The model, scored packed or plainly as it turns out to need; people are told what is unusual about it."""
    first = work.plan.constitution.principles[0]
    prompts = [side_prompt(base, work.plan.constitution, side, query) for side in SIDES]
    model = check_packing(base, prompts, [base.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (first.statement, first.antithesis)])
    model = dataclasses.replace(model, packed=work.world.share(model.packed))
    for notice in model.notices:
        work.on_step(StepReport(phase="preparing", done=100, total=100, note=notice, lasting=notice))
    return model


def _check_link(work: _Work, base: LoadedModel) -> Trainability:
    """The verdict on trainability, asked once for a run and kept.

    Raises:
        LinkError: A no-go that was not overridden.
    """
    tell = now_and_then(lambda words: work.on_step(StepReport(phase="preparing", done=100, total=100, note=words)))

    def on_asking(asking: Asking) -> None:
        tell(asking)
        if work.stop_alone():
            raise Stopped

    def ask_base() -> dict[str, Any]:
        return trainability_to_data(check_run(base, work.plan.constitution, work.plan.queries, work.plan.config, on_asking=on_asking))

    found = trainability_from_data(work.world.share(remember(work.folder / "trainability.json", ask_base) if work.world.first else None))
    require_link(found, work.plan.config)
    return found


def _progress(work: _Work) -> Any:
    return lambda what, share: work.on_step(StepReport(phase="preparing", done=round(100 * share), total=100, note=what))


def _iterate(work: _Work, base: LoadedModel, shown: Sequence[str]) -> LoadedModel:
    """SAMI's Algorithm 1: every iteration samples from the policy of the one before and trains a fresh adapter from the base.

    Returns:
        The model with the adapter of the last iteration, which is also in `work.folder / "adapter"`.
    """
    config, model = work.plan.config, base
    for number in range(1, config.iterations + 1):
        own = iteration_config(config, number)
        folder = work.folder / f"iteration-{number}"
        folder.mkdir(exist_ok=True)
        examples = _sample_examples(work, model, own, number)
        adapter = work.folder / "adapter" if number == config.iterations else folder / "adapter"
        if model is base:
            model = attach_adapter(base, rank=config.lora_rank, alpha=config.lora_alpha, seed=own.seed)
        if work.world.share(adapter.exists()):
            restore_adapter(model, adapter)
            _tell_again(work, number)
            continue
        if number > 1:  # the first is fresh from `attach_adapter`
            reset_adapter(model, own.seed)
        _train(work, model, examples, own, number, shown)
        if work.world.first:
            save_adapter(model, adapter)
    return model


def _sample_examples(work: _Work, policy: LoadedModel, config: TrainConfig, number: int) -> list[Example]:
    """The examples of one iteration, from the policy that the iteration before left."""
    queries = iteration_queries(work.plan.queries, work.plan.config, number)
    work.train_queries += [query for query in queries if query not in work.train_queries]
    examples: list[Example] = []
    dropped: Counter[str] = Counter()
    batches = _batches(queries)
    for k, batch in enumerate(batches):

        def compute(batch: Sequence[str] = batch) -> dict[str, Any]:
            prepared = draw_examples(policy, work.plan.constitution, work.world.part(batch), config)
            parts = work.world.gather({"examples": [dataclasses.asdict(example) for example in prepared.examples], "dropped": prepared.dropped})
            rows = sorted((row for part in parts for row in part["examples"]), key=lambda row: batch.index(row["query"]))
            return {"examples": rows, "dropped": dict(sum((Counter(part["dropped"]) for part in parts), Counter()))}

        data = remember_together(work.world, work.folder / f"iteration-{number}" / f"responses-{k:03d}.json", compute)
        examples += [example_from_data(row) for row in data["examples"]]
        dropped.update(data["dropped"])
        work.tick(StepReport(phase=phase_of("sampling", number), done=k + 1, total=len(batches)))
    work.dropped.update(dropped)
    n_principles = len(work.plan.constitution.principles)
    work.kept += [contrast_for(example.query, n_principles, config.n_constitutions, config.seed).stances for example in examples]
    require_examples(len(examples), dict(dropped))
    return examples


def _train(work: _Work, model: LoadedModel, examples: Sequence[Example], config: TrainConfig, number: int, shown: Sequence[str]) -> None:
    """Train one iteration's adapter; its curve goes on from where the one before ended."""
    folder, curve = work.folder / f"iteration-{number}", Curve(work.folder / "curve.json")
    before = curve.steps_before(number)
    queries = probe_queries(work.plan.queries, work.plan.config, number)
    note = probe_note(len(queries), work.plan.config)

    def on_step(report: StepReport) -> None:
        several = {"iteration": float(number)} if work.plan.config.iterations > 1 and report.metrics else {}
        report = dataclasses.replace(report, phase=phase_of("training", number), steps_before=before, metrics={**report.metrics, **several})
        if report.checkpoint:
            report = dataclasses.replace(report, checkpoint=f"{folder.name}/{report.checkpoint}")
        ending = read_ending(folder, config) if report.done == report.total else None
        ended = ending_words(ending, number, work.plan.config.iterations) if ending is not None else ""
        work.on_step(dataclasses.replace(report, note=ended or ("" if report.done else note), lasting=report.lasting or ended or note))

    recompute = should_recompute(model, examples, config, sharers=work.world.size)
    if recompute and config.activation_checkpointing == "auto":
        on_step(StepReport(phase="training", done=0, total=len(step_order(len(examples), config)), lasting=RECOMPUTED))
    with recomputing(model) if recompute else contextlib.nullcontext():
        train(
            model,
            examples,
            config,
            folder,
            on_step=on_step,
            on_metrics=lambda step, metrics: curve.add(number, before + step, metrics) if work.world.first else None,
            should_stop=work.should_stop,
            show=(lambda: show_replies(model, work.plan.constitution, work.plan.config, shown)) if work.world.first else None,
            probes=start_probes(model, work.plan.constitution, queries, work.plan.config, folder) if work.world.first else None,
            world=work.world,
        )


def _tell_again(work: _Work, number: int) -> None:
    """An attempt that finds an iteration done says how it ended, since what an earlier attempt said is gone from the page."""
    ending = read_ending(work.folder / f"iteration-{number}", work.plan.config)
    if ending is not None:
        said = ending_words(ending, number, work.plan.config.iterations)
        work.on_step(StepReport(phase=phase_of("training", number), done=ending.step, total=ending.step, note=said, lasting=said))


def measure_policy(work: _Work, model: LoadedModel, queries: Sequence[str], policy: str) -> list[MeasuredReply]:
    """Replies of one policy to the held-out queries, committed batch by batch. The caller switches the adapter."""
    replies: list[MeasuredReply] = []
    batches = query_batches(work.plan.constitution, queries)
    world = work.world
    for number, batch in enumerate(batches):
        path = work.folder / f"{policy}-replies-{number:03d}.json"
        measured = replies_from_data(world.share(json.loads(path.read_text(encoding="utf-8")) if world.first and path.exists() else None))
        if measured is None:  # not there yet, or left by an earlier version of the studio
            measured = _ask_together(work, model, batch)
            if world.first:
                write_json(path, [dataclasses.asdict(reply) for reply in measured])
        replies += measured
        work.tick(StepReport(phase=f"measuring {policy}", done=number + 1, total=len(batches)))
    return replies


def _ask_together(work: _Work, model: LoadedModel, batch: Sequence[str]) -> list[MeasuredReply]:
    """The replies to a batch, each process answering its part of the queries."""
    config, own = work.plan.config, work.world.part(batch)
    rows = [dataclasses.asdict(reply) for reply in ask(model, work.plan.constitution, own, config.sampling, config.seed)]
    by_query = [rows[i * len(rows) // len(own) : (i + 1) * len(rows) // len(own)] for i in range(len(own))]
    measured = replies_from_data([row for group in work.world.together(work.world.gather(by_query)) for row in group])
    assert measured is not None
    return measured


def _batches(queries: Sequence[str]) -> list[Sequence[str]]:
    return [queries[i : i + QUERIES_PER_BATCH] for i in range(0, len(queries), QUERIES_PER_BATCH)]


def _remedy(config: TrainConfig) -> str:
    tokens = config.sampling.max_new_tokens
    again = "" if config.activation_checkpointing == "on" else "activation_checkpointing=on, "
    return (
        f"Memory ran out. Close other programs and resume; or train again with {again}a lower sampling.max_new_tokens ({max(16, tokens // 2)} "
        f"instead of {tokens}) or a smaller model."
    )
