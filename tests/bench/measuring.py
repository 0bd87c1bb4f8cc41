"""What measuring an arm on several principles costs: every pair scored, only those that a verdict rests on, and what there was before.

    python -m tests.bench.measuring --data DIR [--principles 6] [--queries 4] [--new 64] [--json]

One batch of held-out queries is answered and scored in three ways, for the base and with an adapter (stirred, not trained), one after the other
on one thread, in processor seconds, since other processes may compute beside it. `before` is the way until 2026-11-28: all replies in steady
batches, every reply under every prompt in passes of 2 prompts and 8 replies. Four queries take some five minutes of a quiet core, twelve a quarter of an hour.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from core.constitution.contrasts import asked_stances
from core.constitution.principles import Constitution
from core.engine.adapters import attach_adapter
from core.engine.batching import PROMPTS_SCORED, RESPONSES_SCORED
from core.engine.default_model import DEFAULT_MODEL
from core.engine.layouts import with_layouts_tried
from core.engine.models import LoadedModel, Placing, load_model
from core.engine.policies import as_it_is, base_of
from core.engine.policy import Policy
from core.engine.sampling import sample
from core.measure import ask
from core.measure.information import kl_nats
from core.settings import ModelReference, SamplingConfig
from tests.bench.decoding import CONSTITUTION, QUERIES
from tests.tiny import stir

MORE = (
    ("Sources", "Say where a claim can be looked up.", "Never say where a claim can be looked up."),
    ("Question", "End with a question to the reader.", "End without any question."),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--principles", type=int, default=6)
    parser.add_argument("--queries", type=int, default=4)
    parser.add_argument("--new", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    constitution = _constitution(options.principles)
    how = {trace: ask.Measuring(sampling=SamplingConfig(max_new_tokens=options.new), seed=0, trace=trace) for trace in ("all", "own")}
    model = with_layouts_tried(load_model(ModelReference(id=DEFAULT_MODEL), options.data / "models", Placing(device=torch.device("cpu"))))
    found: dict[str, dict[str, float]] = {}
    for name, opened in (("base", lambda: base_of(model)), ("adapted", lambda: as_it_is(_adapted(model), "mipo"))):
        policy, queries = opened(), QUERIES[: options.queries]
        found[name] = {
            "before": _seconds(lambda: _before(policy, constitution, queries, how["all"])),  # noqa: B023 - used at once
            "all": _seconds(lambda: ask.ask(policy, constitution, queries, how["all"])),  # noqa: B023
            "own": _seconds(lambda: ask.ask(policy, constitution, queries, how["own"])),  # noqa: B023
            "own, written alone": _seconds(lambda: _written(policy, constitution, queries, how["own"])),  # noqa: B023
        }
        print(name, found[name], file=sys.stderr, flush=True)
    print(json.dumps(found, indent=1) if options.json else "\n".join(_lines(found)))


def _lines(found: dict[str, dict[str, float]]) -> list[str]:
    return [
        f"{name}, {way}: {seconds:.1f} processor seconds, {times['before'] / seconds:.2f} times as fast as before"
        for name, times in found.items()
        for way, seconds in times.items()
    ]


def _constitution(principles: int) -> Constitution:
    first = CONSTITUTION.principles
    more = [type(first[0])(title=title, statement=statement, antithesis=antithesis) for title, statement, antithesis in MORE]
    return Constitution(name="Several", principles=(*first, *more)[:principles])


def _adapted(model: LoadedModel) -> LoadedModel:
    adapted = attach_adapter(model, rank=16, alpha=32, seed=0)
    stir(adapted.network, std=0.002)
    return adapted


def _seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return round(time.process_time() - began, 2)


def _written(policy: Policy, constitution: Constitution, queries: Sequence[str], how: ask.Measuring) -> None:
    asked = [
        ask._Asked(query, side, ask.side_prompt(policy.model, constitution, side, query))
        for query in queries
        for side in asked_stances(len(constitution.principles))
    ]
    ask._write(policy, asked, how)


def _before(policy: Policy, constitution: Constitution, queries: Sequence[str], how: ask.Measuring) -> None:
    """All replies steady, all pairs of a query scored in blocks, with the distributions of all."""
    base, sides = base_of(policy.model), tuple(asked_stances(len(constitution.principles)))
    other = policy.arm != base.arm
    prompts = [[ask.side_prompt(policy.model, constitution, side, query) for side in sides] for query in queries]
    seeds = [ask.reply_seed(how.seed, query, side) for query in queries for side in sides]
    written = sample(policy, [prompt for row in prompts for prompt in row], how.sampling, seeds, steady=True)
    for q, row in enumerate(prompts):
        responses = [response.token_ids for response in written[q * len(sides) : (q + 1) * len(sides)]]
        for c in range(0, len(row), PROMPTS_SCORED):
            group = row[c : c + PROMPTS_SCORED]
            for r in range(0, len(responses), RESPONSES_SCORED):
                chunk = responses[r : r + RESPONSES_SCORED]
                own = [i - c if 0 <= i - c < len(group) else 0 for i in range(r, r + len(chunk))]
                with torch.no_grad():
                    scores = policy.score(group, chunk, own if other else ())
                    if other:
                        theirs = base.score(group, chunk, own)
                        [float(kl_nats(ours, its)) for k, (ours, its) in enumerate(zip(scores.own, theirs.own, strict=True)) if 0 <= r + k - c < len(group)]


if __name__ == "__main__":
    main()
