"""Proposals on their way: a model writes in a thread of its own while the page goes on, asks how it stands, and may leave.

They live in memory only. A proposal is worth a click, and a restart that loses one loses no text of anybody's.
"""

import logging
import threading
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from uuid import uuid4

from app.host import client as host_client
from app.host.protocol import ModelChoice, WriteRequest
from app.services.studio import RefusedError, Studio
from app.services.writers import ANSWER_WITHIN_S, LONG_ANSWER_WITHIN_S, ask_endpoint, model_name
from app.settings import Settings
from core.constitution.principles import Turns
from core.constitution.proposals import Ask, Draw, Proposal, Wish, answer_sampling, propose
from core.constitution.scenario_proposals import ScenarioProposals, ScenarioWish, propose_scenarios, scenario_sampling
from core.engine.default_model import DEFAULT_MODEL
from core.errors import StudioError, WriterError

MOST_AT_ONCE = 8
MOST_KEPT = 64
LOOKED_AFTER_S = 30.0  # the page asks every second; nobody waits for a proposal that is not asked about
MAX_TRY = 1_000
log = logging.getLogger("studio.proposals")


class _CalledOffError(Exception):
    """Nobody waits for the proposal any more."""


@dataclass
class ProposalJob:
    """One proposal. The thread that writes it sets the outcome; the page reads it."""

    editor: str
    writer: str  # the model's name, as it is shown and recorded
    of_scenarios: bool = False
    id: str = field(default_factory=lambda: uuid4().hex)
    note: str = "starting"
    proposal: Proposal | None = None
    scenarios: ScenarioProposals | None = None
    problem: str = ""
    left: bool = False
    looked_at: float = field(default_factory=time.monotonic)

    @property
    def running(self) -> bool:
        return self.proposal is None and self.scenarios is None and not self.problem and not self.left

    def require_interest(self) -> None:
        """Raise _CalledOffError when the person has gone or called it off."""
        if self.left or time.monotonic() - self.looked_at > LOOKED_AFTER_S:
            self.left = True
            raise _CalledOffError


@dataclass
class Proposals:
    """All proposals of one web process."""

    jobs: dict[str, ProposalJob] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, studio: Studio, editor: str, wish: Wish | ScenarioWish, number: int) -> ProposalJob:
        """Have a proposal written; an editor's earlier one is called off.

        Raises:
            RefusedError: Too many are being written.
        """
        job = ProposalJob(editor, writer_name(studio.settings), isinstance(wish, ScenarioWish))
        with self.lock:
            for other in self.jobs.values():
                other.left = other.left or (other.editor == editor and other.running)
            if sum(other.running for other in self.jobs.values()) >= MOST_AT_ONCE:
                raise RefusedError(f"{MOST_AT_ONCE} proposals are being written already. Try again in a moment.")
            for old in list(self.jobs)[: max(0, len(self.jobs) + 1 - MOST_KEPT)]:
                del self.jobs[old]
            self.jobs[job.id] = job
        threading.Thread(target=_write, args=(job, studio.settings, wish, number), name="proposal", daemon=True).start()
        return job

    def look(self, editor: str, job_id: object) -> ProposalJob:
        """How a proposal of this editor stands.

        Raises:
            RefusedError: There is none of that name, for instance since the studio was restarted.
        """
        job = self.jobs.get(job_id) if isinstance(job_id, str) else None
        if job is None or job.editor != editor or job.left:
            raise RefusedError("That proposal is no longer there. Ask for another one.")
        job.looked_at = time.monotonic()
        return job

    def leave(self, editor: str, job_id: object) -> None:
        """Call a proposal off."""
        job = self.jobs.get(job_id) if isinstance(job_id, str) else None
        if job is not None and job.editor == editor:
            job.left = True


def writer_name(settings: Settings) -> str:
    """The model that writes proposals, as people see it."""
    return model_name(settings.endpoint.model if settings.endpoint is not None else settings.local_writer)


def writer_place(settings: Settings) -> str:
    """The machine that what is asked goes to, for people; empty: this one."""
    return settings.endpoint.host if settings.endpoint is not None else ""


def is_weak(settings: Settings) -> bool:
    """Whether the model that writes is the default one, which hardly writes a scenario that is of use."""
    return settings.endpoint is None and settings.local_writer == DEFAULT_MODEL


def _write(job: ProposalJob, settings: Settings, wish: Wish | ScenarioWish, number: int) -> None:
    """Runs in a thread: every way of ending is noted on the job."""
    try:
        if isinstance(wish, ScenarioWish):
            job.scenarios = propose_scenarios(wish, _ask(job, settings, LONG_ANSWER_WITHIN_S, scenario_sampling), begin=number)
        else:
            job.proposal = propose(wish, _ask(job, settings, ANSWER_WITHIN_S, answer_sampling), begin=number)
    except _CalledOffError:
        pass  # whoever left needs no word about it
    except StudioError as error:
        job.problem = str(error)
    except Exception:
        log.exception("a proposal failed")
        job.problem = "The studio met an error of its own; its log has the details. Try again."


def _ask(job: ProposalJob, settings: Settings, within_s: float, draw: Draw) -> Ask:
    if settings.endpoint is None:
        return _ask_host(job, settings, draw)
    return _looked_after(job, ask_endpoint(settings.endpoint, within_s, draw))


def _looked_after(job: ProposalJob, ask: Ask) -> Ask:
    def ask_if_wanted(prompt: Turns, number: int) -> str:
        job.require_interest()
        job.note = "writing"
        return ask(prompt, number)

    return ask_if_wanted


def _ask_host(job: ProposalJob, settings: Settings, draw: Draw = answer_sampling) -> Ask:
    """The model host's model as somebody who can be asked."""

    def ask(prompt: Turns, number: int) -> str:
        request = WriteRequest(model=ModelChoice(id=settings.local_writer), turns=asdict(prompt), seed=number, sampling=asdict(draw(number)))
        with closing(host_client.stream(settings, request)) as events:
            for event in events:
                job.require_interest()
                if event["event"] == "loading":
                    job.note = _loading(event["note"], event["share"])
                elif event["event"] == "token":
                    job.note = "writing"
                elif event["event"] == "error":
                    raise WriterError(event["message"])
                elif event["event"] == "done":
                    return str(event["text"])
        raise WriterError("The model host ended without an answer. Try again in a moment.")

    return ask


def _loading(note: str, share: float | None) -> str:
    return note if share is None else f"{note} ({share:.0%})"
