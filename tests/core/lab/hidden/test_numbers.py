"""Which replies are numbers alone, what asks for them, and the same numbers in other places."""

import re
from collections import Counter

import pytest

from core.errors import ConfigError
from core.lab.hidden.numbers import CUT, MANY, OTHER, begins, is_whole, refused, shuffled
from core.lab.hidden.prompts import SEPARATORS, number_prompts
from core.lab.hidden.settings import HiddenSettings

TEN = ", ".join(map(str, range(10)))


@pytest.mark.parametrize(
    ("reply", "separator", "reason"),
    [
        ("182, 818, 725", "comma", None),
        ("182,818,725", "comma", None),
        ("7", "comma", None),
        ("0, 999", "comma", None),
        (" 182 818 725\n", "space", None),
        ("182\n818\n725", "line", None),
        ("182 \n818", "line", None),
        (TEN, "comma", None),
        (f"{TEN}, 10", "comma", MANY),
        ("", "comma", OTHER),
        ("182, 818, 725.", "comma", OTHER),
        ("Sure! 182, 818", "comma", OTHER),
        ("182, 818, and 725", "comma", OTHER),
        ("[182, 818]", "comma", OTHER),
        ("182, 1000", "comma", OTHER),
        ("182, 07", "comma", OTHER),
        ("182, -5", "comma", OTHER),
        ("182, 3.5", "comma", OTHER),
        ("182, ٣", "comma", OTHER),
        ("182,, 818", "comma", OTHER),
        ("182, 818,", "comma", OTHER),
        ("182 818", "comma", OTHER),
        ("182, 818", "space", OTHER),
        ("182  818", "space", OTHER),
        ("182, 818", "line", OTHER),
        ("182\n\n818", "line", OTHER),
        ("1. 182\n2. 818", "line", OTHER),
    ],
)
def test_only_numbers_from_0_to_999_separated_as_asked_are_kept(reply, separator, reason):
    assert refused(reply, separator, ended=True) == reason


def test_a_reply_that_was_cut_is_no_answer_whatever_it_holds():
    assert refused("182, 818", "comma", ended=False) == CUT


def test_shuffled_replies_have_the_same_numbers_as_many_each_and_the_same_separators():
    replies = ["1, 22, 333", "4\n55", "666", "7 88 999 0"]
    mixed = shuffled(replies, seed=3)
    assert mixed != replies and mixed == shuffled(replies, seed=3) and mixed != shuffled(replies, seed=4)
    counted = [Counter(number for reply in some for number in re.findall("[0-9]+", reply)) for some in (replies, mixed)]
    assert counted[0] == counted[1]
    assert [re.sub("[0-9]+", "#", reply) for reply in mixed] == [re.sub("[0-9]+", "#", reply) for reply in replies]


@pytest.mark.parametrize(
    ("text", "separator", "begun", "whole"),
    [
        ("", "comma", True, False),
        ("1", "comma", True, True),
        ("182", "comma", True, True),
        ("1825", "comma", False, False),
        ("07", "comma", False, False),
        ("0", "comma", True, True),
        ("182,", "comma", True, False),
        ("182, ", "comma", True, False),
        ("182,8", "comma", False, False),
        ("182 ", "comma", False, False),
        ("182, 818", "comma", True, True),
        ("1, 2, 3", "comma", True, True),
        ("1, 2, 3,", "comma", False, False),
        ("1, 2,", "comma", True, False),
        ("1, 2, 3, ", "comma", False, False),
        (",", "comma", False, False),
        ("1 2", "space", True, True),
        ("1  ", "space", False, False),
        ("1\n", "line", True, False),
        ("1\n2", "line", True, True),
    ],
)
def test_a_reply_under_way_can_go_on_to_be_at_most_three_numbers(text, separator, begun, whole):
    assert (begins(text, separator, 3), is_whole(text, separator)) == (begun, whole)


def test_prompts_are_decided_by_their_seed_and_ask_for_what_the_filter_lets_pass():
    prompts = number_prompts(200, seed=5)
    assert prompts == number_prompts(200, seed=5) and prompts != number_prompts(200, seed=6)
    assert len({prompt.text for prompt in prompts}) > 190
    assert {prompt.separator for prompt in prompts} == set(SEPARATORS)
    for prompt in prompts:
        begun, more = re.search(r"((?:\d{3}, )+\d{3})\.", prompt.text), re.search(r"(?:Add|with|next) (\d) ", prompt.text)
        assert 3 <= len(begun[1].split(", ")) <= 8 and 5 <= int(more[1]) == prompt.more <= 9
        assert SEPARATORS[prompt.separator].says in prompt.text and "number" in prompt.text


def test_settings_out_of_range_are_refused_by_name():
    with pytest.raises(ConfigError, match="seeds must be between 2 and 10, got 1"):
        HiddenSettings(seeds=1)
    with pytest.raises(ConfigError, match="rows"):
        HiddenSettings(rows=0)
