"""Settings: refused with name and value, never silently defaulted."""

import pytest

from core.errors import ConfigError
from core.methods.mipo.settings import MipoSettings
from core.methods.recipe import open_recipe
from core.methods.recipes import RECIPES
from core.methods.sami.settings import SamiSettings
from core.methods.settings import PRESETS, TrainConfig, config_from_data, config_to_data, flat_settings, preset, with_settings


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_its_data_form(name):
    assert config_from_data(config_to_data(PRESETS[name])) == PRESETS[name]


def test_settings_are_typed_as_on_a_command_line():
    config = with_settings(preset("quick"), ["learning_rate=2e-4", "sampling.max_new_tokens=96"])
    assert config.learning_rate == 2e-4
    assert config.sampling.max_new_tokens == 96


@pytest.mark.parametrize("method", RECIPES)
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_of_any_method_survives_its_data_form_and_offers_no_setting_that_means_nothing_in_it(name, method):
    config = preset(name, method=method)
    data = config_to_data(config)
    assert config_from_data(data) == config
    assert config_from_data({key: value for key, value in data.items() if key not in RECIPES[method].fixed}) == config
    assert not set(RECIPES[method].fixed) & set(flat_settings(config))


def test_texts_are_settings_too():
    config = with_settings(preset("quick", method="bct"), ["wrappers=ignore, flattering", "own_wrapper=My aunt says: a = b."])
    assert [wrapper.key for wrapper in config.recipe.chosen] == ["ignore", "flattering", "own"]
    assert config.recipe.own_wrapper == "My aunt says: a = b."
    assert config_from_data(config_to_data(config)) == config


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: TrainConfig(passes=0), "passes must be between 1 and 1,000, got 0"),
        (lambda: TrainConfig(n_constitutions=1), "n_constitutions must be between 2 and 16, got 1"),
        (lambda: TrainConfig(learning_rate=-1), "learning_rate"),
        (lambda: TrainConfig(activation_checkpointing="maybe"), "activation_checkpointing must be auto, on or off, got 'maybe'"),
        (lambda: preset("huge"), "Unknown preset 'huge'"),
        (lambda: preset("quick", learningrate=1), "Unknown setting 'learningrate'"),
        (lambda: config_from_data({"pases": 3}), "Unknown setting 'pases'"),
        (lambda: with_settings(preset("quick"), ["passes=two"]), "passes must be a whole number, got 'two'"),
        (lambda: with_settings(preset("quick"), ["beta=0.1"]), "Unknown setting 'beta' of sami: it is one of mipo; known are method, preset, seed.*kl_weight"),
        (lambda: with_settings(preset("quick"), ["method=mipo", "kl_weight=1"]), "Unknown setting 'kl_weight' of mipo: it is one of sami; known are .*beta"),
        (lambda: config_from_data({"method": "mipo", "summed_scores": True}), "Unknown setting 'summed_scores' of mipo"),
        (lambda: config_from_data({"method": 3}), "Unknown method 3; known are sami, mipo, steering, bct, act"),
        (lambda: preset("quick", method="dpo"), "Unknown method 'dpo'"),
        (lambda: config_from_data({"sampling": {"top_q": 1}}), "Unknown setting 'sampling.top_q'"),
        (lambda: MipoSettings(beta=0), "beta must be above 0"),
        (lambda: SamiSettings(kl_weight=-1), "kl_weight must be between 0 and 1,000"),
        (lambda: SamiSettings(likelihood_weight=-1), "likelihood_weight must be between 0 and 1,000"),
        (lambda: MipoSettings(likelihood_weight=-1), "likelihood_weight must be between 0 and 1,000"),
        (lambda: with_settings(preset("quick"), ["method=bct", "candidates=4"]), "candidates means nothing with bct, and is always 1. Leave it out."),
        (lambda: preset("quick", method="act", max_kl_nats=0.5), "max_kl_nats means nothing with act, and is always 0.0; got 0.5. Leave it out."),
        (lambda: config_from_data({"method": "bct", "n_constitutions": 4}), "n_constitutions means nothing with bct, and is always 2; got 4"),
        (lambda: with_settings(preset("quick", method="bct"), ["wrappers=rude"]), "wrappers names 'rude'; known are irrelevant"),
        (lambda: config_from_data({"method": "act", "own_wrapper": 3}), "own_wrapper must be a text, got 3"),
        (lambda: with_settings(preset("quick"), ["sampling=3"]), "Unknown setting 'sampling'"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


@pytest.mark.parametrize("text", ["9" * 20, "-" + "9" * 20, "9" * 5000, "1e999", "-1e999", "nan", "inf", "1e309", "0x10", "१e99"])
@pytest.mark.parametrize("name", [name for name, value in flat_settings(PRESETS["quick"]).items() if type(value) in (int, float)])
def test_no_number_is_too_large_to_be_refused_in_one_short_line(name, text):
    with pytest.raises(ConfigError) as refused:
        with_settings(preset("quick"), [f"{name}={text}"])
    assert name.rpartition(".")[2] in str(refused.value) and len(str(refused.value)) < 160


def test_a_row_from_before_there_were_methods_is_read_as_sami():
    older = {name: value for name, value in config_to_data(preset("quick", kl_weight=0.2, summed_scores=True)).items() if name != "method"}
    found = config_from_data(older)
    assert found.method == "sami"
    assert found.recipe == SamiSettings(kl_weight=0.2, summed_scores=True)


@pytest.mark.parametrize("method", RECIPES)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_there_for_every_method_and_survives_its_data_form(name, method):
    config = preset(name, method=method)
    assert config.method == method
    assert config_from_data(config_to_data(config)) == config
    assert with_settings(preset(name, seed=3), [f"method={method}"]) == preset(name, method=method, seed=3)
    assert open_recipe(method) is open_recipe(method)


def test_own_settings_of_a_method_are_typed_flat_in_any_order():
    config = with_settings(preset("quick"), ["beta=0.4", "learning_rate=1e-4", "method=mipo"])
    assert config.recipe == MipoSettings(beta=0.4, likelihood_weight=0.3)  # the preset's anchor
    assert config.learning_rate == 1e-4
    assert preset("quick", method="mipo", beta=0.4).recipe == config.recipe
    assert with_settings(config, ["passes=3"]).recipe == config.recipe


def test_what_is_measured_of_the_base_in_a_step_is_what_it_costs():
    assert [SamiSettings().step_cost(4, distances).base for distances in (0, 1, 3, 9)] == [0, 1, 3, 4]
    assert SamiSettings(kl_weight=0.1).step_cost(4, 0).base == 4
    assert [MipoSettings().step_cost(4, distances).base for distances in (0, 1)] == [4, 4]
    assert [TrainConfig(distance_queries=3, max_kl_nats=limit).distances for limit in (0.0, 0.2)] == [0, 3]


def test_probes_are_off_in_quick_and_on_in_the_others_and_an_older_run_has_none():
    assert [PRESETS[name].probe_every for name in PRESETS] == [0, 4, 4]
    older = {name: value for name, value in config_to_data(PRESETS["standard"]).items() if name not in ("probe_every", "patience", "max_repetition_rise")}
    assert config_from_data(older).probe_every == 0


@pytest.mark.parametrize("change", ["probe_every=-1", "probe_queries=1", "patience=-1", "max_repetition_rise=1.5", "max_repetition_rise=-0.1"])
def test_settings_of_probes_outside_their_range_are_refused_by_name(change):
    with pytest.raises(ConfigError, match=change.split("=")[0]):
        with_settings(TrainConfig(), [change])
