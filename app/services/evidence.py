"""Evidence for an amendment: the old and the new wording trained alike, and what that changes on the same held-out queries."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

import db.amendments as store
import db.constitutions as versions
from app.services.audit import record
from app.services.constitution_names import free_name
from app.services.plans import TrainForm
from app.services.previews import Preview, preview
from app.services.request_keys import require_key
from app.services.roles import require_role, require_someone
from app.services.runs import queue_run
from app.services.stored import control_of, write_version
from app.services.studio import RefusedError, Studio, in_words
from app.services.trained_pairs import trained_pair
from core.budget import Limit, within
from core.constitution.principles import to_data
from core.constitution.stored import decode, require_readable
from core.errors import ConfigError, StudioError
from core.measure.amended import Amended, amended
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import preset, with_settings
from db import runs
from db.amendment_tables import AmendmentEvidence, AmendmentText
from db.constitutions import NewVersion
from db.errors import NotFound
from db.status import JobStatus
from db.tables import Run

JUDGING = Limit(what="Judging the replies under both wordings", seconds=20.0, remedy="Write simpler checks.")
MOST_NAME_CHARS = 90


@dataclass(frozen=True, kw_only=True)
class EvidenceView:
    """Two runs, and what they say."""

    old_run: int
    new_run: int
    revision: int  # of the amendment's wording that was trained
    says: str  # where the runs stand, or why they say nothing
    found: Amended | None


@dataclass(frozen=True, kw_only=True)
class EvidencePreview:
    """What the two runs would be, shown before they are asked for."""

    old: Preview
    new: Preview

    @property
    def seconds(self) -> float | None:
        """Of both, one after the other; None: not known."""
        made = [each.estimate.total_s for each in (self.old, self.new) if each.estimate is not None]
        return sum(made) if len(made) == 2 else None

    @property
    def memory_bytes(self) -> int | None:
        """At the peak of the larger; None: not known."""
        made = [each.estimate.memory_bytes for each in (self.old, self.new) if each.estimate is not None]
        return max(made) if len(made) == 2 else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of either, each once."""
        return tuple(dict.fromkeys((*self.old.warnings, *self.new.warnings)))

    @property
    def notes(self) -> tuple[str, ...]:
        """Of either, each once; that its queries have little to do with a text among them."""
        told = ([each.queries_note] * bool(each.queries_note) + list(each.notes) for each in (self.old, self.new))
        return tuple(dict.fromkeys(note for notes in told for note in notes))


def preview_evidence(studio: Studio, amendment_id: int, form: TrainForm) -> EvidencePreview:
    """Time, memory and warnings of what `ask_evidence` would queue. Raises as it does where the form cannot be used."""
    with in_words(), studio.sessions.read() as session:
        text = store.texts_of(session, store.get_amendment(session, amendment_id).id)[-1]
        base, meant = text.base_version_id, require_readable(decode(text.content, text.sha256), f"Amendment {amendment_id}")
    _require_of_text(form)
    alike = replace(form, version_id=base, seeds=1)
    return EvidencePreview(old=preview(studio, alike), new=preview(studio, alike, meant))


def ask_evidence(studio: Studio, amendment_id: int, who: str, form: TrainForm, about: tuple[int, object]) -> None:
    """Queue a run of the old wording and one of the new, with the same queries, seed and settings.

    Args:
        studio: The open studio.
        amendment_id: For which.
        who: Who asks.
        form: What is to be trained with; its version is not looked at.
        about: The revision of the wording that was seen, and the key of the request: the same key is the same pair.

    Raises:
        StudioError: The form cannot be used, or the amendment is decided or has another wording by now.
    """
    revision, key = about[0], require_key(about[1], needed=True)
    _require_of_text(form)
    with in_words(), studio.sessions.begin() as session:
        row, text = store.get_amendment(session, amendment_id), store.texts_of(session, amendment_id)[-1]
        require_role(session, row.constitution_id, require_someone(who), ("writer", "reviewer", "owner"))
        if row.decision or text.revision != revision:
            raise RefusedError(f"Amendment {amendment_id} is decided, or has another wording since it was shown here. Reload the page.")
        new_version = _trial_version(session, text, who)
    old, new = (
        queue_run(studio, who, replace(form, version_id=version, seeds=1), f"{key[:56]}-{side}")
        for side, version in (("old", text.base_version_id), ("new", new_version))
    )
    with in_words(), studio.sessions.begin() as session:
        pair: dict[str, object] = {"amendment_id": amendment_id, "revision": revision, "old_run": old, "new_run": new, "who": who, "request_key": key}
        store.add_evidence(session, pair)
        record(session, "amendment.evidence", f"amendment {amendment_id}", once=False, old_run=old, new_run=new)


