"""What batteries of the laboratory found, with what people picked counted in, and how far one is, probe by probe. Imports no torch."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from app.processes.protocol import attempt_key
from app.processes.store import MissingFileError
from app.services.lab_jobs import LabView, lab_job
from app.services.replies import NothingToTakeError
from app.services.studio import RefusedError, Studio, in_words
from core.errors import ConfigError
from core.lab.cards import CARDS, PersonCard, cards_in
from core.lab.people import with_people
from core.lab.probes import PROBES
from core.lab.results import LabResult, result_from_data
from db.picks import picks_of
from db.status import JobStatus
from db.tables import Job

REPORT = "report.json"  # as a battery leaves it in its folder
PROBED = "probes"  # the folder, within it, of what probes found


@dataclass(frozen=True, kw_only=True)
class ProbeState:
    """How far a probe of a battery is."""

    key: str
    title: str
    state: Literal["done", "now", "waits"]


def found_by(studio: Studio, job_id: int) -> LabResult | None:
    """What a finished battery found, with what people picked; None where it has not finished, or its files are not on this machine.

    Raises:
        ConfigError: They cannot be read.
    """
    with in_words(), studio.sessions.read() as session:
        job = lab_job(session, job_id)
        made = [(pick.who, pick.card, pick.pick) for pick in picks_of(session, job_id)]
    file = file_of(studio, job, REPORT)
    if file is None:
        return None
    try:
        found = _read(file)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"What battery {job_id} found cannot be read: {error}. Run it again.") from error
    return with_people(found, *_picked(cards_of(studio, job), made)) if made else found


def require_found(studio: Studio, job_id: int) -> LabResult:
    """What a finished battery found.

    Raises:
        NothingToTakeError: There is no such battery, or nothing of it yet.
    """
    try:
        found = found_by(studio, job_id)
    except RefusedError as error:
        raise NothingToTakeError("There is no such thing here.") from error
    if found is None:
        raise NothingToTakeError(f"Battery {job_id} has no report yet, or its files are not on this machine.")
    return found


def cards_of(studio: Studio, job: Job) -> list[PersonCard]:
    """The cards of a battery; none before its probe of readers is done.

    Raises:
        ConfigError: They cannot be read.
    """
    file = file_of(studio, job, CARDS)
    try:
        return cards_in(file) if file is not None else []
    except ValueError as error:
        raise ConfigError(f"The cards of battery {job.id} cannot be read: {error}. Run it again.") from error


def count_cards(studio: Studio, job_id: int) -> int:
    """How many cards of a battery people can read; none before its probe of readers is done, and of files that cannot be read."""
    with in_words(), studio.sessions.read() as session:
        job = lab_job(session, job_id)
    try:
        return len({card.shown for card in cards_of(studio, job)})
    except ConfigError:
        return 0


def probe_states(studio: Studio, view: LabView) -> tuple[ProbeState, ...]:
    """The probes of a battery in their order. What was found of one lies in a file of its own as soon as it is done. A drift matrix has none."""
    if view.wish.runs:
        return ()
    with in_words(), studio.sessions.read() as session:
        job = lab_job(session, view.id)
    names = studio.store.names(f"{attempt_key(job.id, job.attempt)}/{PROBED}")
    keys = [key for key, probe in PROBES.items() if key in view.wish.probes or (not view.wish.probes and (probe.quick or f"{key}.json" in names))]
    waiting = [key for key in keys if f"{key}.json" not in names]
    now = waiting[0] if waiting and view.status is JobStatus.RUNNING else None
    return tuple(ProbeState(key=key, title=PROBES[key].title, state="now" if key == now else "waits" if key in waiting else "done") for key in keys)


def file_of(studio: Studio, job: Job, name: str) -> bytes | None:
    """A file that a battery left; None: it is not there."""
    try:
        with studio.store.open(f"{attempt_key(job.id, job.attempt)}/{name}") as file:
            return file.read()
    except MissingFileError:
        return None


@lru_cache(maxsize=8)
def _read(file: bytes) -> LabResult:
    """A page that is looked at asks for the same again and again, and the verdict is resampled."""
    return result_from_data(json.loads(file))


def _picked(cards: list[PersonCard], made: list[tuple[str, str, int | None]]) -> tuple[list[PersonCard], dict[str, dict[int, int | None]]]:
    picks: dict[str, dict[int, int | None]] = {}
    for who, shown, pick in made:  # two cards that look alike are seen once
        picks.setdefault(who, {}).update({number: pick for number, card in enumerate(cards) if card.shown == shown})
    return cards, dict(sorted(picks.items()))
