"""The adapter that is examined, and the checkpoints of the run that trained it: bound against compliance, in the end and on the way."""

import json
from collections.abc import Mapping
from typing import Any

from core.lab.bench import Bench, Examined
from core.lab.prior import percent
from core.lab.reckoning import is_hollow, parted, upshot_of
from core.lab.rows import CAP_NATS, floor_of, rows_of
from core.lab.values import LabRow, LabTable, Measured, ProbeResult, measured, unmeasured
from core.measure.statistics import Figure

BASE_STEP = "step 0"
NOT_PROBED = "a probe on the way measures it not"
ALL = "all principles together"


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    trained = bench.trained
    assert trained is not None and bench.examined is not None, "the table says that it needs an adapter"
    floor, constitution = bench.floor(), bench.plan.constitution
    answers = {arm: bench.answers(arm) for arm in (bench.control, *trained)}
    rows = rows_of(constitution, answers, bench.control, floor)
    titles = [principle.title for principle in constitution.principles]
    chance = floor_of(constitution.principles[0], floor) if len(titles) == 1 else unmeasured("several principles are probed as one")
    steps = checkpoint_rows(bench.examined, titles[0] if len(titles) == 1 else ALL, chance)
    tables = (_table(steps),) if steps else ()
    nothing = "" if steps else "No checkpoint of it was probed on the way, or its run's folder is not here."
    ended = [row for row in rows if row.key == trained[0].key]
    return ProbeResult(
        upshot=upshot_of((*ended, *steps)), said=" ".join(map(_says, ended)), rows=(*rows, *steps), tables=tables, sentences=(nothing,) if nothing else ()
    )


def _says(row: LabRow) -> str:
    odd = " The information is there and the behaviour is not." if is_hollow(row) or parted(row) else ""
    change = row.compliance_change.figure
    return (
        f"“{row.principle}”: {row.arm} has a bound of {percent(row.own.figure, row.cap_nats)} of its cap, by whole likelihoods "
        f"{percent(row.own_summed.figure, row.cap_nats)}; {percent(row.compliance.figure)} of its replies follow, over prompting {percent(change)}.{odd}"
    )


def checkpoint_rows(examined: Examined, principle: str, floor: Measured) -> tuple[LabRow, ...]:
    """What the run probed on the way, each held against its base. A few queries that are not the held-out ones; no interval was kept of them."""
    if examined.record is None:
        return ()
    queries = examined.record.get("queries", {})
    n = len(queries.get("probe") or ()) if isinstance(queries, Mapping) else 0
    probed = [row for row in examined.record.get("metrics", ()) if "probe_bound_nats" in row]
    base = _base_probe(examined)
    steps = [
        *([(BASE_STEP, "", base)] if base is not None else []),
        *((f"step {int(row['step'])}", BASE_STEP if base is not None else "", row) for row in probed),
    ]
    return tuple(_step_row(principle, key, against, values, (n, floor)) for key, against, values in steps) if probed else ()


def _base_probe(examined: Examined) -> Mapping[str, Any] | None:
    """The probe of the base that all others of the run are held against; None where its file is not here, or there are several."""
    files = sorted(examined.folder.glob("base-probe-*.json")) if examined.folder is not None else []
    if len(files) != 1:
        return None
    try:
        row = json.loads(files[0].read_text(encoding="utf-8"))
        return {f"probe_{name}": value for name, value in row.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return None


def _step_row(principle: str, key: str, against: str, values: Mapping[str, Any], known: tuple[int, Measured]) -> LabRow:
    n, floor = known

    def figure(name: str) -> Measured:
        value = values.get(f"probe_{name}")
        return measured(Figure(float(value), None, None, n) if value is not None else Figure(None, None, None, 0), NOT_PROBED)

    return LabRow(
        principle=principle,
        arm=f"Checkpoint, {key}",
        key=key,
        against=against,
        cap_nats=CAP_NATS,
        own=figure("bound_nats"),
        own_summed=unmeasured(NOT_PROBED),
        reader=unmeasured(NOT_PROBED),
        compliance=figure("compliance"),
        floor=floor,
        relevance=figure("relevance_nats"),
    )


def _table(steps: tuple[LabRow, ...]) -> LabTable:
    return LabTable(
        title="On the way",
        heads=("Checkpoint", "Bound, % of cap", "Compliance", "Relevance, nats"),
        rows=tuple((row.key, percent(row.own.figure, row.cap_nats), percent(row.compliance.figure), _nats(row.relevance)) for row in steps),
        note="On the run’s probe queries, which are neither trained on nor held out; they are few, and no intervals were kept.",
    )


def _nats(found: Measured) -> str:
    return f"{found.value:.2f}" if found.value is not None else "could not be measured"
