"""How a run learns: its curves as charts, and where an iteration ended early. Pure functions over what the services return."""

import itertools
import math
from collections.abc import Sequence

from app.present.charts import SMOOTH_FROM, Chart, Mark, chart_svg, smoothing_window
from app.present.text import escape
from app.services.run_views import RunView
from core.measure.values import AMONG
from core.methods.curves import CurveInfo
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig
from core.progress import is_training

MEANINGS = {
    "attribution": "Share of responses that the model traces to the constitution they were written under.",
    "kl": "KL(base || adapted) over response tokens, in nats a token. Training ends with the step that finds it above the limit.",
    "probe": "Squares, dashed: on probe queries, from the train split but not trained on, from means over tokens; cap log 2.",
    "pair": "Statement against antithesis, on the probe queries, from means over tokens. It is not trained; a fall is a loss.",
    "sums": "Here from summed log-probabilities, not from their means over tokens.",
    "compliance": "Share of the replies to the probe queries under the statements that their checks find to follow. Nothing of it is trained on.",
    "useful": "Share of these replies that follow, by their checks, and whose own query is the likeliest of the probe queries. Nothing of it is trained on.",
    "chooses": "The adapter is that of the step where this was highest first.",
    "relevance": "How surely the base traces these replies to their own query among the probe queries. A fall means that they answer less.",
    "bound": "Column term on the training queries of each step: a curve to watch. The claim is made on held-out queries, below.",
}

CAP_OF_A_PAIR = Mark(math.log(2), f"cap log 2 = {math.log(2):.3f}")


def charts_html(view: RunView) -> str:
    """Loss, and where constitutions are contrasted attribution and the bound, over the steps of training."""
    made = max((p.step for points in view.metrics.values() for p in points), default=0)
    steps = max(0, made - view.step) + view.total_steps if is_training(view.line.phase) else made
    config = view.config or TrainConfig()
    info = RECIPES[config.method]
    charts = (
        *((_told_chart(view, info.loss, steps),) if info.loss is not None else ()),
        *((_attribution_chart(view, config, steps), _bound_chart(view, config, steps)) if info.loss is not None and info.contrasts else ()),
        *(_told_chart(view, curve, steps) for curve in _own_curves(view) if curve.key in view.metrics),
        *_distance_chart(view, steps),
        *_probe_charts(view, steps),
    )
    points = max((len(p) for p in view.metrics.values()), default=0)
    smooth = (
        f'<p class="cs-quiet">Lines are means of the last {smoothing_window(points)} steps; single steps are drawn faintly.</p>'
        if points >= SMOOTH_FROM
        else ""
    )
    return f'<div class="cs-charts">{"".join(charts)}</div>{_endings(view)}{smooth}'


def _endings(view: RunView) -> str:
    """Each early end as a sentence, or what was made without a gradient, once the run's row has them; until then the run says them itself."""
    endings = [*view.result.endings, *([view.result.made] if view.result.made else [])] if view.result is not None else ()
    return "".join(f'<p class="cs-quiet">{escape(ending["says"])}</p>' for ending in endings)


def _attribution_chart(view: RunView, config: TrainConfig, steps: int) -> str:
    chance = 1 / config.n_constitutions
    marks = (Mark(chance, f"chance = {chance:.2f}", at="right", below=True),)
    meaning = _told("attribution", config)
    return _chart(view, "attribution", title="Attribution accuracy", unit="share", marks=marks, low=0.0, high=1.0, last_step=steps, meaning=meaning)


def _bound_chart(view: RunView, config: TrainConfig, steps: int) -> str:
    """The bound on the training queries of each step and, where there are probes, on theirs."""
    n, told = config.n_constitutions, _told("bound", config)
    cap = math.log(n)
    probed = [(point.step, point.value) for point in view.metrics.get("probe_bound_nats", ())]
    return _chart(
        view,
        "mi_bound_nats",
        title="MI bound",
        unit="nats",
        marks=(Mark(cap, f"cap log {n} = {cap:.3f}"),),
        beside=probed,
        beside_label="probe queries",
        low=0.0,
        last_step=steps,
        digits=3,
        meaning=f"{told} {MEANINGS['probe']}" if probed else told,
    )


