"""Asking a model by its policy, for tests that have token ids and no constitution."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from core.engine.adapters import BASE_WEAR, lora_layers, wearing
from core.engine.models import LoadedModel
from core.engine.policies import as_it_is
from core.engine.policy import plain_prompt
from core.engine.sampling import Response, sample
from core.settings import SamplingConfig

Ids = Sequence[Sequence[int]]


def drawn(model: LoadedModel, prompts: Ids, sampling: SamplingConfig, seeds: Sequence[int], **options: Any) -> list[Response]:
    """A reply to each prompt by the model with the adapter it has, or by the base."""
    return sample(as_it_is(model, "sami"), [plain_prompt(prompt) for prompt in prompts], sampling, seeds, **options)


def streamed(model: LoadedModel, prompts: Ids, sampling: SamplingConfig, seeds: Sequence[int], **options: Any) -> Iterator[list[int | None]]:
    """The same, token by token."""
    return as_it_is(model, "sami").decode([plain_prompt(prompt) for prompt in prompts], sampling, seeds, **options)


def adapter_off(model: LoadedModel) -> AbstractContextManager[None]:
    """Within this block the network itself is the base, for forwards that no policy makes."""
    return wearing(model.network, lora_layers(model.network), BASE_WEAR)
