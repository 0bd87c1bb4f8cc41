"""A model that reads by its likelihoods: under which of some texts, each alone before the query, are a reply's words likeliest?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from core.constitution.principles import Constitution, Principle
from core.engine.batching import PROMPTS_SCORED
from core.engine.models import LoadedModel
from core.engine.policies import base_of
from core.engine.policy import prompt_of
from core.errors import ContextError
from core.measure.readers import EMPTY, ReaderCard, Reading, by_likelihood


@dataclass(frozen=True)
class LikelihoodReader:
    """The base of a loaded model, the policy's own or a foreign one. It is given text, never another model's tokens."""

    name: str
    model: LoadedModel = field(repr=False)
    version: str = ""

    def read(self, cards: Sequence[ReaderCard]) -> list[Reading]:
        """See `Reader`. Summed over the tokens of the text, without an end token."""
        return [self._read(card) for card in cards]

    def _read(self, card: ReaderCard) -> Reading:
        tokens = tuple(self.model.tokenizer(card.reply, add_special_tokens=False)["input_ids"]) if card.reply else ()
        if not tokens:
            return Reading(failure=EMPTY, final=True)
        try:
            prompts = [prompt_of(self.model, _alone(option.text), (True,), card.query) for option in card.options]
        except ContextError as error:
            return Reading(failure=str(error), final=True)
        scores: list[float] = []
        for start in range(0, len(prompts), PROMPTS_SCORED):
            with torch.no_grad():
                scores += base_of(self.model).score(prompts[start : start + PROMPTS_SCORED], [tokens]).sums_CR()[:, 0].tolist()
        return by_likelihood(scores)


def _alone(text: str) -> Constitution:
    """A text as the only principle of a constitution; nothing is asked of its other side."""
    return Constitution(name="", principles=(Principle(title="", statement=text, antithesis=text),))
