"""A drift matrix as plain data, and back. Imports no torch."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from core.constitution.principles import content_hash, from_data, to_data
from core.engine.adapter_card import named_for_others
from core.errors import ConfigError, ConstitutionError
from core.lab.drift.matrix import BESIDE, Beside, Cell, DriftFound, Example, Matrix, shown_rows
from core.lab.drift.plan import DriftPlan, Row, Trained, columns_of, names_of
from core.lab.drift.says import family_says, said_of, word_of
from core.measure.questions import Answer
from core.measure.statistics import Figure
from core.methods.arms import Artifact
from core.methods.settings import TrainConfig
from core.settings import ModelReference, SamplingConfig


def drift_to_data(found: DriftFound) -> dict[str, Any]:
    """Plain JSON data. No path of this machine is in it."""
    plan = found.plan
    return {
        "about": {
            "model": named_for_others(plan.model).id,
            "n_queries": len(plan.held_out),
            "queries": list(plan.held_out),
            "seed": plan.config.seed,
            "sampling": asdict(plan.config.sampling),
            "constitutions": [
                {"name": name, "constitution_sha256": content_hash(each), "constitution": to_data(each)}
                for name, each in zip(names_of(plan.constitutions), plan.constitutions, strict=True)
            ],
            "trained": [
                {"on": each.of, "variant": each.variant, "method": each.recipe, "kind": each.artifact.kind, "sha256": each.artifact.sha256}
                for each in plan.trained
            ],
        },
        "said": asdict(said_of(found)),
        "rows": [_row(found, row) for row in found.rows],
        "columns": [
            {"key": column.key, "label": column.label, "constitution": column.of, "check": str(column.principle.check) if column.principle.check else None}
            for column in found.columns
        ],
        "checks": _matrix(found.checks),
        "reader": _matrix(found.reader),
        "beside": [_beside(each) for each in found.beside],
        "examples": [asdict(each) for each in found.examples],
    }


def _row(found: DriftFound, row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "group": row.group.value,
        "trained_on": row.trained_on,
        "in_prompt": row.in_prompt,
        "method": row.arm.method,
        "against": row.against or None,
        "could_not_be_asked": found.failed.get(row.key),
    }


def _matrix(matrix: Matrix) -> dict[str, Any]:
    return {"by": matrix.by, "family": matrix.family, "corrected": family_says(matrix), "cells": [_cell(cell) for cell in matrix.cells]}


def _cell(cell: Cell) -> dict[str, Any]:
    return {**asdict(cell), "says": word_of(cell)}


def _beside(each: Beside) -> dict[str, Any]:
    return {**asdict(each), "title": BESIDE[each.name]}


def drift_from_data(data: Mapping[str, Any]) -> DriftFound:
    """The inverse of `drift_to_data`: sentences are made anew. Where an artifact lay is not known any more.

    Raises:
        ValueError: Data of another form.
    """
    try:
        plan = _plan(data["about"])
        return DriftFound(
            plan=plan,
            rows=shown_rows(plan),
            columns=columns_of(plan.constitutions),
            failed={str(row["key"]): str(row["could_not_be_asked"]) for row in data["rows"] if row["could_not_be_asked"] is not None},
            checks=_read_matrix(data["checks"]),
            reader=_read_matrix(data["reader"]),
            beside=tuple(Beside(**_figures(_known(Beside, each), "value", "change")) for each in data["beside"]),
            examples=tuple(Example(**{name: str(text) for name, text in _known(Example, each).items()}) for each in data["examples"]),
        )
    except (LookupError, TypeError, AttributeError, ConstitutionError, ConfigError) as error:
        raise ValueError(f"this is no drift matrix: {error!r}") from error


def _plan(about: Mapping[str, Any]) -> DriftPlan:
    return DriftPlan(
        constitutions=tuple(from_data(each["constitution"]) for each in about["constitutions"]),
        trained=tuple(
            Trained(of=int(each["on"]), artifact=Artifact(kind=each["kind"], place="", sha256=each["sha256"]), recipe=each["method"], variant=each["variant"])
            for each in about["trained"]
        ),
        held_out=tuple(map(str, about["queries"])),
        model=ModelReference(id=str(about["model"])),
        config=replace(TrainConfig(), sampling=SamplingConfig(**about["sampling"]), seed=int(about["seed"])),
    )


def _read_matrix(data: Mapping[str, Any]) -> Matrix:
    return Matrix(by=str(data["by"]), family=int(data["family"]), cells=tuple(map(_read_cell, data["cells"])))


def _read_cell(data: Mapping[str, Any]) -> Cell:
    known = _figures(_known(Cell, data), "before", "after", "change")
    return Cell(**{**known, "answer": Answer(known["answer"])})


def _known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a value is made of, without what was added for whoever reads the file."""
    return {each.name: data[each.name] for each in fields(kind)}


def _figures(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**data, **{name: Figure(**data[name]) for name in names}}
