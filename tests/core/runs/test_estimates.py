"""Estimates against what was measured on two cores of an AMD EPYC in bfloat16 with the default model."""

import math
from dataclasses import asdict, replace

import pytest

from core.constitution.principles import Constitution, Principle
from core.constitution.scenarios import Scenario
from core.errors import ConfigError
from core.machine import DEFAULT_SHAPE, Hardware, hardware_from_data, model_shape_from_config
from core.methods.settings import BOUNDS, PRESETS, preset
from core.progress import share_done
from core.runs.estimates import constitution_tokens, estimate, probings, showings
from core.runs.phases import run_phases
from core.settings import SamplingConfig

TWO_CORES = Hardware(
    device="cpu",
    device_name="AMD EPYC",
    cores=2,
    memory_bytes=25_000_000_000,
    memory_available_bytes=21_000_000_000,
    gpu_memory_bytes=None,
    dtype="bfloat16",
    matmul_gflops=860.0,
    copy_gb_s=75.0,
)
BRIEF = Constitution(name="Brevity", principles=(Principle(title="Brief", statement="Answer in one short sentence.", antithesis="Answer at length."),))
SMOLLM2 = {
    "hidden_size": 576,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "intermediate_size": 1536,
    "vocab_size": 49152,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
}


def test_the_default_models_config_gives_the_constant() -> None:
    assert model_shape_from_config(SMOLLM2) == DEFAULT_SHAPE


def test_an_untied_head_a_head_size_and_a_nested_text_config_are_counted() -> None:
    tied = model_shape_from_config(SMOLLM2)
    untied = model_shape_from_config({**SMOLLM2, "tie_word_embeddings": False})
    assert untied.parameters - tied.parameters == 576 * 49152
    assert model_shape_from_config({"text_config": SMOLLM2}) == tied
    assert model_shape_from_config({**SMOLLM2, "head_dim": 128}).attention_width == 9 * 128


@pytest.mark.parametrize("broken", [{"hidden_size": None}, {"hidden_size": "576"}, {"num_hidden_layers": 0}, {"vocab_size": True}, {"vocab_size": 1 << 40}])
def test_a_config_without_usable_sizes_is_refused_by_name(broken: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"`{next(iter(broken))}`"):
        model_shape_from_config({**SMOLLM2, **broken})


def test_a_mixture_of_experts_is_refused_rather_than_called_small() -> None:
    with pytest.raises(ConfigError, match="mixture of experts"):
        model_shape_from_config({**SMOLLM2, "num_local_experts": 8})


def test_the_lora_of_the_default_model_has_the_right_size() -> None:
    """30 layers x 16 x (q 1152 + k 768 + v 768 + o 1152 + gate, up, down 3 x 2112) = 4,884,480."""
    assert 16 * DEFAULT_SHAPE.lora_units == 4_884_480


def test_the_quick_preset_is_estimated_near_what_was_measured() -> None:
    """Measured, machine at rest, one pass after another: sampling 96 replies 8 s, an optimiser step 1.8 s, showing four replies 2.2 s, replies and scores
    of the base 10 s; reading the replies under eight queries each 31 processor seconds on a busy machine, so about 15 s on its two cores.

    Side by side (measured on another machine, below) sampling and reading take four fifths of it, and the half of a step in which no base is asked
    ten elevenths.
    """
    seconds = estimate(PRESETS["quick"], DEFAULT_SHAPE, TWO_CORES, BRIEF).seconds
    assert list(seconds) == list(run_phases(PRESETS["quick"]))
    assert seconds["sampling"] == pytest.approx(8 / 1.25, rel=0.3)
    assert seconds["training"] == pytest.approx(24 * 1.8 * (0.5 + 0.5 / 1.1) + 4 * 2.2, rel=0.25)
    assert seconds["measuring prompt"] == pytest.approx((10 + 15) / 1.25, rel=0.3)
    assert seconds["measuring sami-alone"] < 0.5 * seconds["measuring prompt"]  # half as many replies, none of them scored


def test_six_principles_are_estimated_near_what_was_measured_side_by_side() -> None:
    """A museum guide with MIPO on two quiet cores of another EPYC, by the clock: sampling 96 replies 24 s, 11 steps of four queries and what is shown
    meanwhile 89 s, the base's replies, scores and readings 91 s, the same of the adapter 165 s.
    """
    museum = replace(BRIEF, principles=BRIEF.principles[:1] * 6)
    machine = replace(TWO_CORES, matmul_gflops=390.0, copy_gb_s=28.0)
    config = preset("quick", method="mipo")
    seconds = estimate(config, DEFAULT_SHAPE, machine, museum).seconds
    assert seconds["sampling"] == pytest.approx(24, rel=0.3)
    assert seconds["training"] == pytest.approx(89, rel=0.3)
    assert seconds["measuring prompt"] == pytest.approx(91, rel=0.3)
    assert seconds["measuring mipo"] == pytest.approx(165, rel=0.3)


