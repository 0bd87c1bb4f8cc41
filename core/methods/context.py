"""Context-aware decoding (Shi et al. 2023, "Trusting Your Evidence: Hallucinate Less with Context-aware Decoding", arXiv 2305.14739, eq. 2).

The next token is drawn from softmax[(1 + alpha) logit(y | constitution, query) - alpha logit(y | query)]: what the constitution changes is
amplified, what the base would have said anyway is held down. Nothing is trained. alpha = 0 is the prompted base, exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from core.engine import scoring
from core.engine.decoding import Decoding
from core.engine.models import LoadedModel
from core.engine.policies import Plain, open_base
from core.engine.policy import Policy, Prompt
from core.engine.sampling import begin, stream
from core.engine.scoring import Scores
from core.methods.arms import Arm, at_control
from core.settings import SamplingConfig


def open_context(model: LoadedModel, arm: Arm) -> Policy:
    """The policy of an arm; at its control value the prompted base itself, so that nothing is rounded."""
    base = open_base(model, arm)
    return base if at_control(arm) else ContextAware(arm, base, dict(arm.settings)["alpha"])


def amplify(with_text: Tensor, without: Tensor, alpha: float) -> Tensor:
    """What the constitution changes, made more of. Logits or log-probabilities in and unnormalised ones out, shape (..., V)."""
    return (1 + alpha) * with_text - alpha * without


@dataclass(frozen=True)
class ContextAware:
    """Two passes a token: the query under the constitution and the query alone."""

    arm: Arm
    base: Plain
    alpha: float

    @property
    def model(self) -> LoadedModel:
        """See `Policy`."""
        return self.base.model

    def decode(self, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
        """See `Policy`."""
        with_text = begin(self.model, [prompt.ids for prompt in prompts], sampling, steady=steady)
        without = begin(self.model, [prompt.bare for prompt in prompts], sampling, steady=steady)
        both = _Both(with_text, without, self.alpha)
        yield from self.base.dressed(stream(self.model, both, sampling, seeds, steady=steady))

    def score(self, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
        """See `Policy`."""
        with self.base.worn():
            with_text = scoring.logprobs(self.model, [prompt.ids for prompt in prompts], responses)
            without = scoring.logprobs(self.model, [prompt.bare for prompt in prompts], responses)
            both = zip(with_text, without, strict=True)
            rows = ((amplify(text_KV, bare_KV, self.alpha).log_softmax(dim=-1), places) for (text_KV, places), (bare_KV, _) in both)
            return scoring.gather(self.model, rows, responses, own)


@dataclass
class _Both:
    """Two batches of the same rows that are decoded as one."""

    with_text: Decoding
    without: Decoding
    alpha: float

    def first(self) -> Tensor:
        """See `Decoding`."""
        return amplify(self.with_text.first(), self.without.first(), self.alpha)

    def next(self, tokens_B: Tensor) -> Tensor:
        """See `Decoding`."""
        return amplify(self.with_text.next(tokens_B), self.without.next(tokens_B), self.alpha)

    def keep(self, rows: Tensor) -> None:
        """See `Decoding`."""
        self.with_text.keep(rows)
        self.without.keep(rows)
