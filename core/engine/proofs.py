"""Proofs on what was just loaded: every weight came from its files, all are numbers, no token looks ahead, an adapter changes something."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors import safe_open
from torch import Tensor
from transformers import PreTrainedModel

from core.errors import AdapterError, DamagedModelError, UnsupportedModelError

# Weights that a network that only writes text does without: tables it computes itself, other senses, extra heads.
_DISPENSABLE = re.compile(r"inv_freq|vision|visual|audio|image|multi_modal|\bmtp\b|masked_bias|\battn\.bias$|\bv_head\b|position_ids")
_KEPT, _TOKENS = 3, 12  # of the proof's tokens, those that stay the same; all
_ROUNDING = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}  # share of the largest logit


def prove_weights(info: Mapping[str, Any], name: str) -> None:
    """Raise DamagedModelError unless files and network have the same weights. `info` is what `from_pretrained` says of its loading."""
    for key, what in (("mismatched_keys", "have another shape in its files than config.json says"), ("missing_keys", "are in none of its files")):
        found = sorted(entry if isinstance(entry, str) else str(entry[0]) for entry in info.get(key) or ())
        if found:
            raise DamagedModelError(
                f"{len(found)} weights of {name} {what}, the first is {found[0]}, so they would be random numbers. "
                "Fetch config and weights anew, from the same place."
            )
    surplus = sorted(key for key in info.get("unexpected_keys") or () if not _DISPENSABLE.search(key))
    if surplus:
        raise DamagedModelError(
            f"{len(surplus)} weights in the files of {name} have no place in the network that its config.json describes, the first is {surplus[0]}, "
            "so they would be left out. Fetch config and weights anew, from the same place."
        )


def prove_numbers(network: torch.nn.Module, what: str, remedy: str) -> None:
    """Raise DamagedModelError for a weight that is not a number or infinite."""
    for name, weight in (*network.named_parameters(), *network.named_buffers()):
        # One sum tells at a glance; it is looked at closely only where it is no number. Masks among the buffers may be infinite.
        if not weight.is_floating_point() or weight.device.type == "meta" or torch.isfinite(weight.sum(dtype=torch.float32)):
            continue
        if isinstance(weight, torch.nn.Parameter) and not bool(torch.isfinite(weight).all()):
            bad = int((~torch.isfinite(weight)).sum())
            raise DamagedModelError(f"{what} holds {bad:,} numbers that are NaN or infinite, in {name}. {remedy}")


def prove_network(network: PreTrainedModel, ids: list[int], name: str) -> None:
    """Raise unless the network gives finite numbers for a prompt, and what it says of a token does not depend on those after it.

    Args:
        network: In evaluation mode, on its device.
        ids: Of a prompt with at least a few different tokens.
        name: Of the model.
    """
    straight = ids[:_TOKENS]
    turned = straight[:_KEPT] + straight[: _KEPT - 1 : -1]
    if turned == straight:
        turned = straight[:_KEPT] + straight[:1] * (len(straight) - _KEPT)
    with torch.no_grad():
        logits_2TV = torch.cat([logits_of(network, row) for row in (straight, turned)])
    if not bool(torch.isfinite(logits_2TV).all()):
        raise DamagedModelError(
            f"{name} gives NaN or infinite numbers instead of probabilities in {str(network.dtype).removeprefix('torch.')}. "
            "Its weights are damaged or do not fit this type of number: fetch them again, or choose another model."
        )
    seen = (logits_2TV[0, :_KEPT] - logits_2TV[1, :_KEPT]).abs().max().item()
    if seen > _ROUNDING.get(network.dtype, 5e-2) * max(1e-6, logits_2TV.abs().max().item()):
        raise UnsupportedModelError(
            f"{name} is no causal language model: each of its tokens looks at those that come after it. Choose one that writes word by word."
        )


def prove_adapter(network: PeftModel, name: str, folder: Path) -> None:
    """Raise AdapterError unless all of an adapter's weights came from its file, have found a place, and are numbers.

    Args:
        network: With the adapter.
        name: Of the adapter, in peft.
        folder: It was loaded from.
    """
    with safe_open(str(folder / "adapter_model.safetensors"), framework="pt") as file:
        stored = set(file.keys())
    wanted = set(get_peft_model_state_dict(network, adapter_name=name, save_embedding_layers=False))
    for keys, what in ((stored - wanted, "have no place in this model"), (wanted - stored, "are missing in its file")):
        if keys:
            raise AdapterError(
                f"{len(keys)} of the weights of the adapter in {folder} {what}, the first is {min(keys)}. "
                "Choose the model it was trained on, or its whole file."
            )
    try:
        prove_numbers(network, f"The adapter in {folder}", "Train it again, or fetch its file again.")
    except DamagedModelError as error:
        raise AdapterError(str(error)) from error


def prove_effect(worn_TV: Tensor, bare_TV: Tensor, folder: Path) -> None:
    """Raise AdapterError unless logits with an adapter are numbers, and others than those without it."""
    if not bool(torch.isfinite(worn_TV).all()):
        raise AdapterError(f"With the adapter in {folder} the model gives NaN or infinite numbers instead of probabilities. Train it again.")
    if torch.equal(worn_TV, bare_TV):
        raise AdapterError(f"The adapter in {folder} changes nothing: the model says the same without it. Choose the model it was made for, or train again.")


def logits_of(network: PreTrainedModel | PeftModel, row: list[int]) -> Tensor:
    """What the network says after each token of one prompt, float32. Shape (1, T, V)."""
    logits: Tensor = network(input_ids=torch.tensor([row], device=network.device), use_cache=False).logits
    return logits.float()