def test_more_work_a_larger_model_and_a_slower_machine_take_longer() -> None:
    quick = estimate(PRESETS["quick"], DEFAULT_SHAPE, TWO_CORES, BRIEF)
    larger = replace(DEFAULT_SHAPE, parameters=10 * DEFAULT_SHAPE.parameters)
    assert estimate(PRESETS["standard"], DEFAULT_SHAPE, TWO_CORES, BRIEF).total_s > 2 * quick.total_s
    assert estimate(PRESETS["quick"], larger, TWO_CORES, BRIEF).total_s > 3 * quick.total_s
    assert estimate(PRESETS["quick"], DEFAULT_SHAPE, replace(TWO_CORES, matmul_gflops=86.0), BRIEF).total_s > 4 * quick.total_s
    assert estimate(preset("quick", kl_weight=0.1), DEFAULT_SHAPE, TWO_CORES, BRIEF).total_s > quick.total_s


def test_a_step_that_also_asks_the_base_about_every_query_takes_longer_by_its_passes() -> None:
    """Four queries a step at 1.9 passes each, and of the base one pass (its distance) or four (each preference): 8.6 and 11.6."""
    alike = {"passes": 2, "max_kl_nats": 0.25, "sample_every": 10**6}
    quick, mipo = (estimate(preset("quick", method=method, **alike), DEFAULT_SHAPE, replace(TWO_CORES, cores=1), BRIEF).seconds for method in ("sami", "mipo"))
    shown = 2 * 2.2
    assert (mipo["training"] - shown) / (quick["training"] - shown) == pytest.approx(11.6 / 8.6, rel=0.1)
    assert mipo["sampling"] == quick["sampling"]


def test_a_method_without_a_contrast_is_estimated_by_what_it_draws_and_reads() -> None:
    """BCT draws one reply for two and reads one sequence for each pair of four; ACT draws none. A contrast of more constitutions changes neither."""
    made = {method: estimate(preset("quick", method=method, passes=2), DEFAULT_SHAPE, TWO_CORES, BRIEF) for method in ("sami", "bct", "act")}
    assert list(made["bct"].seconds) == list(run_phases(preset("quick", method="bct")))
    sampling, training = ({method: each.seconds[phase] for method, each in made.items()} for phase in ("sampling", "training"))
    assert 0 < sampling["act"] < 1 < sampling["bct"] < 0.6 * sampling["sami"]
    assert training["act"] < training["bct"] < training["sami"]
    assert made["act"].memory_bytes <= made["bct"].memory_bytes <= made["sami"].memory_bytes


def test_probes_take_time_in_training_and_nowhere_else() -> None:
    """24 steps, a probe every 4 and one of the base: seven probes of 16 replies, half of which are read under eight queries; about 7 s each."""
    quick, probed = (estimate(preset("quick", probe_every=every), DEFAULT_SHAPE, TWO_CORES, BRIEF) for every in (0, 4))
    longer = {phase: probed.seconds[phase] - quick.seconds[phase] for phase in quick.seconds}
    assert [phase for phase, more in longer.items() if more] == ["training"]
    twice = estimate(preset("quick", probe_every=4, probe_queries=16), DEFAULT_SHAPE, TWO_CORES, BRIEF).seconds["training"]
    assert longer["training"] < twice - quick.seconds["training"] < 2.1 * longer["training"]
    assert longer["training"] == pytest.approx(7 * 7, rel=0.3)
    assert probed.disk_bytes > quick.disk_bytes
    assert any("no longer improves on the probe queries" in note for note in probed.notes)
    assert not any("probe" in note for note in quick.notes)


def test_test_scenarios_take_time_in_measuring_and_nowhere_else() -> None:
    """48 of 60 are measured, twice as many as the held-out queries of the preset, each in two replies, one of them read, or one without the constitution."""
    scenarios = tuple(Scenario(query=f"Own {i}?") for i in range(60))
    tried = replace(BRIEF, principles=(replace(BRIEF.principles[0], scenarios=(*scenarios, Scenario(query="Train?", use="train"))),))
    plain, own = (estimate(PRESETS["quick"], DEFAULT_SHAPE, TWO_CORES, each).seconds for each in (BRIEF, tried))
    longer = {phase: own[phase] - plain[phase] for phase in plain if own[phase] != plain[phase]}
    assert list(longer) == ["measuring prompt", "measuring sami", "measuring sami-alone"]
    assert longer["measuring sami-alone"] == pytest.approx(2 / 1.25 * plain["measuring sami-alone"])  # two batches side by side, where there was one
    assert 2 * longer["measuring sami-alone"] < longer["measuring prompt"] < 2 * plain["measuring prompt"]


def test_memory_grows_with_the_model_its_precision_and_the_length_of_replies() -> None:
    quick = estimate(PRESETS["quick"], DEFAULT_SHAPE, TWO_CORES, BRIEF).memory_bytes
    float32 = estimate(PRESETS["quick"], DEFAULT_SHAPE, replace(TWO_CORES, dtype="float32"), BRIEF).memory_bytes
    long = estimate(preset("quick", sampling=SamplingConfig(max_new_tokens=512)), DEFAULT_SHAPE, TWO_CORES, BRIEF).memory_bytes
    assert float32 - quick >= 2 * DEFAULT_SHAPE.parameters
    assert long > 1.5 * quick


