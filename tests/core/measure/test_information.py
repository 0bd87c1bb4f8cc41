"""Numbers of information, by hand."""

import math

import pytest
import torch

from core.measure.information import kl_nats


def test_a_divergence_is_the_mean_over_tokens_and_has_a_direction():
    """Two tokens of a vocabulary of two: (0.5, 0.5) from (0.75, 0.25) gives 0.5 ln(2/3) + 0.5 ln 2 = 0.1438; then twice the same gives 0."""
    half, other = [0.5, 0.5], [0.75, 0.25]
    one, two = torch.tensor([half, half]).log(), torch.tensor([other, half]).log()
    forth, back = 0.5 * math.log(2 / 3) + 0.5 * math.log(2), 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert kl_nats(one, two).item() == pytest.approx(forth / 2, abs=1e-6)
    assert kl_nats(two, one).item() == pytest.approx(back / 2, abs=1e-6)
