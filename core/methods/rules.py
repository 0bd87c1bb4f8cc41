"""Three decoding rules (Hewitt et al. 2024, "Instruction Following without Instruction Tuning", arXiv 2409.14254, rule-based adapter).

The next token is drawn from softmax[logit + rules]: every token that the reply has already loses `repeats` nats, the end of the reply gains `ending`
nats for each token before it, and fifteen tokens are shifted, always by the same. Nothing is trained and no rule knows what a principle asks for:
what they bring about is a null model of replies that are shorter and do not loop. With all three at 0 it is the base, exactly.

The fifteen shifts and the growth of the end (15 nats over 250 tokens) are those of the authors' released program, told as texts, so that they hold for other
tokenizers; a text that is no single token there is left out. How much a repeated token loses does not stand in it and is ours. Left out: what that program
does to the first token alone, which is fitted to one model's format.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine import scoring
from core.engine.decoding import Decoding
from core.engine.models import LoadedModel
from core.engine.policies import Plain, open_base
from core.engine.policy import Policy, Prompt
from core.engine.sampling import begin, stream
from core.engine.scoring import Rows, Scores
from core.methods.arms import Arm, at_control
from core.settings import SamplingConfig

SHIFTS = {  # nats, by the text of the token
    "<": -4.0,
    " <": -4.0,
    "|": -4.0,
    "I": -5.0,
    " I": -5.0,
    "We": -3.0,
    "What": -5.0,
    " should": -6.0,
    " *": 1.0,
    " -": 1.0,
    "  ": 1.0,
    " #": 1.0,
    " ##": 1.0,
    "\n": 1.0,
    "!": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The three rules with their strengths, on one model's tokens."""

    repeats: float  # nats that a token loses which the reply has already
    ending: float  # nats that the end gains for each token before it
    shifts: dict[int, float]  # nats by token, times the arm's strength
    end_ids: tuple[int, ...]


def rules_of(model: LoadedModel, arm: Arm) -> Rules:
    """An arm's rules on a model."""
    settings = dict(arm.settings)
    found: dict[int, float] = {}
    for text, nats in SHIFTS.items():
        ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(ids) == 1:
            found.setdefault(int(ids[0]), settings["shifts"] * nats)
    return Rules(repeats=settings["repeats"], ending=settings["ending"], shifts=found, end_ids=tuple(model.end_ids))


def ruled(logits_TV: Tensor, written_TV: Tensor, before_T: Tensor, rules: Rules) -> Tensor:
    """Logits, or log-probabilities, with the three rules; not normalised.

    Args:
        logits_TV: Of T next tokens over the vocabulary.
        written_TV: True for what the reply has before each of them.
        before_T: How many tokens the reply has before each of them.
        rules: Which.
    """
    changed_TV = logits_TV - rules.repeats * written_TV
    for token, nats in rules.shifts.items():
        changed_TV[:, token] += nats
    for token in rules.end_ids:
        changed_TV[:, token] += rules.ending * before_T
    return changed_TV


def open_rules(model: LoadedModel, arm: Arm) -> Policy:
    """The policy of an arm; at its control values the base itself, so that nothing is rounded."""
    base = open_base(model, arm)
    return base if at_control(arm) else Ruled(arm, model, base, rules_of(model, arm))


@dataclass(frozen=True)
class Ruled:
    """The base's passes, with the rules on what comes out."""

    arm: Arm
    model: LoadedModel
    base: Plain
    rules: Rules

    def decode(self, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
        """See `Policy`."""
        decoding = begin(self.model, [prompt.ids for prompt in prompts], sampling, steady=steady)
        yield from self.base.dressed(stream(self.model, _RuledDecoding(decoding, self.rules), sampling, seeds, steady=steady))

    def score(self, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
        """See `Policy`."""
        with self.base.worn():
            rows = scoring.logprobs(self.model, [prompt.ids for prompt in prompts], responses)
            return scoring.gather(self.model, self._ruled(rows, responses), responses, own)

    def _ruled(self, rows: Rows, responses: Sequence[Sequence[int]]) -> Rows:
        """What is before a token differs from reply to reply, so each has rows of its own, one after the other."""
        ends = [sum(map(len, responses[: r + 1])) for r in range(len(responses))]
        places = [torch.arange(end - len(response), end) for end, response in zip(ends, responses, strict=True)]
        for logprobs_KV, predictors in rows:
            own = [_under(logprobs_KV[predictor], response, self.rules) for predictor, response in zip(predictors, responses, strict=True)]
            yield torch.cat(own).log_softmax(dim=-1), [place.to(logprobs_KV.device) for place in places]


def _under(logprobs_TV: Tensor, response: Sequence[int], rules: Rules) -> Tensor:
    """The rules on the distributions that the tokens of one reply are drawn from."""
    written_TV = torch.zeros_like(logprobs_TV, dtype=torch.bool)
    for t, token in enumerate(response):
        written_TV[t + 1 :, token] = True
    return ruled(logprobs_TV, written_TV, torch.arange(len(response), device=logprobs_TV.device), rules)


@dataclass
class _RuledDecoding:
    """A batch that is decoded under the rules."""

    decoding: Decoding
    rules: Rules
    written_BV: Tensor | None = None  # nothing is read yet
    before: int = 0

    def first(self) -> Tensor:
        """See `Decoding`."""
        logits_BV = self.decoding.first()
        self.written_BV = torch.zeros_like(logits_BV, dtype=torch.bool)
        return self._ruled(logits_BV, self.written_BV)

    def next(self, tokens_B: Tensor) -> Tensor:
        """See `Decoding`."""
        assert self.written_BV is not None
        self.written_BV = self.written_BV.scatter(1, tokens_B[:, None], True)
        self.before += 1
        return self._ruled(self.decoding.next(tokens_B), self.written_BV)

    def keep(self, rows: Tensor) -> None:
        """See `Decoding`."""
        assert self.written_BV is not None
        self.decoding.keep(rows)
        self.written_BV = self.written_BV[rows]

    def _ruled(self, logits_BV: Tensor, written_BV: Tensor) -> Tensor:
        return ruled(logits_BV, written_BV, torch.full((len(logits_BV),), self.before, device=logits_BV.device), self.rules)
