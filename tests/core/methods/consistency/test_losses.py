"""The losses of consistency training by hand, and the suffix that two prompts share."""

import math

import pytest
import torch

from core.methods.consistency.losses import act_loss, bct_loss, scaled_act_loss, shared_suffix

CLEAN = torch.tensor([[[1.0, 1.0], [1.0, -1.0]], [[10.0, 0.0], [0.0, 10.0]]])  # two layers, two tokens, two units
WRAPPED = torch.tensor([[[2.0, 1.0], [1.0, 1.0]], [[13.0, 4.0], [0.0, 10.0]]])


def test_bct_is_the_mean_negative_log_likelihood_a_token():
    """Probabilities 1/2, 1/4 and 1/8: (0.6931 + 1.3863 + 2.0794) / 3 = 2 log 2 = 1.38629."""
    logprobs = torch.tensor([0.5, 0.25, 0.125]).log()
    assert bct_loss(logprobs).item() == pytest.approx(2 * math.log(2), abs=1e-6)
    with pytest.raises(ValueError, match="empty reply"):
        bct_loss(logprobs[:0])


def test_act_by_hand():
    """Squared distances: layer one 1 and 4, layer two 9 + 16 = 25 and 0. Their mean over tokens and layers: 30 / 4 = 7.5."""
    assert act_loss(WRAPPED, CLEAN).item() == pytest.approx(7.5)


def test_scaled_act_by_hand():
    """Mean squares of the clean activations: 1 and 50. Mean squared differences: 5 / 4 and 25 / 4. So (1.25 / 1 + 6.25 / 50) / 2 = 0.6875."""
    assert scaled_act_loss(WRAPPED, CLEAN).item() == pytest.approx(0.6875)


def test_a_layer_of_larger_units_counts_the_same_when_scaled_and_decides_the_raw_loss():
    """The second layer in tenths: nothing changes scaled, and raw its 25 become 2,500."""
    units = torch.tensor([1.0, 10.0])[:, None, None]
    assert scaled_act_loss(WRAPPED * units, CLEAN * units).item() == pytest.approx(0.6875)
    assert act_loss(WRAPPED * units, CLEAN * units).item() == pytest.approx((1 + 4 + 2500) / 4)


@pytest.mark.parametrize("loss", [act_loss, scaled_act_loss])
def test_what_is_alike_costs_nothing_and_no_gradient_flows_into_the_target(loss):
    assert loss(CLEAN, CLEAN.clone()).item() == 0.0
    wrapped, clean = WRAPPED.clone().requires_grad_(), CLEAN.clone().requires_grad_()
    loss(wrapped, clean).backward()
    assert clean.grad is None
    assert wrapped.grad[0, 0, 1] == 0
    assert (wrapped.grad[0, 0, 0] > 0) and (wrapped.grad[0, 1, 1] > 0)


@pytest.mark.parametrize("loss", [act_loss, scaled_act_loss])
@pytest.mark.parametrize(("one", "other"), [((2, 3, 4), (2, 2, 4)), ((2, 0, 4), (2, 0, 4)), ((3, 4), (3, 4))])
def test_activations_of_other_shapes_are_refused(loss, one, other):
    with pytest.raises(ValueError, match="same layers, tokens and units, got"):
        loss(torch.ones(one), torch.ones(other))


def test_a_layer_without_any_size_cannot_be_scaled_by():
    with pytest.raises(ValueError, match="all zero"):
        scaled_act_loss(torch.ones(1, 2, 2), torch.zeros(1, 2, 2))


@pytest.mark.parametrize(
    ("clean", "wrapped", "shared"),
    [
        ((1, 2, 3, 4), (1, 2, 9, 8, 3, 4), 2),  # 3 4 is in both; before it stands 2 in the one and 8 in the other
        ((1, 2, 3, 4), (9, 8, 1, 2, 3, 4), 4),  # all of the shorter one
        ((1, 2, 3), (1, 2, 3), 3),
        ((1, 2, 3), (1, 2, 4), 0),
        ((3, 3), (3, 3, 3), 2),
        ((), (1, 2), 0),
    ],
)
def test_the_shared_suffix_is_the_longest(clean, wrapped, shared):
    assert shared_suffix(clean, wrapped) == shared_suffix(wrapped, clean) == shared
