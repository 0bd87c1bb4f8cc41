"""What the trainer and the attempt it starts agree on. Imports no torch: the trainer stays small."""

from db.runs import TRAIN

HEARTBEAT_S = 5.0
LEASE_S = 60.0
TOLD, HANDED_BACK, LOST = 0, 3, 4  # exit statuses: the row says how it ended; the trainer is going; somebody else has the job
UNTOLD = 6  # it ended in order, but its row could not be written; counts as a crash
HELPER_LOST = 5  # of several processes one died; counts as a crash

ASK = "ask"  # the kind of a job that asks a model to judge a run's replies
LAB = "lab"  # of one that runs probes of the laboratory

# What an attempt at a job of each kind does: `module:function`, imported in the process of the attempt alone.
WORK = {TRAIN: "app.processes.training:train", ASK: "app.services.asking:ask_held", LAB: "app.processes.labs:probe"}


class HelperLost(Exception):
    """A helper died, so the run cannot go on; its folder can be gone on with."""


def attempt_key(job_id: int, attempt: int) -> str:
    """Under which store key an attempt works. That of an earlier attempt is never written to again."""
    return f"{job_key(job_id)}/attempt-{attempt}"


def job_key(job_id: int) -> str:
    """Under which store key everything of a job lies."""
    return f"runs/{job_id}"
