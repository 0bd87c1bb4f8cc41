"""The losses of consistency training, as pure functions.

Chua et al. 2024, "Bias-Augmented Consistency Training Reduces Biased Reasoning in Chain-of-Thought" (arXiv 2403.05518); Irpan et al. 2025,
"Consistency Training Helps Stop Sycophancy and Jailbreaks" (arXiv 2510.27062).
L layers, T tokens, H units of the residual stream.
"""

from collections.abc import Sequence

from torch import Tensor


def bct_loss(logprobs_T: Tensor) -> Tensor:
    """The mean negative log-likelihood of the model's own reply to the clean prompt, under the wrapped one (arXiv 2403.05518).

    Args:
        logprobs_T: log p(token | wrapped prompt, tokens before it) of each token of the reply. Shape (T,), T >= 1.

    Returns:
        Scalar in nats a token, >= 0.

    Raises:
        ValueError: The reply has no token.
    """
    if logprobs_T.numel() == 0:
        raise ValueError("an empty reply has no likelihood")
    return -logprobs_T.mean()


def shared_suffix(clean: Sequence[int], wrapped: Sequence[int]) -> int:
    """How many tokens both prompts end with: the longest suffix that they share."""
    shared = 0
    for one, other in zip(reversed(clean), reversed(wrapped), strict=False):
        if one != other:
            break
        shared += 1
    return shared


def act_loss(wrapped_LTH: Tensor, clean_LTH: Tensor) -> Tensor:
    """Squared distance of residual activations, summed over units, mean over tokens and layers (arXiv 2510.27062, eq. 1).

    Args:
        wrapped_LTH: Of the model that is trained, at the tokens of the shared suffix of the wrapped prompt.
        clean_LTH: Of the initial model, at the same tokens of the clean prompt; no gradient flows into it.

    Returns:
        Scalar, >= 0, in squared units of the residual stream. Late layers have far larger norms than early ones, so they decide it.

    Raises:
        ValueError: Two different shapes, or no token.
    """
    _require_alike(wrapped_LTH, clean_LTH)
    return (wrapped_LTH - clean_LTH.detach()).square().sum(dim=-1).mean()


def scaled_act_loss(wrapped_LTH: Tensor, clean_LTH: Tensor) -> Tensor:
    """The same with each layer in units of its own size: squared distance as a share of the clean activations' mean square, mean over layers.

    Not in the paper. Trained raw, its loss can diverge, since norms grow from layer to layer; in its own units every layer counts alike.

    Args:
        wrapped_LTH: As for `act_loss`.
        clean_LTH: As for `act_loss`.

    Returns:
        Scalar without unit, >= 0: 0 where nothing differs, 1 where activations are as far off as from zero.

    Raises:
        ValueError: As for `act_loss`, or a layer whose clean activations are all zero, which has no size.
    """
    _require_alike(wrapped_LTH, clean_LTH)
    target_LTH = clean_LTH.detach()
    mean_squares_L = target_LTH.square().mean(dim=(1, 2))
    if bool((mean_squares_L == 0).any()):
        raise ValueError("a layer whose clean activations are all zero has no size to scale by")
    return ((wrapped_LTH - target_LTH).square().mean(dim=(1, 2)) / mean_squares_L).mean()


def _require_alike(wrapped_LTH: Tensor, clean_LTH: Tensor) -> None:
    if wrapped_LTH.shape != clean_LTH.shape or wrapped_LTH.ndim != 3 or 0 in wrapped_LTH.shape:
        raise ValueError(f"activations must be of the same layers, tokens and units, got {tuple(wrapped_LTH.shape)} and {tuple(clean_LTH.shape)}")
