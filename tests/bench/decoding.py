"""Speed of decoding against plain `model.generate`, and against llama.cpp where it is installed, on the same prompts in one run.

    python -m tests.bench.decoding --data DIR [--rows 1 4 24 32] [--repeats 5] [--new 64] [--adapter RANK] [--gguf FILE] [--json]

Greedy, prompts of about 120 tokens whose constitution is the same within a side, as when training responses are drawn. 24 rows and fewer are decoded
steadily, as replies that are shown and counted are (4 rows are four panes of one arm), more of them packed, as training responses. The end token
is switched off everywhere, so that all write the same number of tokens. With 32 rows in float32 our tokens are compared with those of `generate`, row by
row; steady ones with those of a full batch of 24. `--gguf` names a file of the model for llama.cpp (package xllamacpp, no requirement of ours),
which is asked by as many requests at once. `--adapter` has our rows and those of `generate` wear a LoRA of that rank.
"""

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from core.constitution.principles import Constitution, Principle, render
from core.engine.adapters import attach_adapter
from core.engine.batching import STEADY_ROWS
from core.engine.cpu.grouped_attention import use_on_cpu
from core.engine.default_model import DEFAULT_MODEL
from core.engine.hardware import survey
from core.engine.layouts import with_layouts_tried
from core.engine.models import LoadedModel, Placing, encode_prompt, load_model
from core.settings import ModelReference, SamplingConfig
from tests.asking import drawn, streamed

AIMS = {1: "40 tokens a second", 4: "100 tokens a second", 32: "2.5 x generate"}
CONSTITUTION = Constitution(
    name="Four",
    principles=(
        Principle(
            title="Brief",
            statement="Answer in one or two short sentences, and leave out everything that was not asked for, however interesting it may be.",
            antithesis="Answer in many long sentences, and bring in everything that has to do with the question, however far away it may be.",
        ),
        Principle(
            title="Warm",
            statement="Speak warmly, as to a good friend who came to you with something that matters to them.",
            antithesis="Speak coolly, as in an official letter to somebody whom you have never met before.",
        ),
        Principle(
            title="Plain",
            statement="Use plain words that a child of ten would know.",
            antithesis="Use learned words that an expert would be proud of.",
        ),
        Principle(
            title="Honest",
            statement="Say plainly when you do not know something, and never make up a name or a number.",
            antithesis="Never admit that you do not know something, and fill each gap with a name or a number.",
        ),
    ),
)
QUERIES = (
    "How do I boil an egg?",
    "Why is the sky blue in the daytime and red at sunset?",
    "What should I cook for six guests tonight?",
    "Can you explain what a mortgage is?",
    "How do plants drink?",
    "My cat hides when people visit. What can I do?",
    "What is the best way to learn to swim as an adult?",
    "Who invented the printing press?",
    "How far away is the moon?",
    "What makes bread rise?",
    "How can I fall asleep faster?",
    "Is it safe to eat snow?",
    "How do I write a letter of thanks to a teacher?",
    "Why do leaves change colour in autumn?",
    "What is a good first book on the history of Rome?",
    "How do magnets work?",
)


def draw_prompts(model: LoadedModel) -> list[list[int]]:
    """32 prompts: each query under all statements and under all antitheses."""
    return [encode_prompt(model, render(CONSTITUTION, CONSTITUTION.stance(side), query)) for query in QUERIES for side in (True, False)]


def our_way(model: LoadedModel, prompts: list[list[int]], new: int) -> list[list[int]]:
    """What is shown and counted for few rows, what training draws for many."""
    sampling, steady = SamplingConfig(max_new_tokens=new, temperature=0), len(prompts) <= STEADY_ROWS
    return [list(response.token_ids) for response in drawn(model, prompts, sampling, [0] * len(prompts), steady=steady)]


def plain_way(model: LoadedModel, prompts: list[list[int]], new: int) -> list[list[int]]:
    """Left-padded `generate`, with the library's attention."""
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    network: Any = model.network
    base = network.get_base_model() if model.adapted else network
    base.set_attn_implementation("sdpa")
    with torch.inference_mode():
        written = network.generate(input_ids=ids, attention_mask=mask, max_new_tokens=new, do_sample=False, eos_token_id=None, pad_token_id=0)
    use_on_cpu(base)
    rows: list[list[int]] = written[:, longest:].tolist()
    return rows