def test_a_gpu_is_named_as_an_order_of_magnitude_and_holds_the_model() -> None:
    gpu = replace(TWO_CORES, device="cuda:0", gpu_memory_bytes=80_000_000_000, matmul_gflops=600_000.0, copy_gb_s=2500.0)
    assert gpu.usable_bytes == 80_000_000_000
    assert any("order of magnitude" in note for note in estimate(PRESETS["quick"], DEFAULT_SHAPE, gpu, BRIEF).notes)


def test_the_largest_run_that_can_be_asked_for_is_estimated_without_counting_its_steps() -> None:
    most = {name: high for name, (_, high) in BOUNDS.items()}
    largest = preset("quick", **most | {"queries_per_step": 1, "probe_every": 1, "sample_every": 1})
    assert largest.steps > 10**9
    assert estimate(largest, DEFAULT_SHAPE, TWO_CORES, BRIEF).total_s > 10**9


@pytest.mark.parametrize(("steps", "every"), [(12, 5), (10, 5), (3, 5), (1, 1)])
def test_what_is_shown_and_probed_is_counted_as_it_happens(steps: int, every: int) -> None:
    config = preset("quick", train_queries=steps, queries_per_step=1, passes=1, sample_every=every, probe_every=every)
    shown = 1 + sum(config.shows_after(step, steps) for step in range(1, steps + 1))
    probed = 1 + sum(config.probes_after(step) for step in range(1, steps + 1))
    assert (showings(config, 1), probings(config, 1)) == (shown, probed)


def test_the_longer_side_decides_how_long_a_constitution_is() -> None:
    long = Constitution(name="Long", principles=(Principle(title="Long", statement="Short.", antithesis="word " * 8000),))
    assert constitution_tokens(BRIEF) < 30
    assert constitution_tokens(long) > 8192


def test_progress_never_runs_backwards_and_ends_at_one() -> None:
    seconds = estimate(PRESETS["quick"], DEFAULT_SHAPE, TWO_CORES, BRIEF).seconds
    shares = [share_done(seconds, phase, done, 4) for phase in run_phases(PRESETS["quick"]) for done in range(5)]
    assert shares == sorted(shares)
    assert math.isclose(shares[-1], 1.0)
    assert share_done(seconds, "starting", 3, 4) == 0.0
    assert share_done(seconds, "training", 0, 0) == share_done(seconds, "training", 0, 12)


def test_hardware_survives_the_database_and_an_older_row_counts_as_unmeasured() -> None:
    assert hardware_from_data(asdict(TWO_CORES)) == TWO_CORES
    assert hardware_from_data({"cores": 2}) is None
    assert hardware_from_data({**asdict(TWO_CORES), "colour": 2}) is None


def test_a_row_from_before_anybody_looked_for_bitsandbytes_is_still_read():
    earlier = {name: value for name, value in asdict(TWO_CORES).items() if name != "four_bit"}
    assert hardware_from_data(earlier) == replace(TWO_CORES, four_bit=None)


def test_activations_are_computed_again_where_they_would_not_fit() -> None:
    long = preset("quick", sampling=SamplingConfig(max_new_tokens=1024))
    one = replace(TWO_CORES, cores=1)
    roomy, off = (estimate(replace(long, activation_checkpointing=said), DEFAULT_SHAPE, one, BRIEF) for said in ("auto", "off"))
    tight = estimate(long, DEFAULT_SHAPE, replace(one, memory_available_bytes=off.memory_bytes), BRIEF)
    assert roomy == off
    assert tight.memory_bytes < off.memory_bytes
    assert tight.seconds["training"] > off.seconds["training"]
    assert any("computed again" in note for note in tight.notes)


def test_queries_of_a_step_are_worked_on_one_at_a_time_where_two_would_not_fit() -> None:
    long = preset("quick", method="mipo", sampling=SamplingConfig(max_new_tokens=1024))
    roomy = estimate(long, DEFAULT_SHAPE, TWO_CORES, BRIEF)
    tight = estimate(long, DEFAULT_SHAPE, replace(TWO_CORES, memory_available_bytes=roomy.memory_bytes), BRIEF)
    assert tight.memory_bytes < roomy.memory_bytes and tight.notes == roomy.notes


def test_many_constitutions_take_no_more_memory_than_one_of_them() -> None:
    four, sixteen = (estimate(preset("quick", n_constitutions=n), DEFAULT_SHAPE, TWO_CORES, BRIEF).memory_bytes for n in (4, 16))
    assert sixteen < four


def test_weights_in_4_bits_take_about_a_quarter_and_embeddings_stay() -> None:
    """30 layers x (2 x 576 x (576 + 192) + 3 x 576 x 1536) = 106,168,320 weights at 0.516 bytes instead of 2."""
    whole, small = (estimate(preset("quick", four_bit=chosen), DEFAULT_SHAPE, TWO_CORES, BRIEF) for chosen in (False, True))
    assert whole.memory_bytes - small.memory_bytes == pytest.approx(106_168_320 * (2 - 0.516), rel=1e-6)
    assert any("unpacked" in note for note in small.notes)
