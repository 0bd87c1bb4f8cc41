"""A run whose method needs no gradient: sample as the others do, then let it make what it leaves, piece by piece."""

from collections.abc import Callable, Mapping
from typing import Any

from core.constitution.principles import content_hash
from core.constitution.queries import queries_hash
from core.engine.artifacts import load_artifact
from core.engine.models import LoadedModel
from core.engine.policies import base_of
from core.engine.processes import remember_together
from core.methods.recipe import Bench, Direct
from core.methods.recipes import RECIPES
from core.progress import StepReport, phase_of
from core.runs.iterations import iteration_config, iteration_queries
from core.runs.records import Curve
from core.runs.training import sample_examples
from core.runs.work import Work

MADE = "made"  # the piece of work that is the whole


def make(work: Work, base: LoadedModel, recipe: Direct) -> LoadedModel:
    """The model with the artifact at hand, which is also in the run's folder, under the name of its kind."""
    plan, kind = work.plan, RECIPES[work.plan.config.method].artifact
    folder, leaves = work.folder / "iteration-1", work.folder / kind
    folder.mkdir(exist_ok=True)
    read, validation = split_queries(iteration_queries(work.queries.pool, plan.config, 1), plan.config.recipe.validation)
    config = iteration_config(plan.config, 1)
    examples = sample_examples(work, base_of(base), config, 1, read)
    work.train_queries += [query for query in validation if query not in work.train_queries]  # what was chosen on them is no news on them
    steps, curve = plan.config.steps_of(1), Curve(work.folder / "curve.json")
    phase = phase_of("training", 1)

    def keep(name: str, compute: Callable[[], Any]) -> Any:
        return remember_together(work.world, folder / f"{name}.json", compute)

    def tell(done: int, metrics: Mapping[str, float]) -> None:
        if metrics and work.world.first:
            curve.add(1, done, metrics)
        work.tick(StepReport(phase=phase, done=min(done, steps), total=steps, metrics=metrics))

    work.on_step(StepReport(phase=phase, done=0, total=steps))
    hashes = {"constitution_sha256": content_hash(plan.constitution), "queries_sha256": queries_hash(plan.queries)}
    bench = Bench(constitution=work.constitution, config=config, validation=validation, hashes=hashes, keep=keep, tell=tell, world=work.world)
    work.made = keep(MADE, lambda: recipe.make(base, examples, bench, leaves))
    said = str(work.made["says"])
    work.on_step(StepReport(phase=phase, done=steps, total=steps, note=said, lasting=said))
    work.world.share(leaves.exists())  # the others may come here before it is written
    return load_artifact(base, leaves)


def split_queries(queries: list[str], validation: int) -> tuple[list[str], list[str]]:
    """The queries that examples are drawn for, and the last ones, on which something is chosen: at most half of them."""
    n = min(validation, len(queries) // 2)
    return queries[: len(queries) - n], queries[len(queries) - n :]
