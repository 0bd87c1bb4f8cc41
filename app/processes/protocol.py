"""What the trainer and the attempt it starts agree on. Imports no torch: the trainer stays small."""

from pathlib import Path

from app.settings import Settings

HEARTBEAT_S = 5.0
LEASE_S = 60.0
TOLD, HANDED_BACK, LOST = 0, 3, 4  # exit statuses: the row says how it ended; the trainer is going; somebody else has the run
HELPER_LOST = 5  # of several processes one died; counts as a crash


def attempt_folder(settings: Settings, run_id: int, attempt: int) -> Path:
    """Where an attempt works. An earlier attempt's folder is never written to again."""
    return settings.runs_folder / str(run_id) / f"attempt-{attempt}"
