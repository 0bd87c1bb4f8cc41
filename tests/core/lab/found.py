"""Rows and records whose figures are known."""

from dataclasses import replace

from core.lab.values import LabRow, Measured, ProbeRecord, ProbeResult, Upshot, measured, unmeasured
from core.measure.statistics import Figure

CAP = 0.7


def figure(value, low=None, high=None, n=24):
    return Figure(value, value - 0.05 if low is None else low, value + 0.05 if high is None else high, n)


def known(value, low=None, high=None, by=""):
    return measured(figure(value, low, high), "", by)


def row(principle="Brief", key="prompt", bound=0.1, compliance=0.3, *, against="", floor=0.1, **fields):
    """The bound is a share of the cap, and the same by either score; the random band is the floor and 5 points to either side."""
    given = {"own": known(bound * CAP), "own_summed": known(bound * CAP), "reader": unmeasured("nobody read"), "relevance": known(1.0)}
    judged = known(compliance) if compliance is not None else unmeasured("nobody judges it")
    return LabRow(
        principle=principle, arm=key.capitalize(), key=key, against=against, cap_nats=CAP, compliance=judged, floor=known(floor), **{**given, **fields}
    )


def record(*rows, key="context", upshot=Upshot.OPEN, said="Said."):
    return ProbeRecord(key=key, result=ProbeResult(upshot=upshot, said=said, rows=rows))


def changed(bound, compliance, principle="Brief", key="alpha 1"):
    """A row with changes from the prompt of so many shares."""
    return row(principle, key, 0.1 + bound, 0.3 + compliance, against="prompt")


def with_changes(found: LabRow, bound: Measured, compliance: Measured) -> LabRow:
    return replace(found, own_change=bound, compliance_change=compliance)
