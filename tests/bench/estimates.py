"""What finished runs of a studio were estimated to take, phase by phase, and what they took.

    python -m tests.bench.estimates --data DIR [--json]

DIR is the folder of a studio with its own database (SQLite), such as `tests.rounds.sitting` leaves; it is only read. The estimate is today's, of the
machine as it was measured there. A run that went on after it was stopped, or that used a check, took less than it says here.
"""

import argparse
import json
import re
import sqlite3
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from app.processes.store import LOG
from core.constitution.principles import from_data
from core.machine import DEFAULT_SHAPE, TYPICAL, Hardware, hardware_from_data
from core.methods.settings import config_from_data
from core.runs.estimates import estimate

TOLD = re.compile(r"(\d\d:\d\d:\d\d) (?:(\D+?(?: \d+)?) \d+/\d+|Processes that do this run|Finished in)")
FIRST, ALL = "preparing", "all"


def main() -> None:
    """Print a table of each run, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    hardware = measured(options.data)
    folders = [path.parent for path in sorted((options.data / "runs").glob("*/attempt-1/run.json"))]
    found = {str(folder.relative_to(options.data)): compared(folder, hardware) for folder in folders}
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for name, phases in found.items():
        print(f"{name}\n\n| phase | estimated | took |\n|---|---|---|")
        print("".join(f"| {phase} | {told_s:.0f} s | {took_s:.0f} s |\n" for phase, (told_s, took_s) in phases.items()))


def measured(data: Path) -> Hardware:
    """The machine, as it was measured there; a typical one where it never was."""
    database = sqlite3.connect(f"file:{(data / 'studio.db').resolve()}?mode=ro", uri=True)
    row = database.execute("SELECT hardware FROM machine ORDER BY served_at DESC LIMIT 1").fetchone()
    database.close()
    return (hardware_from_data(json.loads(row[0])) if row else None) or TYPICAL


def compared(folder: Path, hardware: Hardware) -> dict[str, tuple[float, float]]:
    """Of one attempt: seconds by phase, and of all, as estimated and as they were."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    told = estimate(config_from_data(run["config"]), DEFAULT_SHAPE, hardware, from_data(run["constitution"])).seconds
    took = phase_seconds((folder / LOG).read_text(encoding="utf-8"))
    each = {phase: (told[phase], took.get(phase, 0.0)) for phase in told}
    return {**each, ALL: (sum(told.values()), sum(took.values()))}


def phase_seconds(log: str) -> dict[str, float]:
    """From the first line of each phase to that of the next."""
    begun: list[tuple[str, datetime]] = []
    for match in filter(None, map(TOLD.match, log.splitlines())):
        phase = match[2] or (FIRST if not begun else "")
        if not begun or phase != begun[-1][0]:
            begun.append((phase, datetime.strptime(match[1], "%H:%M:%S")))  # noqa: DTZ007 - a clock's, of which only differences are taken
    return {phase: ((end - start) % timedelta(days=1)).total_seconds() for (phase, start), (_, end) in pairwise(begun)}


if __name__ == "__main__":
    main()
