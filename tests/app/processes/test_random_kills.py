"""`train` killed for good at random moments, again and again, ends with the very files of a run that was left alone.

The short round of `tests.rounds.train_kills`.
"""

import os
import time

import pytest

from tests.rounds.train_kills import kill_run, prepare

KILLS = 4
SEED = int(os.environ.get("KILL_SEED") or time.time_ns() % 1_000_000)  # other moments each time; a failure names the seed that repeats it


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    prepare(folder)
    return folder


def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(files, tmp_path):
    killed = kill_run(files, tmp_path, SEED, KILLS)
    assert killed.kills > 0, killed.told
    assert killed.same, killed.told
