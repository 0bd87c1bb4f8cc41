"""The loop of every recipe: order of steps, gradient, clipping, AdamW, probes, early ends, checkpoints, and going on from one of them.

The science of a recipe is in its own file; here is what all of them share. One iteration of a run: `core.runs.training` repeats it.
"""

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from core.engine.checkpoints import adapter_tensors, latest_checkpoint, restore_tensors, save_checkpoint, write_json
from core.engine.models import LoadedModel
from core.engine.policies import as_it_is
from core.engine.processes import ALONE, World
from core.methods.examples import Example
from core.methods.recipe import Recipe, open_recipe
from core.methods.settings import TrainConfig
from core.progress import OnStep, ShouldStop, ShownReply, StepReport, Stopped, ignore_step, never_stop
from core.runs.endings import EARLY_END, Ending, ending_to_data, read_ending, too_far
from core.runs.probes import Probes, go_back
from core.seeds import seed_for

CHECKPOINT_EVERY_S = 20.0  # work lost to a kill, at most, besides the step under way
FINAL_LEARNING_RATE = 0.3  # share of the peak that the linear decay ends at

OnMetrics = Callable[[int, Mapping[str, float]], None]
Show = Callable[[], tuple[ShownReply, ...]]  # samples replies for people to read


def ignore_metrics(_step: int, _metrics: Mapping[str, float]) -> None:
    """The default `on_metrics`."""


@dataclass(frozen=True, kw_only=True)
class Company:
    """Whoever has a part in a training: who is told, who may end it, who shares it. Alone and unheard by default."""

    on_step: OnStep = ignore_step  # told the metrics of each step, on its queries before its update
    on_metrics: OnMetrics = ignore_metrics  # given them before the step's checkpoint is committed, so that a kill loses none
    should_stop: ShouldStop = never_stop  # asked after each step
    show: Show | None = None  # called before the first step, every `sample_every` steps, and after the last
    probes: Probes | None = None  # asks the policy on other queries now and then; may end training and take the adapter back to its best step
    world: World = ALONE  # the processes that share the queries of each step; all but the first are silent and write nothing


def step_order(n_examples: int, config: TrainConfig) -> list[list[int]]:
    """Which examples each optimiser step uses: every pass visits each once, in a new order."""
    steps = []
    for number in range(config.passes):
        order = list(range(n_examples))
        random.Random(seed_for(config.seed, "order", number)).shuffle(order)
        steps += [order[i : i + config.queries_per_step] for i in range(0, n_examples, config.queries_per_step)]
    return steps


def learning_rate(step: int, total: int, config: TrainConfig) -> float:
    """Linear warm-up, and linear decay to three tenths from the first step on."""
    warm = min(1.0, (step + 1) / config.warmup_steps)
    return config.learning_rate * warm * (1 - (1 - FINAL_LEARNING_RATE) * step / max(1, total))


def train(model: LoadedModel, examples: Sequence[Example], config: TrainConfig, folder: Path, company: Company) -> None:
    """Train the attached adapter in place, going on from the newest checkpoint in `folder` when there is one.

    A resumed run ends with the same adapter, bit for bit on a CPU, as an uninterrupted one.

    Args:
        model: Base with a fresh adapter.
        examples: What the recipe's sampling kept.
        config: Recipe, steps, rates, seed.
        folder: Where checkpoints go.
        company: Who is told, who may end it, who shares it.

    Raises:
        Stopped: `should_stop` said yes; a checkpoint of the last step has been committed.
    """
    recipe, policy = open_recipe(config.method), as_it_is(model, config.method)
    assert isinstance(recipe, Recipe)
    world, probes, show = company.world, company.probes, company.show
    parameters = {name: p for name, p in model.network.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), lr=config.learning_rate, weight_decay=0.0)
    steps = step_order(len(examples), config)
    start, ending = 0, read_ending(folder)
    if (checkpoint := latest_checkpoint(folder)) is not None:
        restore_tensors(checkpoint.tensors(), parameters, optimizer)
        start = checkpoint.step
    elif show is not None:
        company.on_step(StepReport(phase="training", done=0, total=len(steps), replies=show()))
    last = ending.step if ending is not None else len(steps)
    if start and show is not None and config.shows_after(start, last):  # who was killed right after committing it had not shown them
        company.on_step(StepReport(phase="training", done=start, total=last, replies=show()))
    if probes is not None:
        probes.go_on_from(start)
    saved_at = time.monotonic()
    require_same_adapter(world, start, parameters)
    for step in range(start, len(steps)):
        if ending is not None and step >= ending.step:
            break
        metrics = recipe.gradient(policy, [examples[i] for i in steps[step]], config, world)
        world.add_gradients(list(parameters.values()))
        metrics["grad_norm"] = float(torch.nn.utils.clip_grad_norm_(parameters.values(), config.max_grad_norm))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, len(steps), config)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done = step + 1
        metrics |= world.share(probes.take(done, parameters) if probes is not None else {})
        if ending is None:
            ending = _ending(company, done, len(steps), metrics, config)
            if ending is not None and world.first:  # before the checkpoint: a run killed in between ends at the same step
                write_json(folder / EARLY_END, ending_to_data(ending))
        last = ending.step if ending is not None else len(steps)
        company.on_metrics(done, metrics)
        stopping = company.should_stop()
        committed = None
        if world.share(stopping or done == last or time.monotonic() - saved_at > CHECKPOINT_EVERY_S):
            require_same_adapter(world, done, parameters)
            if world.first:
                committed = save_checkpoint(folder, done, adapter_tensors(parameters, optimizer)).folder.name
            saved_at = time.monotonic()
            if probes is not None:
                probes.forget()
        shown = show() if show is not None and not stopping and config.shows_after(done, last) else ()
        company.on_step(StepReport(phase="training", done=done, total=last, metrics=metrics, replies=shown, checkpoint=committed))
        if stopping and done < last:
            raise Stopped
    if ending is not None and ending.back_to is not None:
        go_back(folder, ending.back_to, parameters)


def _ending(company: Company, step: int, planned: int, metrics: Mapping[str, float], config: TrainConfig) -> Ending | None:
    """Whether training ends early after this step: the first process asks its probes and tells the others."""
    measured = "kl_base_policy_nats" in metrics  # a recipe tells the distance only where something depends on it
    ending = too_far(step, planned, metrics["kl_base_policy_nats"], config) if measured else None
    if company.probes is not None:
        ending = company.probes.ending(step, planned, ending)
    told = company.world.share(ending_to_data(ending) if ending is not None else None)
    return Ending(**told) if told is not None else None


def require_same_adapter(world: World, step: int, parameters: Mapping[str, torch.nn.Parameter]) -> None:
    """Raise RuntimeError unless all processes hold the same adapter after so many steps, bit for bit."""
    if world.size > 1:
        sha256 = hashlib.sha256()
        for p in parameters.values():
            sha256.update(p.detach().cpu().numpy().tobytes())
        world.require_same(f"adapters after step {step}", f"{step} {sha256.hexdigest()}")
