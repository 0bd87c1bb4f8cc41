"""A drift matrix whose replies are given: what follows is written as one letter a query, `x` where a reply does."""

from core.lab.drift.matrix import Reply, drift_of
from core.lab.drift.plan import DriftPlan, Trained, rows_of
from core.measure.readers import Reading
from core.methods.arms import Artifact
from core.methods.settings import TrainConfig
from core.settings import ModelReference
from tests.core.lab.benches import BRIEF, ONE, OTHER, SHOUT, Constitution

LOUD = Constitution(name="Loud", principles=(SHOUT,))
SHORT, LONG = "One two.", "One two three four five."  # follows `Be brief`, and does not; neither is in capitals


def trained(of=0, sha256="ab" * 32, **more):
    return Trained(of=of, artifact=Artifact(kind="adapter", place="/somewhere", sha256=sha256), recipe="sami", **more)


def plan(*constitutions, adapters=(), queries=12):
    return DriftPlan(
        constitutions=constitutions or (ONE, LOUD),
        trained=tuple(adapters),
        held_out=tuple(f"Question {i}?" for i in range(queries)),
        model=ModelReference(id="m"),
        config=TrainConfig(),
    )


def replies(follows, said=lambda letter: SHORT if letter == "x" else LONG, picks=None, relevance=1.0):
    """One reply a letter; the reader picks the first statement where its letter is x, and else the text after it."""
    return [
        Reply(
            query=f"Question {i}?",
            text=said(letter),
            ended=True,
            relevance_nats=relevance,
            reading=Reading(pick=0 if picks is not None and picks[i] == "x" else 1),
        )
        for i, letter in enumerate(follows)
    ]


def found(of, given, failed=None):
    """The matrix of a plan, whose rows reply as is given by their key; the others as `Be brief` never asks."""
    plain = replies("." * len(of.held_out))
    answers = {row.key: given.get(row.key, plain) for row in rows_of(of) if row.key not in (failed or {})}
    return drift_of(of, answers, failed or {})


def cell(matrix, row, column):
    return next(each for each in matrix.cells if (each.row, each.column) == (row, column))


__all__ = ["BRIEF", "LONG", "LOUD", "ONE", "OTHER", "SHORT", "SHOUT", "cell", "found", "plan", "replies", "trained"]
