"""The loss by hand, and what the bound may claim in a world where the truth is known."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.measure.information import attribution, mi_bound, pick_constitution
from core.methods.sami.losses import anchored_loss, pick_response, sami_loss

WORKED = torch.tensor([[-1.0, -2.0], [-4.0, -2.0]])


def test_the_loss_of_a_worked_case_is_right():
    """Rows: margins 1 and 2 give log1p(e^-1) = 0.31326 and log1p(e^-2) = 0.12693, mean 0.22010.

    Columns: margins 3 and 0 give log1p(e^-3) = 0.04859 and ln 2 = 0.69315, mean 0.37087. Their mean is 0.29548.
    """
    assert pick_response(WORKED).item() == pytest.approx(0.22010, abs=1e-5)
    assert pick_constitution(WORKED).item() == pytest.approx(0.37087, abs=1e-5)
    assert sami_loss(WORKED).item() == pytest.approx(0.29548, abs=1e-5)


def test_the_anchor_is_what_the_responses_cost_under_their_own_constitutions():
    """The diagonal is -1 and -2, so 1.5 nats; half of it on the loss above: 0.29548 + 0.75 = 1.04548."""
    assert anchored_loss(WORKED, 0.5).item() == pytest.approx(1.04548, abs=1e-5)
    assert anchored_loss(WORKED, 0.0).item() == sami_loss(WORKED).item()


def test_the_anchor_pulls_at_each_response_alike_and_only_under_its_own_constitution():
    """What it adds to the gradient: minus weight / n on the diagonal, nothing elsewhere."""
    found = []
    for weight in (0.0, 0.5):
        scores = WORKED.clone().requires_grad_()
        anchored_loss(scores, weight).backward()
        found.append(scores.grad)
    torch.testing.assert_close(found[1] - found[0], -0.25 * torch.eye(2))


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


CHANNELS = ("random", "sharp", "copy", "useless", "disjoint", "two share")
DISTORTIONS = ("exact", "flat", "overconfident", "mean token", "noisy", "wrong way", "unrelated")
DRAWS = 300


def channel(kind, n, generator):
    """p(response | constitution) of a world with n constitutions and 2n responses. Shape (n, 2n)."""
    p_CR = torch.rand(n, 2 * n, generator=generator, dtype=torch.float64) ** (8 if kind == "sharp" else 1) + 1e-6
    if kind == "copy":  # each constitution has a response of its own and writes it nine times in ten
        p_CR = torch.full((n, 2 * n), 0.1 / (2 * n - 1), dtype=torch.float64)
        p_CR[torch.arange(n), torch.arange(n)] = 0.9
    elif kind == "useless":
        p_CR = p_CR[:1].expand(n, -1)
    elif kind == "disjoint":
        p_CR = p_CR * torch.eye(n, dtype=torch.float64).repeat_interleave(2, dim=1)
    elif kind == "two share":
        p_CR[1] = p_CR[0]
    return p_CR / p_CR.sum(dim=1, keepdim=True)


def scores(p_CR, distortion, generator):
    """What a model with some flaw takes log p(response | constitution) to be, in nats. Shape of p_CR."""
    exact_CR = p_CR.clamp(min=1e-9).log()
    if distortion == "mean token":  # responses have 1 to 40 tokens
        return exact_CR / torch.randint(1, 41, (p_CR.shape[1],), generator=generator)
    noise_CR = torch.randn(p_CR.shape, generator=generator, dtype=torch.float64)
    distorted = {
        "flat": 0.3 * exact_CR,
        "overconfident": 3 * exact_CR,
        "noisy": exact_CR + noise_CR,
        "wrong way": exact_CR.roll(1, dims=0),
        "unrelated": 3 * noise_CR,
    }
    return distorted.get(distortion, exact_CR)


def true_information(p_CR):
    """I(constitution; response) in nats, constitutions equally likely."""
    return float(torch.xlogy(p_CR, p_CR / p_CR.mean(dim=0)).sum() / len(p_CR))


def estimates(estimate, p_CR, scores_CR, generator, draws=DRAWS):
    """An estimate from each of many draws, in which every constitution writes one response."""
    drawn_DC = torch.multinomial(p_CR, draws, replacement=True, generator=generator).T
    return torch.tensor([estimate(scores_CR[:, drawn_C]) for drawn_C in drawn_DC], dtype=torch.float64)


def sampling_error(p_CR, scores_CR):
    """Standard error of the mean bound of `DRAWS` draws, from the world itself: draws may miss a rare response that costs much."""
    terms_CR = scores_CR.log_softmax(dim=0)  # log p(own constitution | response)
    variance_C = (p_CR * terms_CR**2).sum(dim=1) - (p_CR * terms_CR).sum(dim=1) ** 2
    return float((variance_C.clamp(min=0).sum() / len(p_CR) ** 2 / DRAWS).sqrt())


def average_bound(logprobs_CR):
    """What is trained, taken for a bound: log n - the mean of row and column term."""
    return math.log(len(logprobs_CR)) - float(sami_loss(logprobs_CR))


@pytest.mark.parametrize("kind", CHANNELS)
@given(st.integers(2, 16), st.sampled_from(DISTORTIONS), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_mean_bound_of_many_draws_stays_below_the_truth_whatever_the_scores(kind, n, distortion, seed):
    """Up to five standard errors. With exact scores the bound is the truth, so there is no slack to hide in."""
    generator = torch.Generator().manual_seed(seed)
    p_CR = channel(kind, n, generator)
    scores_CR = scores(p_CR, distortion, generator)
    found_D = estimates(mi_bound, p_CR, scores_CR, generator)
    assert float(found_D.mean()) <= true_information(p_CR) + 5 * sampling_error(p_CR, scores_CR) + 1e-6
    assert float(found_D.max()) <= math.log(n)


@pytest.mark.parametrize("n", [2, 3, 8, 16])
@pytest.mark.parametrize("kind", CHANNELS)
def test_the_bound_is_tight_when_the_scores_are_the_true_log_probabilities(kind, n):
    generator = torch.Generator().manual_seed(n)
    p_CR = channel(kind, n, generator)
    scores_CR = scores(p_CR, "exact", generator)
    found = float(estimates(mi_bound, p_CR, scores_CR, generator).mean())
    assert found == pytest.approx(true_information(p_CR), abs=5 * sampling_error(p_CR, scores_CR) + 1e-6)


def test_the_average_with_the_row_term_exceeds_the_truth_even_with_true_log_probabilities():
    """Two constitutions, two responses, each writes its own three times in four: I = ln 2 - H(1/4) = 0.1308 nats.

    The column term finds exactly that. The row term compares the two responses with each other, and two responses tell more than one:
    with margins ln 3, -ln 3 and 0 in 9, 1 and 6 of 16 draws it gives ln 2 - (9 ln 4/3 + ln 4 + 6 ln 2) / 16 = 0.1847, the average 0.1578.
    """
    p_CR = torch.tensor([[0.75, 0.25], [0.25, 0.75]], dtype=torch.float64)
    expected = dict.fromkeys((mi_bound, average_bound), 0.0)
    for first in range(2):
        for second in range(2):
            weight = float(p_CR[0, first] * p_CR[1, second])
            for estimate in expected:
                expected[estimate] += weight * estimate(p_CR.log()[:, [first, second]])
    assert true_information(p_CR) == pytest.approx(0.1308, abs=1e-4)
    assert expected[mi_bound] == pytest.approx(0.1308, abs=1e-4)
    assert expected[average_bound] == pytest.approx(0.1578, abs=1e-4)


@pytest.mark.parametrize("n", [2, 3, 8, 16])
def test_the_average_with_the_row_term_exceeds_the_truth_by_more_than_sampling_error(n):
    """The same in draws: each of n constitutions writes its own response nine times in ten, any other equally often."""
    generator = torch.Generator().manual_seed(n)
    p_CR = torch.full((n, n), 0.1 / (n - 1), dtype=torch.float64).fill_diagonal_(0.9)
    found_D = estimates(average_bound, p_CR, p_CR.log(), generator, draws=1500)
    assert float(found_D.mean()) - 3 * float(found_D.std()) / math.sqrt(len(found_D)) > true_information(p_CR)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4,)])
def test_a_matrix_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match="square"):
        sami_loss(torch.zeros(shape))
