"""When training ends early and to which step it goes back, decided by hand."""

import dataclasses
import json

import pytest

from core.methods.settings import TrainConfig
from core.runs.endings import Ending, Probed, best_in_the_end, best_step, ending_to_data, ending_words, endings_data, read_ending, should_end, too_far


def history(*bounds, repetition=0.1):
    """A probe every second step."""
    return [Probed(step=2 * i, bound_nats=bound, repetition=repetition, loops=0.0) for i, bound in enumerate(bounds, 1)]


BASE = Probed(step=0, bound_nats=0.05, repetition=0.1, loops=0.0)


def config(**changes):
    return TrainConfig(**{"probe_every": 2, "patience": 2, "max_repetition_rise": 0.0, **changes})


@pytest.mark.parametrize(
    ("bounds", "best"),
    [([], None), ([0.1], 2), ([0.1, 0.3, 0.2], 4), ([0.3, 0.3], 2), ([None, -0.1], 4), ([None], None), ([0.2, None, 0.1], 2)],
)
def test_the_best_step_is_the_first_of_the_highest_bounds(bounds, best):
    assert best_step(history(*bounds), config()) == best


@pytest.mark.parametrize(
    ("bounds", "patience", "back_to"),
    [
        ([0.1], 1, "goes on"),  # a first probe is a new highest
        ([0.1, 0.2, 0.3, 0.4], 1, "goes on"),
        ([0.3, 0.2], 1, 2),
        ([0.3, 0.2], 2, "goes on"),
        ([0.3, 0.2, 0.1], 2, 2),
        ([0.3, 0.2, 0.3], 2, 2),  # as high is not higher
        ([0.3, 0.2, 0.4, 0.1], 2, "goes on"),  # a new highest begins the count again
        ([0.3, 0.2, 0.4, 0.1, 0.2], 2, 6),
        ([0.3, None, None], 2, 2),  # what could not be measured is no new highest
        ([None, None], 2, None),
        ([0.3, 0.2, 0.1, 0.0], 0, "goes on"),
    ],
)
def test_patience_counts_probes_in_a_row_without_a_new_highest_bound(bounds, patience, back_to):
    found = should_end(history(*bounds), BASE, 40, config(patience=patience))
    if back_to == "goes on":
        assert found is None
    else:
        assert found == Ending(step=2 * len(bounds), planned=40, reason="patience", found=patience, limit=patience, back_to=back_to)


BY_REPLIES = TrainConfig(probe_every=2, step_by="replies")


def judged(*shares):
    """Probes every second step whose bound rises all the time."""
    return [Probed(step=2 * i, bound_nats=i / 10, repetition=0.1, loops=0.0, useful=share) for i, share in enumerate(shares, 1)]


@pytest.mark.parametrize(
    ("shares", "best"),
    [
        ([0.25, 0.75, 0.5], 4),
        ([0.5, 0.5], 2),  # as much is not more
        ([0.0, 0.0], 2),
        ([None, 0.25, 0.0], 4),
        ([None, None], 4),  # nothing can be judged: the bound
    ],
)
def test_replies_choose_the_first_step_after_which_most_of_them_follow_and_answer(shares, best):
    assert best_step(judged(*shares), BY_REPLIES) == best
    assert best_step(judged(*shares), config()) == 2 * len(shares)


def test_of_steps_with_as_many_useful_replies_the_one_that_surprises_the_base_least_is_kept():
    found = [dataclasses.replace(each, surprise_nats=nats) for each, nats in zip(judged(0.5, 0.75, 0.75, 0.75), (1.0, 1.5, 1.25, 1.25), strict=True)]
    assert best_step(found, BY_REPLIES) == 6
    assert best_step(found, config()) == 8  # by the bound nothing of it counts


def test_where_replies_choose_every_end_goes_back_to_the_best_step():
    found, far = judged(0.25, 0.75, 0.5), Ending(step=6, planned=16, reason="distance", found=0.3, limit=0.25, back_to=None)
    assert best_in_the_end(None, found, 6, 16, BY_REPLIES) is None  # no end
    assert best_in_the_end(far, found, 6, 16, BY_REPLIES) == Ending(step=6, planned=16, reason="distance", found=0.3, limit=0.25, back_to=4)
    assert best_in_the_end(None, found, 7, 7, BY_REPLIES) == Ending(step=7, planned=7, reason="replies", found=0.75, limit=0.5, back_to=4)
    assert best_in_the_end(None, found, 4, 4, BY_REPLIES) is None  # it is there
    assert best_in_the_end(far, [], 6, 16, BY_REPLIES) == far  # never probed
    assert best_in_the_end(far, found, 6, 16, config()) == far
    assert best_in_the_end(None, found, 7, 7, config()) is None


