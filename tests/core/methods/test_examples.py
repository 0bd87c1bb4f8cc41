"""What training responses are kept: usable ones, and of several candidates the most attributable."""

import dataclasses
import json
import math

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.constitution.text import loops, mentions_constitution, quotes, refuses, repetition
from core.engine.policies import base_of
from core.engine.policy import prompt_of
from core.engine.sampling import Response
from core.engine.scoring import score
from core.errors import ContrastError
from core.methods.examples import _log_odds, draw_examples, drop_reason, example_from_data, require_examples
from core.methods.settings import TrainConfig
from core.settings import SamplingConfig

CONSTITUTION = Constitution(
    name="Test",
    principles=(
        Principle(title="Short", statement="Be short.", antithesis="Be long."),
        Principle(title="Warm", statement="Be warm and kind to all people.", antithesis="Be cold."),
    ),
)
QUERIES = ["What is tea?", "How do I sleep?", "Why rain?"]


def config(**changes):
    return TrainConfig(sampling=SamplingConfig(max_new_tokens=8, temperature=1.0), **changes)


def test_one_candidate_is_plain_sami_and_a_draw_repeats(tiny):
    first = draw_examples(base_of(tiny), CONSTITUTION, QUERIES, config(candidates=1))
    assert first == draw_examples(base_of(tiny), CONSTITUTION, QUERIES, config(candidates=1))
    assert [example.query for example in first.examples] == QUERIES
    assert all(len(example.prompts) == len(example.responses) == 2 for example in first.examples)


def test_a_query_is_drawn_alike_in_any_batch(tiny):
    together = draw_examples(base_of(tiny), CONSTITUTION, QUERIES, config(candidates=2)).examples
    alone = [draw_examples(base_of(tiny), CONSTITUTION, [query], config(candidates=2)).examples[0] for query in QUERIES]
    assert list(together) == alone


def test_more_candidates_are_more_attributable_and_hold_the_first(tiny):
    def bound(example):
        with torch.no_grad():
            return float(_log_odds(score(tiny, example.prompts, example.responses).sums_CR()).diagonal().mean())

    one = draw_examples(base_of(tiny), CONSTITUTION, QUERIES, config(candidates=1)).examples
    many = draw_examples(base_of(tiny), CONSTITUTION, QUERIES, config(candidates=6)).examples
    assert all(bound(b) >= bound(a) - 1e-6 for a, b in zip(one, many, strict=True))
    assert sum(map(bound, many)) > sum(map(bound, one))


def test_log_odds_are_those_of_the_likelihoods_and_keep_their_order_where_probabilities_are_one():
    """Of two: the difference. Of three equal ones: one against two, -log 2. Differences of 40 and 41 nats are both 1.0 as probabilities in float32."""
    sums_CR = torch.tensor([[-10.0, -10.0, -3.0], [-50.0, -51.0, -5.0]])
    assert _log_odds(sums_CR).tolist() == [[40.0, 41.0, 2.0], [-40.0, -41.0, -2.0]]
    assert _log_odds(torch.zeros(3, 1)).flatten().tolist() == pytest.approx([-math.log(2)] * 3)


def test_candidates_of_many_constitutions_are_scored_in_parts_and_alike(tiny, monkeypatch):
    """More prompts and responses than are scored together; which are kept does not depend on how many those are."""
    settings = config(candidates=3, n_constitutions=3)
    parts = draw_examples(base_of(tiny), CONSTITUTION, QUERIES, settings).examples
    monkeypatch.setattr("core.methods.examples.PROMPTS_SCORED", 3)
    monkeypatch.setattr("core.methods.examples.RESPONSES_SCORED", 9)
    assert draw_examples(base_of(tiny), CONSTITUTION, QUERIES, settings).examples == parts


def test_three_constitutions_give_three_responses(tiny):
    examples = draw_examples(base_of(tiny), CONSTITUTION, QUERIES, config(candidates=1, n_constitutions=3)).examples
    assert all(len(example.responses) == 3 for example in examples)


def test_an_example_keeps_its_stances_and_one_that_was_committed_without_them_gets_them_back(tiny):
    settings = config(n_constitutions=3, seed=5)
    for example in draw_examples(base_of(tiny), CONSTITUTION, QUERIES, settings).examples:
        row = json.loads(json.dumps(dataclasses.asdict(example)))
        assert example_from_data(row, 2, settings) == example
        del row["stances"]
        assert example_from_data(row, 2, settings) == example


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("I'm sorry, but I can't help.", "refusal"),
        ("one two three four five six " * 3, "loop"),
        ("You told me: be warm and kind to all people, so I am.", "quote"),
        ("A plain and good reply.", None),
    ],
)
def test_a_response_that_cannot_teach_is_named(text, reason):
    assert drop_reason(Response(token_ids=(1,), text=text, ended=True), [p.statement for p in CONSTITUTION.principles]) == reason


