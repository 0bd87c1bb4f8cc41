"""The loss by hand, and what the bound may claim in a world where the truth is known."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.losses import attribution, mi_bound, pick_constitution, pick_response, sami_loss

WORKED = torch.tensor([[-1.0, -2.0], [-4.0, -2.0]])


def test_the_loss_of_a_worked_case_is_right():
    """Rows: margins 1 and 2 give log1p(e^-1) = 0.31326 and log1p(e^-2) = 0.12693, mean 0.22010.

    Columns: margins 3 and 0 give log1p(e^-3) = 0.04859 and ln 2 = 0.69315, mean 0.37087. Their mean is 0.29548.
    """
    assert pick_response(WORKED).item() == pytest.approx(0.22010, abs=1e-5)
    assert pick_constitution(WORKED).item() == pytest.approx(0.37087, abs=1e-5)
    assert sami_loss(WORKED).item() == pytest.approx(0.29548, abs=1e-5)


def test_taking_constitutions_for_each_other_costs_more_than_guessing():
    """Columns swapped: row margins -1 and -2 cost 1.31326 and 2.12693, columns 3.04859 and 0.69315; the mean is 1.79548."""
    swapped = WORKED.flip(1)
    assert sami_loss(swapped).item() == pytest.approx(1.79548, abs=1e-5)
    assert sami_loss(swapped).item() > math.log(2)


@pytest.mark.parametrize("n", [2, 3, 16])
def test_equal_scores_cost_log_n_and_bound_nothing(n):
    scores = torch.full((n, n), -1.7)
    assert sami_loss(scores).item() == pytest.approx(math.log(n), abs=1e-6)
    assert mi_bound(scores) == pytest.approx(0.0, abs=1e-6)
    assert attribution(scores) == [False] * n  # a tie is a miss


def test_the_gradient_raises_the_diagonal_and_lowers_the_rest():
    scores = WORKED.clone().requires_grad_()
    sami_loss(scores).backward()
    assert (scores.grad.diagonal() < 0).all()
    assert scores.grad[0, 1] > 0
    assert scores.grad[1, 0] > 0


@given(st.integers(2, 6), st.integers(0, 10_000), st.floats(-5, 5))
@settings(max_examples=50, deadline=None)
def test_a_shift_a_transposition_and_a_joint_permutation_change_nothing(n, seed, shift):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(n, n, generator=generator, dtype=torch.float64)
    order = torch.randperm(n, generator=generator)
    loss = sami_loss(scores)
    assert torch.isclose(sami_loss(scores + shift), loss)
    assert torch.isclose(sami_loss(scores.T), loss)
    assert torch.isclose(sami_loss(scores[order][:, order]), loss)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_bound_never_exceeds_the_true_mutual_information(seed):
    """Two constitutions, four responses, any score: exact expectations over p(c) = 1/2 and p(r | c)."""
    generator = torch.Generator().manual_seed(seed)
    given_c = torch.distributions.Dirichlet(torch.ones(4, dtype=torch.float64))
    torch.manual_seed(seed)
    p_CR = given_c.sample((2,))
    scores_CR = 3 * torch.randn(2, 4, generator=generator, dtype=torch.float64)
    truth = float((p_CR / 2 * (p_CR / p_CR.mean(0)).log()).sum())
    expected = 0.0
    for first in range(4):
        for second in range(4):  # response 0 drawn under constitution 0, response 1 under constitution 1
            weight = float(p_CR[0, first] * p_CR[1, second])
            expected += weight * mi_bound(scores_CR[:, [first, second]])
    assert expected <= truth + 1e-9


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4,)])
def test_a_matrix_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match="square"):
        sami_loss(torch.zeros(shape))
