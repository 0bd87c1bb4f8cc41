"""A model that is loaded by the command itself: to write, and to judge."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.judges import THIS_MACHINE, Pause, Told
from core.constitution.principles import Turns
from core.errors import ContextError
from core.measure.model_judge import Question
from core.settings import ModelReference, SamplingConfig

if TYPE_CHECKING:
    from core.engine.models import LoadedModel

GREEDY_SEED = 0  # the likeliest token needs none, and is asked for one


def load_local(model: str, models_folder: Path, device: str) -> "LoadedModel":
    """Load a model and say on standard error how far that is.

    Args:
        model: The default model's name, a Hub id or a folder.
        models_folder: Of the studio, for the converted default model.
        device: As for `train`.

    Raises:
        StudioError: It cannot be had or used here.
    """
    from app.commands.terminal import quiet
    from core.engine.models import Placing, choose_device, load_model

    quiet()
    models_folder.mkdir(parents=True, exist_ok=True)
    return load_model(ModelReference(id=model), models_folder, Placing(device=choose_device(device)), _print_progress)


def answer(model: "LoadedModel", prompt: Turns, sampling: SamplingConfig, seed: int) -> tuple[str, int, int]:
    """What a model replies, and the tokens of prompt and reply.

    Raises:
        ContextError: The prompt leaves no room for a reply.
    """
    from core.engine.models import encode_prompt
    from core.engine.policies import base_of
    from core.engine.policy import plain_prompt
    from core.engine.sampling import sample

    ids = encode_prompt(model, prompt)
    (response,) = sample(base_of(model), [plain_prompt(ids)], sampling, [seed])
    return response.text, len(ids), len(response.token_ids)


@dataclass(frozen=True, kw_only=True)
class LocalJudge:
    """A model of this machine as judge; nothing leaves the machine."""

    model: str  # as verdicts name it: of a folder the last part
    reference: str  # what is loaded
    models_folder: Path
    device: str
    max_tokens: int

    @property
    def address(self) -> str:
        """Here."""
        return THIS_MACHINE

    def open(self, pause: Pause) -> "OpenLocalJudge":
        """Load it. Nobody has to wait for it to be free."""
        return OpenLocalJudge(load_local(self.reference, self.models_folder, self.device), SamplingConfig(temperature=0.0, max_new_tokens=self.max_tokens))


class OpenLocalJudge:
    """A loaded judge."""

    def __init__(self, model: "LoadedModel", sampling: SamplingConfig) -> None:
        self.model, self.sampling = model, sampling

    def ask(self, question: Question) -> Told:
        """What it answers with the likeliest tokens; a card that is too long for it has no answer."""
        began = time.monotonic()
        try:
            text, tokens_in, tokens_out = answer(self.model, Turns(question.system, question.user), self.sampling, GREEDY_SEED)
        except ContextError:
            return Told(text="", failure=f"the question is longer than {self.model.reference.id} reads")
        return Told(text=text, took_ms=round(1000 * (time.monotonic() - began)), tokens_in=tokens_in, tokens_out=tokens_out)

    def close(self) -> None:
        """The command ends soon."""


def _print_progress(what: str, share: float) -> None:
    print(f"{what} {share:.0%}", file=sys.stderr, flush=True)
