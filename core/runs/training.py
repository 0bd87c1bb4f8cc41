"""A run's iterations: sample, then train a fresh adapter from the base (arXiv 2404.14313, Algorithm 1), whatever the recipe."""

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.engine.activations import recomputing, should_recompute
from core.engine.adapters import attach_adapter, reset_adapter, restore_adapter, save_adapter
from core.engine.batching import QUERIES_PER_BATCH, SHOWN_QUERIES
from core.engine.models import LoadedModel
from core.engine.policies import as_it_is
from core.engine.policy import Policy
from core.engine.processes import remember_together
from core.measure.ask import show_replies
from core.methods.examples import Example, example_from_data, kept_of, require_examples
from core.methods.recipe import open_recipe
from core.methods.settings import TrainConfig
from core.methods.variants import VARIANTS
from core.progress import ShownReply, StepReport, phase_of
from core.runs.endings import ending_words, read_ending
from core.runs.iterations import as_probed, iteration_config, iteration_queries, probe_note, probe_queries
from core.runs.loop import Company, step_order, train
from core.runs.probes import start_probes
from core.runs.records import Curve
from core.runs.work import Work
from core.seeds import seed_for

RECOMPUTED = "The activations of a step would not fit the memory, so they are computed again in the backward pass; steps take longer."


def iterate(work: Work, base: LoadedModel) -> LoadedModel:
    """Every iteration samples from the policy of the one before and trains a fresh adapter from the base.

    Returns:
        The model with the adapter of the last iteration, which is also in `work.folder / "adapter"`.
    """
    config, model = work.plan.config, base
    for number in range(1, config.iterations + 1):
        settings = iteration_config(config, number)
        folder = work.folder / f"iteration-{number}"
        folder.mkdir(exist_ok=True)
        examples = sample_examples(work, as_it_is(model, config.method), settings, number, iteration_queries(work.queries.pool, config, number))
        adapter = work.folder / "adapter" if number == config.iterations else folder / "adapter"
        if model is base:
            model = attach_adapter(base, rank=config.lora_rank, alpha=config.lora_alpha, seed=settings.seed)
        if work.world.share(adapter.exists()):
            restore_adapter(model, adapter)
            _tell_again(work, number)
            continue
        if number > 1:  # the first is fresh from `attach_adapter`
            reset_adapter(model, settings.seed)
        _train(work, model, examples, settings, number)
        if work.world.first:
            save_adapter(model, adapter)
    return model


def sample_examples(work: Work, policy: Policy, config: TrainConfig, number: int, queries: Sequence[str]) -> list[Example]:
    """The examples of one iteration, from the policy that the iteration before left."""
    work.train_queries += [query for query in queries if query not in work.train_queries]
    examples: list[Example] = []
    dropped: Counter[str] = Counter()
    batches = _batches(queries, policy.model.lanes)
    work.on_step(StepReport(phase=phase_of("sampling", number), done=0, total=len(batches)))
    for k, batch in enumerate(batches):

        def compute(batch: Sequence[str] = batch) -> dict[str, Any]:
            prepared = open_recipe(config.method).sample(policy, work.constitution, work.world.part(batch), config)
            parts = work.world.gather({"examples": [dataclasses.asdict(example) for example in prepared.examples], "dropped": prepared.dropped})
            rows = sorted((row for part in parts for row in part["examples"]), key=lambda row: batch.index(row["query"]))
            return {"examples": rows, "dropped": dict(sum((Counter(part["dropped"]) for part in parts), Counter()))}

        data = _remembered(work, work.folder / f"iteration-{number}" / f"responses-{k:03d}.json", batch, compute)
        examples += [example_from_data(row, len(work.constitution.principles), config) for row in data["examples"]]
        dropped.update(data["dropped"])
        work.tick(StepReport(phase=phase_of("sampling", number), done=k + 1, total=len(batches)))
    work.dropped.update(dropped)
    work.kept += [example.stances for example in examples]
    require_examples(len(examples), dict(dropped))
    return paired(examples, config, number)


