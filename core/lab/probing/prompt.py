"""The base with the constitution in its prompt, held against the base without it."""

from core.lab.bench import Bench
from core.lab.prior import percent
from core.lab.reckoning import ABOVE, bound_share, compliance_stands, is_hollow
from core.lab.rows import rows_of
from core.lab.values import LabRow, ProbeResult, Upshot


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    floor = bench.floor()
    rows = rows_of(bench.plan.constitution, {bench.control: bench.answers(bench.control)}, None, floor)
    hollow = [row for row in rows if is_hollow(row)]
    followed = [row for row in rows if compliance_stands(row) == ABOVE]
    upshot = Upshot.FAILED if hollow else Upshot.HELD if followed else Upshot.OPEN
    return ProbeResult(upshot=upshot, said=" ".join(map(_says, rows)), rows=rows)


def _says(row: LabRow) -> str:
    share = bound_share(row)
    told = f"a bound of {100 * share:.0f} % of its cap" if share is not None else "a bound that could not be measured"
    followed = (
        f"{percent(row.compliance.figure)} of the replies follow" if row.compliance.value is not None else f"compliance is not known ({row.compliance.why})"
    )
    return f"“{row.principle}” in the prompt has {told}; {followed}, without it {percent(row.floor.figure)}."
