"""A drift matrix as plain data. Imports no torch."""

from dataclasses import asdict
from typing import Any

from core.constitution.principles import content_hash, to_data
from core.engine.adapter_card import named_for_others
from core.lab.drift.matrix import BESIDE, Beside, Cell, DriftFound, Matrix
from core.lab.drift.plan import Row, names_of
from core.lab.drift.says import family_says, said_of, word_of


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
