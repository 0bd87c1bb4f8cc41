"""The Amendments page: proposed changes to a constitution, what people say of them, and what becomes of them."""

from dataclasses import dataclass

from app.pages.amend_answers import AmendOpened, EvidenceForecast
from app.pages.amend_questions import AmendAddress, Approval, Comment, DecisionWish, EvidenceForm, EvidenceWish, Proposing, RoleWish, UpdateWish
from app.pages.answers import Choose
from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.questions import id_in
from app.present.amendments import AmendmentsSeen, amendment_html, amendments_html, nothing_to_propose
from app.present.constitutions import chooser_html
from app.present.preview import pair_html
from app.services import amendments as service
from app.services import constitutions
from app.services.addresses import named
from app.services.amendment_views import list_amendments, open_amendment
from app.services.amendments import Decided
from app.services.differences import differences
from app.services.evidence import ask_evidence, preview_evidence
from app.services.plans import TrainForm, choices
from app.services.roles import closed_to, give_role, roles, trust_note
from app.services.studio import Studio
from core.errors import ConfigError, StudioError

ENDPOINTS = ("opened", "propose", "comment", "approve", "update", "forecast", "evidence", "decide", "role")


@dataclass(frozen=True)
class AmendPage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: AmendAddress, editor: str) -> AmendOpened | Choose:
        """What the page begins with: the amendment, or the amendments of the constitution, that its address names."""
        amendment, constitution = id_in(question.amendment), id_in(question.constitution)
        try:
            if amendment is not None:
                return self._one(amendment, editor)
            return self._all(constitution, editor) if constitution is not None else self._choose("", editor)
        except StudioError as error:
            return self._choose(str(error), editor)

    @answers
    def propose(self, question: Proposing, editor: str) -> AmendOpened:
        """Propose what one's draft says as the next version."""
        made = service.propose_draft(self.studio, question.constitution, editor, question.reason, question.key)
        return self._one(made, editor, f"Amendment {made} is proposed. A second person has to approve it.")

    @answers
    def comment(self, question: Comment, editor: str) -> AmendOpened:
        """Say something of a clause, or of the whole."""
        service.comment(self.studio, question.amendment, editor, (question.principle, question.text), question.key)
        return self._one(question.amendment, editor, "Your comment is kept.")

    @answers
    def approve(self, question: Approval, editor: str) -> AmendOpened:
        """Approve what somebody else proposed."""
        service.approve(self.studio, question.amendment, editor, question.revision, question.message)
        return self._one(question.amendment, editor, "You approve it.")

    @answers
    def update(self, question: UpdateWish, editor: str) -> AmendOpened:
        """Put an amendment together with the newest version."""
        service.bring_up_to_date(self.studio, question.amendment, editor, question.revision, question.prefer or None)
        return self._one(question.amendment, editor, "It is brought up to date, and has to be approved anew.")

    @answers
    def forecast(self, question: EvidenceForm, editor: str) -> EvidenceForecast:
        """What training both wordings would take, and what to mind. Nothing is queued."""
        found = preview_evidence(self.studio, question.amendment, _form(question))
        return EvidenceForecast(seconds=found.seconds, memory_bytes=found.memory_bytes, warnings=found.warnings, notes=found.notes, html=pair_html(found))

    @answers
    def evidence(self, question: EvidenceWish, editor: str) -> AmendOpened:
        """Queue a run of the old wording and one of the new, alike but for it."""
        ask_evidence(self.studio, question.amendment, editor, _form(question), (question.revision, question.key))
        return self._one(question.amendment, editor, "Both wordings wait in the queue.")

    @answers
    def decide(self, question: DecisionWish, editor: str) -> AmendOpened:
        """Adopt, reject or withdraw it."""
        if not question.decision:
            raise ConfigError("Nothing is decided yet. Choose what becomes of it.")
        decided = Decided(decision=question.decision, message=question.message, waiver=question.waiver)
        number = service.decide(self.studio, question.amendment, editor, question.revision, decided)
        return self._one(question.amendment, editor, f"It is {question.decision}{f', as version {number}' if number is not None else ''}.")

    @answers
    def role(self, question: RoleWish, editor: str) -> AmendOpened:
        """Give somebody a role, or take it away."""
        give_role(self.studio, question.constitution, editor, question.name, question.role)
        return self._all(question.constitution, editor, f"“{question.name}” is {question.role or 'nothing in particular'} now.")

    def _choose(self, message: str, editor: str) -> Choose:
        html = chooser_html(constitutions.list_constitutions(self.studio, editor=editor), message)
        return Choose(html=html.replace('href="./write?', 'href="./amend?'))

    def _all(self, constitution_id: int, editor: str, message: str = "") -> AmendOpened:
        of, lines = named(self.studio, constitution_id), tuple(list_amendments(self.studio, constitution_id))
        draft = constitutions.open_draft(self.studio, constitution_id, editor)
        why_not = nothing_to_propose(draft)
        change = differences(draft.head_constitution, draft.constitution) if not why_not else None
        seen = AmendmentsSeen(
            of=of, lines=lines, change=change, why_not=why_not, roles=tuple(roles(self.studio, constitution_id)), note=trust_note(self.studio)
        )
        return AmendOpened(
            title=f"Amendments to {of.name}",
            href=f"./amend?constitution={of.id}",
            constitution=of.id,
            amendment=None,
            amendments=lines,
            status="",
            revision=None,
            version=None,
            message=message,
            html=amendments_html(seen),
        )

    def _one(self, amendment_id: int, editor: str, message: str = "") -> AmendOpened:
        view = open_amendment(self.studio, amendment_id)
        offered = choices(self.studio)
        return AmendOpened(
            title=f"Amendment {amendment_id} · {view.of.name}",
            href=f"./amend?amendment={amendment_id}",
            constitution=view.of.id,
            amendment=amendment_id,
            amendments=(),
            status=view.line.status,
            revision=view.revision,
            version=view.line.version_number,
            message=message,
            html=amendment_html(view, offered, editor, trust_note(self.studio), closed_to(self.studio, view.of.id, editor)),
        )


def _form(question: EvidenceForm) -> TrainForm:
    return TrainForm(version_id=0, query_set_id=question.query_set, model=question.model, preset=question.preset, seed=question.seed)


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("amend", studio)
    component('<div class="cs-page cs-amend"></div>', "amend.js", elem_id="amend")
