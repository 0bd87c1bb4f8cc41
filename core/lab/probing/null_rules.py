"""The null model that needs no training: three decoding rules on the base, together and each alone, beside the adapter that is examined."""

from collections.abc import Mapping, Sequence

from core.lab.bench import Bench
from core.lab.form import form_table
from core.lab.prior import percent
from core.lab.reckoning import parted, rises
from core.lab.rows import Replies, rows_of
from core.lab.values import LabRow, ProbeResult, Upshot
from core.measure.values import MeasuredReply
from core.methods.arms import METHODS, Arm, make_arm

RULES = "rules"
WITHOUT = "rules-alone"  # with no constitution in the prompt


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    examined = bench.trained[0] if bench.trained is not None else None
    arms = [bench.control, make_arm(RULES), *each_alone(), *([examined] if examined is not None else []), make_arm(WITHOUT)]
    answers = {arm: bench.answers(arm) for arm in arms}
    rows = rows_of(bench.plan.constitution, answers, bench.control, bench.floor())
    trained = examined.key if examined is not None else None
    return ProbeResult(
        upshot=_upshot(rows, trained),
        said=" ".join(_says(rows, title, trained) for title in _titles(rows)),
        rows=rows,
        tables=(form_table(_asked(bench, answers)),),
        sentences=() if trained is not None else ("Nothing that was trained is examined, so that the rules are held against prompting alone.",),
    )


def each_alone() -> list[Arm]:
    """An arm for each rule, with the others at the value at which they do nothing."""
    settings = METHODS[RULES].settings
    return [make_arm(RULES, settings={each.name: each.default if each is kept else each.control for each in settings}) for kept in settings]


def _asked(bench: Bench, answers: Mapping[Arm, Sequence[MeasuredReply]]) -> dict[Arm, Sequence[Sequence[MeasuredReply]]]:
    return {arm: Replies(bench.plan.constitution, arm.in_prompt, replies).asked for arm, replies in answers.items()}


def _upshot(rows: Sequence[LabRow], trained: str | None) -> Upshot:
    """Against the prediction where rules that know no principle are shown to raise compliance, or the bound without it."""
    found = [_of(rows, title, key) for title in _titles(rows) for key in _ruled(rows)]
    if any(parted(row) or rises(row.compliance_change) for row in found):
        return Upshot.FAILED
    gained = [_of(rows, title, trained) for title in _titles(rows)] if trained is not None else []
    return Upshot.HELD if any(rises(row.compliance_change) for row in gained) else Upshot.OPEN


def _says(rows: Sequence[LabRow], title: str, trained: str | None) -> str:
    before, ruled = _of(rows, title, "prompt"), _of(rows, title, RULES)
    said = (
        f"“{title}”: the three rules take the bound from {percent(before.own.figure, before.cap_nats)} to {percent(ruled.own.figure, ruled.cap_nats)} of its "
        f"cap and compliance from {percent(before.compliance.figure)} to {percent(ruled.compliance.figure)}"
    )
    if trained is None:
        return f"{said}."
    own = _of(rows, title, trained)
    return f"{said}; the adapter has {percent(own.own.figure, own.cap_nats)} and {percent(own.compliance.figure)}."


def _titles(rows: Sequence[LabRow]) -> list[str]:
    return list(dict.fromkeys(row.principle for row in rows))


def _ruled(rows: Sequence[LabRow]) -> list[str]:
    return [key for key in dict.fromkeys(row.key for row in rows) if key.split(" ")[0] == RULES]


def _of(rows: Sequence[LabRow], title: str, key: str) -> LabRow:
    return next(row for row in rows if (row.principle, row.key) == (title, key))
