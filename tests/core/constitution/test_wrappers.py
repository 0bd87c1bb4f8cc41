"""Wrappers of a query: which there are, how one is drawn, and what is refused."""

import pytest

from core.constitution.principles import Constitution, Principle, render
from core.constitution.wrappers import ALL, MAX_OWN_CHARS, OWN, PLAIN, WRAPPERS, chosen_wrappers, measured_with, own_wrapper, trained_with, wrap
from core.errors import ConfigError

TEXT = Constitution(name="N", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long."),))
QUERIES = [f"Question {i}?" for i in range(200)]


def test_a_wrapped_prompt_begins_with_the_constitution_and_ends_with_the_query_as_the_plain_one_does():
    wrapped = render(TEXT, (True,), wrap("Nice day.", "Why?")).user
    assert wrapped == "Be brief.\n\nNice day.\n\nWhy?"
    assert wrap("", "Why?") == "Why?"
    assert measured_with(PLAIN, "Why?", 0) == ""


def test_no_wording_is_measured_that_was_trained_with_and_none_stands_twice():
    texts = [text for wrapper in WRAPPERS.values() for text in (*wrapper.trained, *wrapper.tested)]
    assert len(texts) == len(set(texts))
    assert all(len(wrapper.trained) > 1 and len(wrapper.tested) > 1 for wrapper in WRAPPERS.values())
    mine = own_wrapper("  Says my aunt:\r\n")
    assert (mine.key, mine.trained, mine.tested) == (OWN, ("Says my aunt:",), ("Says my aunt:",))


def test_each_query_draws_its_wrapper_by_the_seed_alone_and_all_wordings_are_drawn():
    chosen = chosen_wrappers(ALL, "Mine.")
    drawn = [trained_with(chosen, query, 3) for query in QUERIES]
    assert drawn == [trained_with(chosen, query, 3) for query in QUERIES]
    assert drawn != [trained_with(chosen, query, 4) for query in QUERIES]
    assert set(drawn) == {text for wrapper in chosen for text in wrapper.trained}
    assert {measured_with(WRAPPERS["flattering"], query, 3) for query in QUERIES} == set(WRAPPERS["flattering"].tested)


def test_wrappers_are_chosen_by_name_in_the_order_given():
    assert [wrapper.key for wrapper in chosen_wrappers(" ignore ,flattering,")] == ["ignore", "flattering"]
    assert [wrapper.key for wrapper in chosen_wrappers("", "Mine.")] == [OWN]


@pytest.mark.parametrize(
    ("names", "own", "words"),
    [
        ("irrelevant, rude", "", r"wrappers names 'rude'; known are irrelevant, flattering.*Your own text goes into own_wrapper"),
        ("ignore,ignore", "", "wrappers names 'ignore' twice"),
        (" , ", "", "wrappers names none"),
        (ALL, " \u200b ", "nothing to be seen"),
        (ALL, "x" * (MAX_OWN_CHARS + 1), r"own_wrapper has 1,001 characters, and at most 1,000 can be used. Shorten it."),
        (ALL, "a\x07b", r"own_wrapper holds .*, which is no character to be read. Remove it."),
    ],
)
def test_what_cannot_be_used_is_named_with_what_to_do(names, own, words):
    with pytest.raises(ConfigError, match=words) as refused:
        chosen_wrappers(names, own)
    assert refused.value.setting in ("wrappers", "own_wrapper")
