"""`survey`: measure this machine, and print what it has as JSON. Started by the trainer, which keeps it for the estimates."""

import dataclasses
import json

from app.settings import Settings
from core.engine.hardware import survey
from core.engine.models import choose_device


def run(settings: Settings) -> int:
    """Measure and print. Returns the exit status."""
    print(json.dumps(dataclasses.asdict(survey(choose_device(settings.device)))))
    return 0
