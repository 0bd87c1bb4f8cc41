"""Ten editors who save a hundred times each, at once: none of it lost, nobody refused, and how long a save took.

python -m tests.rounds.editors [--editors 10] [--saves 100]

"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.rounds.servers import Editor, editors_on, serving, typing


def main() -> int:
    """Run the round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--editors", type=int, default=10)
    parser.add_argument("--saves", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        began = time.monotonic()
        people = edit_at_once(Path(data), asked.editors, asked.saves)
        seconds = time.monotonic() - began
    lost, refused = [each for e in people for each in e.lost], [each for e in people for each in e.refused]
    print(*lost, *refused, sep="\n")
    print(f"{sum(e.saves for e in people):,} saves by {len(people)} editors in {seconds:.0f} s, {len(lost)} lost, {len(refused)} refused")
    return 1 if lost or refused else 0


def edit_at_once(data: Path, editors: int, saves: int) -> list[Editor]:
    """The editors as they were in the end."""
    with serving(data) as server:
        people = editors_on(server, editors)
        with typing(people, 0, lambda: all(e.saves >= saves or e.refused for e in people)):
            pass
        for person in people:
            person.open()
        return people


if __name__ == "__main__":
    sys.exit(main())
