"""`reply`: one row a query."""

import argparse
import json
import os
import sys

from app.commands.inputs import chosen_sampling, load, open_settings, read_constitution, read_query_file, read_run
from app.commands.terminal import quiet
from core.engine.adapters import adapter_hash
from core.engine.batching import QUERIES_PER_BATCH
from core.engine.policies import as_it_is
from core.engine.sampling import sample
from core.measure.ask import reply_seed, side_prompt

METHODS = {(False, False): "base", (False, True): "base+constitution", (True, True): "aligned+constitution", (True, False): "aligned"}


def run(options: argparse.Namespace) -> int:
    """`reply`: one row a query, in the order of the file."""
    quiet()
    settings = open_settings(options)
    run = read_run(options.adapter)
    constitution = None if options.side == "none" else read_constitution(options.constitution)
    queries = [query.text for query in read_query_file(options.queries)]
    sampling, seed = chosen_sampling(options, run)
    model = load(options, settings, run)
    policy = as_it_is(model, "sami")
    adapter = adapter_hash(options.adapter) if options.adapter is not None else None
    scratch = options.out.with_name(f".{options.out.name}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        for start in range(0, len(queries), QUERIES_PER_BATCH):
            batch = queries[start : start + QUERIES_PER_BATCH]
            prompts = [side_prompt(model, constitution, options.side, query) for query in batch]
            responses = sample(policy, prompts, sampling, [reply_seed(seed, query, options.side) for query in batch], steady=True)
            for query, response in zip(batch, responses, strict=True):
                row = {
                    "query": query,
                    "response": response.text,
                    "as": options.side,
                    "method": METHODS[adapter is not None, constitution is not None],
                    "seed": seed,
                    "adapter": adapter,
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            print(f"{start + len(batch)} of {len(queries)} replies", file=sys.stderr)
    os.replace(scratch, options.out)
    return 0
