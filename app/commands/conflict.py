"""`conflict`: two principles against each other, and which of them the replies follow."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any

from app.commands.files import read_constitution
from app.commands.inputs import chosen_arm, chosen_sampling, load, open_settings, read_queries
from app.commands.measure import held_out
from app.commands.terminal import quiet
from app.present.conflicts import conflict_lines
from app.processes.adapter_models import read_run
from core.constitution.principles import Constitution, content_hash
from core.engine.adapter_card import named_for_others
from core.engine.policies import open_policy
from core.errors import ConfigError, QueryError
from core.measure.conflict_replies import PairAsked, ask_pair
from core.measure.conflicts import PairReplies, conflict, judge_replies, pair_of
from core.methods.arms import arm_to_data

TOLD_EACH = 8  # replies between two words about the progress


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    quiet()
    constitution = read_constitution(options.constitution)
    pair = pair_of(constitution, *_numbers(constitution, options))
    settings = open_settings(options)
    run = read_run(options.adapter)
    arm = chosen_arm(options, run)
    if not arm.in_prompt:
        raise ConfigError(f"The arm {arm.key} has no constitution in its prompt, so nothing in it is in conflict. Choose one that has.")
    queries, left_out = held_out(read_queries(options, "held_out"), options, run)
    if not queries:
        raise QueryError(f"{options.queries} has no held-out query to ask. Add some, or leave the split out.")
    sampling, seed = chosen_sampling(options, run)
    model = load(options, settings, run)
    texts = ask_pair(open_policy(model, arm), pair, queries, (sampling, seed), _told())
    replies = judge_replies(pair, queries, texts)
    found = conflict(pair, replies.followed)
    if not options.json:
        print("\n".join(conflict_lines(pair, found)))
        return 0
    data = {
        "constitution_sha256": content_hash(constitution),
        "arm": arm_to_data(arm),
        "model": dataclasses.asdict(named_for_others(model.reference)),
        "sampling": dataclasses.asdict(sampling),
        "seed": seed,
        "queries_left_out": left_out,
        "result": dataclasses.asdict(found),
        "replies": _rows(replies),
    }
    print(json.dumps(data, ensure_ascii=False, indent=1))
    return 0


def _told() -> Callable[[PairAsked], None]:
    """Say how far it is, at every so many replies."""
    last = 0

    def on_asked(asked: PairAsked) -> None:
        nonlocal last
        if asked.finished > last and (asked.finished - last >= TOLD_EACH or asked.finished == asked.replies):
            last = asked.finished
            print(f"{asked.finished} of {asked.replies} replies", file=sys.stderr)

    return on_asked


def _rows(replies: PairReplies) -> list[dict[str, Any]]:
    """Of each query the reply in each order, and under `follows` whether it follows the first and the second; null: it could not be judged."""
    return [
        {
            "query": query,
            **{order: texts[i] for order, texts in replies.texts.items()},
            "follows": {order: list(followed[i]) for order, followed in replies.followed.items()},
        }
        for i, query in enumerate(replies.queries)
    ]


def _numbers(constitution: Constitution, options: argparse.Namespace) -> tuple[int, int]:
    """Which two; of a constitution that has only two there is nothing to choose."""
    if (count := len(constitution.principles)) < 2:
        raise ConfigError(f"The constitution has {count} principle{'' if count == 1 else 's'}, so there is nothing to set against each other. Add another one.")
    if options.first is None and options.second is None and count != 2:
        raise ConfigError(f"The constitution has {count} principles. Say which two with --first N --second M.")
    if (options.first is None) != (options.second is None):
        raise ConfigError("Only one principle is named. Name both, with --first N --second M.")
    return (1, 2) if options.first is None else (options.first, options.second)