class LlamaCpp:
    """A server of llama.cpp in this process, asked by a thread for each row."""

    def __init__(self, gguf: str, rows: int, threads: int) -> None:
        import xllamacpp  # type: ignore[import-not-found, unused-ignore]

        params = xllamacpp.CommonParams()
        params.model.path, params.n_parallel, params.n_ctx, params.cpuparams.n_threads = gguf, rows, 512 * rows, threads
        self.server = xllamacpp.Server(params)

    def write(self, prompts: Sequence[Sequence[int]], new: int) -> None:
        """A reply to each, all at once."""

        def ask(prompt: Sequence[int]) -> None:
            length = {"n_predict": new, "max_tokens": new, "ignore_eos": True}
            self.server.handle_completions({"prompt": list(prompt), "temperature": 0, "cache_prompt": False, **length})

        threads = [threading.Thread(target=ask, args=[prompt]) for prompt in prompts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def seconds(way: Callable[[], object]) -> float:
    """Of one call."""
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def first_token_s(model: LoadedModel, prompts: list[list[int]]) -> float:
    """From the question to the first token of every row, as a warm model host has it."""
    return seconds(lambda: next(streamed(model, prompts, SamplingConfig(max_new_tokens=64, temperature=0), [0] * len(prompts), steady=True)))


def load(options: argparse.Namespace, dtype: torch.dtype | None) -> LoadedModel:
    """The default model, whose replies do not end, in the layouts that it allows."""
    model = load_model(ModelReference(id=DEFAULT_MODEL), Path(options.data) / "models", Placing(device=torch.device("cpu"), dtype=dtype))
    model = replace(with_layouts_tried(model), end_ids=())
    return attach_adapter(model, rank=options.adapter, alpha=2 * options.adapter, seed=0) if options.adapter else model


def rows_equal(exact: LoadedModel, model: LoadedModel, prompts: list[list[int]], new: int) -> int:
    """How many rows are as they have to be: those of `generate` in float32, or those of a full steady batch."""
    if len(prompts) > STEADY_ROWS:
        ours, theirs = our_way(exact, prompts, new), plain_way(exact, prompts, new)
    else:
        ours, theirs = our_way(model, prompts, new), our_way(replace(model, steady_sizes=(STEADY_ROWS,)), prompts, new)
    return sum(a == b for a, b in zip(ours, theirs, strict=True))


def measure(exact: LoadedModel, model: LoadedModel, prompts: list[list[int]], options: argparse.Namespace) -> dict[str, Any]:
    """One number of rows: medians, the ways in turn."""
    n, new = len(prompts), options.new
    ways: dict[str, Callable[[], object]] = {"generate": lambda: plain_way(model, prompts, new), "ours": lambda: our_way(model, prompts, new)}
    if options.gguf:
        llama = LlamaCpp(options.gguf, n, torch.get_num_threads())
        ways["llama_cpp"] = lambda: llama.write(prompts, new)
    timed = [{name: seconds(way) for name, way in ways.items()} for _ in range(options.repeats + 1)][1:]
    told: dict[str, Any] = {"rows": n, "prompt_tokens": round(statistics.mean(map(len, prompts))), "new_tokens": new, "aim": AIMS.get(n)}
    told |= {f"{name}_tokens_s": round(n * new / statistics.median(row[name] for row in timed), 1) for name in ways}
    told["ratio_to_generate"] = round(statistics.median(row["generate"] / row["ours"] for row in timed), 2)
    if n <= STEADY_ROWS:
        told["first_token_s"] = round(statistics.median(first_token_s(model, prompts) for _ in range(options.repeats)), 3)
    told["rows_as_they_have_to_be"] = rows_equal(exact, model, prompts, new)
    return told


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="studio-data", help="folder with the default model")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 4, 24, 32])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--new", type=int, default=64, help="tokens written in each row")
    parser.add_argument("--adapter", type=int, default=0, metavar="RANK")
    parser.add_argument("--gguf", help="for llama.cpp")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    exact, model = load(options, torch.float32), load(options, None)
    prompts = draw_prompts(exact)
    rows = [measure(exact, model, prompts[:n], options) for n in options.rows]
    told = {"machine": asdict(survey(torch.device("cpu"))), "steady_sizes": model.steady_sizes, "rows": rows}
    print(json.dumps(told, indent=1) if options.json else "\n".join(map(str, rows)), flush=True)


if __name__ == "__main__":
    main()
