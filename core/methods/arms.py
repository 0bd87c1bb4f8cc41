"""The ways to make a model follow a constitution, and the arms that panes, rows and votes stand for. Imports no torch.

A method is a line in `METHODS`, or with its two arms one of `RECIPES` where it trains; an arm is a method with its settings and its
artifact. Nobody reads what an arm is from its key: whether the constitution stands in its prompt, and what it needs, are fields.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import ConfigError
from core.methods.recipes import RECIPES, RecipeInfo

CONSTITUTION_NEEDED, ADAPTER_NEEDED, VECTOR_NEEDED = "constitution", "adapter", "vector"
ARTIFACTS = {ADAPTER_NEEDED: "adapter", VECTOR_NEEDED: "steering vector"}  # the kinds of them, in words
BASE, CONTROL = "base", "prompt"  # methods: the base without the constitution, and with it, which all that is done about the model is held against


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A number that belongs to a method."""

    name: str
    title: str
    low: float
    high: float
    default: float
    control: float  # at this value the arm is its control exactly


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to make a model follow a constitution, or a control of one."""

    key: str
    title: str
    in_prompt: bool  # whether the constitution stands in the prompt
    needs: tuple[str, ...] = ()  # of CONSTITUTION_NEEDED and the kinds of artifacts
    settings: tuple[Setting, ...] = ()
    control: str | None = None  # key of the method that it is exactly, at the control values of its settings
    recipe: str | None = None  # key of the recipe whose artifact it wears
    elsewhere: bool = False  # whether its adapter may be one of another model, which is then held beside the one that is decoded
    opens: str = "core.engine.policies:open_adapted"  # module:function that makes a policy of a model and an arm
    beside: bool = False  # a control of what its recipe made: measured with it, and no pane unless somebody adds it
    swapped: tuple[tuple[str, float], ...] = ()  # settings that do what swapping statement and antithesis does, where neither stands in the prompt

    @property
    def artifact(self) -> str | None:
        """The kind of artifact that it needs."""
        return next((kind for kind in ARTIFACTS if kind in self.needs), None)


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """What a run left that an arm needs."""

    kind: str  # one of ARTIFACTS
    place: str  # where it lies
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What one pane, row or vote stands for."""

    key: str  # unique within a comparison and within a report
    method: str  # a key of METHODS
    in_prompt: bool
    artifact: Artifact | None = None  # None where the method needs none, and for what the run under way makes
    settings: tuple[tuple[str, float], ...] = ()  # all of the method's, by name


STRENGTH = Setting(name="strength", title="Strength of the adapter", low=0.0, high=3.0, default=1.0, control=0.0)
MULTIPLIER = Setting(name="multiplier", title="Multiplier (1 = as chosen on its validation queries)", low=-3.0, high=3.0, default=1.0, control=0.0)
_DELTA = Setting(name="alpha", title="Weight of what training changed in the adapter's own model", low=0.0, high=2.0, default=1.0, control=0.0)
_CONTRAST = Setting(name="alpha", title="Weight of the constitution against the prior", low=0.0, high=1.5, default=0.5, control=0.0)


def _made(recipe: RecipeInfo) -> tuple[Method, ...]:
    """The arms of what a recipe makes. Beside a steering vector there is a random one of equal norm; without the constitution its opposite stands for
    swapped sides.
    """
    worn = Method(key=recipe.key, title=recipe.outcome, in_prompt=True, needs=(recipe.artifact,), settings=(STRENGTH,), recipe=recipe.key)
    if recipe.artifact == ADAPTER_NEEDED:
        return _with_and_without(worn)
    opposite = ((MULTIPLIER.name, -MULTIPLIER.default),)
    vector = replace(worn, settings=(MULTIPLIER,), opens="core.methods.steering.policy:open_steered", swapped=opposite)
    like = replace(vector, key=f"{recipe.key}-random", title="Random vector", opens="core.methods.steering.policy:open_random", beside=True, swapped=())
    return (*_with_and_without(vector), *_with_and_without(like))


