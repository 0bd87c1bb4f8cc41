"""Proposals of the Write page: a model writes a principle, an antithesis, or scenarios. Nothing of it is stored: the author takes it or not."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from app.pages.answers import Left, Problem, ProposalState
from app.pages.endpoints import answers
from app.pages.questions import MOST_ITEMS, OneProposal, ProposalWish, Question, Text, Whole
from app.services.proposals import MAX_TRY, ProposalJob, Proposals
from app.services.studio import Studio
from core.constitution.proposals import Wish
from core.constitution.scenario_proposals import ScenarioProposals, ScenarioWish

ENDPOINTS = ("propose", "propose_scenarios", "proposal", "leave")


@dataclass(frozen=True, kw_only=True)
class ScenariosWish(Question):
    """Scenarios for one principle."""

    statement: Text
    antithesis: Text = ""
    known: Annotated[list[Text], Field(max_length=MOST_ITEMS)] = field(default_factory=list)  # queries that it has already, or that were proposed before
    try_: Annotated[Whole, Field(alias="try")] = 0  # another number gives other scenarios


@dataclass(frozen=True, kw_only=True)
class ScenariosState:
    kind: Literal["scenario_proposals"] = "scenario_proposals"
    id: str
    writer: str
    note: str  # what is happening
    proposed: ScenarioProposals | None  # None: still being written
    shortfall: str  # why none of what was written can be used; empty where one can


@dataclass(frozen=True)
class ProposingPage:
    """The handlers of proposals."""

    studio: Studio
    proposals: Proposals = field(default_factory=Proposals)

    @answers
    def propose(self, question: ProposalWish, editor: str) -> ProposalState | Problem:
        """Have a model write a principle. It is not stored: the page shows it, and the author takes it or not."""
        wish = Wish(wish=question.wish, statement=question.statement, title=question.title)
        return _principle(self.proposals.begin(self.studio, editor, wish, abs(question.try_) % MAX_TRY))

    @answers
    def propose_scenarios(self, question: ScenariosWish, editor: str) -> ScenariosState | Problem:
        """Have a model write scenarios of a principle. They are not stored: the page shows them, and the author takes each or leaves it."""
        wish = ScenarioWish(statement=question.statement, antithesis=question.antithesis, known=tuple(question.known))
        return _scenarios(self.proposals.begin(self.studio, editor, wish, abs(question.try_) % MAX_TRY))

    @answers
    def proposal(self, question: OneProposal, editor: str) -> ProposalState | ScenariosState | Problem:
        """How a proposal stands."""
        job = self.proposals.look(editor, question.proposal)
        return _scenarios(job) if job.of_scenarios else _principle(job)

    @answers
    def leave(self, question: OneProposal, editor: str) -> Left:
        """Call a proposal off."""
        self.proposals.leave(editor, question.proposal)
        return Left()


def _principle(job: ProposalJob) -> ProposalState | Problem:
    if job.problem:
        return Problem(message=job.problem)
    return ProposalState(id=job.id, writer=job.writer, note=job.note, proposal=job.proposal)


def _scenarios(job: ProposalJob) -> ScenariosState | Problem:
    if job.problem:
        return Problem(message=job.problem)
    found = job.scenarios
    return ScenariosState(id=job.id, writer=job.writer, note=job.note, proposed=found, shortfall=found.shortfall if found is not None else "")
