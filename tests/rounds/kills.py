"""Kill the web process at random moments while editors save, and see that nothing is lost that was acknowledged.

    python -m tests.rounds.kills [--kills 1000] [--editors 4] [--seed 0]

Exit status 1 when a save is lost, or the database is damaged. For runs: `tests.rounds.training_kills`.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.rounds.servers import Editor, editors_on, serving, typing

LIVES_S = 0.6  # at most, from the first answer on


def main() -> int:
    """Run the round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--editors", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        editors, intact = kill_web(Path(data), asked.kills, asked.editors, asked.seed)
    lost = [loss for editor in editors for loss in editor.lost]
    saves, versions, state = sum(e.saves for e in editors), sum(e.versions for e in editors), "whole" if intact else "DAMAGED"
    print(*lost, sep="\n")
    print(f"{asked.kills:,} kills, {saves:,} acknowledged saves, {versions:,} versions, {len(lost)} lost, database {state}")
    return 1 if lost or not intact else 0


def kill_web(data: Path, kills: int, editors: int, seed: int) -> tuple[list[Editor], bool]:
    """The editors as they were in the end, and whether the database is whole."""
    rng, done = random.Random(seed), threading.Event()
    with serving(data) as server:
        people = editors_on(server, editors)
        with typing(people, seed, done.is_set):
            try:
                for number in range(1, kills + 1):
                    time.sleep(rng.uniform(0, LIVES_S))
                    server.kill()
                    server.start()
                    server.wait()
                    if number % 100 == 0:
                        print(f"{number:,} kills, {sum(e.saves for e in people):,} saves, {sum(len(e.lost) for e in people)} lost", flush=True)
            finally:
                done.set()
        for person in people:
            person.open()  # a last look
        return people, server.intact()


if __name__ == "__main__":
    sys.exit(main())
