"""The table of methods: what is trained stands in it as its recipe says."""

from core.methods.arms import METHODS, STRENGTH, make_arm, trained_to_contrast
from core.methods.recipes import RECIPES


def test_every_recipe_has_its_two_arms_with_and_without_the_text():
    assert [(method.key, method.title, method.in_prompt, method.control) for method in METHODS.values() if method.recipe is not None] == [
        ("sami", "Aligned with the constitution", True, "prompt"),
        ("sami-alone", "Aligned without the constitution", False, "base"),
        ("mipo", "MIPO with the constitution", True, "prompt"),
        ("mipo-alone", "MIPO without the constitution", False, "base"),
        ("steering", "Steered with the constitution", True, "prompt"),
        ("steering-alone", "Steered without the constitution", False, "base"),
        ("steering-random", "Random vector with the constitution", True, "prompt"),
        ("steering-random-alone", "Random vector without the constitution", False, "base"),
        ("bct", "BCT with the constitution", True, "prompt"),
        ("bct-alone", "BCT without the constitution", False, "base"),
        ("act", "ACT (experimental) with the constitution", True, "prompt"),
        ("act-alone", "ACT (experimental) without the constitution", False, "base"),
    ]
    assert {method.recipe for method in METHODS.values()} == {*RECIPES, None}


def test_what_may_hold_another_model_beside_the_one_that_is_decoded_needs_an_adapter_and_says_how_much_of_it():
    (beside,) = [method for method in METHODS.values() if method.elsewhere]
    assert (beside.key, beside.needs, beside.recipe, beside.control) == ("proxy", ("constitution", "adapter"), None, "prompt")
    assert [(setting.low, setting.high, setting.default, setting.control) for setting in beside.settings] == [(0.0, 2.0, 1.0, 0.0)]


def test_being_told_apart_is_read_as_trained_only_where_it_was():
    assert [key for key in METHODS if not trained_to_contrast(make_arm(key))] == ["bct", "bct-alone", "act", "act-alone"]


def test_whatever_wears_an_adapter_says_at_what_strength():
    worn = [method for method in METHODS.values() if "adapter" in method.needs and not method.elsewhere]
    assert all(dict(make_arm(method.key).settings)[STRENGTH.name] == STRENGTH.default for method in worn)
