"""`smaller`: a smaller model made of a larger one, for an expert whose delta is moved back onto that one (`--arm proxy`)."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.present.text import count
from core.methods.proxy.smaller_settings import SmallerConfig

if TYPE_CHECKING:
    from core.engine.models import LoadedModel

TEXT = """\
Make a smaller model of a larger one: leave out the layers that change least of what they are given, then let what is left learn briefly to say what the
larger one says, on replies that this wrote itself. The result is a model folder that --model takes, with smaller.json, which says how it was made. Train on it,
and move what that changed onto the larger model with `reply` or `measure --arm proxy`. Ctrl-C saves; the same command goes on.
"""
DEFAULTS = SmallerConfig()
SHOWN = 3  # held-out queries whose replies are shown, of both models


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add the command. Returns the parsers that take the folder of the data."""
    smaller = commands.add_parser("smaller", help="make a smaller model of a larger one, to train an expert for proxy-tuning on", description=TEXT)
    smaller.add_argument("--queries", required=True, type=Path, metavar="FILE", help="as for the other commands; the larger model answers those for training")
    smaller.add_argument("--query-field", metavar="NAME", help="the column or key that holds the queries, where it is not found by itself")
    smaller.add_argument(
        "--constitution", type=Path, metavar="FILE", help="with it, each query is answered under its statements and its antitheses too (default: under none)"
    )
    smaller.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new folder, which gets the model")
    smaller.add_argument("--model", metavar="ID", help="the larger model: the default model's name, a Hub id such as org/name, or a folder")
    smaller.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:1, …")
    smaller.add_argument("--seed", type=int, default=0, help="decides queries, replies and their order (default: 0)")
    smaller.add_argument("--drop", type=int, default=DEFAULTS.drop, metavar="N", help=f"layers that are left out (default: {DEFAULTS.drop})")
    smaller.add_argument("--steps", type=int, default=DEFAULTS.steps, metavar="N", help=f"steps of learning (default: {DEFAULTS.steps})")
    smaller.add_argument(
        "--learning-rate", type=float, default=DEFAULTS.learning_rate, metavar="X", help=f"at its highest (default: {DEFAULTS.learning_rate:g})"
    )
    smaller.add_argument("--asked", type=int, default=DEFAULTS.queries, metavar="N", help=f"train queries that are answered (default: {DEFAULTS.queries})")
    return [smaller]


def run(options: argparse.Namespace) -> int:
    """Make it, and show what it says beside the larger one. Returns the exit status."""
    from app.commands.files import read_constitution
    from app.commands.inputs import open_settings, read_queries
    from app.commands.terminal import Printer, StopRequest, quiet
    from core.constitution.queries import draw_queries
    from core.engine.models import Placing, choose_device, load_model
    from core.methods.proxy.small import Material, make_smaller
    from core.progress import Listener, Stopped
    from core.settings import ModelReference

    quiet()
    config = SmallerConfig(drop=options.drop, steps=options.steps, learning_rate=options.learning_rate, queries=options.asked, seed=options.seed)
    settings, placing = open_settings(options), Placing(device=choose_device(options.device))
    constitution = read_constitution(options.constitution) if options.constitution is not None else None
    queries = read_queries(options)
    train, held_out = draw_queries(queries, "train", config.queries, config.seed), draw_queries(queries, "held_out", config.held_out, config.seed)
    whole = load_model(ModelReference(id=options.model or settings.model), settings.models_folder, placing, Printer().fetching)
    stop = StopRequest()
    try:
        material = Material(train=tuple(train), held_out=tuple(held_out), constitution=constitution)
        made = make_smaller(whole, config, material, options.out, Listener(on_step=Printer(), should_stop=stop))
    except Stopped:
        print("Stopped; what was done is kept beside the folder. The same command goes on from there.", file=sys.stderr)
        return 130
    size = sum(weight.numel() for weight in whole.network.parameters())
    print(f"{made.folder}: {len(made.kept)} of {made.layers} layers, {made.parameters / 1e6:.0f} of {size / 1e6:.0f} million parameters.")
    on = count(len(held_out), "held-out query", "held-out queries")
    print(f"KL({whole.reference.id} || smaller) on {on}: {made.kl_before_nats:.2f} nats a token, then {made.kl_after_nats:.2f}.")
    _show((whole, load_model(ModelReference(id=str(made.folder)), settings.models_folder, placing, Printer().fetching)), held_out[:SHOWN], config.seed)
    return 0


def _show(models: Sequence["LoadedModel"], queries: Sequence[str], seed: int) -> None:
    """The same queries answered by both models, with the seeds and the sampling of a result, so that a person sees what was lost."""
    from core.engine.policies import base_of
    from core.engine.sampling import sample
    from core.measure.ask import reply_seed, side_prompt
    from core.measure.values import NO_SIDE
    from core.settings import SamplingConfig

    seeds = [reply_seed(seed, query, NO_SIDE) for query in queries]
    replies = [
        [response.text for response in sample(base_of(model), [side_prompt(model, None, NO_SIDE, query) for query in queries], SamplingConfig(), seeds)]
        for model in models
    ]
    for query, *texts in zip(queries, *replies, strict=True):
        print(f"\n{query}")
        for name, text in zip(("larger", "smaller"), texts, strict=True):
            print(f"  {name}: {' '.join(text.split()) or '(empty)'}")
