"""The training methods there are, as one table. A new one is a module, a line here and a test. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.methods.consistency.settings import ActSettings, BctSettings
from core.methods.curves import CurveInfo, loss_curve
from core.methods.mipo.settings import MipoSettings
from core.methods.recipe_settings import RecipeSettings
from core.methods.sami.settings import SamiSettings
from core.methods.steering.settings import SteeringSettings


@dataclass(frozen=True, kw_only=True)
class RecipeInfo:
    """What is known of a training method without loading it."""

    key: str
    title: str
    outcome: str  # what it makes of the base, as its two arms are called: `Aligned with the constitution`
    settings: type[RecipeSettings]  # those that it alone has, and what they cost
    module: str  # holds its RECIPE (core.methods.recipe); loads torch
    loss: CurveInfo | None  # None: it is made without a gradient, so it has no loss either
    curves: tuple[CurveInfo, ...] = ()  # what its steps tell besides what those of every recipe do
    labels: Mapping[str, str]  # of the own settings that the page offers, in words
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by preset, the settings that are not the preset's, its own among them
    artifact: str = "adapter"  # the kind of what it makes (core.methods.arms.ARTIFACTS), and the name of the folder in which a run leaves it
    contrasts: bool = True  # whether it trains constitutions to be told apart; else attribution and bound are only measured
    fixed: Mapping[str, Any] = field(default_factory=dict)  # settings of every recipe that mean nothing in this one, and the only value they have then
    note: str = ""  # what has to be known to read the result of a run; empty where the result says it all


# What was measured over seeds, in every preset of MIPO: they differ in how much is measured, and in probes (docs/decisions.md).
ONE_PASS_WITH_AN_ANCHOR = {
    **{"iterations": 1, "passes": 1, "train_queries": 48, "learning_rate": 6e-4, "warmup_steps": 4},
    **{"end_token": False, "max_kl_nats": 0.0, "likelihood_weight": 0.3},
}
IN_ONE_GO = {"iterations": 1, "end_token": False, "max_kl_nats": 0.0, "probe_every": 0}
VALIDATION_CURVES = (
    CurveInfo(
        key="validation_useful",
        title="Validation replies that follow and answer",
        unit="share",
        meaning="Of the replies to the validation queries, without the constitution, with each candidate in turn: layer by layer, multiplier by multiplier.",
        low=0.0,
    ),
    CurveInfo(
        key="validation_margin_nats",
        title="Validation margin",
        unit="nats",
        meaning="By how much likelier, a token, the base finds these replies under the statements than under the antitheses; 0 of one that is no answer.",
    ),
)
NO_CONTRAST = {"n_constitutions": 2, "contrast": "mixed", "candidates": 1, "only_answers": False, "variant": "real"}
OF_CONSISTENCY = (
    "This method trains that a wrapper before a query changes nothing. It does not train that replies follow more, nor that statement and "
    "antithesis are told apart better. The result is measured on queries without a wrapper, where the aim is that nothing is lost; what wrappers "
    "do, before and after, is measured by the probe of consistency."
)
WRAPPER_LABELS = {
    "wrappers": "Wrappers of train queries, by name, with commas between them",
    "own_wrapper": "Your own wrapper: text before a query that should change nothing",
}

RECIPES = {
    info.key: info
    for info in (
        RecipeInfo(
            key="sami",
            title="SAMI",
            outcome="Aligned",
            settings=SamiSettings,
            module="core.methods.sami.recipe",
            loss=loss_curve("Cross-entropy between constitutions and responses. Lower means they are matched better; it says nothing about behaviour."),
            labels={"kl_weight": "KL weight (0 = SAMI as published)", "likelihood_weight": "Likelihood weight (0 = as published)"},
        ),
        RecipeInfo(
            key="mipo",
            title="MIPO",
            outcome="MIPO",
            settings=MipoSettings,
            module="core.methods.mipo.recipe",
            loss=loss_curve("Of preferring, more than the base does, the response of the right constitution to another’s. It says nothing about behaviour."),
            curves=(
                CurveInfo(
                    key="margin_nats",
                    title="Margin",
                    unit="nats",
                    meaning="By how much more than the base the model prefers the response of the right constitution; mean over pairs.",
                ),
            ),
            labels={"beta": "β: how strongly preferences are held to the base’s", "likelihood_weight": "Likelihood weight (0 = as published)"},
            presets=dict.fromkeys(("quick", "standard", "thorough"), ONE_PASS_WITH_AN_ANCHOR),
        ),
        RecipeInfo(
            key="steering",
            title="Steering vector (CAA)",
            outcome="Steered",
            settings=SteeringSettings,
            module="core.methods.steering.recipe",
            loss=None,
            curves=VALIDATION_CURVES,
            labels={
                "validation_queries": "Train queries that layer and multiplier are chosen on",
                "layers_tried": "Layers tried",
                "multipliers_tried": "Multipliers tried, each twice the one before",
                "first_multiplier": "The smallest of them",
            },
            presets={name: {**IN_ONE_GO, **more} for name, more in (("quick", {}), ("standard", {}), ("thorough", {"train_queries": 96}))},
            artifact="vector",
        ),
        RecipeInfo(
            key="bct",
            title="BCT: consistent replies under wrappers",
            outcome="BCT",
            settings=BctSettings,
            module="core.methods.consistency.bct",
            loss=CurveInfo(
                key="loss_nats",
                title="Loss",
                unit="nats",
                meaning="Mean negative log-likelihood, a token, of the model’s own reply under the wrapped query. It does not go to 0: replies are drawn.",
                low=0.0,
            ),
            curves=(
                CurveInfo(
                    key="gap_nats",
                    title="Gap of the wrapper",
                    unit="nats",
                    meaning="By how much less likely, a token, the reply is under the wrapped query than under the query itself. 0: no effect.",
                    low=0.0,
                ),
            ),
            labels=WRAPPER_LABELS,
            presets={name: {"passes": 1, "learning_rate": 3e-4} for name in ("quick", "standard", "thorough")},
            contrasts=False,
            fixed=NO_CONTRAST,
            note=OF_CONSISTENCY,
        ),
        RecipeInfo(
            key="act",
            title="ACT: consistent activations under wrappers (experimental)",
            outcome="ACT (experimental)",
            settings=ActSettings,
            module="core.methods.consistency.act",
            loss=CurveInfo(
                key="loss",
                title="Loss",
                unit="share",
                meaning="Squared distance of activations under the wrapped query from the base’s under the query itself, each layer by its own size.",
                low=0.0,
            ),
            curves=(
                CurveInfo(
                    key="raw_loss",
                    title="Raw loss",
                    unit="squared units",
                    meaning="The same without scaling, as published: late layers decide it. It is not trained, only told.",
                    low=0.0,
                ),
            ),
            labels=WRAPPER_LABELS,
            presets={name: {"passes": 1, "learning_rate": 1e-4} for name in ("quick", "standard", "thorough")},
            contrasts=False,
            fixed={**NO_CONTRAST, "end_token": True, "max_kl_nats": 0.0, "distance_queries": 1},
            note=f"{OF_CONSISTENCY} ACT is experimental.",
        ),
    )
}
DEFAULT_RECIPE = "sami"  # of a run whose settings name none: there was no other
PROPOSED_RECIPE = "mipo"  # of a new run for which nobody chooses one; docs/decisions.md tells what it won against


def recipe_of(settings: RecipeSettings) -> RecipeInfo:
    """The recipe whose settings these are."""
    return next(info for info in RECIPES.values() if type(settings) is info.settings)
