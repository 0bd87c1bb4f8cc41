"""Adapters of the controls of a text, trained for a probe as a run would train them, and gone on with where that was stopped."""

from dataclasses import dataclass, replace

from core.engine.artifacts import artifact_in, load_artifact, without_artifacts
from core.engine.models import LoadedModel, Placing, choose_device, load_model
from core.engine.processes import ALONE
from core.lab.bench import Bench
from core.methods.arms import METHODS, Arm, Artifact, make_arm
from core.methods.recipe import Recipe, open_recipe
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig
from core.progress import StepReport
from core.runs.demands import require_possible
from core.runs.making import make
from core.runs.plan import RunPlan
from core.runs.records import claim_folder
from core.runs.run_queries import run_queries
from core.runs.training import iterate
from core.runs.work import Work


@dataclass(frozen=True)
class Trained:
    """What was made of one variant."""

    variant: str
    arm: Arm  # with the constitution in its prompt


def trained_variants(bench: Bench, variants: tuple[str, ...]) -> tuple[Bench, list[Trained]]:
    """Train what is not there yet, on a copy of the base that nothing else wears anything on.

    Returns:
        A bench on that copy, which has all of them at hand, and their arms.

    Raises:
        StudioError: The queries or the settings allow no such training.
    """
    base, kind = own_base(bench), RECIPES[bench.plan.config.method].artifact
    for variant in variants:
        if not (bench.own / variant / kind).is_dir():
            base = _train(bench, base, replace(bench.plan.config, variant=variant))
    found = []
    for variant in variants:
        artifact = artifact_in(bench.own / variant / kind)
        base = load_artifact(base, bench.own / variant / kind)
        found.append(Trained(variant, _with_text(bench.plan.config, artifact)))
    return replace(bench, model=base), found


def own_base(bench: Bench) -> LoadedModel:
    """Beside the bench's model, whose adapter others go on with; asked in the layouts that were found to hold for that one."""
    placing = Placing(device=choose_device(bench.plan.device), four_bit=bench.plan.config.four_bit)
    return replace(load_model(bench.plan.model, bench.models, placing), packed=bench.model.packed, steady_sizes=bench.model.steady_sizes)


def _train(bench: Bench, base: LoadedModel, config: TrainConfig) -> LoadedModel:
    """Leave what the recipe makes in a folder of the variant's name. Returns the base as it was."""
    plan = RunPlan(constitution=bench.plan.constitution, queries=bench.plan.queries, model=bench.plan.model, config=config)
    require_possible(plan.constitution, plan.queries, config)
    folder = bench.own / config.variant
    claim_folder(plan, folder, ALONE)

    def on_step(report: StepReport) -> None:
        bench.on_step(replace(report, phase=bench.probe, note=f"{config.variant}: {report.phase}", metrics={}, replies=(), checkpoint=None))

    work = Work(
        plan=plan,
        folder=folder,
        on_step=on_step,
        should_stop=bench.should_stop,
        stop_alone=bench.should_stop,
        world=ALONE,
        queries=run_queries(plan.constitution, plan.queries, config.seed),
        held_out=list(bench.plan.held_out),
    )
    recipe = open_recipe(config.method)
    model = iterate(work, base) if isinstance(recipe, Recipe) else make(work, base, recipe)
    return without_artifacts(model)


def _with_text(config: TrainConfig, artifact: Artifact) -> Arm:
    method = next(method for method in METHODS.values() if method.recipe == config.method and method.in_prompt and not method.beside)
    return make_arm(method.key, artifact=artifact)