def test_nothing_left_to_train_on_is_said_with_reasons_and_remedy():
    require_examples(2, {"equal": 40})
    with pytest.raises(ContrastError, match=r"only 1 gave responses.*3: two responses were the same.*raise the temperature"):
        require_examples(1, {"equal": 3})


def test_facts_about_a_reply():
    assert refuses("As an AI language model, I")
    assert not refuses("I like tea. I can't say why.")
    assert loops("a b c d e f a b c d e f a b c d e f")
    assert not loops("a b c d e f a b c d e f")
    assert repetition("a b c d") == 0
    assert repetition("x y z w x y z w x y z w") == pytest.approx(1 - 4 / 9)
    assert repetition("") == 0
    assert quotes("so BE warm, and kind to all", "Be warm, and kind to all people.")
    assert not quotes("be warm", "Be warm.")
    assert mentions_constitution("As my constitution says")
    assert not mentions_constitution("The French constitution of 1958")


def test_without_end_tokens_a_response_is_what_was_said_and_a_cut_one_is_whole(tiny):
    """A higher temperature, so that some responses end by themselves; prompts, queries and what was said stay the same."""
    hot = dataclasses.replace(config(), sampling=SamplingConfig(max_new_tokens=24, temperature=3.0))
    many = [f"What is number {i}?" for i in range(40)]
    whole = draw_examples(base_of(tiny), CONSTITUTION, many, hot).examples
    bare = draw_examples(base_of(tiny), CONSTITUTION, many, dataclasses.replace(hot, end_token=False)).examples
    pairs = [(one, other) for a, b in zip(whole, bare, strict=True) for one, other in zip(a.responses, b.responses, strict=True)]
    ended = [(one, other) for one, other in pairs if one[-1] in tiny.end_ids]
    assert ended
    assert len(ended) < len(pairs)
    assert all(other == (one[:-1] if (one, other) in ended else one) for one, other in pairs)
    assert [example.prompts for example in bare] == [example.prompts for example in whole]


def traced_to_its_query(model, queries, i, text):
    """By scores of the reply under every query's own prompt: the next ones in a circle, at most seven, and its own is the likeliest alone."""
    ids = tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])
    under = [prompt_of(model, None, (), queries[(i + step) % len(queries)]).ids for step in range(min(8, len(queries)))]
    with torch.no_grad():
        sums = score(model, under, [ids]).sums_CR()[:, 0].tolist()
    return sums[0] > max(sums[1:])


def test_only_responses_that_answer_their_own_query_are_kept_where_that_is_asked_for(tiny):
    """Batches of three: a random model's reply is likeliest under its own query in one of three cases."""
    kept = 0
    for start in range(0, 24, 3):
        batch = [f"What is number {i}?" for i in range(start, start + 3)]
        everything = draw_examples(base_of(tiny), CONSTITUTION, batch, config()).examples
        texts = {example.query: [tiny.tokenizer.decode(ids, skip_special_tokens=True) for ids in example.responses] for example in everything}
        assert list(texts) == batch  # else the place of a response would not be its query's
        expected = [query for i, query in enumerate(batch) if all(traced_to_its_query(tiny, batch, i, text) for text in texts[query])]
        found = draw_examples(base_of(tiny), CONSTITUTION, batch, config(only_answers=True))
        assert [example.query for example in found.examples] == expected
        assert sum(found.dropped.values()) == found.dropped.get("astray", 0) == len(batch) - len(expected)
        kept += len(expected)
    assert 0 < kept < 24  # or this would show nothing


def test_with_candidates_another_one_stands_in_for_what_did_not_answer(tiny):
    many = [f"What is number {i}?" for i in range(3)]
    one = draw_examples(base_of(tiny), CONSTITUTION, many, config(only_answers=True)).dropped["astray"]
    assert draw_examples(base_of(tiny), CONSTITUTION, many, config(only_answers=True, candidates=8)).dropped.get("astray", 0) < one


def test_a_query_alone_has_nothing_that_it_could_be_taken_for(tiny):
    alone = draw_examples(base_of(tiny), CONSTITUTION, QUERIES[:1], config(only_answers=True))
    assert alone == draw_examples(base_of(tiny), CONSTITUTION, QUERIES[:1], config())


def test_single_contrasts_are_what_is_sampled_under(tiny):
    examples = draw_examples(base_of(tiny), CONSTITUTION, QUERIES, config(contrast="single", n_constitutions=3)).examples
    assert all(set(example.stances) == {(True, True), (False, True), (True, False)} for example in examples)
