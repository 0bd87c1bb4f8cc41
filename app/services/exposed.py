"""The settings that the Train page offers besides the preset."""

from dataclasses import dataclass, fields

from core.methods.recipes import PROPOSED_RECIPE, RECIPES
from core.methods.settings import PRESETS, flat_settings, preset
from core.methods.variants import REAL, VARIANTS


@dataclass(frozen=True)
class Exposed:
    """One setting."""

    name: str
    label: str
    kind: str  # int, float, bool, choice or text
    options: tuple[tuple[str, str], ...] = ()  # of a choice: value and words; the first is what holds where nobody chooses


def _own() -> tuple[Exposed, ...]:
    """The method, and what only some of them can be set to: each setting once, whoever else has it."""
    methods = tuple((key, RECIPES[key].title) for key in sorted(RECIPES, key=lambda key: key != PROPOSED_RECIPE))
    labels = {name: label for info in RECIPES.values() for name, label in info.labels.items()}
    kinds = {field.name: "text" if isinstance(field.default, str) else "float" for info in RECIPES.values() for field in fields(info.settings)}
    settings = (Exposed(name, label, kinds[name]) for name, label in labels.items())
    return (Exposed("method", "Method of training", "choice", methods), *settings)


RECOMPUTE = (("", "where they would not fit the memory"), ("on", "always"), ("off", "never"))
TRACE = (
    ("", "as the preset has it: what verdicts rest on with quick, all with the others"),
    ("own", "what verdicts rest on: statements, antitheses, and each principle’s own"),
    ("all", "all constitutions that are asked, which takes longer"),
)
TRAINED_AS = tuple(("" if key == REAL else key, "the text" if key == REAL else f"a control: {variant.title.lower()}") for key, variant in VARIANTS.items())
STEP_BY_REPLIES = "most replies that follow, by the checks, and answer"
EXPOSED = (
    *_own(),
    Exposed("variant", "What is trained: the text, or a control of it", "choice", TRAINED_AS),
    Exposed("iterations", "Iterations, each from the base on replies of the one before", "int"),
    Exposed("passes", "Passes over the train queries", "int"),
    Exposed("train_queries", "Train queries (of the first iteration)", "int"),
    Exposed("held_out_queries", "Held-out queries measured", "int"),
    Exposed("trace", "What replies are traced among, of several principles", "choice", TRACE),
    Exposed("learning_rate", "Learning rate", "float"),
    Exposed("max_kl_nats", "Distance from the base at which training ends, nats (0 = never)", "float"),
    Exposed("probe_every", "Steps between probes: replies to queries not trained on (0 = never)", "int"),
    Exposed("probe_queries", "Queries of a probe", "int"),
    Exposed("step_by", "Step that is kept where there are probes", "choice", (("", "the highest bound, after an early end"), ("replies", STEP_BY_REPLIES))),
    Exposed("patience", "Probes without a higher bound after which training ends (0 = never)", "int"),
    Exposed("only_answers", "Train on responses alone that the base traces to their own query", "bool"),
    Exposed("max_repetition_rise", "Rise of repetition over the base’s at which training ends, as a share (0 = never)", "float"),
    Exposed("n_constitutions", "Constitutions a contrast", "int"),
    Exposed("lora_rank", "LoRA rank", "int"),
    Exposed("sampling.max_new_tokens", "Longest reply, in tokens", "int"),
    Exposed("sampling.temperature", "Sampling temperature", "float"),
    Exposed("four_bit", "Base in 4 bits, which needs bitsandbytes", "bool"),
    Exposed("activation_checkpointing", "Compute activations again in the backward pass", "choice", RECOMPUTE),
    Exposed("train_anyway", "Train even where the base shows no link", "bool"),
)
WORDS = frozenset(setting.name for setting in EXPOSED if setting.kind in ("bool", "choice", "text"))  # not numbers: the setting itself checks them


def preset_values(name: str) -> dict[str, dict[str, object]]:
    """The exposed settings as a preset has them, by method. A setting that a method has not got is not there."""
    found = {}
    for method in RECIPES:
        values = flat_settings(preset(name, method=method))
        found[method] = {setting.name: values[setting.name] for setting in EXPOSED if setting.name in values}
    return found


def preset_of(name: str) -> str:
    """The name of a preset, or of the first where another version of the studio had one of this name."""
    return name if name in PRESETS else next(iter(PRESETS))
