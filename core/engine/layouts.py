"""How a network may be asked, tried on the network itself: packed or row by row, with how few rows a steady batch, and in how many lanes.

A steady batch may have so few rows that each still has the very bits that it has in a full one. In bfloat16 a row rounds differently in
different company, since libraries choose how they multiply by the shape of what they are given. Oftentimes they choose alike from two rows on.
Where they do, one pane of a comparison need not pay for 24 rows, and rows that have ended can be dropped. It depends on the machine, so it is
not taken for granted; what was not tried has full batches.
"""

import functools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from core.constitution.principles import NEUTRAL_SYSTEM, Turns
from core.engine.batching import LANES, LANES_UP_TO_BYTES, STEADY_ROWS, STEADY_SIZES
from core.engine.cpu.lora import AdaptedLinear
from core.engine.cpu.packed_weights import hold_packed
from core.engine.decoding import Padded
from core.engine.lanes import in_lanes, opened, threads
from core.engine.models import LoadedModel, encode_prompt
from core.engine.scoring import prove_packing, score

_WIDTH = 32  # tokens that the prompts are padded to
_TOKENS = 3  # read one by one after them


def with_layouts_tried(model: LoadedModel) -> LoadedModel:
    """`prove_layouts` on a fixed pair of prompts and replies, for callers that have no constitution at hand yet."""
    prompts = [encode_prompt(model, Turns(NEUTRAL_SYSTEM, f"{way}\n\nWhy is the sky blue?")) for way in ("Answer in one short sentence.", "Explain at length.")]
    replies = ("Air scatters blue light more than red.", "Sunlight holds all colours. On its way through the air the short waves are scattered most.")
    return prove_layouts(model, prompts, [model.tokenizer(reply, add_special_tokens=False)["input_ids"] for reply in replies])


def prove_layouts(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> LoadedModel:
    """The model as loaded, with what was found of it: `prove_packing`, `prove_steady` and `prove_lanes`."""
    return prove_lanes(prove_steady(prove_packing(model, prompts, responses), prompts), prompts, responses)


def prove_lanes(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> LoadedModel:
    """Compare what all threads compute with what the threads of one lane do: same logits and scores, bit for bit.

    Args:
        model: The base, as loaded.
        prompts: At least one.
        responses: At least one.

    Returns:
        The model with as many lanes as it turns out to have: one on a GPU, for a large network, of which nobody wants two batches at once, with one thread,
        or where bits differ.
    """
    lanes = min(LANES, threads())
    if lanes == 1 or model.device.type != "cpu" or sum(p.nbytes for p in model.network.parameters()) > LANES_UP_TO_BYTES:
        return replace(model, lanes=1)
    rows = [_shortened(prompts[i % len(prompts)], i) for i in range(STEADY_SIZES[1])]
    tries = [partial(_logits, model, rows), partial(_logits, model, rows[:1]), partial(_scored, model, prompts, responses)]
    with_all = in_lanes(1, tries)
    with opened(lanes) as pool:
        alone = [pool.submit(in_lanes, 1, [each]).result()[0] for each in tries]
    return replace(model, lanes=lanes if all(map(torch.equal, with_all, alone)) else 1)


def _scored(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Tensor:
    return torch.cat([tokens for row in score(model, prompts, responses).tokens for tokens in row])


def prove_steady(model: LoadedModel, prompts: Sequence[Sequence[int]]) -> LoadedModel:
    """Compare batches of fewer rows with a full one: same logits, bit for bit, after the prompts and after each token.

    Args:
        model: The base, as loaded.
        prompts: At least one; what is compared begins at different places of them, so that rows differ.

    Returns:
        The model with the sizes that were found to be alike.
    """
    rows = [_shortened(prompts[i % len(prompts)], i) for i in range(STEADY_ROWS)]
    hold_packed(model.network)  # as decoding does
    full = _logits(model, rows)
    same = [size for size in STEADY_SIZES[:-1] if torch.equal(_logits(model, rows[:size]), full[:, :size])]
    return replace(model, steady_sizes=(*same, STEADY_ROWS))


def _shortened(prompt: Sequence[int], by: int) -> Sequence[int]:
    fit = prompt[-_WIDTH + 1 :]
    return fit[by % max(1, len(fit) - 1) :]


def _logits(model: LoadedModel, rows: Sequence[Sequence[int]]) -> Tensor:
    """Logits of some rows, reading the prompts and then the last token of each again and again. Shape (steps, B, V)."""
    decoding = Padded(model, rows, _WIDTH, _TOKENS)
    tokens_B = torch.tensor([row[-1] for row in rows], device=model.device)
    with torch.inference_mode():
        return torch.stack([decoding.first(), *(decoding.next(tokens_B) for _ in range(_TOKENS))])


def with_steady_adapter(model: LoadedModel) -> LoadedModel:
    """The model, which has got an adapter, with the sizes that leave the adapter's products alike, too."""
    sizes, lanes = model.steady_sizes, model.lanes
    for module in model.network.modules():
        if not hasattr(module, "lora_A"):
            continue
        if not isinstance(module, AdaptedLinear):
            return replace(model, steady_sizes=(STEADY_ROWS,), lanes=1)
        for low in module.lora_A.values():
            alike = _alike(low.in_features, low.out_features, module.out_features, model.dtype, model.device)
            sizes = tuple(size for size in sizes if size in alike)
            lanes = lanes if lanes == 1 or _alike_in_lanes(lanes, low.in_features, low.out_features, module.out_features, model.dtype) else 1
    return replace(model, steady_sizes=sizes, lanes=lanes)


@functools.cache
def _alike_in_lanes(lanes: int, inputs: int, rank: int, outputs: int, dtype: torch.dtype) -> bool:
    """Whether the threads of one lane leave the products of an adapted layer as all threads make them."""
    product = partial(_product, inputs, rank, outputs, dtype, torch.device("cpu"), STEADY_ROWS)
    with opened(lanes) as pool:
        return torch.equal(product(), pool.submit(product).result())


@functools.cache
def _alike(inputs: int, rank: int, outputs: int, dtype: torch.dtype, device: torch.device) -> frozenset[int]:
    """Sizes of a batch that leave the products of an adapted layer as they are in a full one. Which weights it has does not matter for that."""
    product = partial(_product, inputs, rank, outputs, dtype, device)
    full = product(STEADY_ROWS)
    return frozenset(size for size in STEADY_SIZES if torch.equal(product(size), full[:size]))


def _product(inputs: int, rank: int, outputs: int, dtype: torch.dtype, device: torch.device, rows: int) -> Tensor:
    """That of an adapted layer with so many rows of a batch."""
    draw = torch.Generator().manual_seed(0)
    x_BI, A_rI, B_Or, y_BO = (
        torch.randn(shape, generator=draw).to(device, dtype) for shape in ((STEADY_ROWS, inputs), (rank, inputs), (outputs, rank), (STEADY_ROWS, outputs))
    )
    return y_BO[:rows].clone().addmm_(x_BI[:rows] @ A_rI.T, B_Or.T)
