"""The Laboratory page: probes with their minutes, batteries of them and drift matrices in the queue and what they found; and cards that a person reads."""

from dataclasses import dataclass

from app.pages.conflict_answers import Deleted, DeletionPlanned
from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.lab_answers import CardsShown, DriftPlan, LabOpened, LabPlan, Labs, LabShown
from app.pages.lab_questions import CardPicked, DriftFormWish, LabAddress, LabFormWish, LabsWish, NewDrift, NewLab, OneLab, PickUndone
from app.pages.questions import id_in
from app.present.deleting import lab_goes
from app.present.drift_report import drift_parts
from app.present.lab_cards import read_html
from app.present.lab_page import found_html
from app.services import lab, lab_cards, lab_drift, lab_found, lab_jobs
from app.services.deleting import delete_lab, picks_to_lose
from app.services.lab_cards import Picked, Reading
from app.services.lab_choices import lab_choices, plan_lab
from app.services.lab_jobs import LabForm, LabView
from app.services.plans import known_hardware
from app.services.studio import Studio
from core.errors import StudioError
from core.lab.drift.data import drift_to_data
from core.lab.drift.matrix import DriftFound
from core.lab.results import result_to_data

ENDPOINTS = ("opened", "plan", "begin", "plan_drift", "begin_drift", "labs", "shown", "stop", "resume", "plan_deleting", "delete", "card", "pick", "undo")


@dataclass(frozen=True)
class LabPage:
    """The handlers of the laboratory."""

    studio: Studio

    @answers
    def opened(self, question: LabAddress, editor: str) -> LabOpened:
        """What the page begins with: the probes, each with its system and its prediction; what can be examined; and the battery that its address names."""
        offered = lab_choices(self.studio, editor, id_in(question.run), id_in(question.version))
        shown, message = self._named(question.lab)
        return LabOpened(
            probes=tuple(lab.listed(None, lab.model_shape(None), known_hardware(self.studio))),
            run=offered.run,
            version=offered.version,
            versions=offered.versions,
            runs=offered.runs,
            query_sets=offered.query_sets,
            model=self.studio.settings.model,
            message=message or offered.message,
            shown=shown,
        )

    @answers
    def plan(self, question: LabFormWish, editor: str) -> LabPlan:
        """What a battery would be: each probe with its minutes here and what it lacks, before anything is asked for."""
        planned = plan_lab(self.studio, _form(question), question.limit)
        return LabPlan(probes=planned.probes, lacks=planned.lacks, model=planned.model, queries=planned.queries, held_out=planned.held_out)

    @answers
    def begin(self, question: NewLab, editor: str) -> LabShown:
        """Queue a battery. The same key again is the same battery."""
        wish = lab_jobs.wish_for(self.studio, _form(question))
        return self._shown(lab_jobs.begin(self.studio, editor, lab_jobs.with_probes(wish, question.probes, question.limit), question.key))

    @answers
    def plan_drift(self, question: DriftFormWish, editor: str) -> DriftPlan:
        """What a drift matrix of some runs would be: its rows, its cells and its minutes here."""
        return DriftPlan(planned=lab_drift.plan_drift(self.studio, question.runs, question.limit))

    @answers
    def begin_drift(self, question: NewDrift, editor: str) -> LabShown:
        """Queue a drift matrix. The same key again is the same one."""
        wish = lab_drift.drift_wish(self.studio, question.runs, question.limit)
        return self._shown(lab_jobs.begin(self.studio, editor, wish, question.key))

    @answers
    def labs(self, question: LabsWish, editor: str) -> Labs:
        """Batteries, the newest first."""
        views = lab_jobs.list_labs(self.studio, question.shown)
        return Labs(labs=tuple(views), more=max(0, lab_jobs.count_labs(self.studio) - question.shown))

    @answers
    def shown(self, question: OneLab, editor: str) -> LabShown:
        """How a battery stands, and what it found."""
        return self._shown(question.lab)

    @answers
    def stop(self, question: OneLab, editor: str) -> LabShown:
        """Stop a battery; what was found is kept."""
        lab_jobs.stop(self.studio, question.lab)
        return self._shown(question.lab)

    @answers
    def resume(self, question: OneLab, editor: str) -> LabShown:
        """Go on where it was stopped or failed."""
        lab_jobs.resume(self.studio, question.lab)
        return self._shown(question.lab)

    @answers
    def plan_deleting(self, question: OneLab, editor: str) -> DeletionPlanned:
        """What deleting a battery would take away, the picks of others with it."""
        return DeletionPlanned(name=f"battery {question.lab}", goes=lab_goes(picks_to_lose(self.studio.sessions, question.lab)))

    @answers
    def delete(self, question: OneLab, editor: str) -> Deleted:
        """Take a battery away for good, with its files and all picks of its cards."""
        delete_lab(self.studio.sessions, self.studio.store, question.lab)
        return Deleted(says=f"Battery {question.lab} is deleted.")

    @answers
    def card(self, question: OneLab, editor: str) -> CardsShown:
        """The next card of a battery, or what was right when all are picked."""
        return self._read(editor, lab_cards.reading(self.studio, editor, question.lab))

    @answers
    def pick(self, question: CardPicked, editor: str) -> CardsShown:
        """Keep which text one takes a reply to have been written under, and go on."""
        picked = Picked(card=question.card, pick=question.pick, request_key=question.key)
        return self._read(editor, lab_cards.make_pick(self.studio, editor, question.lab, picked))

    @answers
    def undo(self, question: PickUndone, editor: str) -> CardsShown:
        """Take one's last pick back, and see its card again."""
        return self._read(editor, lab_cards.take_back_pick(self.studio, editor, question.lab, question.pick))

    def _named(self, number: str) -> tuple[LabShown | None, str]:
        """The battery that the address names, or why it is not shown."""
        if not number:
            return None, ""
        wanted = id_in(number)
        if wanted is None:
            return None, f"“{number[:40]}” is not the number of a battery."
        try:
            return self._shown(wanted), ""
        except StudioError as error:
            return None, str(error)

    def _shown(self, number: int) -> LabShown:
        view = lab_jobs.lab_view(self.studio, number)
        if view.wish.runs:
            return _drifted(view, lab_drift.drift_found(self.studio, number))
        found = lab_found.found_by(self.studio, number)
        return LabShown(
            lab=view,
            probes=lab_found.probe_states(self.studio, view),
            cards=lab_found.count_cards(self.studio, number),
            found=result_to_data(found) if found is not None else None,
            html=found_html(found) if found is not None else "",
        )

    def _read(self, editor: str, reading: Reading) -> CardsShown:
        view = lab_jobs.lab_view(self.studio, reading.lab)
        name = f"{view.constitution}, version {view.version}"
        return CardsShown(who=editor, name=name, reading=reading, html=read_html(reading) if reading.card is None else "")


def _drifted(view: LabView, found: DriftFound | None) -> LabShown:
    data, html = (drift_to_data(found), drift_parts(found)) if found is not None else (None, "")
    return LabShown(lab=view, probes=(), cards=0, found=data, html=html)


def _form(question: LabFormWish) -> LabForm:
    return LabForm(run=question.run, version=question.version, query_set=question.query_set, model=question.model)


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("lab", studio)
    component('<div class="cs-page cs-lab"></div>', "lab/page.js", elem_id="lab")
