"""A copy of a network with some of its layers left out, those that change least of what they are given.

How much a layer changes is one minus the cosine between what goes into it and what comes out, mean over tokens ("block influence" of Men et al. 2024,
"ShortGPT", arXiv 2403.03853, eq. 1). The first and the last layer always stay. What is left has to be distilled (`distil.py`).
"""

import copy
import re
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel

from core.engine.models import LoadedModel
from core.errors import ConfigError, UnsupportedModelError

_LAYER = re.compile(r"(?P<before>(?:.*\.)?layers\.)(?P<number>\d+)(?P<after>\..*)")


def count_layers(model: LoadedModel) -> int:
    """Of the network.

    Raises:
        UnsupportedModelError: Its layers are not named as those of Llama and its like, or are not all there.
    """
    number = int(model.network.config.get_text_config().num_hidden_layers)
    found = {int(match["number"]) for match in map(_LAYER.fullmatch, model.network.state_dict()) if match is not None}
    if found != set(range(number)):
        raise UnsupportedModelError(f"The layers of {model.reference.id} cannot be told apart by their names, so none can be left out. Choose another model.")
    return number


def influences(model: LoadedModel, texts: Sequence[Sequence[int]]) -> list[float]:
    """How much each layer changes of what it is given, mean over the tokens of some texts, between 0 (nothing) and 2."""
    sums, tokens = torch.zeros(count_layers(model), dtype=torch.float64), 0
    with torch.inference_mode():
        for text in texts:
            output = model.network(input_ids=torch.tensor([list(text)], device=model.device), output_hidden_states=True, use_cache=False)
            states = [state_1TH[0].float() for state_1TH in output.hidden_states]
            sums += torch.stack([_changed(before, after) for before, after in pairwise(states)]).double().cpu()
            tokens += len(text)
    return [float(sum_) for sum_ in sums / tokens]


def _changed(before_TH: Tensor, after_TH: Tensor) -> Tensor:
    return (1 - F.cosine_similarity(before_TH, after_TH, dim=-1)).sum()


def kept_layers(influence: Sequence[float], drop: int) -> list[int]:
    """The layers that stay: all but the `drop` of least influence, the first and the last never among those.

    Raises:
        ConfigError: So many cannot be left out.
    """
    if not 1 <= drop <= len(influence) - 2:
        raise ConfigError(f"drop must be between 1 and {len(influence) - 2}, since the first and the last of {len(influence)} layers stay; got {drop}.", "drop")
    between = sorted(range(1, len(influence) - 1), key=lambda layer: influence[layer])
    return sorted(set(range(len(influence))) - set(between[:drop]))


def with_layers(network: PreTrainedModel, kept: Sequence[int]) -> PreTrainedModel:
    """A network of the layers that stay, with their weights in float32, so that small steps are not rounded away."""
    config = copy.deepcopy(network.config)
    text, number = config.get_text_config(), network.config.get_text_config().num_hidden_layers
    for name, value in vars(text).items():  # such as which kind of attention each layer has
        if isinstance(value, list) and len(value) == number:
            setattr(text, name, [value[layer] for layer in kept])
    text.num_hidden_layers = len(kept)
    config.dtype = torch.float32
    place = {layer: position for position, layer in enumerate(kept)}
    weights = {renamed: weight for name, weight in network.state_dict().items() if (renamed := _renamed(name, place)) is not None}
    smaller: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32, trust_remote_code=False)
    smaller.load_state_dict(weights)
    smaller.generation_config = copy.deepcopy(network.generation_config)
    placed: PreTrainedModel = smaller.requires_grad_(False).eval().to(network.device)
    return placed


def _renamed(name: str, place: dict[int, int]) -> str | None:
    match = _LAYER.fullmatch(name)
    if match is None:
        return name
    layer = place.get(int(match["number"]))
    return f"{match['before']}{layer}{match['after']}" if layer is not None else None
