"""Two hundred constitutions of a hundred versions each, and five hundred finished runs: how long every page takes to open, and how much it is sent.

python -m tests.rounds.volume [--constitutions 200] [--versions 100] [--runs 500]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from app.services.studio import Studio
from core.constitution.principles import Constitution, Principle, to_data
from core.runs.results import run_result_to_data
from db.constitutions import NewVersion, add_constitution, add_version
from db.runs import get_run
from db.status import JobStatus
from tests.app.planting import make_studio, queue
from tests.app.results import principle, result
from tests.rounds.servers import serving

ASKED: tuple[tuple[str, dict[str, object]], ...] = (
    *(("constitutions/list", {}), ("write/opened", {"constitution": "6"}), ("train/opened", {}), ("train/choices", {})),
    *(("judge/opened", {}), ("compare/opened", {}), ("train/runs", {}), ("train/runs", {"shown": 10_000}), ("run/opened", {})),
)


def main() -> None:
    """Run the round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--constitutions", type=int, default=200)
    parser.add_argument("--versions", type=int, default=100)
    parser.add_argument("--runs", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        studio = make_studio(Path(data))
        fill(studio, asked.constitutions, asked.versions)
        run(studio, asked.runs)
        studio.engine.dispose()
        for line in times(Path(data)):
            print(line, flush=True)


def fill(studio: Studio, constitutions: int, versions: int) -> None:
    """Plant them, a transaction a constitution."""
    for number in range(constitutions):
        with studio.sessions.begin() as session:
            row, head = add_constitution(session, f"Constitution {number}"), None
            for version in range(versions):
                principle = Principle(title="T", statement=f"Say {number} and {version}. " * 20, antithesis="Do not.", id=f"{number:032x}")
                content = to_data(Constitution(name=row.name, principles=(principle,)))
                new = NewVersion(constitution_id=row.id, base_version_id=head, content=content, message=f"Version {version}", author="planted")
                head = add_version(session, new).id


def run(studio: Studio, runs: int) -> None:
    """Plant finished runs, each with a result of six principles."""
    data = run_result_to_data(result(*(principle(f"Principle {i}", "followed", "It is followed. " * 20) for i in range(6))))
    for number in range(runs):
        held_id = queue(studio, key=f"planted-run-{number}")
        with studio.sessions.begin() as session:
            row = get_run(session, held_id)
            row.result, row.job.status = data, JobStatus.FINISHED


def times(data: Path) -> list[str]:
    """A line for each question."""
    lines = []
    with serving(data) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        for name, question in ASKED:
            spent, size = [], 0
            for _ in range(5):
                began = time.monotonic()
                size = len(client.post(f"/api/{name}", json=question).raise_for_status().content)
                spent.append(time.monotonic() - began)
            lines.append(f"{name:20} {question.get('shown', ''):>6} median {1000 * statistics.median(spent):7.1f} ms, {size / 1000:9,.0f} kB")
    return lines


if __name__ == "__main__":
    main()
