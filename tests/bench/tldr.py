"""A small replication of SAMI's TL;DR experiment: train on some Reddit posts, measure on others.

    python -m tests.bench.tldr --published FOLDER [--data DIR] [--out DIR] [--set NAME=VALUE] [--json]

FOLDER holds what SAMI's authors published (arXiv 2404.14313, MIT): `posts.jsonl` and `constitution_2.json`, in which both principles
(concise, comprehensive) are contrasted. The published replies were Mistral-7B's; here the default model answers for itself.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from core.constitution.files import parse_file
from core.constitution.queries import Query
from core.engine.default_model import DEFAULT_MODEL
from core.methods.settings import preset, with_settings
from core.progress import Listener
from core.runs.execute import execute
from core.runs.plan import RunPlan
from core.runs.records import RunRecord
from core.settings import ModelReference

SETTINGS = ("train_queries=32", "held_out_queries=24", "passes=2", "learning_rate=5e-4", "trace=all")
HELD_OUT = 40  # posts, of 125


def main() -> None:
    """Run the replication."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--published", required=True, type=Path)
    parser.add_argument("--data", default="studio-data", help="folder with the default model")
    parser.add_argument("--out", type=Path, help="folder of the run; it is resumed when it is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        record = execute(
            _plan(options), options.out or Path(scratch) / "run", Path(options.data) / "models", Listener(on_step=lambda r: print(r.phase, r.done, r.total))
        )
    print(json.dumps(_row(record)) if options.json else "\n".join(f"{name}: {value}" for name, value in _row(record).items()))


def _plan(options: argparse.Namespace) -> RunPlan:
    rows = [json.loads(line) for line in (options.published / "posts.jsonl").read_text().splitlines()]
    texts = [f"Summarize this post.\n\n{row['post'].strip()}" for row in rows]
    queries = tuple(Query(text, "held_out" if i < HELD_OUT else "train") for i, text in enumerate(texts))
    path = options.published / "constitution_2.json"
    return RunPlan(
        constitution=parse_file(path.read_text(), path.name),
        queries=queries,
        model=ModelReference(id=DEFAULT_MODEL),
        config=with_settings(preset("quick", seed=options.seed), [*SETTINGS, *options.set]),
    )


def _row(record: RunRecord) -> dict[str, Any]:
    result = record.result

    def interval(figure: Any) -> str:
        return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"

    row: dict[str, Any] = {"held-out posts": result.n_queries, "seconds": round(record.duration_s)}
    for found in result.arms:
        arm = found.arm.key
        if found.arm.in_prompt:
            row |= {f"{arm}, MI bound": interval(found.mi_bound_nats), f"{arm}, attribution": interval(found.attribution)}
            row |= {f"{arm}, KL(policy || base)": interval(found.kl_policy_base_nats)}
        row |= {f"{arm}, words {side}": interval(figure) for side, figure in found.words.items()}
        row |= {f"{arm}, loops": interval(found.loops)}
    return row


if __name__ == "__main__":
    main()