def _remembered(work: Work, path: Path, batch: Sequence[str], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was drawn for a batch; what was drawn for a batch of another size, in other lanes, is drawn anew."""
    data: dict[str, Any] = remember_together(work.world, path, compute)
    if len(data["examples"]) + sum(data["dropped"].values()) == len(batch):
        return data
    if work.world.first:
        path.unlink()
    again: dict[str, Any] = remember_together(work.world, path, compute)
    return again


def paired(examples: Sequence[Example], config: TrainConfig, number: int) -> list[Example]:
    """The examples with the replies that the run's variant has in their places. Replies of later iterations come from a policy that was trained so."""
    pair = VARIANTS[config.variant].pair
    if pair is None or (number > 1 and not VARIANTS[config.variant].anew):
        return list(examples)
    responses = pair([example.responses for example in examples], seed_for(config.seed, "pairs"))
    return [dataclasses.replace(example, responses=given) for example, given in zip(examples, responses, strict=True)]


def _train(work: Work, model: LoadedModel, examples: Sequence[Example], config: TrainConfig, number: int) -> None:
    """Train one iteration's adapter; its curve goes on from where the one before ended."""
    folder, curve = work.folder / f"iteration-{number}", Curve(work.folder / "curve.json")
    before = curve.steps_before(number)
    probed = as_probed(work.plan.config, work.constitution)
    queries = probe_queries(work.queries.pool, probed, number)
    note = probe_note(len(queries), probed)

    def on_step(report: StepReport) -> None:
        several = {"iteration": float(number)} if work.plan.config.iterations > 1 and report.metrics else {}
        report = dataclasses.replace(report, phase=phase_of("training", number), steps_before=before, metrics={**report.metrics, **several})
        if report.checkpoint:
            report = dataclasses.replace(report, checkpoint=f"{folder.name}/{report.checkpoint}")
        ending = read_ending(folder) if report.done == report.total else None
        ended = ending_words(ending, number, work.plan.config.iterations) if ending is not None else ""
        work.on_step(dataclasses.replace(report, note=ended or ("" if report.done else note), lasting=report.lasting or ended or note))

    kept = list(map(kept_of, examples))
    recompute = should_recompute(model, kept, config.activation_checkpointing, sharers=work.world.size)
    if recompute or should_recompute(model, kept, "auto", sharers=work.world.size * model.lanes):
        model = dataclasses.replace(model, lanes=1)  # the activations of one query are as much as is wanted
    if recompute and config.activation_checkpointing == "auto":
        on_step(StepReport(phase="training", done=0, total=len(step_order(len(examples), config)), lasting=RECOMPUTED))

    def show() -> tuple[ShownReply, ...]:
        return show_replies(as_it_is(model, config.method), work.constitution, config.sampling, work.plan.config.seed, work.held_out[:SHOWN_QUERIES])

    company = Company(
        on_step=on_step,
        on_metrics=lambda step, metrics: curve.add(number, before + step, metrics) if work.world.first else None,
        should_stop=work.should_stop,
        show=show if work.world.first else None,
        probes=start_probes(model, work.constitution, queries, probed, folder) if work.world.first else None,
        world=work.world,
    )
    with recomputing(model) if recompute else contextlib.nullcontext():
        train(model, examples, config, folder, company)


def _tell_again(work: Work, number: int) -> None:
    """An attempt that finds an iteration done says how it ended, since what an earlier attempt said is gone from the page."""
    ending = read_ending(work.folder / f"iteration-{number}")
    if ending is not None:
        said = ending_words(ending, number, work.plan.config.iterations)
        work.on_step(StepReport(phase=phase_of("training", number), done=ending.step, total=ending.step, note=said, lasting=said))


def _batches(queries: Sequence[str], lanes: int) -> list[Sequence[str]]:
    """What is committed together: a batch for each lane."""
    size = QUERIES_PER_BATCH * lanes
    return [queries[i : i + size] for i in range(0, len(queries), size)]
