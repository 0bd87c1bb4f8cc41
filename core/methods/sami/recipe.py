"""SAMI (Fränken et al. 2024, arXiv 2404.14313, Algorithm 1), on a LoRA instead of all weights.

For each query: n constitutions (a contrast), one response sampled under each, all n x n scored, and the mean of the row and the
column cross-entropies of `logprobs_CR` as the loss. Changed against the released code: the end token may count as part of a response
(`end_token`); several queries are averaged into one optimiser step; one forward a query scores all pairs; a KL, where it is wanted, is over response
tokens only; the likelihood of the responses may anchor the contrast (`likelihood_weight`). SAMI's regulariser is few steps; here training also
ends early (`core.runs.endings`), among other reasons once the policy is too far from its base, since what it learns from there on is mostly a private code.
"""

from collections.abc import Sequence
from functools import partial

from core.engine.policy import Policy
from core.engine.processes import ALONE, World
from core.engine.scoring import Scores
from core.methods.examples import Example, draw_examples
from core.methods.gradients import Objective, Wanted, gradients_of, query_metrics, step_metrics
from core.methods.recipe import Recipe
from core.methods.sami.losses import anchored_loss, sami_loss
from core.methods.sami.settings import SamiSettings
from core.methods.settings import TrainConfig


def objective(settings: SamiSettings, *, distance: bool) -> Objective:
    """What SAMI minimises over one query.

    Args:
        settings: `summed_scores` = the log-probabilities themselves; else their means over tokens, which keep long responses from
            deciding all. And the weights of the KL and of the likelihood.
        distance: Whether to measure the KL.
    """
    matrix = Scores.sums_CR if settings.summed_scores else Scores.means_CR
    loss = partial(anchored_loss, likelihood_weight=settings.likelihood_weight)
    return Objective(matrix=matrix, loss=loss, kl_weight=settings.kl_weight if distance else None)


def gradient(policy: Policy, batch: Sequence[Example], config: TrainConfig, world: World = ALONE) -> dict[str, float]:
    """Accumulate the gradient of SAMI's mean loss over a batch of queries."""
    settings = config.recipe
    assert isinstance(settings, SamiSettings)
    wanted = [
        Wanted(example=example, objective=objective(settings, distance=settings.measures_distance(place, config.distances)))
        for place, example in world.part(list(enumerate(batch)))
    ]
    own = [query_metrics(scored, float(sami_loss(scored.logprobs_CR))) for scored in gradients_of(policy, wanted, 1 / len(batch))]
    return step_metrics(world.together(world.gather(own)))


RECIPE = Recipe(sample=draw_examples, gradient=gradient)
