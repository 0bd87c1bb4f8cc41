"""A queued battery or matrix, taken and done as an attempt does it."""

from app.processes.attempt import Watch
from app.processes.labs import probe
from app.services.studio import Studio
from tests.app.labs import claim_lab


def take(studio: Studio) -> Watch:
    return Watch(studio.sessions, claim_lab(studio))


def do(studio: Studio, watch: Watch) -> None:
    with studio.store.workspace(watch.key) as folder:
        probe(studio.settings, watch, folder)
