"""What a policy is: it decodes and scores prompts, which hold a query with its constitution and without it. `policies.py` opens them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.constitution.principles import Constitution, Stance, render
from core.engine.models import LoadedModel, encode_prompt
from core.engine.scoring import Scores
from core.methods.arms import Arm
from core.settings import SamplingConfig


@dataclass(frozen=True)
class Prompt:
    """Token ids of a prompt, and of the same query with no constitution before it, which some policies set against it."""

    ids: tuple[int, ...]
    bare: tuple[int, ...]


def prompt_of(model: LoadedModel, constitution: Constitution | None, stance: Stance, query: str, order: Sequence[int] | None = None) -> Prompt:
    """The prompt of a query under a constitution, each principle taken as its stance says; with None, under no constitution."""
    bare = tuple(encode_prompt(model, render(None, (), query)))
    if constitution is None:
        return Prompt(bare, bare)
    return Prompt(tuple(encode_prompt(model, render(constitution, stance, query, order))), bare)


def plain_prompt(ids: Sequence[int]) -> Prompt:
    """A prompt that has no constitution, or whose constitution no policy will be asked to leave out."""
    return Prompt(tuple(ids), tuple(ids))


class Policy(Protocol):
    """What answers and scores."""

    @property
    def arm(self) -> Arm:
        """What it was opened for."""

    @property
    def model(self) -> LoadedModel:
        """The weights, the tokenizer and the device."""

    def decode(self, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
        """Decode all rows in step, as `core.engine.sampling.stream`. Other policies of the model may be used between two items."""

    def score(self, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
        """Score every response under every prompt, as `core.engine.scoring.score`."""
