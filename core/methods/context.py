"""Context-aware decoding (Shi et al. 2023, "Trusting Your Evidence: Hallucinate Less with Context-aware Decoding", arXiv 2305.14739, eq. 2).

The next token is drawn from softmax[(1 + alpha) logit(y | constitution, query) - alpha logit(y | query)]: what the constitution changes is
amplified, what the base would have said anyway is held down. Nothing is trained. alpha = 0 is the prompted base, exactly.
"""

from torch import Tensor

from core.engine.models import LoadedModel
from core.engine.policies import open_base
from core.engine.policy import Policy
from core.methods.arms import Arm, at_control
from core.methods.mixture import Reading, Source, mix, open_mixture


def open_context(model: LoadedModel, arm: Arm) -> Policy:
    """The policy of an arm; at its control value the prompted base itself, so that nothing is rounded."""
    base = open_base(model, arm)
    if at_control(arm):
        return base
    with_text, without = weights(dict(arm.settings)["alpha"])
    return open_mixture(arm, model, [Source(base, with_text), Source(base, without, Reading.BARE)])


def weights(alpha: float) -> tuple[float, float]:
    """Of the query under the constitution, and of the query alone."""
    return 1 + alpha, -alpha


def amplify(with_text: Tensor, without: Tensor, alpha: float) -> Tensor:
    """What the constitution changes, made more of. Logits or log-probabilities in and unnormalised ones out, shape (..., V)."""
    return mix([with_text, without], weights(alpha))
