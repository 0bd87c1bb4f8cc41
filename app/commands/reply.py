"""`reply`: one row a query."""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from app.commands.files import read_constitution, require_writable
from app.commands.inputs import chosen_arm, chosen_sampling, load, open_settings, read_queries
from app.commands.terminal import quiet
from app.processes.adapter_models import read_run
from core.engine.batching import QUERIES_PER_BATCH
from core.engine.policies import open_policy
from core.engine.sampling import Response, sample
from core.measure.ask import reply_seed, side_prompt
from core.methods.arms import Arm, arm_to_data


def run(options: argparse.Namespace) -> int:
    """`reply`: one row a query, in the order of the file."""
    quiet()
    require_writable(options.out)
    settings = open_settings(options)
    run = read_run(options.adapter)
    arm = chosen_arm(options, run)
    constitution = read_constitution(options.constitution) if arm.in_prompt else None
    queries = [query.text for query in read_queries(options)]
    sampling, seed = chosen_sampling(options, run)
    policy = open_policy(load(options, settings, run), arm)
    scratch = options.out.with_name(f".{options.out.name}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        for start in range(0, len(queries), QUERIES_PER_BATCH):
            batch = queries[start : start + QUERIES_PER_BATCH]
            prompts = [side_prompt(policy.model, constitution, options.side, query) for query in batch]
            responses = sample(policy, prompts, sampling, [reply_seed(seed, query, options.side) for query in batch], steady=True)
            file.writelines(_rows(arm, options.side, seed, batch, responses))
            print(f"{start + len(batch)} of {len(queries)} replies", file=sys.stderr)
    os.replace(scratch, options.out)
    return 0


def _rows(arm: Arm, side: str, seed: int, queries: Sequence[str], responses: Sequence[Response]) -> list[str]:
    """The lines of a batch, with everything that decided the replies."""
    shared = {"as": side, "method": arm.method, "arm": arm_to_data(arm), "seed": seed, "adapter": arm.artifact.sha256 if arm.artifact is not None else None}
    rows = [{"query": query, "response": response.text} | shared for query, response in zip(queries, responses, strict=True)]
    return [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
