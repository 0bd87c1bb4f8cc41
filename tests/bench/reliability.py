"""Train constitutions over several seeds and say how often behaviour followed, and what it cost. Resumable; a run that is done is not done again.

    python -m tests.bench.reliability --out DIR [--seeds 0 1 2 3 4] [--only NAME …] [--preset quick] [--variant NAME SETTING …] [--jobs 1] [--data DIR]
    python -m tests.bench.reliability --out DIR --seeds 0 --only Brevity "Bullet points" "Ends with a question" "Warm tone" "Capital letters"
    python -m tests.bench.reliability --out DIR --seeds 0 1 2 --only Brevity … --variant sami method=sami --variant mipo method=mipo
    python -m tests.bench.reliability --out DIR --table

The constitutions are the starters and those of `constitutions.json`. Each run is a process and a folder, DIR/VARIANT/NAME-SEED. A variant is
settings by a name (as for `train --set`); without one, the preset as it is, called `preset`. The table has a line for each principle of each run;
pairs are of the prompted base and of what was trained, and with --json there is more of each run.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.constitution.files import parse_file
from core.constitution.principles import Constitution, from_data
from core.constitution.reading.query_files import read_query_file
from core.measure.questions import RELEVANCE_FALL
from core.measure.report_data import report_from_data
from core.measure.values import AMONG, NO_SIDE, roles
from core.settings import ModelReference

ROOT = Path(__file__).parents[2]
STARTERS = ROOT / "app" / "starters"
MORE = Path(__file__).with_name("constitutions.json")
COLUMNS = (  # of the table: heading, key, digits
    ("compliance", "compliance", 2),
    ("antithesis", "opposite", 2),
    ("relevance", "relevance", 2),
    ("own query", "own_query", 2),
    ("surprise", "surprise", 2),
    ("cut", "cut", 2),
    ("echo", "echo", 2),
)
FOLLOWED = ("followed", "already followed")
MORE_FIGURES = ("attribution", "mi_bound_nats", "relevance_nats", "own_query", "surprise_nats", "cut", "echo", "loops")  # of an arm


def main() -> None:
    """Run what is asked for and not done yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--only", nargs="+", default=[], help="names of constitutions")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--variant", nargs="+", action="append", default=[], metavar="NAME SETTING", help="a name, and settings as for `train --set`")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, each with --threads")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--until", type=float, default=float("inf"), help="seconds after which no run is begun")
    parser.add_argument("--data", type=Path, default=Path("studio-data"), help="folder with the default model")
    parser.add_argument("--model", help="instead of the default model: a folder")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("NAME", "SEED", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        train_one(options)
        return
    if not options.table:
        train_all(options)
    rows = [row for folder in sorted(options.out.glob("*/*/run.json")) for row in rows_of(folder)]
    print(json.dumps(rows, indent=1) if options.json else table(rows))


def constitutions() -> dict[str, Constitution]:
    """By name: the starters, and more."""
    starters = [parse_file(path.read_text(encoding="utf-8"), path.name) for path in sorted(STARTERS.glob("*.yaml"))]
    return {c.name: c for c in (*starters, *map(from_data, json.loads(MORE.read_text(encoding="utf-8"))))}


def train_all(options: argparse.Namespace) -> None:
    """Each run in a process of its own, so many at once, the seeds of one variant before the next principle."""
    began, variants = time.monotonic(), options.variant or [["preset"]]
    todo = [(name, seed, variant) for seed in options.seeds for variant in variants for name in options.only or constitutions()]

    def run(one: tuple[str, int, list[str]]) -> None:
        name, seed, (label, *settings) = one
        folder = options.out / label / f"{name.replace(' ', '-')}-{seed}"
        if (folder / "run.json").exists() or time.monotonic() - began > options.until:
            return
        command = [sys.executable, "-m", "tests.bench.reliability", "--out", str(options.out), "--preset", options.preset, "--device", options.device]
        command += ["--data", str(options.data), "--variant", label, *settings, *(["--model", options.model] if options.model else [])]
        (log := folder.with_suffix(".log")).parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as said:
            environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
            status = subprocess.run([*command, "--one", name, str(seed), str(folder)], cwd=ROOT, stdout=said, stderr=said, env=environment).returncode
        ended = "done" if status == 0 else f"FAILED, see {log}"
        print(f"{time.monotonic() - began:6.0f} s  {label:<16} {name:<22} seed {seed}  {ended}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(run, todo))


def train_one(options: argparse.Namespace) -> None:
    """One run, in this process."""
    import torch

    from core.methods.recipes import PROPOSED_RECIPE
    from core.methods.settings import preset, with_settings
    from core.runs.execute import execute
    from core.runs.plan import RunPlan

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    name, seed, folder = options.one
    _, *settings = options.variant[0]
    config = with_settings(preset(options.preset, method=PROPOSED_RECIPE, seed=int(seed)), ["train_anyway=true", *settings])
    queries = read_query_file((STARTERS / "queries.jsonl").read_bytes(), "queries.jsonl").queries
    model = ModelReference(id=options.model or "SmolLM2-135M-Instruct")
    execute(
        RunPlan(constitution=constitutions()[name], queries=queries, model=model, config=config, device=options.device), Path(folder), options.data / "models"
    )


def rows_of(record_file: Path) -> Iterator[dict[str, Any]]:
    """A line for each principle of a finished run; pairs are of the prompted base and of what was trained."""
    record = json.loads(record_file.read_text(encoding="utf-8"))
    report = report_from_data(record["result"])
    parts = roles([figures.arm for figures in report.arms])
    assert parts.control is not None
    assert parts.trained is not None
    arms = [next(figures for figures in report.arms if figures.arm.key == arm.key) for arm in (parts.control, parts.trained)]
    of_the_run = {name.removesuffix("_nats"): [getattr(figures, name).value for figures in arms] for name in MORE_FIGURES}
    for principle, link in zip(report.principles, record["trainability"]["principles"], strict=True):
        compliance = [principle.compliance[figures.arm.key] for figures in arms]
        yield {
            "variant": record_file.parent.parent.name,
            "name": record["constitution"]["name"],
            "principle": principle.title,
            "seed": record["config"]["seed"],
            "n": report.n_queries,
            "check": link["verdict"],
            "verdict": str(principle.verdict),
            "compliance": [sides["statement"].value for sides in compliance],
            "interval": [compliance[1]["statement"].low, compliance[1]["statement"].high],
            "opposite": [sides.get("flip", sides["antithesis"]).value for sides in compliance],
            "alone": principle.compliance[parts.alone.key][NO_SIDE].value if parts.alone is not None else None,
            **of_the_run,
            "words": [figures.words["statement"].value for figures in arms],
            "repetition": [figures.repetition["statement"].value for figures in arms],
            "kl": arms[1].kl_policy_base_nats.value,
            "steps": len(record["metrics"]),
            "seconds": record["duration_s"],
        }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: every line, then the mean and the worst of each variant by what the check before said."""
    heads = ("variant", "constitution", "principle", "seed", "check", "verdict", *(head for head, _, _ in COLUMNS), "KL", "steps", "s")
    lines = [heads, ["---"] * len(heads)]
    for row in rows:
        pairs = [_pair(row[key], digits) for _, key, digits in COLUMNS]
        first = [row["variant"], row["name"], row["principle"], str(row["seed"]), row["check"], row["verdict"]]
        lines.append([*first, *pairs, _number(row["kl"], 2), str(row["steps"]), _number(row["seconds"], 0)])
    told = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return told + "\n\n" + "\n".join(summary(rows))


def summary(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One line for each variant and word of the check before."""
    for variant in dict.fromkeys(row["variant"] for row in rows):
        for word in ("go", "weak", "no-go", "unjudged"):
            own = [row for row in rows if (row["variant"], row["check"]) == (variant, word)]
            if not own:
                continue
            followed = sum(row["verdict"] in FOLLOWED for row in own)
            after = [row["compliance"][1] for row in own if row["compliance"][1] is not None]
            changes = ", ".join(f"{head} {_mean_change(own, key):+.2f}" for head, key, _ in COLUMNS)
            worst = min(after, default=float("nan"))
            yield (
                f"{variant}, check said {word}: {followed} of {len(own)} followed, {sum(map(keeps, own))} as the aim has it; "
                f"compliance mean {sum(after) / max(1, len(after)):.2f}, worst {worst:.2f}; "
                f"mean change: {changes}; KL {sum(row['kl'] for row in own) / len(own):.2f}; steps {sum(row['steps'] for row in own) / len(own):.0f}"
            )


def keeps(row: dict[str, Any]) -> bool:
    """Whether a run ends followed, with relevance lower than the prompted base's by a tenth of its cap at most, and no more cut replies."""
    (relevance_before, relevance), (cut_before, cut) = row["relevance"], row["cut"]
    return row["verdict"] in FOLLOWED and relevance - relevance_before >= -RELEVANCE_FALL * math.log(AMONG) and cut <= cut_before


def _mean_change(rows: Sequence[dict[str, Any]], key: str) -> float:
    found = [after - before for before, after in (row[key] for row in rows) if before is not None and after is not None]
    return sum(found) / len(found) if found else float("nan")


def _pair(values: Sequence[float | None], digits: int) -> str:
    return " → ".join(_number(value, digits) for value in values)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
