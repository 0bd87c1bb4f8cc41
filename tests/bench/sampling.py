"""Speed of drawing replies against plain `model.generate` on the same batch, in one run.

    python -m tests.bench.sampling --data DIR [--repeats 5] [--new 64] [--json]

Greedy, 32 rows, prompts of about 120 tokens whose constitution is the same within a side, as when training responses are drawn. The end
token is switched off on both sides, so that both write the same number of tokens. Their tokens are compared in float32, row by row.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from core.constitution.principles import Constitution, Principle, render
from core.engine.cpu.grouped_attention import use_on_cpu
from core.engine.default_model import DEFAULT_MODEL
from core.engine.hardware import survey
from core.engine.models import LoadedModel, Placing, encode_prompt, load_model
from core.settings import ModelReference, SamplingConfig
from tests.asking import drawn

AIM = 2.5
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
    """What `core.methods.examples` does."""
    sampling = SamplingConfig(max_new_tokens=new, temperature=0)
    return [list(response.token_ids) for response in drawn(model, prompts, sampling, [0] * len(prompts))]


def plain_way(model: LoadedModel, prompts: list[list[int]], new: int) -> list[list[int]]:
    """Left-padded `generate`, with the library's attention."""
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    network: Any = model.network
    network.set_attn_implementation("sdpa")
    with torch.inference_mode():
        written = network.generate(ids, attention_mask=mask, max_new_tokens=new, do_sample=False, eos_token_id=None, pad_token_id=0)
    use_on_cpu(network)
    rows: list[list[int]] = written[:, longest:].tolist()
    return rows


def seconds(way: Callable[[LoadedModel, list[list[int]], int], list[list[int]]], model: LoadedModel, prompts: list[list[int]], new: int) -> float:
    """Of one batch."""
    started = time.perf_counter()
    way(model, prompts, new)
    return time.perf_counter() - started


def load(data: str, dtype: torch.dtype | None) -> LoadedModel:
    """The default model, whose replies do not end."""
    return replace(load_model(ModelReference(id=DEFAULT_MODEL), Path(data) / "models", Placing(device=torch.device("cpu"), dtype=dtype)), end_ids=())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="studio-data", help="folder with the default model")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--new", type=int, default=64, help="tokens written in each row")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    exact, model = load(options.data, torch.float32), load(options.data, None)
    prompts = draw_prompts(exact)
    same = sum(a == b for a, b in zip(our_way(exact, prompts, options.new), plain_way(exact, prompts, options.new), strict=True))
    timed = [(seconds(plain_way, model, prompts, options.new), seconds(our_way, model, prompts, options.new)) for _ in range(options.repeats + 1)][1:]
    plain_s, ours_s = (statistics.median(column) for column in zip(*timed, strict=True))
    tokens = len(prompts) * options.new
    row = {
        "rows": len(prompts),
        "prompt_tokens": round(statistics.mean(map(len, prompts))),
        "new_tokens": options.new,
        "generate_tokens_s": round(tokens / plain_s, 1),
        "sample_tokens_s": round(tokens / ours_s, 1),
        "ratio": round(statistics.median(a / b for a, b in timed), 2),
        "aim": AIM,
        "rows_equal_in_float32": same,
    }
    print(json.dumps({"machine": asdict(survey(torch.device("cpu"))), **row}, indent=1) if options.json else row, flush=True)


if __name__ == "__main__":
    main()
