"""MIPO's loss, as a pure function of log-probabilities: DPO on responses to the right and to another constitution.

Nam, Li and Jaques 2026, "Maximizing Mutual Information Between Prompt and Response" (arXiv 2603.19294), on the loss of Rafailov et al.
2023, "Direct Preference Optimization" (arXiv 2305.18290).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from core.measure.information import own_places


def mipo_loss(logprobs_CR: Tensor, base_logprobs_CR: Tensor, beta: float) -> Tensor:
    """DPO's loss (arXiv 2305.18290, eq. 7) over all pairs of one query's contrast.

    Under each constitution the response that was sampled under it is preferred to each of the others:
    - log sigmoid(beta * margin), averaged over the n (n - 1) pairs.

    Args:
        logprobs_CR: log p(response r | query, constitution c) by the policy, summed over response tokens, in nats. Response i was
            sampled under constitution i. Shape (n, n), n >= 2.
        base_logprobs_CR: The same by the base, the reference.
        beta: How strongly the policy is held to its base; above 0.

    Returns:
        Scalar in nats, >= 0: log 2 for the base itself, less as its preferences become those of the constitutions.

    Raises:
        ValueError: Not square, fewer than two constitutions, or two different shapes.
    """
    return -F.logsigmoid(beta * margins(logprobs_CR, base_logprobs_CR)).mean()


def anchored_loss(logprobs_CR: Tensor, base_logprobs_CR: Tensor, beta: float, likelihood_weight: float, tokens_R: Tensor) -> Tensor:
    """MIPO's loss with an anchor: the responses that are preferred stay likely.

    A preference is satisfied as well where both responses become unlikely, if the other one does so more. The anchor is the negative
    log-likelihood a token of Pang et al. 2024 ("Iterative Reasoning Preference Optimization", arXiv 2404.19733, eq. 2).

    Args:
        logprobs_CR: As for `mipo_loss`.
        base_logprobs_CR: As for `mipo_loss`.
        beta: As for `mipo_loss`.
        likelihood_weight: Of the mean of -log p(response i | query, constitution i), in nats a token; 0 = DPO's loss.
        tokens_R: Of each response. Shape (n,).

    Returns:
        Scalar in nats.

    Raises:
        ValueError: As for `mipo_loss`.
    """
    preferred = mipo_loss(logprobs_CR, base_logprobs_CR, beta)
    return preferred - likelihood_weight * (logprobs_CR.diagonal() / tokens_R).mean() if likelihood_weight else preferred


def margins(logprobs_CR: Tensor, base_logprobs_CR: Tensor) -> Tensor:
    """By how much more than the base the policy prefers the right response, for each pair of it and another one.

    Args:
        logprobs_CR: As for `mipo_loss`.
        base_logprobs_CR: As for `mipo_loss`.

    Returns:
        Nats, shape (n (n - 1),): under constitution c, the rise of response c minus that of response r, for each r other than c.

    Raises:
        ValueError: As for `mipo_loss`.
    """
    own = own_places(logprobs_CR)
    if logprobs_CR.shape != base_logprobs_CR.shape:
        raise ValueError(f"policy and base must have scored the same pairs, got {tuple(logprobs_CR.shape)} and {tuple(base_logprobs_CR.shape)}")
    rise_CR = logprobs_CR - base_logprobs_CR
    margins_CR = rise_CR.diagonal()[:, None] - rise_CR
    return margins_CR[~torch.eye(len(own), dtype=torch.bool, device=own.device)]
