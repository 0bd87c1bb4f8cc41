"""Settings of a run, as frozen values. Imports no torch, so that the page can build and check one.

A run is reproducible from `asdict(config)` together with the constitution's hash, the queries' hash and the model's revision.
"""

import dataclasses
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from core.constitution.contrasts import Kind, Trace
from core.errors import ConfigError
from core.methods.recipe_settings import RecipeSettings
from core.methods.recipes import DEFAULT_RECIPE, RECIPES, RecipeInfo, recipe_of
from core.methods.variants import REAL, VARIANTS, control_title
from core.settings import SamplingConfig, require_in_range

REPLIES = SamplingConfig()
DEFAULT_SETTINGS = RECIPES[DEFAULT_RECIPE].settings()
BOUNDS: dict[str, tuple[int, int]] = {  # the least and the most; far beyond what anybody trains, and small enough to reckon with
    "seed": (0, 2**63 - 1),  # each iteration draws one of its own
    "iterations": (1, 10),
    "n_constitutions": (2, 16),
    "train_queries": (1, 100_000),
    "held_out_queries": (1, 10_000),
    "candidates": (1, 64),
    "queries_per_step": (1, 1_000),
    "passes": (1, 1_000),
    "lora_rank": (1, 1_024),
    "lora_alpha": (1, 4_096),
    "max_kl_nats": (0, 100),
    "distance_queries": (1, 1_000),
    "warmup_steps": (1, 100_000),
    "probe_every": (0, 100_000),
    "probe_queries": (2, 1_000),
    "patience": (0, 1_000),
    "max_repetition_rise": (0, 1),
    "sample_every": (1, 1_000_000),
}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run: what every recipe needs, and the settings of its own recipe.

    What a run from before a setting existed did is that setting's default; what new runs do stands in `PRESETS`.
    """

    recipe: RecipeSettings = DEFAULT_SETTINGS  # the own settings of the method that is trained with; their class says which one that is
    preset: str = "quick"  # the name the values came from, for people; the values below decide
    seed: int = 0  # decides split, contrasts, sampling, order and adapter initialisation
    iterations: int = 1  # each trains a fresh adapter from the base on replies of the one before
    n_constitutions: int = 2  # constitutions contrasted for one query; the MI bound is capped at its logarithm
    train_queries: int = 48  # of the first iteration, drawn from the train split; iteration i uses i times as many
    held_out_queries: int = 24  # drawn from the held-out split, for the result table
    variant: str = REAL  # what the principles are trained as: their text, or one of the controls of core.methods.variants
    trace: Trace = "all"  # what replies to held-out queries are traced among, where there are several principles: all constitutions that they are written
    # under, or own = statements and antitheses, and for each principle the statements and its own flip, which is all that a verdict rests on
    contrast: Kind = "mixed"  # against all statements stand: one flip, all of them or some, equally often (mixed), or flips of one principle each (single)
    end_token: bool = True  # whether the end token of a response takes part in what is contrasted; it teaches not to end where the others are cut
    only_answers: bool = False  # leave out responses that the base does not trace to their own query among those drawn with it
    candidates: int = 1  # responses sampled for each constitution, of which the most attributable one is kept
    sampling: SamplingConfig = REPLIES  # for training responses and for measuring alike
    queries_per_step: int = 4  # queries whose losses are averaged into one optimiser step
    passes: int = 2  # times every train query is used in its iteration
    lora_rank: int = 16
    lora_alpha: int = 32  # the update is scaled by alpha / rank
    learning_rate: float = 6e-4  # AdamW, after warm-up, before decay
    warmup_steps: int = 2  # over which the learning rate rises to it
    max_kl_nats: float = 0.25  # training ends early after a step whose KL(base || adapted) exceeds this, in nats a token; 0 = never
    distance_queries: int = 1  # of a step's queries, whose distance is measured; the mean of few varies much
    probe_every: int = 0  # optimiser steps between probes: replies to queries that are neither trained on nor held out for the result; 0 = never
    probe_queries: int = 8  # queries of a probe, from what is left of the train split
    patience: int = 3  # probes in a row without a new highest bound after which training ends and goes back to the best; 0 = never
    step_by: str = "bound"  # whose probe the adapter goes back to: bound = the highest, after an end by patience or repetition; replies = always, to the one
    # with most replies that follow and still answer, where a check can tell: the checks then choose the step, on queries that are not held out
    max_repetition_rise: float = 0.15  # training ends once a probe's replies repeat more four-word runs than the base's, by this share; 0 = never
    max_grad_norm: float = 1.0  # gradients are clipped to this norm
    four_bit: bool = False  # hold the base in 4 bits (nf4) under the adapter; needs bitsandbytes
    activation_checkpointing: str = "auto"  # compute activations again in the backward pass: on, off, or auto = where they would not fit the memory
    train_anyway: bool = False  # also where the base shows no link to any principle (core.runs.trainability)
    sample_every: int = 8  # optimiser steps between the replies shown during training

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            require_in_range(low <= getattr(self, name) <= high, name, getattr(self, name), f"between {low:,} and {high:,}")
        require_in_range(self.activation_checkpointing in ("auto", "on", "off"), "activation_checkpointing", self.activation_checkpointing, "auto, on or off")
        require_in_range(self.variant in VARIANTS, "variant", self.variant, f"one of {', '.join(VARIANTS)}")
        require_in_range(self.trace in ("all", "own"), "trace", self.trace, "all or own")
        require_in_range(self.contrast in ("mixed", "single"), "contrast", self.contrast, "mixed or single")
        require_in_range(self.step_by in ("bound", "replies"), "step_by", self.step_by, "bound or replies")
        require_in_range(0 < self.learning_rate <= 0.1, "learning_rate", self.learning_rate, "above 0 and at most 0.1")
        require_in_range(0 < self.max_grad_norm <= 1_000_000, "max_grad_norm", self.max_grad_norm, "above 0 and at most 1,000,000")
        in_one_go = f"1 for {self.method}, which makes what it leaves in one go"
        require_in_range(self.recipe.pieces is None or self.iterations == 1, "iterations", self.iterations, in_one_go)
        for name, value in recipe_of(self.recipe).fixed.items():
            if getattr(self, name) != value:
                raise ConfigError(f"{name} means nothing with {self.method}, and is always {value}; got {getattr(self, name)!r}. Leave it out.", name)

    @property
    def method(self) -> str:
        """The key of its recipe."""
        return recipe_of(self.recipe).key

    @property
    def control(self) -> str:
        """What is trained in the place of the text, for people; empty where it is the text."""
        return control_title(self.variant)

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be known to read the result of a run with these settings."""
        return tuple(note for note in (VARIANTS[self.variant].note, recipe_of(self.recipe).note) if note)

    @property
    def steps(self) -> int:
        """Optimiser steps of all iterations if no query is filtered."""
        return sum(self.steps_of(number) for number in range(1, self.iterations + 1))

    def steps_of(self, iteration: int) -> int:
        """Optimiser steps of one iteration, counted from 1, if no query is filtered; of what is made without a gradient, the pieces of work."""
        return self.recipe.pieces or self.passes * -(-iteration * self.train_queries // self.queries_per_step)

    @property
    def distances(self) -> int:
        """Queries of a step whose distance from the base is measured; 0 where training does not end by it."""
        return self.distance_queries if self.max_kl_nats > 0 else 0

    def shows_after(self, step: int, last: int) -> bool:
        """Whether replies are shown after a step of an iteration that ends with `last`."""
        return step % self.sample_every == 0 or step == last

    def probes_after(self, step: int) -> bool:
        """Whether the policy is probed after a step of an iteration."""
        return self.probe_every > 0 and step % self.probe_every == 0


PRESETS: dict[str, TrainConfig] = {
    "quick": TrainConfig(preset="quick", trace="own"),
    "standard": TrainConfig(preset="standard", iterations=2, held_out_queries=48, learning_rate=5e-4, probe_every=4),
    "thorough": TrainConfig(preset="thorough", iterations=3, train_queries=32, held_out_queries=80, learning_rate=4e-4, probe_every=4, sample_every=12),
}


def preset(name: str, *, method: str = DEFAULT_RECIPE, **changes: Any) -> TrainConfig:
    """A preset of a method with some values replaced, among them those of its recipe.

    Raises:
        ConfigError: An unknown preset, method or setting, or a value outside its range.
    """
    if name not in PRESETS:
        raise ConfigError(f"Unknown preset {name!r}; known are {', '.join(PRESETS)}.")
    info, config = _recipe(method), PRESETS[name]
    _require_known(changes, info)
    values = {**info.presets.get(name, {}), **info.fixed, **changes}
    own = {key: values.pop(key) for key in _names(info.settings) if key in values}
    return dataclasses.replace(config, **values, recipe=info.settings(**own))


def presets_of(method: str) -> dict[str, TrainConfig]:
    """By name, as a method has them."""
    return {name: preset(name, method=method) for name in PRESETS}


def config_to_data(config: TrainConfig) -> dict[str, Any]:
    """Plain JSON data: the settings of the recipe stand flat among the others, beside the method's key."""
    data = dataclasses.asdict(config)
    own = data.pop("recipe")
    return {"method": config.method, **data, **own}


def config_from_data(data: Mapping[str, Any]) -> TrainConfig:
    """The inverse of `config_to_data`; a misspelt key is an error, never a silent default.

    Raises:
        ConfigError: Also for a value of another kind, and for data of another shape.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("sampling", {}), Mapping):
        raise ConfigError(f"Settings are a mapping of names to values, got {reprlib.repr(data)}.")
    try:
        return _config(dict(data))
    except TypeError as error:
        raise ConfigError(f"A setting has a value of the wrong kind ({error}).") from error


def _config(values: dict[str, Any]) -> TrainConfig:
    info = _recipe(values.pop("method", DEFAULT_RECIPE))
    sampling = values.pop("sampling", {})
    _require_known(values, info)
    _require_known_sampling(sampling)
    own = {name: values.pop(name) for name in _names(info.settings) if name in values}
    return TrainConfig(sampling=SamplingConfig(**sampling), recipe=info.settings(**own), **{**info.fixed, **values})


def with_settings(config: TrainConfig, assignments: Sequence[str]) -> TrainConfig:
    """A config with settings replaced as typed on a command line: `learning_rate=2e-4`, `sampling.max_new_tokens=96`.

    Another `method` starts from the values that the config's preset has for it.

    Raises:
        ConfigError: No such setting, or a value that cannot be read or is outside its range.
    """
    changes = {path.strip(): text for path, _, text in (assignment.partition("=") for assignment in assignments)}
    if (method := changes.pop("method", config.method).strip()) != config.method:
        config = preset(config.preset, method=method, seed=config.seed)
    data, known = config_to_data(config), flat_settings(config)
    for path, text in changes.items():
        if path not in known:
            _refuse(path, recipe_of(config.recipe), list(known))
        *parents, name = path.split(".")
        target = data[parents[0]] if parents else data
        target[name] = _read(path, text, type(known[path]))
    return config_from_data(data)


def flat_settings(config: TrainConfig) -> dict[str, Any]:
    """The settings by the names that they are typed with: those of sampling as `sampling.NAME`, and none that means nothing in its recipe."""
    data = config_to_data(config)
    sampling, fixed = data.pop("sampling"), recipe_of(config.recipe).fixed
    chosen = {name: value for name, value in data.items() if name not in fixed}
    return chosen | {f"sampling.{name}": value for name, value in sampling.items()}


def _recipe(method: object) -> RecipeInfo:
    if not isinstance(method, str) or method not in RECIPES:
        raise ConfigError(f"Unknown method {method!r}; known are {', '.join(RECIPES)}.")
    return RECIPES[method]


def _names(settings: type[RecipeSettings]) -> list[str]:
    return [field.name for field in dataclasses.fields(settings)]


def _require_known(names: Iterable[str], info: RecipeInfo) -> None:
    known = [field.name for field in dataclasses.fields(TrainConfig) if field.name != "recipe"] + _names(info.settings)
    for name in sorted(set(names) - set(known)):
        _refuse(name, info, known)


def _require_known_sampling(names: Iterable[str]) -> None:
    known = [field.name for field in dataclasses.fields(SamplingConfig)]
    for name in sorted(set(names) - set(known)):
        raise ConfigError(f"Unknown setting 'sampling.{name}'; known are {', '.join(known)}.")


def _refuse(name: str, info: RecipeInfo, known: Sequence[str]) -> NoReturn:
    if name in info.fixed:
        raise ConfigError(f"{name} means nothing with {info.key}, and is always {info.fixed[name]}. Leave it out.", name)
    others = [other.key for other in RECIPES.values() if name in _names(other.settings)]
    whose = f" of {info.key}: it is one of {' and '.join(others)}" if others else ""
    raise ConfigError(f"Unknown setting {name!r}{whose}; known are {', '.join(known)}.")


def _read(path: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.strip().casefold() not in ("true", "false"):
            raise ConfigError(f"{path} must be true or false, got {text!r}.", path)
        return text.strip().casefold() == "true"
    try:
        return kind(text)
    except ValueError as error:
        raise ConfigError(f"{path} must be {'a whole number' if kind is int else 'a number'}, got {reprlib.repr(text)}.", path) from error
