"""What the laboratory finds: figures by principle and arm, what each probe came to, and what there is of all of them. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.measure.readers import ReaderFigures
from core.measure.statistics import UNMEASURED, Figure


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A figure, or why there is none."""

    figure: Figure
    why: str = ""  # why it could not be measured, in words; empty where it was
    by: str = ""  # who read or judged, where that is not plain from the column

    @property
    def value(self) -> float | None:
        """None: could not be measured."""
        return self.figure.value


def measured(figure: Figure, otherwise: str, by: str = "") -> Measured:
    """A figure; `otherwise` is the reason that is told where it has no value."""
    return Measured(figure=figure, why=otherwise if figure.value is None else "", by=by)


def unmeasured(why: str) -> Measured:
    """No figure, and why."""
    return Measured(figure=UNMEASURED, why=why)


def of_cap(found: Measured, cap_nats: float) -> Measured:
    """A bound in nats as a share of the most that it can be."""

    def part(nats: float | None) -> float | None:
        return None if nats is None else nats / cap_nats

    figure = found.figure
    return Measured(figure=Figure(part(figure.value), part(figure.low), part(figure.high), figure.n), why=found.why, by=found.by)


NOT_COMPARED = unmeasured("it was not compared query by query")


@dataclass(frozen=True, kw_only=True)
class LabRow:
    """One principle under one arm, checkpoint or manipulation: the four things that are held side by side."""

    principle: str  # its title
    arm: str  # what it is, for people: `Context-aware decoding, alpha 1`
    key: str  # with the principle known by it among all probes: two rows of one key are the same thing measured
    against: str = ""  # key of the row of the same principle that its changes are taken from; empty: it is such a row itself, or makes no cell
    cap_nats: float  # the most that the bounds can be
    own: Measured  # MI bound in nats, read by what wrote the replies (mean token log-probabilities: the studio's figure everywhere)
    own_summed: Measured  # the same by whole likelihoods, which tell long replies apart more surely
    reader: Measured  # MI bound in nats, read by somebody else, who is named in `by`
    compliance: Measured  # share of replies under the statements that follow
    floor: Measured  # share that follow where no constitution is in the prompt and nothing is trained: what compliance is by chance
    relevance: Measured  # nats, log m - CE(query | reply)
    own_change: Measured = NOT_COMPARED  # of `own`, query by query, from the row that is named in `against`; nats
    compliance_change: Measured = NOT_COMPARED  # of `compliance`, the same; difference of shares


@dataclass(frozen=True, kw_only=True)
class LabTable:
    """A small table of a probe's own. Cells are texts, ready to be read; the first column names the row."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""  # what has to be known to read it


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one reader makes of one principle's two sides, under one arm."""

    principle: str  # its title
    arm: str  # for people
    reader: str  # its name
    figures: ReaderFigures


class Upshot(StrEnum):
    """What became of a prediction."""

    HELD = "as predicted"
    FAILED = "against the prediction"
    OPEN = "not shown either way"


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """What one probe found."""

    upshot: Upshot
    said: str  # in a sentence, with the figures that it rests on
    rows: tuple[LabRow, ...] = ()
    tables: tuple[LabTable, ...] = ()
    sentences: tuple[str, ...] = ()  # further ones
    lines: tuple[Line, ...] = ()  # of the probe that asks readers


@dataclass(frozen=True, kw_only=True)
class ProbeRecord:
    """What is kept of a probe."""

    key: str
    result: ProbeResult | None  # None: could not be measured
    why: str = ""  # the reason then
    readers: tuple[str, ...] = ()  # from outside, whom it asked; with others it is measured anew
    duration_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What a change of weights, decoding or prompt did to one principle: the points that the verdict rests on."""

    principle: str
    probe: str  # key
    arm: str  # for people
    row: LabRow
    before: LabRow

    @property
    def bound_change(self) -> float | None:
        """As a share of the cap: on the same queries where that is known."""
        nats = _first(self.row.own_change.value, _change(self.row.own.value, self.before.own.value))
        return None if nats is None else nats / self.row.cap_nats

    @property
    def compliance_change(self) -> float | None:
        """Difference of shares: on the same queries where that is known."""
        return _first(self.row.compliance_change.value, _change(self.row.compliance.value, self.before.compliance.value))


def _change(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _first(known: float | None, otherwise: float | None) -> float | None:
    return known if known is not None else otherwise


def cells_of(records: Sequence[ProbeRecord]) -> list[Cell]:
    """All rows that are held against another one, of all probes. What two probes measured alike is one cell."""
    cells: dict[tuple[str, str, str], Cell] = {}
    for record in records:
        rows = record.result.rows if record.result is not None else ()
        by_key = {(row.principle, row.key): row for row in rows}
        for row in rows:
            before = by_key.get((row.principle, row.against)) if row.against else None
            if before is not None:
                cells.setdefault((row.principle, row.key, row.against), Cell(principle=row.principle, probe=record.key, arm=row.arm, row=row, before=before))
    return list(cells.values())
