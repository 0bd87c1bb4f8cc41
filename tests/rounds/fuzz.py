"""Call everything that a stranger can reach with seeded nonsense, and list what answers 500, raises, or takes over two seconds.

    python -m tests.rounds.fuzz [--calls 10000] [--minutes 600] [--seed 0] [--data DIR]

Exit status 1 when there is any. The memory of the process is told after each thousand calls, and what is only slow by itself: the machine may be to blame.
"""

import argparse
import logging
import sys
import tempfile
import time
import warnings
from pathlib import Path

import psutil

from tests.rounds.fuzz_calls import SLOW_S, fuzz, target

MIB = 1 << 20


def main() -> int:
    """Run the round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=600.0, help="end after these, however many calls there were")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="a new folder for the studio's data (default: one that is deleted afterwards)")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    began, faults, slow = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as scratch, target(asked.data or Path(scratch) / "data") as at:
        for number, fault in enumerate(fuzz(at, asked.calls, asked.seed), 1):
            if fault is not None:
                slow, faults = (slow + 1, faults) if fault.slow else (slow, faults + 1)
                print(f"{number}: {fault.what} {fault.ended}\n    {fault.sent}", flush=True)
            ends = number == asked.calls or time.monotonic() - began > 60 * asked.minutes
            if number % 1000 == 0 or ends:
                rss = psutil.Process().memory_info().rss / MIB
                print(f"{number:,} calls, {faults} faults, {slow} over {SLOW_S:g} s, {rss:,.0f} MiB, {time.monotonic() - began:,.0f} s", flush=True)
            if ends:
                break
    return 1 if faults or slow else 0


if __name__ == "__main__":
    sys.exit(main())
