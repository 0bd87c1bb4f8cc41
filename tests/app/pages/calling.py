"""Handlers called as Gradio calls them, and what the Train page sends."""

from types import SimpleNamespace
from typing import Any

from app.services.studio import Studio
from app.web.actors import Actor, KnownBy
from tests.app.planting import form


def asks(name: str = "Ann", **query: str) -> Any:
    return SimpleNamespace(state=SimpleNamespace(actor=Actor(name, KnownBy.LOGIN)), query_params=query)


def sent(studio: Studio, **changes: object) -> dict[str, object]:
    """What the page sends for a form."""
    chosen = form(studio)
    plain = {"version": chosen.version_id, "query_set": chosen.query_set_id, "model": chosen.model, "preset": "quick", "seed": 0}
    return plain | {"settings": {}, "key": "a" * 32} | changes