def test_patience_with_replies_counts_probes_without_a_new_most():
    found = should_end(judged(0.25, 0.75, 0.75, 0.5), BASE, 40, TrainConfig(probe_every=2, step_by="replies", patience=2))
    assert (found.reason, found.found, found.back_to) == ("replies_patience", 2, 4)
    found = should_end(judged(None, None), BASE, 40, TrainConfig(probe_every=2, step_by="replies", patience=1))
    assert found is None  # no check: the bound, which rises


def test_replies_that_nobody_could_judge_do_not_end_training():
    unjudged = [Probed(step=2 * i, bound_nats=None, repetition=0.1, loops=0.0) for i in range(1, 6)]
    assert should_end(unjudged, BASE, 40, TrainConfig(probe_every=2, step_by="replies", patience=2)) is None
    assert should_end(unjudged, BASE, 40, config()).reason == "patience"  # by the bound it is an end, as before


def test_repetition_ends_only_above_the_limit_over_the_base_and_never_goes_back_to_itself():
    rises = config(patience=0, max_repetition_rise=0.25)
    base = Probed(step=0, bound_nats=0.0, repetition=0.125, loops=0.0)
    assert should_end(history(0.1, 0.9, repetition=0.375), base, 40, rises) is None  # at the limit
    found = should_end(history(0.1, 0.9, repetition=0.5), base, 40, rises)
    assert found == Ending(step=4, planned=40, reason="repetition", found=0.5, limit=0.375, back_to=2)
    assert should_end(history(0.9, repetition=0.5), base, 40, rises).back_to is None
    assert should_end(history(0.9, repetition=None), base, 40, rises) is None
    assert should_end(history(0.9, repetition=1.0), Probed(step=0, bound_nats=None, repetition=None, loops=None), 40, rises) is None


def test_repetition_is_named_first_when_both_would_end_it():
    found = should_end(history(0.3, 0.2, 0.1, repetition=0.9), BASE, 40, config(max_repetition_rise=0.1))
    assert (found.reason, found.back_to) == ("repetition", 2)


def test_distance_ends_above_its_limit_and_leaves_the_last_step():
    assert too_far(3, 16, 0.25, TrainConfig(max_kl_nats=0.25)) is None
    assert too_far(3, 16, 9.0, TrainConfig(max_kl_nats=0)) is None
    assert too_far(3, 16, 0.3, TrainConfig(max_kl_nats=0.25)) == Ending(step=3, planned=16, reason="distance", found=0.3, limit=0.25, back_to=None)


@pytest.mark.parametrize(
    ("ending", "iterations", "words"),
    [
        (("patience", 3, 3, 6), 1, "Training ended after step 9 of 16: the probe bound has not risen for 3 probes; went back to step 6."),
        (("patience", 1, 1, 6), 2, "Iteration 2 ended after its step 9 of 16: the probe bound has not risen for 1 probe; went back to its step 6."),
        (("distance", 0.2731, 0.25, None), 1, "Training ended after step 9 of 16: it was 0.273 nats a token away from its base, and the limit is 0.25."),
        (
            ("distance", 0.3, 0.25, 6),
            1,
            "Training ended after step 9 of 16: it was 0.300 nats a token away from its base, and the limit is 0.25; went back to step 6.",
        ),
        (
            ("replies_patience", 3, 3, 6),
            1,
            "Training ended after step 9 of 16: the share of probe replies that follow and answer has not risen for 3 probes; went back to step 6.",
        ),
        (
            ("replies", 0.75, 0.5, 6),
            1,
            "Training ended after step 9 of 16: most of the replies to the probe queries that followed and still answered, 75%, came earlier; "
            "went back to step 6.",
        ),
        (
            ("repetition", 0.31, 0.23, None),
            1,
            "Training ended after step 9 of 16: 31% of the four-word runs in replies to the probe queries repeat earlier ones, and the limit here is 23%; "
            "there was no better step to go back to.",
        ),
    ],
)
def test_an_early_end_is_said_in_words(ending, iterations, words):
    reason, found, limit, back_to = ending
    made = Ending(step=9, planned=16, reason=reason, found=found, limit=limit, back_to=back_to)
    assert ending_words(made, iterations, iterations) == words


def test_an_ending_is_read_back(tmp_path):
    folder = tmp_path / "iteration-2"
    folder.mkdir()
    assert read_ending(folder) is None
    ending = Ending(step=9, planned=16, reason="patience", found=3, limit=3, back_to=6)
    (folder / "early_end.json").write_text(json.dumps(ending_to_data(ending)))
    assert read_ending(folder) == ending
    [row] = endings_data(tmp_path, TrainConfig(iterations=2))
    assert (row["iteration"], row["back_to"]) == (2, 6)
    assert row["says"].startswith("Iteration 2 ended after its step 9 of 16")
