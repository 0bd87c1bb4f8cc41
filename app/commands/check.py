"""`check`: whether training can work."""

import argparse
import json
import sys

from app.commands.files import read_constitution
from app.commands.inputs import load, note_scenarios, note_topic, open_settings, read_queries
from app.commands.terminal import quiet
from app.present.trainability import reply_lines, trainability_lines
from core.methods.settings import preset, with_settings
from core.runs.demands import require_possible
from core.runs.links import trainability_to_data
from core.runs.trainability import check_run, now_and_then


def run(options: argparse.Namespace) -> int:
    """`check`: the verdict on trainability that a run also begins with. A no-go is exit status 1."""
    quiet()
    settings = open_settings(options)
    constitution = read_constitution(options.constitution)
    config = with_settings(preset(options.preset, method=options.method, seed=options.seed), options.set)
    queries = read_queries(options)
    require_possible(constitution, queries, config)
    note_topic(constitution, queries)
    note_scenarios(constitution, queries, config)
    model = load(options, settings, None, four_bit=config.four_bit)
    tell = now_and_then(lambda words: print(words, file=sys.stderr, flush=True))
    found = check_run(model, constitution, queries, config, on_asking=tell)
    print(json.dumps(trainability_to_data(found), ensure_ascii=False) if options.json else "\n".join([*trainability_lines(found), *reply_lines(found)]))
    return 1 if found.verdict == "no-go" else 0
