"""SAMI's loss and the mutual-information bound, as pure functions of log-probabilities.

Fränken et al. 2024, "Self-Supervised Alignment with Mutual Information" (arXiv 2404.14313). The released code subtracts a
logsumexp before the cross-entropies; softmax does not notice a shift, so it is left out here.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def sami_loss(logprobs_CR: Tensor) -> Tensor:
    """SAMI's contrastive loss for one query (arXiv 2404.14313, eq. 2 and Fig. 6).

    Each constitution should prefer the response it produced to the others' (rows), and each response should be best
    explained by its own constitution (columns). Mean of the two cross-entropies.

    Args:
        logprobs_CR: log p(response r | query, constitution c), mean over response tokens, in nats a token.
            Response i was sampled under constitution i. Shape (n, n), n >= 2.

    Returns:
        Scalar in nats, >= 0: log(n) when nothing tells the constitutions apart, above it when they are taken for each
        other. Not a mutual-information bound: see `mi_bound`.

    Raises:
        ValueError: Not square, or fewer than two constitutions.
    """
    return (pick_response(logprobs_CR) + pick_constitution(logprobs_CR)) / 2


def pick_response(logprobs_CR: Tensor) -> Tensor:
    """Row term: cross-entropy of finding, under each constitution, the response it produced. Scalar in nats."""
    return F.cross_entropy(logprobs_CR, _own(logprobs_CR))


def pick_constitution(logprobs_CR: Tensor) -> Tensor:
    """Column term: cross-entropy of finding, for each response, the constitution that produced it. Scalar in nats."""
    return F.cross_entropy(logprobs_CR.T, _own(logprobs_CR))


def mi_bound(logprobs_CR: Tensor) -> float:
    """Lower bound on I(constitution; response | query) from one query's draw: log n - CE(constitution | response).

    Only the column term gives a bound (Barber & Agakov 2003): its softmax is a distribution over equally likely
    constitutions given a response, and this holds for any score, length-normalised or not. It speaks of the policy the
    responses were sampled from, in expectation over held-out queries.

    Args:
        logprobs_CR: As for `sami_loss`.

    Returns:
        Nats, at most log(n); negative when responses are taken for another constitution's.
    """
    return math.log(logprobs_CR.shape[0]) - float(pick_constitution(logprobs_CR.detach().double()))


def attribution(logprobs_CR: Tensor) -> list[bool]:
    """For each response, whether its own constitution explains it strictly best. A tie is a miss. Length n."""
    own = _own(logprobs_CR)
    rivals_CR = logprobs_CR.detach().clone()
    rivals_CR[own, own] = -torch.inf
    return (logprobs_CR.detach().diagonal() > rivals_CR.amax(dim=0)).tolist()


def _own(logprobs_CR: Tensor) -> Tensor:
    if logprobs_CR.ndim != 2 or logprobs_CR.shape[0] != logprobs_CR.shape[1] or logprobs_CR.shape[0] < 2:
        raise ValueError(f"logprobs_CR must be square with at least 2 rows, got {tuple(logprobs_CR.shape)}")
    return torch.arange(logprobs_CR.shape[0], device=logprobs_CR.device)
