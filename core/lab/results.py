"""All that a battery found: probes, verdict, and what each principle is; as plain data too. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.principles import Constitution, content_hash, from_data, to_data
from core.errors import ConstitutionError
from core.lab.data import record_from_data, record_to_data
from core.lab.meaning import Said, meanings
from core.lab.probes import PROBES, Probe
from core.lab.values import ProbeRecord, cells_of
from core.lab.verdict import LabVerdict, verdict_of
from core.methods.variants import REAL, control_note, control_title


@dataclass(frozen=True, kw_only=True)
class LabAbout:
    """What was examined."""

    constitution: Constitution
    model: str  # its name for others
    adapter_sha256: str | None  # None: the base alone
    arm: str  # key of the arm that was examined: the adapter with the constitution, or the prompted base
    n_queries: int  # held-out ones
    seed: int
    variant: str = REAL  # what the adapter was trained as (core.methods.variants); the text where nobody knows

    @property
    def control(self) -> str:
        """That the adapter is of a control and says nothing of the text; empty where it is none."""
        return f"The adapter that is examined is of {control_title(self.variant)}. {control_note(self.variant)}".strip() if self.variant != REAL else ""


@dataclass(frozen=True, kw_only=True)
class LabResult:
    """What a battery found."""

    about: LabAbout
    records: tuple[ProbeRecord, ...]
    verdict: LabVerdict
    principles: tuple[Said, ...]


def lab_result(about: LabAbout, records: Sequence[ProbeRecord]) -> LabResult:
    """The verdict and the words on what was measured."""
    return LabResult(about=about, records=tuple(records), verdict=verdict_of(records), principles=tuple(meanings(records, about.arm)))


def probe_of(record: ProbeRecord) -> Probe | None:
    """The line of the table that a record belongs to; None: another version of the studio has it."""
    return PROBES.get(record.key)


def result_to_data(found: LabResult) -> dict[str, Any]:
    """Plain JSON data. No path of this machine is in it."""
    about = found.about
    return {
        "about": {**asdict(about), "constitution": to_data(about.constitution), "constitution_sha256": content_hash(about.constitution)},
        "verdict": asdict(found.verdict),
        "principles": [{"principle": each.principle, "arm": each.arm, "meaning": each.meaning, "sentence": each.sentence} for each in found.principles],
        "cells": [
            {"principle": c.principle, "probe": c.probe, "arm": c.arm, "bound_change": c.bound_change, "compliance_change": c.compliance_change}
            for c in cells_of(found.records)
        ],
        "probes": [{**_beforehand(record), **record_to_data(record)} for record in found.records],
    }


def _beforehand(record: ProbeRecord) -> dict[str, Any]:
    """What was said before it was run."""
    probe = probe_of(record)
    if probe is None:
        return {}
    return {"system": probe.system, "paper": probe.of.paper, "title": probe.title, "prediction": probe.prediction, "would_count_against": probe.against}


def result_from_data(data: Mapping[str, Any]) -> LabResult:
    """The inverse of `result_to_data`: verdict and words are made anew from what was measured.

    Raises:
        ValueError: Data of another form.
    """
    try:
        about = {name: data["about"][name] for name in ("model", "adapter_sha256", "arm", "n_queries", "seed")}
        known = LabAbout(constitution=from_data(data["about"]["constitution"]), variant=str(data["about"].get("variant", REAL)), **about)
        return lab_result(known, [record_from_data(row) for row in data["probes"]])
    except (LookupError, TypeError, ConstitutionError) as error:
        raise ValueError(f"this is no result of the laboratory: {error!r}") from error
