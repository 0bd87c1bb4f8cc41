"""One run from plan to result: prepare, sample, train, measure. The command line and the trainer's child both call `execute`.

Everything finished is committed to the run's folder as it is done, so that a run killed at any moment goes on from there.
"""

import dataclasses
import time
from pathlib import Path
from typing import Any

from core.constitution.findings import require_valid
from core.constitution.principles import SIDES
from core.constitution.queries import draw_queries
from core.engine.artifacts import KINDS
from core.engine.checkpoints import remember, write_json
from core.engine.layouts import prove_layouts
from core.engine.memory import memory_in_words
from core.engine.models import LoadedModel, Placing, choose_device, load_model, locate
from core.engine.processes import ALONE, World
from core.measure.ask import side_prompt
from core.measure.report import evaluate
from core.methods.recipe import Recipe, open_recipe
from core.methods.recipes import recipe_of
from core.methods.settings import TrainConfig
from core.progress import NOBODY, Listener, StepReport, Stopped, ignore_step
from core.runs.balance import count_balance
from core.runs.demands import require_possible
from core.runs.endings import endings_data
from core.runs.links import Trainability, trainability_from_data, trainability_to_data
from core.runs.making import make
from core.runs.measuring import measure_arms
from core.runs.phases import ASKED_ALREADY, artifact_of, measured_arms
from core.runs.plan import RunPlan
from core.runs.records import Curve, RunRecord, claim_folder, record_to_data
from core.runs.run_queries import run_queries, scenario_notes
from core.runs.trainability import Asking, check_run, now_and_then, require_link
from core.runs.training import iterate
from core.runs.work import Work
from core.settings import ModelReference

LOADED = 40  # percent of the preparation, when the model is there: the rest is asking the base


def execute(plan: RunPlan, folder: Path, models: Path, listener: Listener = NOBODY, world: World = ALONE) -> RunRecord:
    """Run a plan in a folder, going on from what an earlier attempt committed there; leaves what was made, such as `folder/adapter`, and `folder/run.json`.

    Args:
        plan: What to do.
        folder: The run's folder: made when missing; must belong to the same plan otherwise.
        models: Folder of converted models.
        listener: Told every step, and asked after it whether to stop.
        world: The processes that do the run together, each with the same plan and folder; only the first one's listener is used.

    Raises:
        Stopped: `should_stop` said yes.
        StudioError: Anything the user can put right.
    """
    started = time.monotonic()
    work = _begin(plan, folder, listener, world)
    with memory_in_words(_remedy(plan.config)):
        _tell_scenarios(work)
        base = _prove_layouts(work, _load(work, models), work.held_out[0])
        trainability = _check_link(work, base)
        recipe = open_recipe(plan.config.method)
        model = iterate(work, base) if isinstance(recipe, Recipe) else make(work, base, recipe)
        kind = artifact_of(plan.config).kind
        sha256 = world.share(KINDS[kind].sha256(folder / kind) if world.first else None)  # the others may come here before it is written
        arms = measured_arms(plan.config, artifact_of(plan.config, sha256))
        answered = measure_arms(work, model, arms)
    record = RunRecord(
        adapter=folder / kind,
        adapter_sha256=sha256,
        result=evaluate(work.constitution, answered.replies, own=answered.own),
        model=model.reference,
        trainability=trainability,
        dropped=dict(work.dropped),
        balance=count_balance(plan.constitution, work.kept) if recipe_of(plan.config.recipe).contrasts else (),
        endings=endings_data(folder, plan.config),
        made=work.made,
        duration_s=time.monotonic() - started,
    )
    return _kept(work, record)


def _begin(plan: RunPlan, folder: Path, listener: Listener, world: World) -> Work:
    require_valid(plan.constitution)
    require_possible(plan.constitution, plan.queries, plan.config)
    claim_folder(plan, folder, world)
    queries = run_queries(plan.constitution, plan.queries, plan.config.seed)
    return Work(
        plan=plan,
        folder=folder,
        on_step=listener.on_step if world.first else ignore_step,
        should_stop=lambda: bool(world.share(listener.should_stop())),
        stop_alone=listener.should_stop,
        world=world,
        queries=queries,
        held_out=draw_queries(queries.pool, "held_out", plan.config.held_out_queries, plan.config.seed),
    )


