"""Train every starter constitution with the quick preset on the default model and print what came of it.

    python -m tests.bench.starters [--preset quick] [--seeds 0 1 2] [--only NAME] [--json]

Each run is a process of its own, as on the page: its seconds hold everything, from the start of Python to the result.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from app.services.studio import STARTERS, read_starters
from core.constitution.files import dump_yaml
from core.constitution.principles import SIDES, Constitution
from core.measure.report_data import report_from_data
from core.measure.statistics import Figure
from core.measure.values import NO_SIDE, roles

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one run of each starter for every seed: one alone is one draw")
    parser.add_argument("--only", action="append", default=[], help="name of a starter (may be given several times)")
    parser.add_argument("--set", action="append", default=[], help="as for `train`")
    parser.add_argument("--data", default="studio-data", help="folder with the default model")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chosen = [starter.constitution for starter in read_starters() if not options.only or starter.constitution.name in options.only]
    for seed in options.seeds:
        for constitution in chosen:
            row = measure(constitution, seed, options)
            print(json.dumps(row) if options.json else line(row), flush=True)


def measure(constitution: Constitution, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Train on one constitution; returns the figures worth a table."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "c.yaml").write_text(dump_yaml(constitution))
        command = [sys.executable, "-m", "app", "train", "--constitution", f"{folder}/c.yaml", "--queries", str(STARTERS / "queries.jsonl")]
        command += ["--preset", options.preset, "--seed", str(seed), "--out", f"{folder}/run", "--data", options.data]
        command += ["--set", "train_anyway=true"]  # one of them is a no-go, and is here to show what comes of it
        command += [part for setting in options.set for part in ("--set", setting)]
        started = time.monotonic()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        seconds = time.monotonic() - started
        record = json.loads((Path(folder) / "run" / "run.json").read_text())
    report = report_from_data(record["result"])
    principle, arms = report.principles[0], roles([figures.arm for figures in report.arms])
    assert arms.control is not None
    assert arms.trained is not None
    keys = (arms.control.key, arms.trained.key)
    control, trained = (next(figures for figures in report.arms if figures.arm.key == key) for key in keys)
    both = (control, trained)
    return {
        "name": constitution.name,
        "seed": seed,
        "before": record["trainability"]["verdict"],
        "steps": len(record["metrics"]),
        "seconds": round(seconds),
        "n": report.n_queries,
        "verdict": str(principle.verdict),
        "compliance": {side: [principle.compliance[key][side].value for key in keys] for side in SIDES},
        "without": principle.compliance[arms.alone.key][NO_SIDE].value if arms.alone is not None else None,
        "attribution": [figures.attribution.value for figures in both],
        "mi_bound_nats": [_rounded(figures.mi_bound_nats, 3) for figures in both],
        "words": {side: [_rounded(figures.words[side], 1) for figures in both] for side in SIDES},
        "repetition": [_rounded(figures.repetition["statement"], 3) for figures in both],
        "loops": trained.loops.value,
        "kl_policy_base_nats": _rounded(trained.kl_policy_base_nats, 3),
    }


def _rounded(figure: Figure, digits: int) -> float | None:
    return round(figure.value, digits) if figure.value is not None else None


def line(row: dict[str, Any]) -> str:
    """A row for people."""
    s, a = row["compliance"]["statement"], row["compliance"]["antithesis"]
    return (
        f"{row['name']:<22} seed {row['seed']}  {row['seconds']:>4} s  {row['steps']:>2} steps  {row['before']:<5}  {row['verdict']:<28} "
        f"statement {s[0]:.2f} -> {s[1]:.2f}  antithesis {a[0]:.2f} -> {a[1]:.2f}  without {row['without']:.2f}  "
        f"attribution {row['attribution'][0]:.2f} -> {row['attribution'][1]:.2f}  MI {row['mi_bound_nats'][0]:.3f} -> {row['mi_bound_nats'][1]:.3f}  "
        f"words {row['words']['statement'][0]:.1f} -> {row['words']['statement'][1]:.1f}  repetition {row['repetition'][0]:.3f} -> {row['repetition'][1]:.3f}  "
        f"KL {row['kl_policy_base_nats']:.3f}"
    )


if __name__ == "__main__":
    main()