def _require_of_text(form: TrainForm) -> None:
    config = with_settings(preset(form.preset, method=PROPOSED_RECIPE, seed=form.seed), form.changes)
    if config.control:
        raise ConfigError(f"variant is {config.variant}, {config.control}: evidence is of both wordings as they stand. Leave variant out.", "variant")


def _trial_version(session: Session, text: AmendmentText, who: str) -> int:
    """A version that a run can be made from: the wording, as a constitution of its own among the archived ones. One for each wording."""
    key = f"amendment-{text.amendment_id}-{text.revision}-wording"
    meant = require_readable(decode(text.content, text.sha256), f"Amendment {text.amendment_id}")
    made = versions.made_with(session, key)
    if made is None:
        label = f"amendment {text.amendment_id}" + (f", wording {text.revision}" if text.revision > 1 else "")
        name = free_name(session, f"{meant.name[:MOST_NAME_CHARS]}, {label}")
        made = versions.add_constitution(session, name, "The proposed wording of an amendment, kept to be trained.", request_key=key)
        versions.set_archived(session, made.id, True)
    head = versions.get_head(session, made.id)
    if head is not None:
        return head.id
    new = NewVersion(
        constitution_id=made.id, base_version_id=None, content=to_data(meant), message=f"As amendment {text.amendment_id} proposes it.", author=who
    )
    return write_version(session, new, meant).id


def is_complete(session: Session, amendment_id: int, revision: int) -> bool:
    """Whether both wordings of a pair have been trained and measured, the new one as it stands."""
    pairs = [each for each in store.evidence_of(session, amendment_id) if each.revision == revision]
    return any(all(_says_something(run) for run in _runs(session, pair)) for pair in pairs)


def _says_something(run: Run | None) -> bool:
    return run is not None and run.job.status == JobStatus.FINISHED and not control_of(run)


def evidence(studio: Studio, amendment_id: int) -> list[EvidenceView]:
    """All evidence of an amendment, newest first."""
    with in_words(), studio.sessions.read() as session:
        pairs = [(pair, _runs(session, pair)) for pair in store.evidence_of(session, amendment_id)]
    return [_view(studio, pair, found) for pair, found in pairs]


def _runs(session: Session, pair: AmendmentEvidence) -> tuple[Run | None, Run | None]:
    def get(run_id: int) -> Run | None:
        try:
            return runs.get_run(session, run_id)
        except NotFound:
            return None

    return get(pair.old_run), get(pair.new_run)


def _view(studio: Studio, pair: AmendmentEvidence, found: tuple[Run | None, Run | None]) -> EvidenceView:
    view = EvidenceView(old_run=pair.old_run, new_run=pair.new_run, revision=pair.revision, says="", found=None)
    old, new = found
    if old is None or new is None:
        return replace(view, says=f"Run {pair.old_run if old is None else pair.new_run} was deleted, so the two cannot be compared any more.")
    if old.job.status != JobStatus.FINISHED or new.job.status != JobStatus.FINISHED:
        return replace(view, says=f"The old wording is {old.job.status.value}, the new one {new.job.status.value}. Both have to finish.")
    try:
        return replace(view, found=_compared(studio, old, new))
    except StudioError as error:
        return replace(view, says=f"The two runs cannot be compared: {error}")


def _compared(studio: Studio, old: Run, new: Run) -> Amended:
    return within(JUDGING, amended, *trained_pair(studio, (old, new)))
