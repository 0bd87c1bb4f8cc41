"""What a run is given and what it leaves: its plan, the curve of its training, its record."""

import dataclasses
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.constitution.principles import content_hash, to_data
from core.constitution.queries import queries_hash
from core.engine.adapter_card import named_for_others
from core.engine.checkpoints import remember, write_json
from core.engine.processes import World
from core.errors import ConfigError
from core.measure.report_data import report_to_data
from core.measure.rows import rows_to_data
from core.measure.values import Report
from core.methods.settings import config_from_data, config_to_data
from core.methods.variants import VARIANTS
from core.runs.balance import PrincipleBalance, balance_to_data
from core.runs.iterations import as_probed, probed_queries
from core.runs.links import Trainability, trainability_to_data
from core.runs.plan import RunPlan
from core.runs.results import RunResult, run_result_to_data
from core.runs.run_queries import run_queries, scenarios_to_data
from core.settings import ModelReference

PLAN = "plan.json"  # in a run's folder, beside run.json: what only this machine needs to know, to go on
_PACKAGES = ("torch", "transformers", "peft", "huggingface_hub", "safetensors")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What a finished run leaves, also as `run.json`."""

    adapter: Path  # the folder of what was made: an adapter, or another kind of artifact
    adapter_sha256: str
    result: Report
    model: ModelReference
    trainability: Trainability
    dropped: dict[str, int]
    balance: tuple[PrincipleBalance, ...]  # of the examples that were kept, over all iterations
    endings: list[dict[str, Any]]  # iterations that ended early, as `core.runs.endings.endings_data` gives them
    made: dict[str, Any] = field(default_factory=dict)  # what a method without a gradient says of what it made and how it was chosen; empty of the others
    duration_s: float  # of this attempt, model loading included


def claim_folder(plan: RunPlan, folder: Path, world: World) -> None:
    """Write the plan's fingerprint, or compare it with the one that is there.

    Raises:
        ConfigError: The folder belongs to another run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = {
        "constitution": content_hash(plan.constitution),
        "queries": queries_hash(plan.queries),
        "model": plan.known_as or plan.model.id,
        "config": config_to_data(plan.config),
    }
    there = world.share(remember(folder / PLAN, lambda: dict(here)) if world.first else None)
    there["config"] = config_to_data(config_from_data(there["config"]))  # that of the version before knows fewer settings
    if there["model"] == plan.model.id:  # begun before names that last were kept
        there["model"] = here["model"]
    different = [key for key in here if there.get(key) != here[key]]
    if different:
        raise ConfigError(
            f"{folder} holds another run: its {' and '.join(different)} differ from what is asked now. Choose another folder, or the same settings."
        )


class Curve:
    """The numbers of every optimiser step of a run, on disk after each. A step that is done again replaces its row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = json.loads(path.read_text()) if path.exists() else []

    def steps_before(self, iteration: int) -> int:
        """Optimiser steps of the iterations before this one."""
        return int(max((row["step"] for row in self.rows if row["iteration"] < iteration), default=0))

    def add(self, iteration: int, step: int, metrics: Mapping[str, float]) -> None:
        """Write the metrics of a step."""
        kept = [row for row in self.rows if row["step"] != step]
        self.rows = sorted([*kept, {"step": step, "iteration": iteration, **metrics}], key=lambda row: row["step"])
        write_json(self.path, self.rows)


def record_to_data(plan: RunPlan, record: RunRecord, curve: list[dict[str, float]], train_queries: list[str], held_out: list[str]) -> dict[str, Any]:
    """`run.json`: everything that is needed to run it again, and what came of it. It is passed on, so no path of this machine is in it: the model has
    the name that lasts where it has one; where its folder lies stands in `plan.json`, for whatever goes on from here.
    """
    drawn = run_queries(plan.constitution, plan.queries, plan.config.seed)
    return {
        "constitution": to_data(plan.constitution),
        "constitution_sha256": content_hash(plan.constitution),
        **({"trained_text": to_data(text)} if (text := VARIANTS[plan.config.variant].text(plan.constitution)) != plan.constitution else {}),
        "model": dataclasses.asdict(_named(plan, record.model)),
        "config": config_to_data(plan.config),
        "queries": {
            "sha256": queries_hash(plan.queries),
            "train": train_queries,
            "held_out": held_out,
            "probe": probed_queries(drawn.pool, as_probed(plan.config, plan.constitution)),
            **scenarios_to_data(drawn, train_queries),
        },
        "adapter_sha256": record.adapter_sha256,
        "dropped_queries": record.dropped,
        "balance": balance_to_data(record.balance),
        "endings": record.endings,
        **({"made": record.made} if record.made else {}),
        "duration_s": round(record.duration_s, 1),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "trainability": trainability_to_data(record.trainability),
        "metrics": curve,
        "result": {**report_to_data(record.result), "rows": rows_to_data(record.result)},
    }


def _named(plan: RunPlan, model: ModelReference) -> ModelReference:
    lasting = plan.known_as
    if lasting is None or lasting == plan.model.id or Path(lasting).is_absolute():
        return named_for_others(model)
    return dataclasses.replace(model, id=lasting)


def result_data(record: RunRecord) -> dict[str, Any]:
    """What a run's row keeps of its record."""
    return run_result_to_data(
        RunResult(
            report=record.result,
            trainability=record.trainability,
            dropped=record.dropped,
            balance=record.balance,
            endings=tuple(record.endings),
            made=record.made,
            duration_s=round(record.duration_s, 1),
        )
    )
