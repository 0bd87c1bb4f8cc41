"""Making a steering vector: the mean difference by hand and by the published recipe, the random one's norm, and which candidate is chosen."""

import dataclasses

import pytest
import torch

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.engine.policies import base_of
from core.engine.policy import prompt_of
from core.engine.processes import ALONE, World
from core.errors import ConfigError
from core.methods.examples import Example
from core.methods.recipe import Bench
from core.methods.settings import TrainConfig, config_from_data, config_to_data, preset, with_settings
from core.methods.steering.recipe import Candidate, _vector, chosen, draw_sides, judged, mean_differences, says
from core.methods.steering.settings import SteeringSettings
from core.settings import SamplingConfig
from tests.devices import DEVICE

TWO = Constitution(
    name="C",
    principles=(
        Principle(title="Short", statement="Be short.", antithesis="Be long and dull.", check=Check("max_words", 3)),
        Principle(title="Warm", statement="Be warm.", antithesis="Be cold."),
    ),
)
SIDES = ((True, True), (False, False))
CONFIG = TrainConfig(recipe=SteeringSettings(validation_queries=2), sampling=SamplingConfig(max_new_tokens=6, temperature=1.0), end_token=False)


def example(query, towards, against, *, turned=False):
    stances, responses = (SIDES[::-1], (against, towards)) if turned else (SIDES, (towards, against))
    return Example(query=query, stances=stances, prompts=((1,), (2,)), responses=tuple(map(tuple, responses)))


def at_answer(tiny, query, answer):
    """As published: what layer 0 puts out at the answer's own token, after the prompt."""
    ids = [*prompt_of(tiny, None, (), query).ids, answer]
    with torch.no_grad():
        return tiny.network(torch.tensor([ids], device=DEVICE), output_hidden_states=True).hidden_states[1][0, -1].cpu()


def test_of_answers_of_one_token_the_vector_is_the_published_one(tiny):
    """Rimsky et al.: the mean over pairs of a(prompt, matching answer) - a(prompt, other answer), at the position of the answer."""
    pairs = [("Why?", 20, 30), ("What is tea?", 21, 31), ("Where?", 22, 32)]
    examples = [example(query, [a], [b], turned=i == 1) for i, (query, a, b) in enumerate(pairs)]
    expected_H = torch.stack([at_answer(tiny, query, a) - at_answer(tiny, query, b) for query, a, b in pairs]).mean(dim=0)
    found_LH = mean_differences(tiny, examples, [0], ALONE)
    assert torch.allclose(found_LH[0].float(), expected_H, atol=1e-5)
    swapped_LH = mean_differences(tiny, [dataclasses.replace(e, stances=e.stances[::-1]) for e in examples], [0], ALONE)
    assert torch.equal(swapped_LH, -found_LH)


def test_each_reply_counts_as_its_own_mean_however_long_it_is(tiny, monkeypatch):
    """Replies of 1, of 3 and of 1 tokens are read as 1, 3 and 2 (a second unit: ten times that). Then ((1 - 2) + (3 - 2)) / 2 = 0, not weighed by tokens."""
    read = {(7,): 1.0, (8, 8, 8): 3.0, (9,): 2.0}
    monkeypatch.setattr(
        "core.methods.steering.recipe.response_means", lambda _m, _p, response, layers: torch.tensor([[read[response], 10 * read[response]] for _ in layers])
    )
    examples = [example("Why?", [7], [9]), example("Who?", [8, 8, 8], [9])]
    assert mean_differences(tiny, examples, [0, 1], ALONE).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert mean_differences(tiny, examples[1:], [0], ALONE).tolist() == [[1.0, 10.0]]


def test_several_processes_find_the_same_vector_as_one(tiny):
    examples = [example(query, [20, 21], [30]) for query in ("Why?", "Who?", "Where?")]
    whole, worlds = mean_differences(tiny, examples, [0, 1], ALONE), [World(rank=rank, size=2) for rank in (0, 1)]
    parts = [[(mean_differences(tiny, [each], [0, 1], ALONE)).tolist() for each in world.part(examples)] for world in worlds]
    assert torch.equal(torch.tensor(worlds[0].together(parts), dtype=torch.float64).mean(dim=0), whole)