def _with_and_without(worn: Method) -> tuple[Method, Method]:
    """A method with the constitution in the prompt, and without it."""
    return (
        replace(worn, title=f"{worn.title} with the constitution", needs=(CONSTITUTION_NEEDED, *worn.needs), control=CONTROL, swapped=()),
        replace(worn, key=f"{worn.key}-alone", title=f"{worn.title} without the constitution", in_prompt=False, control=BASE),
    )


_CONTEXT = Method(
    key="context",
    title="Context-aware decoding",
    in_prompt=True,
    needs=(CONSTITUTION_NEEDED,),
    settings=(_CONTRAST,),
    control=CONTROL,
    opens="core.methods.context:open_context",
)
_PROXY = Method(
    key="proxy",
    title="Proxy-tuning",
    in_prompt=True,
    needs=(CONSTITUTION_NEEDED, ADAPTER_NEEDED),
    settings=(_DELTA,),
    control=CONTROL,
    elsewhere=True,
    opens="core.methods.proxy.policy:open_proxy",
)
_RULES = Method(
    key="rules",
    title="Decoding rules",
    in_prompt=True,
    settings=(
        Setting(name="repeats", title="Nats that a token loses which the reply has already", low=0.0, high=10.0, default=1.5, control=0.0),
        Setting(name="ending", title="Nats that the end of the reply gains for each token before it", low=0.0, high=1.0, default=0.06, control=0.0),
        Setting(name="shifts", title="Strength of the fifteen fixed shifts", low=0.0, high=3.0, default=1.0, control=0.0),
    ),
    opens="core.methods.rules:open_rules",
)
METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method(key=BASE, title="Base without the constitution", in_prompt=False, opens="core.engine.policies:open_base"),
        Method(key=CONTROL, title="Base with the constitution", in_prompt=True, needs=(CONSTITUTION_NEEDED,), opens="core.engine.policies:open_base"),
        *(made for recipe in RECIPES.values() for made in _made(recipe)),
        _CONTEXT,
        _PROXY,
        *_with_and_without(_RULES),
    )
}


def make_arm(method: str, *, artifact: Artifact | None = None, settings: Mapping[str, float] | None = None) -> Arm:
    """An arm of a method; settings that are not given take their defaults.

    Raises:
        ConfigError: No such method or setting, or a value outside its range.
    """
    if method not in METHODS:
        raise ConfigError(f"There is no method {method!r}; known are {', '.join(METHODS)}.")
    chosen = METHODS[method]
    given = dict(settings or {})
    values = []
    for setting in chosen.settings:
        value = float(given.pop(setting.name, setting.default))
        if not setting.low <= value <= setting.high:
            raise ConfigError(f"{setting.name} of {method} must be between {setting.low:g} and {setting.high:g}, got {value:g}.")
        values.append((setting.name, value))
    if given:
        known = ", ".join(setting.name for setting in chosen.settings) or "none"
        raise ConfigError(f"Unknown setting {next(iter(given))!r} of {method}; known are {known}.")
    changed = [f"{setting.name}={value:g}" for setting, (_, value) in zip(chosen.settings, values, strict=True) if value != setting.default]
    return Arm(key=" ".join([method, *changed]), method=method, in_prompt=chosen.in_prompt, artifact=artifact, settings=tuple(values))


def arms_for(recipe: str | None, artifact: Artifact | None) -> tuple[Arm, ...]:
    """The arms that stand side by side when nobody chooses: the base without and with the text, and what was made, with and without it."""
    made = [method.key for method in _methods_of(recipe) if not method.beside]
    return (*(make_arm(method) for method in (BASE, CONTROL)), *(make_arm(method, artifact=artifact) for method in made))


