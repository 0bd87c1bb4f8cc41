"""Train the methods of training on the same starters with the same seeds, and print what became of each principle.

    python -m tests.bench.methods --out DIR [--methods sami mipo] [--preset quick] [--seeds 0 1 2] [--only NAME] [--data DIR] [--json]

Each run is a process of its own and keeps its folder, so that the same command goes on where it was ended and makes no finished run again.
In each row: compliance under the statement by the base, by what was trained and, last, by what was trained without the constitution.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.services.studio import STARTERS, read_starters
from app.services.text_files import file_stem
from core.constitution.files import dump_yaml
from core.constitution.principles import Constitution
from core.measure.report_data import report_from_data
from core.measure.values import NO_SIDE, roles
from core.methods.recipes import RECIPES

ROOT = Path(__file__).parents[2]
COMPARED = ("Brevity", "Bullet points", "Ends with a question", "Warm tone")  # the other starter is a no-go, and there to show one
Value = float | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of one run, or the means over the seeds of one principle by one method."""

    name: str
    method: str
    seed: str  # the number, or "mean of" them
    steps: Value
    seconds: Value
    base: Value  # share of held-out replies under the statement that follow it
    trained: Value
    antithesis: Value  # the same of replies under the antithesis, by what was trained
    alone: Value  # by what was trained, without the constitution
    attribution: Value
    bound_nats: Value
    words: Value
    repetition: Value
    kl_policy_base_nats: Value


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="gets a folder for each run")
    parser.add_argument("--methods", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one alone is one draw")
    parser.add_argument("--only", action="append", default=[], help="name of a starter (may be given several times)")
    parser.add_argument("--queries", type=Path, default=STARTERS / "queries.jsonl", help="for choosing settings: queries of the train split alone")
    parser.add_argument("--set", action="append", default=[], help="as for `train`, for all methods")
    parser.add_argument("--data", type=Path, default=Path("studio-data"), help="folder with the default model")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chosen = [starter.constitution for starter in read_starters() if starter.constitution.name in (options.only or COMPARED)]
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for constitution in chosen:
        for method in options.methods:
            rows += [run(constitution, method, seed, options) for seed in options.seeds]
            print("done:", constitution.name, method, file=sys.stderr, flush=True)
    rows += [mean_of(name, method, rows) for name in dict.fromkeys(row.name for row in rows) for method in options.methods]
    print(json.dumps([asdict(row) for row in rows], indent=1) if options.json else table(rows))


def run(constitution: Constitution, method: str, seed: int, options: argparse.Namespace) -> Row:
    """Train in a folder of its own, unless that was done before."""
    folder = options.out / f"{file_stem(constitution.name)}-{method}-{options.preset}-{seed}"
    if not (folder / "run.json").exists():
        (text := options.out / f"{file_stem(constitution.name)}.yaml").write_text(dump_yaml(constitution))
        command = [sys.executable, "-m", "app", "train", "--constitution", str(text.resolve()), "--queries", str(options.queries.resolve())]
        command += ["--method", method, "--preset", options.preset, "--seed", str(seed)]
        command += ["--out", str(folder.resolve()), "--data", str(options.data.resolve())]
        command += [part for setting in ("train_anyway=true", *options.set) for part in ("--set", setting)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return row_of(constitution.name, method, seed, folder)


def row_of(name: str, method: str, seed: int, folder: Path) -> Row:
    """The figures of a finished run that are worth a table."""
    record = json.loads((folder / "run.json").read_text())
    report = report_from_data(record["result"])
    arms, [principle] = roles([figures.arm for figures in report.arms]), report.principles
    assert arms.control is not None
    assert arms.trained is not None
    assert arms.alone is not None
    compliance = principle.compliance
    figures = next(found for found in report.arms if found.arm.key == arms.trained.key)
    return Row(
        name=name,
        method=method,
        seed=str(seed),
        steps=len(record["metrics"]),
        seconds=record["duration_s"],
        base=compliance[arms.control.key]["statement"].value,
        trained=compliance[arms.trained.key]["statement"].value,
        antithesis=compliance[arms.trained.key]["antithesis"].value,
        alone=compliance[arms.alone.key][NO_SIDE].value,
        attribution=figures.attribution.value,
        bound_nats=figures.mi_bound_nats.value,
        words=figures.words["statement"].value,
        repetition=figures.repetition["statement"].value,
        kl_policy_base_nats=figures.kl_policy_base_nats.value,
    )


def mean_of(name: str, method: str, rows: Sequence[Row]) -> Row:
    """Over the seeds; a figure that one of them has not got has no mean."""
    own = [asdict(row) for row in rows if (row.name, row.method) == (name, method)]
    means: dict[str, Value] = {}
    for key in set(own[0]) - {"name", "method", "seed"}:
        values = [row[key] for row in own]
        means[key] = None if None in values else statistics.fmean(values)
    return Row(name=name, method=method, seed=f"mean of {len(own)}", **means)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    head = ("", "method", "seed", "steps", "s", "base", "trained", "antithesis", "alone", "attribution", "MI", "words", "repetition", "KL")
    digits = (0, 0, 2, 2, 2, 2, 2, 3, 1, 3, 3)
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    for row in rows:
        name, method, seed, *values = asdict(row).values()
        lines.append(" | ".join([name, method, seed, *("–" if v is None else f"{v:.{d}f}" for v, d in zip(values, digits, strict=True))]))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    main()
