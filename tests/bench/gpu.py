"""A 7B model on a GPU: speed and memory of training steps, and of drawing replies against `model.generate`.

    python -m tests.bench.gpu [--device cuda] [--repeats 5] [--json]
    python -m tests.bench.gpu --shape tiny --device cpu      the same code on a model of no size, to see that it runs

The model is a Llama of Mistral-7B's sizes with random weights in bfloat16: speed does not depend on what it has learned, and nothing
has to be fetched. A step is that of the quick preset on four queries, n = 2, prompts of 400 and responses of 60 tokens. The share of the
matrix speed counts the multiplications of a forward pass and of the gradients of activations, without the adapter's own and without
what activation checkpointing repeats.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from core.engine.activations import recomputing
from core.engine.adapters import attach_adapter
from core.engine.hardware import survey
from core.engine.models import LoadedModel
from core.engine.policies import as_it_is
from core.methods.examples import Example
from core.methods.recipe import open_recipe
from core.methods.settings import preset
from core.settings import ModelReference, SamplingConfig
from tests.asking import drawn
from tests.tiny import tiny_tokenizer

SHAPES: dict[str, dict[str, int]] = {
    "7b": {"hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "intermediate": 14_336, "vocabulary": 32_000},
    "tiny": {"hidden": 64, "layers": 2, "heads": 4, "kv_heads": 2, "intermediate": 128, "vocabulary": 300},
}
WORK = {  # queries a step, prompt, response, rows sampled, new tokens
    "7b": (4, 400, 60, 32, 128),
    "tiny": (2, 20, 6, 4, 8),
}
N = 2
FIRST_TOKEN = 3
NO_GPU = "This benchmark needs a GPU with CUDA, and PyTorch sees none here. `--shape tiny --device cpu` runs the same code on a model of no size."


def make_model(shape: dict[str, int], device: torch.device) -> LoadedModel:
    """Random weights on the device, in bfloat16."""
    config = LlamaConfig(
        hidden_size=shape["hidden"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv_heads"],
        intermediate_size=shape["intermediate"],
        vocab_size=shape["vocabulary"],
        max_position_embeddings=8192,
        bos_token_id=None,
        eos_token_id=None,
    )
    torch.manual_seed(0)
    with torch.device(device):
        network = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    network.requires_grad_(False)
    reference = ModelReference(id="random")
    return LoadedModel(reference=reference, network=network.eval(), tokenizer=tiny_tokenizer(), device=device, end_ids=(), context_tokens=8192)


def draw_tokens(count: int, vocabulary: int, seed: int) -> tuple[int, ...]:
    """Random tokens, the same for the same seed."""
    return tuple(torch.randint(FIRST_TOKEN, vocabulary, (count,), generator=torch.Generator().manual_seed(seed)).tolist())


def draw_batch(shape: str) -> list[Example]:
    """The queries of one step."""
    queries, prompt, response, _, _ = WORK[shape]
    vocabulary = SHAPES[shape]["vocabulary"]
    return [
        Example(
            query=str(q),
            stances=((True,), (False,)),
            prompts=tuple(draw_tokens(prompt - c, vocabulary, 100 * q + c) for c in range(N)),
            responses=tuple(draw_tokens(response - 2 * r, vocabulary, 100 * q + 50 + r) for r in range(N)),
        )
        for q in range(queries)
    ]


def median_s(work: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Of some repetitions after one to warm up."""
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def peak_bytes(device: torch.device) -> int:
    """Largest use of the device since the last call that reset it; on a CPU of the process since it began."""
    return int(torch.cuda.max_memory_allocated(device)) if device.type == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def time_training(base: LoadedModel, shape: str, repeats: int, matmul_gflops: float) -> list[dict[str, Any]]:
    """A training step, plain and with activation checkpointing. Leaves an adapter on the network."""
    body = sum(p.numel() for p in base.network.parameters()) - 2 * SHAPES[shape]["hidden"] * SHAPES[shape]["vocabulary"]
    model, batch, config = attach_adapter(base, rank=16, alpha=32, seed=0), draw_batch(shape), preset("quick", max_kl_nats=0)
    tokens = sum(len(p) + sum(map(len, e.responses)) for e in batch for p in e.prompts)
    scored = sum(len(e.prompts) * (1 + sum(map(len, e.responses))) for e in batch)
    flops = 4.0 * (tokens * body + scored * SHAPES[shape]["hidden"] * SHAPES[shape]["vocabulary"])
    recipe, policy, rows = open_recipe(config.method), as_it_is(model, config.method), []
    for checkpointing in (False, True):
        if model.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(model.device)
        with recomputing(model) if checkpointing else nullcontext():
            step_s = median_s(lambda: recipe.gradient(policy, batch, config), model.device, repeats)
        rows.append(
            {
                "what": "training step",
                "activation_checkpointing": checkpointing,
                "tokens_s": round(tokens / step_s, 1),
                "share_of_matmul_speed": round(flops / step_s / matmul_gflops / 1e9, 3),
                "peak_gb": round(peak_bytes(model.device) / 1e9, 2),
            }
        )
    return rows


def time_sampling(model: LoadedModel, shape: str, repeats: int) -> dict[str, Any]:
    """Greedy replies, ours and those of `generate`. Nothing ends a reply, so both write as many tokens."""
    _, prompt, _, rows, new = WORK[shape]
    prompts = [draw_tokens(prompt, SHAPES[shape]["vocabulary"], row) for row in range(rows)]
    ids, network = torch.tensor(prompts, device=model.device), model.network
    sampling = SamplingConfig(max_new_tokens=new, temperature=0)

    def plain() -> None:
        with torch.inference_mode():
            network.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=new, min_new_tokens=new, do_sample=False, pad_token_id=0)  # type: ignore[operator]

    plain_s = median_s(plain, model.device, repeats)
    ours_s = median_s(lambda: drawn(model, prompts, sampling, [0] * rows), model.device, repeats)
    written = rows * new
    return {
        "what": "sampling",
        "generate_tokens_s": round(written / plain_s, 1),
        "sample_tokens_s": round(written / ours_s, 1),
        "ratio": round(plain_s / ours_s, 2),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark. Returns the exit status: 1 where there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=list(SHAPES), default="7b")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print(NO_GPU, file=sys.stderr)
        return 1
    machine = survey(device)
    model = make_model(SHAPES[options.shape], device)
    sampled = time_sampling(model, options.shape, options.repeats)  # before there is an adapter
    rows = [*time_training(model, options.shape, options.repeats, machine.matmul_gflops), sampled]
    print(json.dumps({"machine": asdict(machine), "shape": options.shape, "rows": rows}, indent=1) if options.json else "\n".join(map(str, rows)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
