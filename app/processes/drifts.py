"""What an attempt at a drift matrix does: the adapters of runs, the plan that they come to, and every row of it."""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.processes.attempt import Watch
from app.processes.lab_steps import Told, record_of
from app.processes.store import open_store
from app.services.lab_drift import DriftAsked
from app.settings import Settings
from core.constitution.principles import from_data
from core.constitution.queries import draw_queries
from core.constitution.text import same_question
from core.engine.layouts import with_layouts_tried
from core.engine.models import Placing, choose_device, load_model
from core.lab.drift.given import Given, Replying, plan_of, trained_on, variant_of
from core.lab.drift.measuring import ROWS, Drifting, report_drift
from core.lab.drift.plan import DriftPlan
from core.methods.settings import config_from_data
from core.progress import StepReport
from db.claims import Progress


def drift(settings: Settings, watch: Watch, folder: Path, asked: DriftAsked) -> None:
    """Ask every row, going on from what is in the folder.

    Raises:
        Stopped: The watch said so; what was drawn is kept.
        StudioError: Something that a person can put right.
    """
    on_step = DriftReporter(Told(watch))
    with ExitStack() as held:
        store = open_store(settings)
        plan = _plan(asked, [_given(held.enter_context(store.local(key))) for key in asked.made])

        def fetching(what: str, share: float) -> None:
            on_step(StepReport(phase="preparing", done=round(100 * share), total=100, note=what))

        placing = Placing(device=choose_device(settings.device), four_bit=plan.config.four_bit)
        model = with_layouts_tried(load_model(asked.model, settings.models_folder, placing, fetching))
        plan = replace(plan, model=model.reference)
        report_drift(Drifting(plan=plan, folder=folder, model=model, on_step=on_step, should_stop=watch.should_stop))


def _given(folder: Path) -> Given:
    record = record_of(folder)
    return Given(constitution=from_data(record["constitution"]), folder=folder, record=record, variant=variant_of(record))


def _plan(asked: DriftAsked, given: list[Given]) -> DriftPlan:
    assert given[0].record is not None
    config, trained = config_from_data(given[0].record["config"]), trained_on(given)
    free = [query for query in asked.queries if same_question(query.text) not in trained]
    held_out = tuple(draw_queries(free, "held_out", asked.limit, config.seed))
    return plan_of(given, (), Replying(held_out=held_out, model=asked.model, sampling=config.sampling, seed=config.seed))


@dataclass
class DriftReporter:
    """How far a matrix is, in its row: a step of the job is a row that was begun."""

    told: Told
    row: int = 0
    rows: int = 0
    label: str = field(default="")

    def __call__(self, report: StepReport) -> None:
        """`on_step` of a matrix."""
        begun = report.phase == ROWS
        if begun:
            self.row, self.rows, self.label = report.done, report.total, report.note
        notice = self.label if begun else f"{self.label or report.phase}: {report.done} of {report.total}{f', {report.note}' if report.note else ''}"
        self.told.tell(Progress(phase="probing", step=self.row, total_steps=self.rows, notice=notice), at_once=begun)
