"""MIPO's loss: arithmetic worked by hand, agreement with a naive computation, and what does not change it."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.methods.mipo.losses import anchored_loss, margins, mipo_loss

POLICY = torch.tensor([[-10.0, -22.0], [-19.0, -14.0]])
BASE = torch.tensor([[-12.0, -20.0], [-18.0, -15.0]])
SCORES = st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(st.floats(-50, 0, width=32), min_size=n, max_size=n), min_size=n, max_size=n))


def test_two_constitutions_by_hand():
    """Rises over the base: [[2, -2], [-1, 1]]. Margins: under the first 2 - (-2) = 4, under the second 1 - (-1) = 2.

    With beta 0.5 the loss is the mean of log(1 + e^-2) = 0.126928 and log(1 + e^-1) = 0.313262: 0.220095.
    """
    assert margins(POLICY, BASE).tolist() == [4.0, 2.0]
    assert mipo_loss(POLICY, BASE, 0.5).item() == pytest.approx(0.220095, abs=1e-6)


def test_the_anchor_is_what_the_preferred_responses_cost_a_token():
    """Under their own constitutions -10 over 5 tokens and -14 over 7: 2 nats a token each. Half of it on the loss above: 0.220095 + 1.0."""
    tokens = torch.tensor([5.0, 7.0])
    assert anchored_loss(POLICY, BASE, 0.5, 0.5, tokens).item() == pytest.approx(1.220095, abs=1e-6)
    assert anchored_loss(POLICY, BASE, 0.5, 0.0, tokens).item() == mipo_loss(POLICY, BASE, 0.5).item()


def test_the_anchor_pulls_at_each_preferred_response_by_its_own_length_and_at_no_other():
    """What it adds to the gradient: minus weight / (n · tokens) on the diagonal."""
    found = []
    for weight in (0.0, 0.5):
        scores = POLICY.clone().requires_grad_()
        anchored_loss(scores, BASE, 0.5, weight, torch.tensor([5.0, 10.0])).backward()
        found.append(scores.grad)
    torch.testing.assert_close(found[1] - found[0], -torch.diag(torch.tensor([0.05, 0.025])))


def test_three_constitutions_have_six_pairs():
    """The base scores all alike; the policy raises its own response of the first constitution by 3: two margins of 3, four of 0."""
    policy = torch.zeros(3, 3)
    policy[0, 0] = 3.0
    assert sorted(margins(policy, torch.zeros(3, 3)).tolist()) == [0.0, 0.0, 0.0, 0.0, 3.0, 3.0]
    expected = (2 * math.log(1 + math.exp(-3)) + 4 * math.log(2)) / 6
    assert mipo_loss(policy, torch.zeros(3, 3), 1.0).item() == pytest.approx(expected, abs=1e-6)


def test_the_base_itself_is_at_log_two_and_the_opposite_preferences_are_above():
    assert mipo_loss(BASE, BASE, 0.1).item() == pytest.approx(math.log(2))
    assert mipo_loss(2 * BASE - POLICY, BASE, 0.1).item() > math.log(2)


@given(SCORES, st.floats(0.01, 2))
@settings(max_examples=50, deadline=None)
def test_it_agrees_with_two_plain_loops(rows, beta):
    policy = torch.tensor(rows, dtype=torch.float64)
    base = policy.flip(0) * 0.9
    n, found = len(rows), []
    for c in range(n):
        for r in range(n):
            if r != c:
                chosen, rejected = float(policy[c, c] - base[c, c]), float(policy[c, r] - base[c, r])
                found.append(math.log1p(math.exp(-beta * (chosen - rejected))))
    assert mipo_loss(policy, base, beta).item() == pytest.approx(sum(found) / len(found), rel=1e-9, abs=1e-12)


def test_its_gradient_raises_the_right_responses_and_lowers_the_others():
    policy = POLICY.clone().requires_grad_()
    mipo_loss(policy, BASE, 0.1).backward()
    assert (policy.grad.diagonal() < 0).all()
    assert policy.grad[0, 1] > 0
    assert policy.grad[1, 0] > 0
    assert float(policy.grad.sum()) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (2,)])
def test_scores_that_are_not_of_a_contrast_are_refused(shape):
    with pytest.raises(ValueError, match="must be square"):
        mipo_loss(torch.zeros(shape), torch.zeros(shape), 0.1)


def test_scores_of_other_pairs_than_the_bases_are_refused():
    with pytest.raises(ValueError, match=r"must have scored the same pairs, got \(2, 2\) and \(3, 3\)"):
        mipo_loss(torch.zeros(2, 2), torch.zeros(3, 3), 0.1)