def _tell_scenarios(work: Work) -> None:
    """People are told which scenarios are not used as they are marked, and which queries they take out."""
    for note in scenario_notes(work.queries, work.plan.config):
        work.on_step(StepReport(phase="preparing", done=0, total=100, note=note, lasting=note))


def _kept(work: Work, record: RunRecord) -> RunRecord:
    if work.world.first:
        curve = Curve(work.folder / "curve.json").rows
        write_json(work.folder / "run.json", record_to_data(work.plan, record, curve, work.train_queries, work.held_out))
    return record


def _load(work: Work, models: Path) -> LoadedModel:
    """The base; several processes leave fetching it, and which revision it is, to the first."""
    plan, world = work.plan, work.world
    reference, device = plan.model, world.device(choose_device(plan.device))
    if world.size > 1:
        pinned = locate(reference, models, _progress(work))[1] if world.first else reference
        reference = ModelReference(**world.share(dataclasses.asdict(pinned)))
    return load_model(reference, models, Placing(device=device, four_bit=plan.config.four_bit), _progress(work))


def _prove_layouts(work: Work, base: LoadedModel, query: str) -> LoadedModel:
    """The model, asked in the layouts that it turns out to allow; people are told what is unusual about it."""
    first = work.plan.constitution.principles[0]
    prompts = [side_prompt(base, work.plan.constitution, side, query) for side in SIDES]
    model = prove_layouts(
        base, [prompt.ids for prompt in prompts], [base.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (first.statement, first.antithesis)]
    )
    model = dataclasses.replace(
        model, packed=work.world.share(model.packed), steady_sizes=tuple(work.world.share(model.steady_sizes)), lanes=work.world.share(model.lanes)
    )
    for notice in model.notices:
        work.on_step(StepReport(phase="preparing", done=LOADED, total=100, note=notice, lasting=notice))
    return model


def _check_link(work: Work, base: LoadedModel) -> Trainability:
    """The verdict on trainability, asked once for a run and kept.

    Raises:
        LinkError: A no-go that was not overridden.
    """
    share = 0.0

    def on_step(words: str) -> None:
        work.on_step(StepReport(phase="preparing", done=LOADED + int((99 - LOADED) * share), total=100, note=words))

    tell = now_and_then(on_step)

    def on_asking(asking: Asking) -> None:
        nonlocal share
        share = asking.share
        tell(asking)
        if work.stop_alone():
            raise Stopped

    def ask_base() -> dict[str, Any]:
        if work.plan.checked is not None:
            work.on_step(StepReport(phase="preparing", done=LOADED, total=100, note=ASKED_ALREADY, lasting=ASKED_ALREADY))
            return trainability_to_data(work.plan.checked)
        return trainability_to_data(check_run(base, work.plan.constitution, work.plan.queries, work.plan.config, on_asking=on_asking).found)

    trainability = trainability_from_data(work.world.share(remember(work.folder / "trainability.json", ask_base) if work.world.first else None))
    require_link(trainability, work.plan.config)
    work.on_step(StepReport(phase="preparing", done=100, total=100))
    return trainability


def _progress(work: Work) -> Any:
    return lambda what, share: work.on_step(StepReport(phase="preparing", done=round(LOADED * share), total=100, note=what))


def _remedy(config: TrainConfig) -> str:
    tokens = config.sampling.max_new_tokens
    again = "" if config.activation_checkpointing == "on" else "activation_checkpointing=on, "
    return (
        f"Memory ran out. Close other programs and resume; or train again with {again}a lower sampling.max_new_tokens ({max(16, tokens // 2)} "
        f"instead of {tokens}) or a smaller model."
    )