def controls_for(recipe: str, artifact: Artifact | None) -> tuple[Arm, ...]:
    """The arms that are measured beside what a recipe made, to prove it hollow where it is: the sides swapped, what is its like at random, and then the
    base's own habit. None of a recipe that has no such arms.
    """
    methods = _methods_of(recipe)
    swapped = [make_arm(method.key, artifact=artifact, settings=dict(method.swapped)) for method in methods if method.swapped]
    beside = [make_arm(method.key, artifact=artifact) for method in methods if method.beside]
    return (*swapped, *beside, make_arm(BASE)) if swapped or beside else ()


def swapped_arm(arm: Arm, arms: Iterable[Arm]) -> Arm | None:
    """Of some arms the one that stands for this one with statement and antithesis swapped, where neither stands in a prompt."""
    turned = METHODS[arm.method].swapped
    if not turned or arm.settings == turned:
        return None
    return next((other for other in arms if other.method == arm.method and other.artifact == arm.artifact and other.settings == turned), None)


def _methods_of(recipe: str | None) -> list[Method]:
    return [method for method in METHODS.values() if recipe is not None and method.recipe == recipe]


def needs_artifact(arm: Arm) -> bool:
    """Whether the arm wears something that a run made."""
    return METHODS[arm.method].artifact is not None


def a_kind(kind: str) -> str:
    """A kind of artifact within a sentence: `an adapter`, `a steering vector`."""
    return f"{'an' if ARTIFACTS[kind][0] in 'aeiou' else 'a'} {ARTIFACTS[kind]}"


def is_beside(arm: Arm) -> bool:
    """Whether the arm's adapter may be one of another model, which is held beside the one that is decoded."""
    return METHODS[arm.method].elsewhere


def arm_title(arm: Arm) -> str:
    """`Aligned with the constitution, strength 0.5`: settings are told where they are not the defaults."""
    method = METHODS[arm.method]
    told = [f"{name} {value:g}" for setting, (name, value) in zip(method.settings, arm.settings, strict=True) if value != setting.default]
    return ", ".join([method.title, *told])


def inner_title(arm: Arm) -> str:
    """An arm's title within a sentence: `base with the constitution`, `MIPO with the constitution`."""
    return _inner(arm_title(arm))


def trained_name(arm: Arm) -> str:
    """What a sentence calls the model that an arm's artifact makes: `aligned`, as in `the aligned model`."""
    recipe = METHODS[arm.method].recipe
    return _inner(RECIPES[recipe].outcome) if recipe is not None else "trained"


def _inner(title: str) -> str:
    """A name in capitals keeps them."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def trained_to_contrast(arm: Arm) -> bool:
    """Whether being told apart from other constitutions may be read as what was done about an arm: no, where its recipe trains something else."""
    recipe = METHODS[arm.method].recipe
    return recipe is None or RECIPES[recipe].contrasts


def at_control(arm: Arm) -> bool:
    """Whether the arm's settings make it its control exactly. An arm without settings is its own control."""
    settings = METHODS[arm.method].settings
    return bool(settings) and all(value == setting.control for setting, (_, value) in zip(settings, arm.settings, strict=True))


def same_lane(one: Arm, other: Arm) -> bool:
    """Whether one batch can decode both: the same weights, decoded in the same way, whatever stands in the prompts."""
    return _lane(one) == _lane(other)


def _lane(arm: Arm) -> tuple[object, ...]:
    method = METHODS[arm.method]
    if at_control(arm) and method.control is not None:
        return METHODS[method.control].opens, None, ()
    return method.opens, arm.artifact.sha256 if arm.artifact is not None else None, arm.settings


def arm_to_data(arm: Arm) -> dict[str, Any]:
    """Plain JSON data."""
    return {**asdict(arm), "settings": dict(arm.settings)}


def arm_from_data(data: Mapping[str, Any]) -> Arm:
    """The inverse of `arm_to_data`.

    Raises:
        ConfigError: As `make_arm`.
    """
    try:
        artifact = Artifact(**data["artifact"]) if data.get("artifact") else None
        return make_arm(str(data.get("method")), artifact=artifact, settings=data.get("settings") or {})
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"This is no arm: {error}.") from error
