"""From adapters and the records of their runs to the plan of a drift matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.constitution.principles import Constitution, content_hash
from core.constitution.text import same_question
from core.lab.bench import examine
from core.lab.drift.plan import DriftPlan, Trained
from core.methods.settings import TrainConfig, config_from_data
from core.methods.variants import REAL
from core.settings import ModelReference, SamplingConfig


@dataclass(frozen=True, kw_only=True)
class Given:
    """Something that was trained, as it was named."""

    constitution: Constitution
    folder: Path
    record: Mapping[str, Any] | None  # of its run; None: a stranger's
    variant: str = REAL


@dataclass(frozen=True, kw_only=True)
class Replying:
    """How all rows reply, and to what."""

    held_out: tuple[str, ...]
    model: ModelReference
    sampling: SamplingConfig
    seed: int


def variant_of(record: Mapping[str, Any] | None) -> str:
    """What a run was trained as, by its record: an adapter of a control is none of the text, whatever it is given as."""
    return config_from_data(record["config"]).variant if record is not None else REAL


def first_of(given: Sequence[Given]) -> Given | None:
    """The first that comes with the record of its run, which says model, sampling and seed where nobody else does."""
    return next((each for each in given if each.record is not None), None)


def trained_on(given: Sequence[Given]) -> set[str]:
    """The queries that anything was trained on, as questions, as far as records say."""
    return {same_question(query) for each in given if each.record is not None for query in each.record["queries"]["train"]}


def plan_of(given: Sequence[Given], others: Sequence[Constitution], replying: Replying) -> DriftPlan:
    """The plan of everything that was trained, and of further constitutions.

    Raises:
        AdapterError: A folder holds nothing that a run makes.
        ConfigError: There are too few constitutions.
    """
    constitutions = {content_hash(each): each for each in (*(one.constitution for one in given), *others)}
    first = first_of(given)
    config = config_from_data(first.record["config"]) if first is not None and first.record is not None else TrainConfig()
    return DriftPlan(
        constitutions=tuple(constitutions.values()),
        trained=tuple(_trained(each, list(constitutions)) for each in given),
        held_out=replying.held_out,
        model=replying.model,
        config=replace(config, sampling=replying.sampling, seed=replying.seed),
    )


def _trained(given: Given, hashes: Sequence[str]) -> Trained:
    examined = examine(given.folder, given.record, config_from_data(given.record["config"]).method if given.record is not None else None)
    return Trained(of=hashes.index(content_hash(given.constitution)), artifact=examined.artifact, recipe=examined.recipe, variant=given.variant)
