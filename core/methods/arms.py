"""The ways to make a model follow a constitution, and the arms that panes, rows and votes stand for. Imports no torch.

A method is a line in `METHODS`, or with its two arms one of `RECIPES` where it trains; an arm is a method with its settings and its
artifact. Nobody reads what an arm is from its key: whether the constitution stands in its prompt, and what it needs, are fields.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import ConfigError
from core.methods.recipes import RECIPES, RecipeInfo

CONSTITUTION_NEEDED, ADAPTER_NEEDED = "constitution", "adapter"
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
    needs: tuple[str, ...] = ()  # of CONSTITUTION_NEEDED and ADAPTER_NEEDED
    settings: tuple[Setting, ...] = ()
    control: str | None = None  # key of the method that it is exactly, at the control values of its settings
    recipe: str | None = None  # key of the training recipe whose adapter it wears
    beside: bool = False  # whether its adapter may be one of another model, which is then held beside the one that is decoded
    opens: str = "core.engine.policies:open_adapted"  # module:function that makes a policy of a model and an arm


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """What a run left that an arm needs."""

    kind: str  # adapter
    place: str  # where it lies
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What one pane, row or vote stands for."""

    key: str  # unique within a comparison and within a report
    method: str  # a key of METHODS
    in_prompt: bool
    artifact: Artifact | None = None  # None where the method needs none, and for an adapter that is being trained
    settings: tuple[tuple[str, float], ...] = ()  # all of the method's, by name


STRENGTH = Setting(name="strength", title="Strength of the adapter", low=0.0, high=3.0, default=1.0, control=0.0)
_DELTA = Setting(name="alpha", title="Weight of what training changed in the adapter's own model", low=0.0, high=2.0, default=1.0, control=0.0)
_CONTRAST = Setting(name="alpha", title="Weight of the constitution against the prior", low=0.0, high=1.5, default=0.5, control=0.0)


def _trained(recipe: RecipeInfo) -> tuple[Method, Method]:
    """The two arms of a recipe's adapter: with the constitution in the prompt, and without it."""
    needs = (ADAPTER_NEEDED,)
    return (
        Method(
            key=recipe.key,
            title=f"{recipe.outcome} with the constitution",
            in_prompt=True,
            needs=(CONSTITUTION_NEEDED, *needs),
            settings=(STRENGTH,),
            control=CONTROL,
            recipe=recipe.key,
        ),
        Method(
            key=f"{recipe.key}-alone",
            title=f"{recipe.outcome} without the constitution",
            in_prompt=False,
            needs=needs,
            settings=(STRENGTH,),
            control=BASE,
            recipe=recipe.key,
        ),
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
    beside=True,
    opens="core.methods.proxy.policy:open_proxy",
)
METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method(key=BASE, title="Base without the constitution", in_prompt=False, opens="core.engine.policies:open_base"),
        Method(key=CONTROL, title="Base with the constitution", in_prompt=True, needs=(CONSTITUTION_NEEDED,), opens="core.engine.policies:open_base"),
        *(trained for recipe in RECIPES.values() for trained in _trained(recipe)),
        _CONTEXT,
        _PROXY,
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
    """The arms that stand side by side when nobody chooses: the base without and with the text, and what was trained, with and without it."""
    trained = [method.key for method in METHODS.values() if recipe is not None and method.recipe == recipe]
    return (*(make_arm(method) for method in (BASE, CONTROL)), *(make_arm(method, artifact=artifact) for method in trained))


def needs_adapter(arm: Arm) -> bool:
    """Whether the arm wears an adapter."""
    return ADAPTER_NEEDED in METHODS[arm.method].needs


def is_beside(arm: Arm) -> bool:
    """Whether the arm's adapter may be one of another model, which is held beside the one that is decoded."""
    return METHODS[arm.method].beside


def arm_title(arm: Arm) -> str:
    """`Aligned with the constitution, strength 0.5`: settings are told where they are not the defaults."""
    method = METHODS[arm.method]
    told = [f"{name} {value:g}" for setting, (name, value) in zip(method.settings, arm.settings, strict=True) if value != setting.default]
    return ", ".join([method.title, *told])


def inner_title(arm: Arm) -> str:
    """An arm's title within a sentence: `base with the constitution`, `MIPO with the constitution`."""
    return _inner(arm_title(arm))


def trained_name(arm: Arm) -> str:
    """What a sentence calls the model that an arm's adapter makes: `aligned`, as in `the aligned model`."""
    recipe = METHODS[arm.method].recipe
    return _inner(RECIPES[recipe].outcome) if recipe is not None else "trained"


def _inner(title: str) -> str:
    """A name in capitals keeps them."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


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
