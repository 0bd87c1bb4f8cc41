"""SAMI's loss, as a pure function of log-probabilities.

Fränken et al. 2024, "Self-Supervised Alignment with Mutual Information" (arXiv 2404.14313). The released code subtracts a
logsumexp before the cross-entropies; softmax does not notice a shift, so it is left out here.
"""

import torch.nn.functional as F
from torch import Tensor

from core.measure.information import own_places, pick_constitution


def sami_loss(logprobs_CR: Tensor) -> Tensor:
    """SAMI's contrastive loss for one query (arXiv 2404.14313, eq. 2 and Fig. 6).

    Each constitution should prefer the response it produced to the others' (rows), and each response should be best
    explained by its own constitution (columns). Mean of the two cross-entropies.

    Args:
        logprobs_CR: log p(response r | query, constitution c), mean over response tokens, in nats a token.
            Response i was sampled under constitution i. Shape (n, n), n >= 2.

    Returns:
        Scalar in nats, >= 0: log(n) when nothing tells the constitutions apart, above it when they are taken for each
        other. Not a mutual-information bound: see `core.measure.information.mi_bound`.

    Raises:
        ValueError: Not square, or fewer than two constitutions.
    """
    return (pick_response(logprobs_CR) + pick_constitution(logprobs_CR)) / 2


def anchored_loss(logprobs_CR: Tensor, likelihood_weight: float) -> Tensor:
    """SAMI's loss with an anchor: the responses that were sampled stay likely, while they are told apart.

    A contrast alone is won by whatever differs, however unlikely both responses become; it does not need the query. The anchor is the
    negative log-likelihood that Pang et al. 2024 add to a preference loss ("Iterative Reasoning Preference Optimization", arXiv 2404.19733, eq. 2).

    Args:
        logprobs_CR: As for `sami_loss`.
        likelihood_weight: Of the mean of -log p(response i | query, constitution i); 0 = SAMI as published.

    Returns:
        Scalar in nats.

    Raises:
        ValueError: As for `sami_loss`.
    """
    told_apart = sami_loss(logprobs_CR)
    return told_apart - likelihood_weight * logprobs_CR.diagonal().mean() if likelihood_weight else told_apart


def pick_response(logprobs_CR: Tensor) -> Tensor:
    """Row term: cross-entropy of finding, under each constitution, the response it produced. Scalar in nats."""
    return F.cross_entropy(logprobs_CR, own_places(logprobs_CR))
