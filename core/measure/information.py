"""What a response tells about the constitution it was written under: the mutual-information bound and attribution, from log-probabilities."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from core.measure.tracing import traced_to


def pick_constitution(logprobs_CR: Tensor) -> Tensor:
    """Column term: cross-entropy of finding, for each response, the constitution that produced it. Scalar in nats.

    Args:
        logprobs_CR: log p(response r | query, constitution c), in nats a token or summed over tokens. Response i was sampled
            under constitution i. Shape (n, n), n >= 2.

    Raises:
        ValueError: Not square, or fewer than two constitutions.
    """
    return F.cross_entropy(logprobs_CR.T, own_places(logprobs_CR))


def mi_bound(logprobs_CR: Tensor) -> float:
    """Lower bound on I(constitution; response | query) from one query's draw: log n - CE(constitution | response).

    Only the column term gives a bound (Barber & Agakov 2003): its softmax is a distribution over equally likely
    constitutions given a response, and this holds for any score, length-normalised or not. It speaks of the policy the
    responses were sampled from, in expectation over held-out queries.

    Args:
        logprobs_CR: As for `pick_constitution`.

    Returns:
        Nats, at most log(n); negative when responses are taken for another constitution's.
    """
    return math.log(logprobs_CR.shape[0]) - float(pick_constitution(logprobs_CR.detach().double()))


def attribution(logprobs_CR: Tensor) -> list[bool]:
    """For each response, whether its own constitution explains it strictly best. A tie is a miss, and so is what is no number. Length n."""
    places, columns = own_places(logprobs_CR).tolist(), logprobs_CR.detach().T.tolist()
    return [not any(map(math.isnan, scores)) and traced_to(scores, place, places) == place for place, scores in zip(places, columns, strict=True)]


def kl_nats(of_TV: Tensor, from_TV: Tensor) -> Tensor:
    """KL(of || from) of next tokens, mean over the tokens of a response. Scalar in nats a token; prompt and padding are outside it.

    Args:
        of_TV: Log-probabilities of every token of the vocabulary at each token of the response. Shape (T, V).
        from_TV: The same by what the distance is taken from.
    """
    return (of_TV.exp() * (of_TV - from_TV)).sum(dim=-1).mean()


def own_places(logprobs_CR: Tensor) -> Tensor:
    """Which constitution each response was sampled under: its own number. Shape (n,).

    Raises:
        ValueError: Not square, or fewer than two constitutions.
    """
    if logprobs_CR.ndim != 2 or logprobs_CR.shape[0] != logprobs_CR.shape[1] or logprobs_CR.shape[0] < 2:
        raise ValueError(f"logprobs_CR must be square with at least 2 rows, got {tuple(logprobs_CR.shape)}")
    return torch.arange(logprobs_CR.shape[0], device=logprobs_CR.device)
