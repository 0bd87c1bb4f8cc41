"""What a battery of probes is given. Imports no torch."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.principles import Constitution, content_hash
from core.constitution.queries import Query, queries_hash
from core.methods.settings import TrainConfig, config_to_data
from core.settings import ModelReference


@dataclass(frozen=True, kw_only=True)
class LabPlan:
    """Everything that decides what a battery finds, but for the adapter that is examined."""

    constitution: Constitution
    queries: tuple[Query, ...]  # from which probes that train draw their train queries
    held_out: tuple[str, ...]  # what everything is measured on; no adapter was trained on them
    model: ModelReference
    config: TrainConfig  # of the run that is examined, or of the preset: sampling and seed, and what probes train with
    others: tuple[Constitution, ...] = ()  # whose principles are decoys for readers
    device: str = "auto"


def fingerprint(plan: LabPlan, adapter_sha256: str | None) -> dict[str, Any]:
    """What a folder of results belongs to. A battery is gone on with where all of it is the same."""
    return {
        "constitution": content_hash(plan.constitution),
        "queries": queries_hash(plan.queries),
        "held_out": hashlib.sha256(json.dumps(plan.held_out).encode()).hexdigest(),
        "model": asdict(plan.model),
        "config": config_to_data(plan.config),
        "adapter": adapter_sha256,
    }
