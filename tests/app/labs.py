"""A battery as an attempt leaves it, without a model: its report, its cards, and which probes are done."""

import json
from collections.abc import Mapping
from typing import Any

from app.processes.protocol import LAB, attempt_key
from app.services.lab_jobs import LabForm, begin, wish_for, with_probes
from app.services.studio import Studio
from core.lab.cards import cards_to_data
from core.lab.results import lab_result, result_to_data
from db import claims
from db.claims import Claim
from tests.app.planting import version_id
from tests.core.lab.found import changed, record, row
from tests.core.lab.test_people import CARDS, found


def queue_lab(studio: Studio, key: str = "a-battery-1", probes: tuple[str, ...] = ("readers",), **form: Any) -> int:
    of = LabForm(**({"run": None, "version": version_id(studio), "query_set": None} | form))
    return begin(studio, "Ann", with_probes(wish_for(studio, of), probes, 8), key)


def claim_lab(studio: Studio) -> Claim:
    with studio.sessions.begin() as session:
        job = claims.claim_next(session, "a-trainer", {}, 3600.0, [LAB])
        assert job is not None
        return claims.claim_of(job)


def write_files(studio: Studio, held: Claim, files: Mapping[str, object]) -> None:
    with studio.store.workspace(attempt_key(held.job_id, held.attempt)) as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(json.dumps(content))


def finished_lab(studio: Studio, **wish: Any) -> int:
    """One whose readers' probe found a code, with its twelve cards, and another probe that changed something."""
    number, held = queue_lab(studio, **wish), claim_lab(studio)
    read = found()
    decoded = record(row(), changed(0.2, 0.1), changed(-0.1, 0.05, key="alpha 0.5"), row("Shout", bound=0.9), changed(0.3, -0.1, "Shout"))
    report = lab_result(read.about, (*read.records, decoded))
    write_files(studio, held, {"report.json": result_to_data(report), "cards.json": cards_to_data(CARDS), "probes/readers.json": {}})
    with studio.sessions.begin() as session:
        claims.finish(session, held)
    return number
