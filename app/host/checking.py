"""The check before a run, asked of the model that the host holds. Imports torch, so only the model host imports this."""

from collections.abc import Callable

from app.host.client import CheckRequest, Event
from core.constitution.principles import from_data
from core.constitution.queries import from_rows
from core.engine.models import LoadedModel
from core.methods.settings import config_from_data
from core.runs.trainability import Asking, check_run, trainability_to_data


def check(model: LoadedModel, request: CheckRequest, tell: Callable[[Event], None]) -> Event:
    """What the run would find, by the same function on the same queries, settings and seed.

    Args:
        model: The base; an adapter on it stays off meanwhile.
        request: What the run would be.
        tell: Told after every token; what it raises ends the check.
    """

    def on_asking(asking: Asking) -> None:
        tell({"event": "asking", "note": asking.words, "share": asking.share})

    found = check_run(model, from_data(request.constitution), from_rows(request.queries), config_from_data(request.config), on_asking=on_asking)
    return {"event": "found", "trainability": trainability_to_data(found)}
