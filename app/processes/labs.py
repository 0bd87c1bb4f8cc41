"""What an attempt at a battery of the laboratory does: the plan from the rows, the probes one after another, and how far they are."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.processes.attempt import Watch
from app.processes.drifts import drift
from app.processes.lab_steps import Told, finish, record_of
from app.processes.store import open_store
from app.services.lab_drift import drift_asked
from app.services.lab_jobs import LabAsked, asked_of
from app.settings import Settings
from core.constitution.queries import draw_queries
from core.engine.artifacts import load_artifact
from core.engine.layouts import with_layouts_tried
from core.engine.models import LoadedModel, Placing, choose_device, load_model
from core.lab.battery import quick_battery, report_battery
from core.lab.bench import Bench, examine
from core.lab.plan import LabPlan
from core.lab.probes import PROBES
from core.methods.settings import config_from_data
from core.progress import StepReport
from db.claims import Progress


def probe(settings: Settings, watch: Watch, folder: Path) -> None:
    """Run the probes that the job asks for, or ask the rows of a drift matrix, going on from what is in the folder.

    Raises:
        Stopped: The watch said so; what was found is kept.
        StudioError: Something that a person can put right.
        LostLease: The job is no longer ours.
    """
    drifting = watch.persist(lambda: drift_asked(settings, watch.sessions, watch.claim.job_id))
    if drifting is not None:
        drift(settings, watch, folder, drifting)
    else:
        _probe(settings, watch, folder)
    watch.persist(lambda: finish(watch))


def _probe(settings: Settings, watch: Watch, folder: Path) -> None:
    asked = watch.persist(lambda: asked_of(settings, watch.sessions, watch.claim.job_id))
    on_step = LabReporter(Told(watch), len(asked.probes) or sum(each.quick for each in PROBES.values()))
    with ExitStack() as held:
        adapter = held.enter_context(open_store(settings).local(asked.made)) if asked.made is not None else None
        record = record_of(adapter) if adapter is not None else None
        bench = _bench(settings, folder, (asked, adapter, record), watch, on_step)
        report_battery(bench, asked.probes or quick_battery(bench).keys)


def _bench(settings: Settings, folder: Path, given: tuple[LabAsked, Path | None, dict[str, Any] | None], watch: Watch, on_step: "LabReporter") -> Bench:
    asked, adapter, record = given
    model = _load(settings, asked, adapter, on_step)
    config = config_from_data(record["config"]) if record is not None else asked.config
    held_out = tuple(record["queries"]["held_out"]) if record is not None else tuple(draw_queries(asked.queries, "held_out", asked.limit, config.seed))
    plan = LabPlan(
        constitution=asked.constitution,
        queries=asked.queries,
        held_out=held_out[: asked.limit],
        model=model.reference,
        config=config,
        others=asked.others,
        device=settings.device,
    )
    examined = examine(adapter, record, config.method) if adapter is not None else None
    return Bench(
        probe="",
        plan=plan,
        folder=folder,
        own=folder,
        model=model,
        models=settings.models_folder,
        examined=examined,
        on_step=on_step,
        should_stop=watch.should_stop,
    )


def _load(settings: Settings, asked: LabAsked, adapter: Path | None, on_step: "LabReporter") -> LoadedModel:
    def fetching(what: str, share: float) -> None:
        on_step(StepReport(phase="preparing", done=round(100 * share), total=100, note=what))

    placing = Placing(device=choose_device(settings.device), four_bit=asked.config.four_bit)
    model = with_layouts_tried(load_model(asked.model, settings.models_folder, placing, fetching))
    return load_artifact(model, adapter) if adapter is not None else model


@dataclass
class LabReporter:
    """How far a battery is, in its row: a step of the job is a probe that was begun."""

    told: Told
    probes: int  # that will be run
    begun: list[str] = field(default_factory=list)

    def __call__(self, report: StepReport) -> None:
        """`on_step` of a battery."""
        begins = report.phase in PROBES and report.phase not in self.begun
        if begins:
            self.begun.append(report.phase)
        title = PROBES[report.phase].title if report.phase in PROBES else report.phase
        notice = f"{title}: {report.done} of {report.total}{f', {report.note}' if report.note else ''}"
        self.told.tell(Progress(phase="probing", step=max(0, len(self.begun) - 1), total_steps=self.probes, notice=notice), at_once=begins)