def test_the_random_vector_has_the_same_norm_another_direction_and_a_seed():
    vector_H = torch.randn(64, generator=torch.Generator().manual_seed(3))
    made, again, other = _vector(vector_H, 4, 2.0, 0), _vector(vector_H, 4, 2.0, 0), _vector(vector_H, 4, 2.0, 1)
    assert float(made.random_H.norm()) == pytest.approx(float(made.vector_H.norm()), rel=1e-6)
    assert torch.equal(made.random_H, again.random_H)
    assert not torch.equal(made.random_H, other.random_H)
    assert abs(float(torch.cosine_similarity(made.random_H, made.vector_H, dim=0))) < 0.5


def test_the_pairs_are_a_reply_under_all_statements_and_one_under_all_antitheses(tiny):
    drawn = draw_sides(base_of(tiny), TWO, ["Why?", "What is tea?"], CONFIG)
    assert {each.stances for each in drawn.examples} == {SIDES}
    first = drawn.examples[0]
    assert first.prompts == tuple(prompt_of(tiny, TWO, stance, first.query).ids for stance in SIDES)
    assert all(response[-1] not in tiny.end_ids for each in drawn.examples for response in each.responses)


def candidate(layer, multiplier, useful, margin):
    return Candidate(layer=layer, multiplier=multiplier, norm=1.0, useful=useful, margin_nats=margin)


def test_the_candidate_with_most_useful_replies_is_chosen_then_the_widest_margin_then_the_least_multiplier():
    assert chosen([candidate(0, 1, 0.2, 9.0), candidate(1, 1, 0.5, 0.1)]).layer == 1
    assert chosen([candidate(0, 1, 0.5, 0.1), candidate(1, 4, 0.5, 0.3)]).multiplier == 4
    assert chosen([candidate(0, 4, 0.0, 0.0), candidate(1, 1, 0.0, 0.0)]).multiplier == 1
    unchecked = [candidate(0, 1, None, -0.1), candidate(1, 2, None, 0.4)]
    assert chosen(unchecked).multiplier == 2
    assert "by the base's margin between statements and antitheses, since no principle has a check: 0.400 nats" in says(chosen(unchecked), 12, 30)
    assert "after layer 2 of 30, 1 times" in says(candidate(1, 1, 0.5, 0.1), 12, 30)
    assert "by the share of replies that follow, by the checks, and still answer: 50%" in says(candidate(1, 1, 0.5, 0.1), 12, 30)


@pytest.mark.parametrize("constitution", [TWO, Constitution(name="U", principles=TWO.principles[1:])], ids=["one check of two", "no check"])
def test_a_candidate_is_judged_without_the_constitution_by_checks_where_there_are_some(tiny, constitution):
    bench = Bench(
        constitution=constitution, config=CONFIG, validation=["Why?", "Who?"], hashes={}, keep=lambda _n, compute: compute(), tell=lambda *_: None, world=ALONE
    )
    found = judged(tiny, _vector(torch.randn(64, generator=torch.Generator().manual_seed(1)), 1, 2.0, 0), bench)
    assert (found.useful is None) == (constitution is not TWO)
    assert found.useful in (None, 0.0, 0.5, 1.0)
    assert (found.layer, found.multiplier) == (1, 2.0)
    assert judged(tiny, _vector(torch.randn(64, generator=torch.Generator().manual_seed(1)), 1, 2.0, 0), bench) == found


def test_layers_lie_between_a_third_and_two_thirds_of_the_depth_and_multipliers_double():
    assert SteeringSettings().layers(30) == [9, 14, 19]
    assert SteeringSettings(layers_tried=1).layers(30) == [14]
    assert SteeringSettings().layers(2) == [0, 1]
    assert SteeringSettings(multipliers_tried=4, first_multiplier=0.5).multipliers == [0.5, 1, 2, 4]
    assert SteeringSettings().pieces == 10


def test_settings_are_kept_flat_and_refused_in_words():
    config = preset("standard", method="steering", layers_tried=5)
    assert (config.iterations, config.end_token, config.method, config.steps) == (1, False, "steering", 16)
    assert config_from_data(config_to_data(config)) == config
    assert with_settings(preset("quick"), ["method=steering", "first_multiplier=0.5"]).recipe == SteeringSettings(first_multiplier=0.5)
    for change, words in (
        ("validation_queries=0", "validation_queries must be between 1 and 1,000"),
        ("first_multiplier=0", "above 0"),
        ("iterations=2", "1 for steering"),
    ):
        with pytest.raises(ConfigError, match=words):
            with_settings(config, [change])
    with pytest.raises(ConfigError, match="Unknown setting 'layers_tried' of mipo: it is one of steering"):
        preset("quick", method="mipo", layers_tried=3)
