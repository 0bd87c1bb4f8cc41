"""Settings: refused with name and value, never silently defaulted."""

import pytest

from core.errors import ConfigError
from core.methods.settings import PRESETS, TrainConfig, config_from_data, config_to_data, preset, with_settings


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_its_data_form(name):
    assert config_from_data(config_to_data(PRESETS[name])) == PRESETS[name]


def test_settings_are_typed_as_on_a_command_line():
    config = with_settings(preset("quick"), ["learning_rate=2e-4", "sampling.max_new_tokens=96"])
    assert config.learning_rate == 2e-4
    assert config.sampling.max_new_tokens == 96


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: TrainConfig(passes=0), "passes must be 1 or above, got 0"),
        (lambda: TrainConfig(n_constitutions=1), "n_constitutions must be between 2 and 16, got 1"),
        (lambda: TrainConfig(learning_rate=-1), "learning_rate"),
        (lambda: TrainConfig(activation_checkpointing="maybe"), "activation_checkpointing must be auto, on or off, got 'maybe'"),
        (lambda: preset("huge"), "Unknown preset 'huge'"),
        (lambda: preset("quick", learningrate=1), "Unknown setting 'learningrate'"),
        (lambda: config_from_data({"pases": 3}), "Unknown setting 'pases'"),
        (lambda: with_settings(preset("quick"), ["passes=two"]), "passes must be a whole number, got 'two'"),
        (lambda: with_settings(preset("quick"), ["sampling=3"]), "Unknown setting 'sampling'"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_probes_are_off_in_quick_and_on_in_the_others_and_an_older_run_has_none():
    assert [PRESETS[name].probe_every for name in PRESETS] == [0, 4, 4]
    older = {name: value for name, value in config_to_data(PRESETS["standard"]).items() if name not in ("probe_every", "patience", "max_repetition_rise")}
    assert config_from_data(older).probe_every == 0


@pytest.mark.parametrize("change", ["probe_every=-1", "probe_queries=1", "patience=-1", "max_repetition_rise=1.5", "max_repetition_rise=-0.1"])
def test_settings_of_probes_outside_their_range_are_refused_by_name(change):
    with pytest.raises(ConfigError, match=change.split("=")[0]):
        with_settings(TrainConfig(), [change])
