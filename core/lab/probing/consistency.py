"""What wrappers of a query do to bound and compliance, before and after the adapter that is examined; what it costs; sycophancy beside it, always."""

import dataclasses
from functools import partial
from typing import Any

from core.constitution.wrappers import PLAIN, WRAPPERS, Wrapper, chosen_wrappers, measured_with, wrap
from core.engine.checkpoints import remember
from core.engine.policies import open_policy
from core.lab.bench import Bench
from core.lab.rows import rows_of
from core.lab.values import LabRow, LabTable, ProbeResult, Upshot
from core.measure.ask import Measuring
from core.measure.cues import CueReplies, Heeding, heeding
from core.measure.statistics import Figure
from core.measure.sycophancy import GUESSING, FactReplies, Sycophancy, sycophancy
from core.measure.wrapped import Answers, BeforeAfter, Consistency, PrincipleUnderWrappers, consistency
from core.measure.wrapped_replies import Asking, ask_cues, ask_facts
from core.methods.arms import Arm
from core.methods.consistency.settings import ConsistencySettings


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`. Without an adapter the base is held against itself: what wrappers take is found, and nothing can be repaired."""
    trained = bench.trained[0] if bench.trained is not None else bench.control
    wrappers, seed = _wrappers(bench), bench.plan.config.seed
    answers, rows = {}, []
    for wrapper in (PLAIN, *wrappers):
        queries = [wrap(measured_with(wrapper, query, seed), query) for query in bench.plan.held_out]
        of_arm = {arm: bench.answers(arm, queries=queries) for arm in dict.fromkeys((bench.control, trained))}
        answers[wrapper.key] = Answers(before=of_arm[bench.control], after=of_arm[trained])
        rows += [_named(row, wrapper) for row in rows_of(bench.plan.constitution, of_arm, bench.control, bench.floor())]
    found = consistency(bench.plan.constitution, wrappers, answers)
    asked = {arm: _asked(bench, arm) for arm in dict.fromkeys((bench.control, trained))}
    heeded = heeding(asked[bench.control][0], asked[trained][0])
    agreed = sycophancy(asked[bench.control][1], asked[trained][1])
    sentences = [each.sentence for principle in found.principles for each in principle.wrapped]
    return ProbeResult(
        upshot=_upshot(found),
        said=_said(found),
        rows=tuple(rows),
        tables=(*map(_table, found.principles), _costs(found, heeded, agreed)),
        sentences=(*sentences, agreed.sentence),
    )


def _wrappers(bench: Bench) -> tuple[Wrapper, ...]:
    """All kinds, and the author's own where the run was trained against one."""
    settings = bench.plan.config.recipe
    own = settings.own_wrapper if isinstance(settings, ConsistencySettings) else ""
    return chosen_wrappers(", ".join(WRAPPERS), own)


def _asked(bench: Bench, arm: Arm) -> tuple[CueReplies, FactReplies]:
    how = Measuring(sampling=bench.plan.config.sampling, seed=bench.plan.config.seed)
    asking = Asking(policy=open_policy(bench.model, arm), constitution=bench.plan.constitution, how=how)
    data: dict[str, Any] = remember(bench.own / f"beside-{arm.method}.json", partial(_beside, asking))
    return CueReplies(**data["cues"]), FactReplies(**data["facts"])


def _beside(asking: Asking) -> dict[str, Any]:
    return {"cues": dataclasses.asdict(ask_cues(asking)), "facts": dataclasses.asdict(ask_facts(asking))}


def _named(row: LabRow, wrapper: Wrapper) -> LabRow:
    """Unique within the probe; a wrapper's rows are held against the same wrapper's."""
    if wrapper.key == PLAIN.key:
        return row
    against = f"{row.against}, {wrapper.key}" if row.against else ""
    return dataclasses.replace(row, key=f"{row.key}, {wrapper.key}", against=against, arm=f"{row.arm}, {wrapper.title.lower()}")


def _upshot(found: Consistency) -> Upshot:
    """Against the prediction where a wrapper is shown to take behaviour; as predicted is never claimed of what is merely not shown."""
    wrapped = [each for principle in found.principles for each in principle.wrapped]
    return Upshot.FAILED if any(each.taken_after for each in wrapped) else Upshot.OPEN


def _said(found: Consistency) -> str:
    wrapped = [each for principle in found.principles for each in principle.wrapped]
    taken, left, repaired = (sum(getattr(each, name) for each in wrapped) for name in ("taken_before", "taken_after", "repaired"))
    lost = sum(each.lost for each in wrapped)
    return (
        f"Of {len(wrapped)} pairs of a principle and a wrapper, compliance is shown to fall under the wrapper in {taken} before training and in {left} after "
        f"it; in {repaired} training gives some of it back, and in {lost} it takes more. Corrected over {found.family} comparisons for each question (Holm)."
    )


def _table(principle: PrincipleUnderWrappers) -> LabTable:
    heads = ("Wrapper", "Bound before, nats", "after", "Compliance before", "after", "Change of compliance by the wrapper before", "after")
    rows = tuple(
        (
            each.title,
            *(_number(end) for end in _ends(each.bound_nats)),
            *(_percent(end) for end in _ends(each.compliance)),
            *(_points(end) for end in _ends(each.shift)),
        )
        for each in (principle.plain, *principle.wrapped)
    )
    return LabTable(
        title=f"{principle.principle}: under wrappers",
        heads=heads,
        rows=rows,
        note="Bounds by the policy itself, cap log 2 = 0.693. Intervals hold by themselves.",
    )


def _costs(found: Consistency, heeded: Heeding, agreed: Sycophancy) -> LabTable:
    shares = {
        "Refusals on queries without a wrapper": found.refusals,
        "Cues that should be heeded, heeded": heeded.heeded,
        "The same words without the cue": heeded.by_chance,
        "Agrees with a stated wrong opinion": agreed.agrees,
        "Gives the wrong answer without one": agreed.agrees_untold,
        "Prefers the wrong answer after an opinion": agreed.prefers,
        f"Prefers it without one (guessing: {GUESSING:.0%})": agreed.prefers_untold,
    }
    rows: list[tuple[str, ...]] = [(name, _percent(each.before), _percent(each.after), _points(each.change)) for name, each in shares.items()]
    rows.append(("Pull of an opinion towards the wrong answer, nats", *(_number(end) for end in _ends(agreed.pull_nats)), _number(agreed.pull_nats.change)))
    return LabTable(title="What it costs, and sycophancy", heads=("", "Before", "After", "Change"), rows=tuple(rows), note=agreed.sentence)


def _ends(found: BeforeAfter) -> tuple[Figure, Figure]:
    return found.before, found.after


def _percent(figure: Figure) -> str:
    return _told(figure, 100, ".0f", " %")


def _points(figure: Figure) -> str:
    return _told(figure, 100, "+.0f", " points")


def _number(figure: Figure) -> str:
    return _told(figure, 1, ".3f", "")


def _told(figure: Figure, times: float, form: str, unit: str) -> str:
    if figure.value is None:
        return "could not be measured"
    interval = f" ({format(times * figure.low, form)} to {format(times * figure.high, form)})" if figure.low is not None and figure.high is not None else ""
    return f"{format(times * figure.value, form)}{unit}{interval}".replace("-", "−")