def _told(what: str, config: TrainConfig) -> str:
    """What a curve means; what comes of sums is not read as the table's line of means."""
    return f"{MEANINGS[what]} {MEANINGS['sums']}" if config.recipe.sums else MEANINGS[what]


def _own_curves(view: RunView) -> list[CurveInfo]:
    """What its recipe tells besides what all do; of any recipe where the run's settings cannot be read."""
    recipes = [RECIPES[view.config.method]] if view.config is not None else RECIPES.values()
    return [curve for recipe in recipes for curve in recipe.curves]


def _told_chart(view: RunView, curve: CurveInfo, steps: int) -> str:
    """A curve as the table of recipes tells it."""
    config = view.config or TrainConfig()
    marks = [Mark(line.value, line.label, at="right") for line in curve.references(config.recipe, config.n_constitutions)]
    return _chart(view, curve.key, title=curve.title, unit=curve.unit, marks=marks, low=curve.low, last_step=steps, digits=3, meaning=curve.meaning)


def _distance_chart(view: RunView, steps: int) -> Sequence[str]:
    """How far the policy has gone from its base; absent where nothing measures it."""
    if "kl_base_policy_nats" not in view.metrics and not (view.config and view.config.max_kl_nats):
        return ()
    limit = view.config.max_kl_nats if view.config else 0.0
    marks = (Mark(limit, f"limit {limit:g}: training ends"),) if limit else ()
    return (
        _chart(
            view, "kl_base_policy_nats", title="Distance from the base", unit="nats", marks=marks, low=0.0, last_step=steps, digits=3, meaning=MEANINGS["kl"]
        ),
    )


def _probe_charts(view: RunView, steps: int) -> Sequence[str]:
    """Whether what is better attributed is also better behaviour, and still an answer; absent where nothing was probed."""
    charts = []
    if "probe_bound_nats" in view.metrics and view.config is not None and not RECIPES[view.config.method].contrasts:
        charts.append(
            _chart(
                view, "probe_bound_nats", title="Probe bound", unit="nats", marks=(CAP_OF_A_PAIR,), low=0.0, last_step=steps, digits=3, meaning=MEANINGS["pair"]
            )
        )
    if "probe_compliance" in view.metrics:
        charts.append(
            _chart(view, "probe_compliance", title="Probe compliance", unit="share", low=0.0, high=1.0, last_step=steps, meaning=MEANINGS["compliance"])
        )
    if "probe_useful" in view.metrics:
        chosen = f" {MEANINGS['chooses']}" if view.config is not None and view.config.step_by == "replies" else ""
        title, meaning = "Probe replies that follow and answer", MEANINGS["useful"] + chosen
        charts.append(_chart(view, "probe_useful", title=title, unit="share", low=0.0, high=1.0, last_step=steps, meaning=meaning))
    if "probe_relevance_nats" in view.metrics:
        cap = math.log(min(AMONG, (view.config or TrainConfig()).probe_queries))
        marks = (Mark(cap, f"cap {cap:.3f}"),)
        charts.append(
            _chart(
                view,
                "probe_relevance_nats",
                title="Probe relevance",
                unit="nats",
                marks=marks,
                low=0.0,
                last_step=steps,
                digits=3,
                meaning=MEANINGS["relevance"],
            )
        )
    return charts


def _chart(view: RunView, name: str, **settings: object) -> str:
    points = [(point.step, point.value) for point in view.metrics.get(name, ())]
    iterations = [(point.step, point.value) for point in view.metrics.get("iteration", ())]
    starts = [step for (_, before), (step, now) in itertools.pairwise(iterations) if now != before]
    return chart_svg(Chart(id=f"chart-{name.replace('_', '-')}", points=points, starts=starts, **settings))  # type: ignore[arg-type]
