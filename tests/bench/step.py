"""Speed of a training step (scores of n constitutions x n responses, loss, gradients) against the reference way, in one run.

    python -m tests.bench.step [--data DIR] [--repeats 5] [--json]

The reference way is that of SAMI's release: n x n padded sequences of prompt and response, logits at every position, on peft's own
layers and the library's attention. Both ways use the same weights; their gradients are compared in float32. A case is prompt tokens /
response tokens / n.
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
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import PreTrainedModel

from core.engine.activations import recomputing
from core.engine.adapters import attach_adapter
from core.engine.default_model import DEFAULT_MODEL
from core.engine.hardware import survey
from core.engine.models import LoadedModel, Placing, load_model
from core.engine.scoring import score
from core.methods.examples import Example
from core.methods.sami.losses import sami_loss
from core.settings import ModelReference
from tests.tiny import stir

CASES = ((70, 50, 2), (400, 60, 2), (400, 60, 4))
AIMS = (1.5, 2.5, 4.0)


def reference_logprobs_CR(model: LoadedModel, example: Example) -> Tensor:
    """Mean token log-probabilities the plain way: every pair a sequence of its own, right-padded, full logits."""
    pairs = [(list(prompt), list(response)) for prompt in example.prompts for response in example.responses]
    longest = max(len(prompt) + len(response) for prompt, response in pairs)
    ids = torch.tensor([p + r + [0] * (longest - len(p) - len(r)) for p, r in pairs])
    mask = torch.tensor([[1] * (len(p) + len(r)) + [0] * (longest - len(p) - len(r)) for p, r in pairs])
    logprobs_BTV = model.network(input_ids=ids, attention_mask=mask, use_cache=False).logits.float().log_softmax(dim=-1)
    means = [logprobs_BTV[b, torch.arange(len(p) - 1, len(p) + len(r) - 1), torch.tensor(r)].mean() for b, (p, r) in enumerate(pairs)]
    n = len(example.prompts)
    return torch.stack(means).reshape(n, n)


def packed_way(model: LoadedModel, example: Example) -> None:
    """What training does with one query."""
    sami_loss(score(model, example.prompts, example.responses).means_CR()).backward()


def reference_way(model: LoadedModel, example: Example) -> None:
    """The same, plainly."""
    sami_loss(reference_logprobs_CR(model, example)).backward()


def draw_example(prompt: int, response: int, n: int) -> Example:
    """Random tokens; lengths differ a little from row to row, as real ones do."""
    generator = torch.Generator().manual_seed(prompt + response + n)

    def tokens(length: int) -> tuple[int, ...]:
        return tuple(torch.randint(3, 49_000, (length,), generator=generator).tolist())

    shared = tokens(prompt - 20)
    prompts = tuple(tokens(20 - c) + shared for c in range(n))
    responses = tuple(tokens(response - 5 * (r % 3)) for r in range(n))
    return Example(query="", stances=((True,),) * n, prompts=prompts, responses=responses)


def gradients(model: LoadedModel, way: Callable[[LoadedModel, Example], None], example: Example) -> Tensor:
    """All adapter gradients in one vector."""
    model.network.zero_grad(set_to_none=True)
    way(model, example)
    return torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None])


def seconds(model: LoadedModel, way: Callable[[LoadedModel, Example], None], example: Example) -> float:
    """Of one step."""
    model.network.zero_grad(set_to_none=True)
    started = time.perf_counter()
    way(model, example)
    return time.perf_counter() - started


def load(data: str, dtype: torch.dtype | None, *, plainly: bool = False) -> LoadedModel:
    """The default model with an adapter that changes something, as after some steps of training.

    Args:
        data: Folder with the model.
        dtype: Of the weights; the machine's own when None.
        plainly: With peft's layers and the library's attention.
    """
    base = load_model(ModelReference(id=DEFAULT_MODEL), Path(data) / "models", Placing(device=torch.device("cpu"), dtype=dtype))
    if plainly:
        assert isinstance(base.network, PreTrainedModel)
        base.network.set_attn_implementation("sdpa")
        torch.manual_seed(0)
        model = replace(base, network=get_peft_model(base.network, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")))
    else:
        model = attach_adapter(base, rank=16, alpha=32, seed=0)
    stir(model.network, std=0.01)
    return model


def flops(model: LoadedModel, example: Example) -> float:
    """Multiplications and additions of one packed step: forward and gradients of activations; the adapter itself is left out."""
    head = model.network.get_output_embeddings().weight.numel()  # type: ignore[union-attr]
    body = sum(p.numel() for name, p in model.network.named_parameters() if "lora" not in name) - head
    responses = sum(len(r) for r in example.responses)
    tokens = sum(len(p) + responses for p in example.prompts)
    return 2.0 * 2.0 * (tokens * body + len(example.prompts) * (responses + 1) * head)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="studio-data", help="folder with the default model")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    exact, model = load(options.data, torch.float32), load(options.data, None)
    exact_plain, plain = load(options.data, torch.float32, plainly=True), load(options.data, None, plainly=True)
    machine = survey(torch.device("cpu"))
    rows: list[dict[str, Any]] = []
    for case, aim in zip(CASES, AIMS, strict=True):
        example = draw_example(*case)
        ours = gradients(exact, packed_way, example)
        with recomputing(exact_plain):  # the same gradients, in a third of the 22 GB that the last case would take in float32
            theirs = gradients(exact_plain, reference_way, example)
        timed = [(seconds(plain, reference_way, example), seconds(model, packed_way, example)) for _ in range(options.repeats + 1)][1:]
        reference_s, packed_s = (statistics.median(column) for column in zip(*timed, strict=True))
        rows.append(
            {
                "prompt": case[0],
                "response": case[1],
                "n": case[2],
                "reference_s": round(reference_s, 3),
                "packed_s": round(packed_s, 3),
                "ratio": round(statistics.median(a / b for a, b in timed), 2),
                "aim": aim,
                "gradient_difference": float((ours - theirs).norm() / theirs.norm()),
                "share_of_matmul_speed": round(flops(model, example) / packed_s / machine.matmul_gflops / 1e9, 2),
            }
        )
        if not options.json:
            print(rows[-1], flush=True)
    if options.json:
        print(json.dumps({"machine": asdict(machine), "cases": rows}, indent=1))


if __name__ == "__main__":
    main()
