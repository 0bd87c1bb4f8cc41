"""The residual stream between two decoder layers: read at the tokens of a response or at the end of a prompt, and added to. Own hooks; no library.

What is added comes in at every position from which a token of the response is predicted: at the last token of the prompt, and at each token of the
response. All other tokens of the prompt stay as they are. Rimsky et al. (arXiv 2312.06681) do the same: from the end of the instruction on.
These are the very positions whose logits our forwards ask for (`logits_to_keep`), packed or padded, with a cache or without one.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from core.engine.activations import repeated_layers
from core.engine.models import LoadedModel
from core.errors import UnsupportedModelError


def decoder_layers(model: LoadedModel) -> list[nn.Module]:
    """The layers of the network, in their order.

    Raises:
        UnsupportedModelError: It does not say which they are.
    """
    layers, count = repeated_layers(model), model.network.config.get_text_config().num_hidden_layers
    if len(layers) != count:
        raise UnsupportedModelError(
            f"{model.reference.id} has {count} layers by its configuration, but {len(layers)} were found, so it is not known where its residual stream "
            "could be read or added to. Choose another model, or another method."
        )
    return layers


@contextmanager
def adding(model: LoadedModel, layer: int, vector_H: Tensor) -> Iterator[None]:
    """Within this block the network adds a vector to what a layer puts out, where tokens of a response are predicted from.

    Args:
        model: Whose network is run by `core.engine.decoding.Padded` or `core.engine.scoring` meanwhile. (`Shared` also reads beginnings of prompts.)
        layer: Counted from 0.
        vector_H: What is added, on the network's device.
    """
    kept_K = torch.empty(0)

    def note(_module: nn.Module, _args: Any, kwargs: dict[str, Any]) -> None:
        nonlocal kept_K
        kept_K = kwargs["logits_to_keep"]

    def add(_module: nn.Module, _args: Any, output: Any) -> Any:
        hidden_BTH = _hidden(output)
        added_BKH = vector_H.to(hidden_BTH.dtype).expand(hidden_BTH.shape[0], len(kept_K), -1)
        steered_BTH = hidden_BTH.index_add(1, kept_K, added_BKH)
        return (steered_BTH, *output[1:]) if isinstance(output, tuple) else steered_BTH

    with ExitStack() as hooks:
        for handle in (
            model.network.register_forward_pre_hook(note, with_kwargs=True),
            decoder_layers(model)[layer].register_forward_hook(add),
        ):
            hooks.callback(handle.remove)
        yield


def response_means(model: LoadedModel, prompt: Sequence[int], response: Sequence[int], layers: Sequence[int]) -> Tensor:
    """What some layers put out, as a mean over the tokens of a response. Without gradients, in float64 on the CPU.

    Args:
        model: The network as it stands.
        prompt: Before the response; its own tokens are not read.
        response: At least one token.
        layers: Counted from 0.

    Returns:
        Shape (layers, H).
    """
    read: dict[int, Tensor] = {}
    with ExitStack() as hooks, torch.no_grad():
        for layer in layers:

            def keep(_module: nn.Module, _args: Any, output: Any, layer: int = layer) -> None:
                read[layer] = _hidden(output)[0, len(prompt) :].double().mean(dim=0).cpu()

            hooks.callback(decoder_layers(model)[layer].register_forward_hook(keep).remove)
        ids_BT = torch.tensor([[*prompt, *response]], device=model.device)
        last_K = torch.tensor([ids_BT.shape[1] - 1], device=model.device)  # nobody asks for logits
        model.network(input_ids=ids_BT, attention_mask=torch.ones_like(ids_BT), logits_to_keep=last_K, use_cache=False)
    return torch.stack([read[layer] for layer in layers])


def suffix_residuals(model: LoadedModel, ids: Sequence[int], last: int) -> Tensor:
    """The output of every layer at the last tokens of a prompt, in float32. Gradients flow unless off.

    Args:
        model: The network as it stands; whoever asks sees to what it wears (core.engine.policies).
        ids: The prompt.
        last: How many of its tokens, at least one.

    Returns:
        Shape (L, T, H): layers, in the order in which they are passed; tokens; units.

    Raises:
        UnsupportedModelError: As `decoder_layers`.
        ValueError: More tokens than there are, or none.
    """
    if not 1 <= last <= len(ids):
        raise ValueError(f"of {len(ids)} tokens at least 1 and at most all can be asked for, got {last}")
    found: list[Tensor] = []

    def keep(_module: nn.Module, _args: Any, output: Any) -> None:
        found.append(_hidden(output)[0, -last:].float())

    with ExitStack() as hooks:
        for layer in decoder_layers(model):
            hooks.callback(layer.register_forward_hook(keep).remove)
        ids_BT = torch.tensor([list(ids)], device=model.device)
        model.network(input_ids=ids_BT, attention_mask=torch.ones_like(ids_BT), logits_to_keep=1, use_cache=False)
    return torch.stack(found)


def _hidden(output: Any) -> Tensor:
    """Shape (B, T, H)."""
    hidden: Tensor = output[0] if isinstance(output, tuple) else output
    return hidden
