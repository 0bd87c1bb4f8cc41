"""Controls of a text: emptied keeps its form and no word, swapped twice is as it was, and no reply that is paired at random stands in its own place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.constitution.principles import Constitution, Principle
from core.constitution.text import emptied, words
from core.errors import ConfigError
from core.methods.settings import TrainConfig, config_from_data, config_to_data, flat_settings, preset, with_settings
from core.methods.variants import REAL, VARIANTS, at_random, swapped, without_content

TEXTS = [
    ("Answer in ONE word, at most 20 letters.", "Xxxxxx xx XXX xxxx, xx xxxx 00 xxxxxxx."),
    ("1. Be brief\n- and «kind»!", "0. Xx xxxxx\n- xxx «xxxx»!"),
    ("Antworte höflich, don’t shout.", "Xxxxxxxx xxxxxxx, xxx’x xxxxx."),
    ("请用一句话回答。", "xxxxxxx。"),
    ("أجب بكلمة واحدة؟", "xxx xxxxx xxxxx؟"),
    ("हिन्दी में", "xxxxxx xxx"),
    ("Use 😀 or ☀️.", "Xxx □ xx □\ufe0f."),
]


@pytest.mark.parametrize(("text", "left"), TEXTS)
def test_an_emptied_text_has_its_length_and_form_and_no_word_of_it(text, left):
    assert emptied(text) == left
    assert len(left) == len(text)
    assert {sign for word in words(left) for sign in word if sign.isalnum()} <= set("xX0")


@given(st.text(max_size=200))
def test_any_text_keeps_its_length_and_where_its_blanks_stand_and_is_emptied_once_for_all(text):
    left = emptied(text)
    assert len(left) == len(text)
    assert [sign.isspace() for sign in left] == [sign.isspace() for sign in text]
    assert emptied(left) == left
    assert {sign for sign in left if sign.isalnum()} <= set("xX0")


def test_a_constitution_without_content_keeps_titles_checks_and_order():
    principle = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", id="p1", priority=1)
    left = without_content(Constitution(name="C", principles=(principle,), conflict_rule="Brief first."))
    (emptied_principle,) = left.principles
    assert (emptied_principle.title, emptied_principle.id, emptied_principle.priority) == ("Brief", "p1", 1)
    assert (emptied_principle.statement, emptied_principle.antithesis, left.conflict_rule) == ("Xx xxxxx.", "Xx xxxx.", "Xxxxx xxxxx.")


def test_swapped_twice_is_as_it_was():
    replies = [(("a",), ("b",)), (("c",), ("d",))]
    assert swapped(replies) == [(("b",), ("a",)), (("d",), ("c",))]
    assert swapped(swapped(replies)) == replies


@pytest.mark.parametrize("queries", [1, 2, 3, 17])
@pytest.mark.parametrize("seed", range(20))
def test_no_reply_that_is_paired_at_random_stands_in_its_own_place_and_none_is_lost(queries, seed):
    replies = [((2 * i,), (2 * i + 1,)) for i in range(queries)]
    moved = at_random(replies, seed)
    flat, there = [reply for each in replies for reply in each], [reply for each in moved for reply in each]
    assert sorted(there) == sorted(flat)
    assert all(one != other for one, other in zip(flat, there, strict=True))
    assert at_random(replies, seed) == moved
    assert [len(each) for each in moved] == [2] * queries


def test_each_cycle_of_three_replies_comes_equally_often():
    """Three slots have two derangements."""
    drawn = [at_random([(0, 1, 2)], seed)[0] for seed in range(400)]
    assert set(drawn) == {(1, 2, 0), (2, 0, 1)}
    assert 160 < drawn.count((1, 2, 0)) < 240


def test_a_variant_is_a_setting_that_is_kept_and_says_what_it_is():
    config = with_settings(preset("quick"), ["variant=emptied"])
    assert config_from_data(config_to_data(config)) == config != preset("quick")
    assert config.notes[0].startswith("This is a control and no run of the text")
    assert TrainConfig().variant == REAL and preset("quick").notes == ()
    assert [key for key, variant in VARIANTS.items() if not variant.note] == [REAL]


def test_what_is_no_variant_and_a_method_that_contrasts_nothing_are_refused_in_words():
    with pytest.raises(ConfigError, match=r"variant.*one of real, emptied, swapped, nonce, random.*'empty'"):
        TrainConfig(variant="empty")
    with pytest.raises(ConfigError, match="variant means nothing with bct"):
        with_settings(preset("quick", method="bct"), ["variant=emptied"])
    assert "variant" not in flat_settings(preset("quick", method="bct"))
