"""Which queries each iteration takes of the train split."""

import dataclasses

import pytest

from core.constitution.checks import Check, Kept
from core.constitution.principles import Constitution, Principle
from core.methods.settings import BOUNDS, TrainConfig, preset
from core.runs.iterations import as_probed, iteration_config, left_to_probe, part_of
from core.runs.rounds import CLOSER, FIRST


def test_iterations_take_turns_with_the_two_halves_and_a_half_is_used_up():
    """Seven queries: the odd iterations have four of them, the even ones three. Iteration i asks for 2 i."""
    config = TrainConfig(iterations=3, train_queries=2)
    assert [list(part_of(range(7), config, number)) for number in (1, 2, 3)] == [[0, 2], [1, 3, 5], [0, 2, 4, 6]]
    assert list(part_of(range(7), TrainConfig(train_queries=5), 1)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("n_train", "iterations", "train_queries", "left"), [(7, 3, 2, 0), (12, 3, 1, 7), (10, 1, 4, 6), (3, 1, 4, 0), (9, 2, 1, 6)])
def test_what_no_iteration_takes_is_left_to_probe(n_train, iterations, train_queries, left):
    """With 12 and 3 iterations of 1, 2 and 3: the first half gives three (the first one's is among them), the second two."""
    assert left_to_probe(n_train, TrainConfig(iterations=iterations, train_queries=train_queries)) == left


def test_a_round_of_the_check_asks_under_the_statements_and_with_each_principle_flipped():
    """16 queries, 3 principles: 16 (1 + 3), and 16 (6 + 3 x 2)."""
    assert (FIRST.replies(16, 3), CLOSER.replies(16, 3)) == (64, 192)


def test_the_settings_of_the_last_iteration_of_the_largest_run_can_be_made():
    config = preset("quick", iterations=10, train_queries=BOUNDS["train_queries"][1])
    last = iteration_config(config, 10)
    assert last.train_queries == BOUNDS["train_queries"][1]
    assert 0 <= last.seed < 2**63


def test_nothing_is_probed_where_replies_are_to_choose_and_no_check_can():
    config = TrainConfig(probe_every=2, step_by="replies")
    bare = Principle(title="Short", statement="Be short.", antithesis="Be long.")
    checked = Principle(title="Short", statement="Be short.", antithesis="Be long.", check=Check("max_words", 3))
    assert not as_probed(config, Constitution(name="Test", principles=(bare,))).probe_every
    kept = dataclasses.replace(bare, check=Check("shouts", kept=Kept(written="{}", why="it is unknown")))
    assert not as_probed(config, Constitution(name="Test", principles=(kept,))).probe_every
    assert as_probed(dataclasses.replace(config, step_by="bound"), Constitution(name="Test", principles=(bare,))).probe_every == 2
    assert as_probed(config, Constitution(name="Test", principles=(bare, checked))) == config
