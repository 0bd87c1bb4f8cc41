"""The settings of the Train form: words, methods, 4 bits."""

from dataclasses import replace

import pytest

from app.pages.train import TrainPage
from app.services.exposed import EXPOSED, preset_values
from app.services.studio import Studio
from core.methods.recipes import RECIPES
from core.methods.settings import PRESETS
from core.methods.variants import REAL, VARIANTS
from tests.app.pages.calling import asks, sent
from tests.app.planting import HARDWARE, measure


@pytest.mark.parametrize(
    ("name", "text", "fits"),
    [("train_anyway", "true", True), ("four_bit", "yes", False), ("activation_checkpointing", "on", True), ("activation_checkpointing", "1e9", False)],
)
def test_settings_that_are_words_are_taken_or_refused_by_name(studio: Studio, name: str, text: str, fits: bool) -> None:
    reply = TrainPage(studio).preview(sent(studio, settings={name: text}), asks())
    assert reply["kind"] == ("preview" if fits else "problem")
    assert fits or name in reply["message"]


def test_the_method_is_a_choice_that_brings_its_own_settings_and_refuses_the_others(studio: Studio) -> None:
    page = TrainPage(studio)
    offered = next(setting for setting in EXPOSED if setting.name == "method")
    assert [value for value, _ in offered.options] == ["mipo", "sami", "steering", "bct", "act"]
    assert preset_values("quick")["sami"]["kl_weight"] == 0.0
    assert "beta" not in preset_values("quick")["sami"]
    assert set(preset_values("quick")["mipo"]) == set(preset_values("quick")["sami"]) - {"kl_weight"} | {"beta"}
    command = page.preview(sent(studio, settings={"method": "mipo", "beta": "0.2"}), asks())["command"]
    assert "--set beta=0.2" in command
    assert "method" not in command  # what a new run is trained with where nobody chooses
    assert "likelihood_weight" not in command  # the preset's for this method
    other = page.preview(sent(studio, settings={"method": "sami"}), asks())["command"]
    assert "--set method=sami" in other and "passes" not in other
    assert page.preview(sent(studio, settings={}), asks())["command"] == page.preview(sent(studio, settings={"method": "mipo"}), asks())["command"]
    refused = page.preview(sent(studio, settings={"method": "mipo", "kl_weight": "1"}), asks())
    assert "'kl_weight' of mipo: it is one of sami" in refused["message"]
    measure(studio, HARDWARE)
    told = page.preview(sent(studio, settings={"method": "mipo"}), asks())["html"]
    assert "measure: MIPO with the constitution" in told, told


def test_a_control_is_a_choice_and_is_told_before_the_click(studio: Studio) -> None:
    page = TrainPage(studio)
    measure(studio, HARDWARE)
    offered = next(setting for setting in EXPOSED if setting.name == "variant")
    assert [value for value, _ in offered.options] == ["", *(key for key in VARIANTS if key != REAL)]
    told = page.preview(sent(studio, settings={"variant": "swapped"}), asks())
    assert "--set variant=swapped" in told["command"]
    assert "This is a control and no run of the text" in told["html"]
    plain = page.preview(sent(studio, settings={"variant": ""}), asks())
    assert "variant" not in plain["command"] and "control" not in plain["html"]
    assert "variant" not in preset_values("quick")["bct"]
    assert page.preview(sent(studio, settings={"variant": "backwards"}), asks())["setting"] == "variant"


def test_consistency_training_offers_its_wrappers_and_no_setting_of_a_contrast(studio: Studio) -> None:
    page = TrainPage(studio)
    offered = preset_values("quick")
    assert {"wrappers", "own_wrapper"} == set(offered["bct"]) - set(offered["sami"])
    assert {"kl_weight", "likelihood_weight", "n_constitutions", "only_answers", "variant"} == set(offered["sami"]) - set(offered["bct"])
    assert set(offered["bct"]) - set(offered["act"]) == {"max_kl_nats"}
    wanted = {"method": "bct", "wrappers": "ignore, role_play", "own_wrapper": "My aunt’s rule: $(a) = “b”"}
    told = page.preview(sent(studio, settings=wanted), asks())
    assert "--set method=bct --set 'wrappers=ignore, role_play' --set 'own_wrapper=My aunt’s rule: $(a) = “b”'" in told["command"]
    assert "It does not train that replies follow more" in told["html"]
    refused = page.preview(sent(studio, settings={**wanted, "wrappers": "rude<b>"}), asks())
    assert (refused["kind"], refused["setting"]) == ("problem", "wrappers")
    assert "known are irrelevant, flattering" in refused["message"]
    assert "is always 2" in page.preview(sent(studio, settings={"method": "act", "n_constitutions": "4"}), asks())["message"]


def test_a_setting_that_several_methods_have_is_offered_once_and_all_of_them_call_it_the_same() -> None:
    names = [setting.name for setting in EXPOSED]
    assert len(names) == len(set(names))
    for name in names:
        assert len({info.labels[name] for info in RECIPES.values() if name in info.labels}) <= 1, name


def test_no_setting_is_asked_for_by_its_variable_or_in_words_of_a_program() -> None:
    for setting in EXPOSED:
        assert "true" not in setting.label and "auto" not in setting.label and "_" not in setting.label
        assert setting.kind in ("int", "float", "bool", "choice", "text") and bool(setting.options) == (setting.kind == "choice")
    yes_or_no = {setting.name for setting in EXPOSED if setting.kind == "bool"}
    for preset in PRESETS:  # a box that is not ticked means no in each of them
        assert {preset_values(preset)["mipo"][name] for name in yes_or_no} == {False}
    recompute = next(setting for setting in EXPOSED if setting.name == "activation_checkpointing")
    assert [value for value, _ in recompute.options] == ["", "on", "off"]


@pytest.mark.parametrize(("four_bit", "warned"), [(False, True), (True, False), (None, False)])
def test_a_base_in_4_bits_is_warned_of_where_the_machine_that_trains_lacks_bitsandbytes(studio: Studio, four_bit: bool | None, warned: bool) -> None:
    measure(studio, replace(HARDWARE, four_bit=four_bit))
    page = TrainPage(studio)
    assert "bitsandbytes" not in page.preview(sent(studio), asks())["html"]
    assert ("bitsandbytes" in page.preview(sent(studio, settings={"four_bit": "true"}), asks())["html"]) == warned
