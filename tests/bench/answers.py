"""What many answers leave in the web process: its memory after each thousand questions, and how long they took.

python -m tests.bench.answers [--answers 10000]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.app.planting import make_studio
from tests.browser.conftest import App

MIB = 1 << 20
ASKED = (("constitutions/list", {}), ("train/opened", {}), ("write/opened", {"constitution": "1"}), ("compare/opened", {}), ("train/runs", {}))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=10_000)
    answers = parser.parse_args().answers
    with tempfile.TemporaryDirectory() as folder:
        make_studio(Path(folder)).engine.dispose()
        app = App(Path(folder), cold=True)
        try:
            for after in ask(app.url, app.process.pid, answers):
                print(f"{after.answers:6,} answers  {after.mib:6.1f} MiB  median {1000 * after.median_s:.1f} ms", flush=True)
        finally:
            app.stop()


@dataclass(frozen=True)
class After:
    """What was seen after so many answers."""

    answers: int
    mib: float  # resident memory of the server
    median_s: float  # that the last ones took


def ask(url: str, pid: int, answers: int, every: int = 1000) -> Iterator[After]:
    """Ask, a browser a hundred questions, and look at the server after each `every` and at the end."""
    server, times = psutil.Process(pid), list[float]()
    for first in range(1, answers + 1, 100):
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:  # seconds: a busy machine is no leak
            for number in range(first, min(first + 100, answers + 1)):
                name, question = ASKED[number % len(ASKED)]
                began = time.monotonic()
                client.post(f"/api/{name}", json=question).raise_for_status()
                times.append(time.monotonic() - began)
                if number % every == 0 or number == answers:
                    yield After(number, server.memory_info().rss / MIB, statistics.median(times))
                    times.clear()


if __name__ == "__main__":
    main()
