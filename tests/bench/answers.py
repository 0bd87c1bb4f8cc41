"""What many answers leave in the web process: its memory after each thousand questions, and how long they took.

python -m tests.bench.answers [--answers 10000]
"""

import argparse
import statistics
import tempfile
import time
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
        app = App(Path(folder))
        try:
            ask(app, answers)
        finally:
            app.stop()


def ask(app: App, answers: int) -> None:
    """Ask, a browser a hundred questions, and print a line a thousand."""
    server, times = psutil.Process(app.process.pid), []
    for number in range(1, answers + 1):
        if number % 100 == 1:
            client = httpx.Client(base_url=app.url, trust_env=False)
        name, question = ASKED[number % len(ASKED)]
        began = time.monotonic()
        client.post(f"/api/{name}", json=question).raise_for_status()
        times.append(time.monotonic() - began)
        if number % 1000 == 0:
            print(f"{number:6,} answers  {server.memory_info().rss / MIB:6.1f} MiB  median {1000 * statistics.median(times):.1f} ms", flush=True)
            times.clear()


if __name__ == "__main__":
    main()
