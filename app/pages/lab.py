"""What can be asked of the laboratory: its probes with their minutes, and batteries of them in the queue."""

from dataclasses import dataclass

from app.pages.endpoints import answers
from app.pages.lab_answers import LabOpened, Labs, LabShown
from app.pages.lab_questions import LabAddress, LabsWish, NewLab, OneLab
from app.pages.questions import id_in
from app.services import lab, lab_jobs
from app.services.plans import known_hardware
from app.services.studio import Studio
from core.lab.results import result_to_data

ENDPOINTS = ("opened", "begin", "labs", "shown", "stop", "resume")


@dataclass(frozen=True)
class LabPage:
    """The handlers of the laboratory."""

    studio: Studio

    @answers
    def opened(self, question: LabAddress, editor: str) -> LabOpened:
        """The probes there are: each with its system, its prediction, what it needs and its minutes."""
        probes = tuple(lab.listed(None, None, known_hardware(self.studio)))
        return LabOpened(probes=probes, run=id_in(question.run), version=id_in(question.version))

    @answers
    def begin(self, question: NewLab, editor: str) -> LabShown:
        """Queue a battery. The same key again is the same battery."""
        wish = lab_jobs.wish_for(self.studio, lab_jobs.LabForm(run=question.run, version=question.version, query_set=question.query_set))
        number = lab_jobs.begin(self.studio, editor, lab_jobs.with_probes(wish, question.probes, question.limit), question.key)
        return self._shown(number)

    @answers
    def labs(self, question: LabsWish, editor: str) -> Labs:
        """Batteries, the newest first."""
        views = lab_jobs.list_labs(self.studio)
        return Labs(labs=tuple(views[: question.shown]), more=max(0, len(views) - question.shown))

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

    def _shown(self, number: int) -> LabShown:
        found = lab_jobs.found_by(self.studio, number)
        return LabShown(lab=lab_jobs.lab_view(self.studio, number), found=result_to_data(found) if found is not None else None)
