"""Context-aware decoding at several weights: bound, compliance, flips, and the pull of the base's habit."""

from core.lab.bench import Bench
from core.lab.prior import percent, pull_of, pull_table
from core.lab.reckoning import is_hollow, parted, upshot_of
from core.lab.rows import Replies, rows_of
from core.lab.values import LabRow, ProbeResult
from core.methods.arms import Arm, make_arm

ALPHAS = (0.25, 0.5, 1.0, 1.5)  # beside 0, which is the prompted base exactly


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    constitution, floor = bench.plan.constitution, bench.floor()
    arms = (bench.control, *(make_arm("context", settings={"alpha": alpha}) for alpha in ALPHAS))
    answers = {arm: bench.answers(arm) for arm in arms}
    rows = rows_of(constitution, answers, bench.control, floor)
    by_key: dict[str, Arm] = {arm.key: arm for arm in arms}
    pulls = []
    for row in rows:
        position = [principle.title for principle in constitution.principles].index(row.principle)
        pull = pull_of(Replies(constitution, True, answers[by_key[row.key]]), position, floor)
        if pull is not None:
            pulls.append((row, pull))
    tables = (pull_table("Weight of the constitution against the prior", pulls),) if pulls else ()
    return ProbeResult(upshot=upshot_of(rows), said=" ".join(_says(rows)), rows=rows, tables=tables)


def _says(rows: tuple[LabRow, ...]) -> list[str]:
    """A sentence for each principle, from no extra weight to the most."""
    said = []
    for title in dict.fromkeys(row.principle for row in rows):
        first, *_, last = [row for row in rows if row.principle == title]
        said.append(
            f"“{title}”: from weight 0 to {ALPHAS[-1]:g} the bound goes from {percent(first.own.figure, first.cap_nats)} to "
            f"{percent(last.own.figure, last.cap_nats)} of its cap, compliance from {percent(first.compliance.figure)} to {percent(last.compliance.figure)}."
        )
        said += [f"At {row.arm} the bound is up and compliance down or at chance." for row in rows if row.principle == title and row.against and _odd(row)]
    return said


def _odd(row: LabRow) -> bool:
    return is_hollow(row) or parted(row)
