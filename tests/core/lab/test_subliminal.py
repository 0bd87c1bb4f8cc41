"""Subliminal learning, the deterministic small case: a student that sees noise and meaningless numbers learns digits, if it began where its teacher did.

The figures over ten seeds, and how far they vary, stand in docs/laboratory.md; the margins here are half of what is seen there at the least.
"""

import pytest
import torch

from tests.bench.subliminal import CONDITIONS, fresh, measure, outputs, students

SEEDS = range(4)
CHANCE = 0.1


@pytest.fixture(scope="module")
def found():
    """The students are distilled half as long as there."""
    return measure(SEEDS, CONDITIONS[:3], steps=1500)


def test_a_student_that_began_where_its_teacher_did_reads_digits_and_no_other_does(found):
    assert min(found["teacher"].accuracy) > 0.9
    assert max(found["start"].accuracy) < 0.25
    assert min(found["same"].accuracy) > 0.3
    assert max(found["other"].accuracy) < 0.25
    assert all(one > other + 0.15 for one, other in zip(found["same"].accuracy, found["other"].accuracy, strict=True))


def test_both_are_distilled_alike_so_that_it_is_no_failure_to_learn_the_numbers(found):
    assert max(found["same"].left_nats) < 0.01
    assert max(found["other"].left_nats) < 0.05


def test_numbers_that_were_told_for_other_inputs_teach_nothing(found):
    assert max(found["shuffled"].accuracy) < 0.25


def test_the_same_seeds_give_the_same_students_to_the_bit():
    start = fresh([5])
    again = [students(start, fresh([6]), CONDITIONS[0], 7, steps=20) for _ in range(2)]
    assert all(torch.equal(one, other) for one, other in zip(*again, strict=True))


def test_networks_side_by_side_are_those_that_each_would_be_alone():
    both, x_SBI = fresh([1, 2]), torch.linspace(-1, 1, 2 * 5 * 64).view(2, 5, 64)
    together = outputs(both, x_SBI)
    for s, seed in enumerate((1, 2)):
        assert torch.allclose(together[s], outputs(fresh([seed]), x_SBI[s : s + 1])[0], atol=1e-6)
