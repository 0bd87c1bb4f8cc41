"""The laboratory's use cases: what probes there are and what they take, the adapter of a run, and a reader at an endpoint. Imports no torch."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.processes.store import Store
from app.services.base_models import look_up
from app.services.judge_endpoint import JudgeEndpoint
from app.services.model_judging import FAILED_IN_ROW
from app.services.replies import finished_key
from app.services.studio import Studio, in_words
from core.constitution.principles import Constitution, Principle
from core.engine.default_model import DEFAULT_MODEL
from core.errors import JudgeError
from core.lab.costs import LabCost
from core.lab.probes import PROBES
from core.machine import Hardware, ModelShape
from core.measure.model_judge import Question
from core.measure.readers import ChoiceReader
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import TrainConfig, preset
from db.runs import get_run
from db.tables import Run

SHORT = Constitution(name="", principles=(Principle(title="", statement="Answer in one short sentence.", antithesis="Answer in several long sentences."),))


@dataclass(frozen=True, kw_only=True)
class ProbeListed:
    """A probe as it is offered."""

    key: str
    system: str
    of: str  # the system's title
    paper: str
    title: str
    asks: str
    prediction: str
    against: str
    needs: tuple[str, ...]
    quick: bool  # run where none is named
    minutes: float | None  # here; None: not known


def model_shape(model: str | None) -> ModelShape | None:
    """That of a model of this machine, or of the default one; None: not known."""
    return look_up(model or DEFAULT_MODEL, local=True).shape


def listed(constitution: Constitution | None, shape: ModelShape | None, hardware: Hardware | None, config: TrainConfig | None = None) -> list[ProbeListed]:
    """All probes, with the minutes that each takes by itself.

    Args:
        constitution: Of which; None: one of one short principle.
        shape: Of the model; None: not known, so that no minutes are.
        hardware: What was measured of the machine; None: nothing yet, so that no minutes are known.
        config: Of the run that is examined, or of one like it; None: the quick preset's.
    """
    known = config or preset("quick", method=PROPOSED_RECIPE)
    cost = LabCost(config=known, shape=shape, hardware=hardware, constitution=constitution or SHORT) if shape is not None and hardware is not None else None
    return [
        ProbeListed(
            key=probe.key,
            system=probe.system,
            of=probe.of.title,
            paper=probe.of.paper,
            title=probe.title,
            asks=probe.asks,
            prediction=probe.prediction,
            against=probe.against,
            needs=probe.needs,
            quick=probe.quick,
            minutes=round(probe.minutes(cost), 1) if cost is not None else None,
        )
        for probe in PROBES.values()
    ]


@contextmanager
def adapter_folder(studio: Studio, run_id: int) -> Iterator[Path]:
    """What a finished run made, as a folder of this machine with its run's record beside it."""
    with in_words(), studio.sessions.read() as session:
        key = made_by(studio.store, get_run(session, run_id))
    with studio.store.local(key) as folder:
        yield folder


def made_by(store: Store, run: Run) -> str:
    """The store key of what a run made: its adapter, or what else it leaves.

    Raises:
        NothingToTakeError: There is none, or its files are not on this machine.
    """
    finished_key(store, run)
    assert run.adapter is not None, "a run that has finished has one"
    return run.adapter


def endpoint_reader(endpoint: JudgeEndpoint) -> ChoiceReader:
    """A model at an endpoint as a reader that picks. Where it will answer nothing more, what is left is not read, with the reason."""
    client, gone, failed = endpoint.open(time.sleep), "", 0

    def ask(system: str, user: str) -> tuple[str, str]:
        nonlocal gone, failed
        if gone:
            return "", gone
        try:
            told = client.ask(Question(system=system, user=user))
        except JudgeError as error:
            gone = str(error)
            return "", gone
        failed = failed + 1 if told.failure else 0
        if failed == FAILED_IN_ROW:
            gone = told.failure
        return told.text, told.failure

    return ChoiceReader(f"{endpoint.model} at {endpoint.host}", ask)
