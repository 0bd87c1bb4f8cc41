"""Content or format: adapters trained on controls of the text, each beside the one that was trained on the text itself (Kung & Peng 2023)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.constitution.principles import Constitution, content_hash
from core.lab.bench import Bench
from core.lab.prior import percent, points
from core.lab.reckoning import rises
from core.lab.rows import rows_of
from core.lab.values import LabRow, LabTable, ProbeResult, Upshot
from core.lab.variants import Trained, trained_variants
from core.methods.variants import REAL, VARIANTS

CONTROLS = tuple(key for key in VARIANTS if key != REAL)
HERE = "The text itself was trained here too, with the same settings: no adapter of a run on it was examined."


@dataclass(frozen=True)
class Line:
    """One principle under one variant."""

    variant: str
    own_text: LabRow  # under the text that it was trained on
    real_text: LabRow  # under the author's; the same row where that is what it was trained on


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    examined = _examined(bench)
    own, trained = trained_variants(bench, CONTROLS if examined is not None else (REAL, *CONTROLS))
    asked = [*([(bench, examined)] if examined is not None else []), *((own, each) for each in trained)]
    rows, lines = list(_control_rows(bench, bench.plan.constitution, "")), list[Line]()
    for number, (where, each) in enumerate(asked):
        bench.tick(number, len(asked), f"{each.variant} answers")
        found, more = _of_variant(where, each, is_examined=each is examined)
        rows += found
        lines += more
    return ProbeResult(
        upshot=upshot_of_lines(lines),
        said=" ".join(_says(lines, principle.title) for principle in bench.plan.constitution.principles),
        rows=tuple(rows),
        tables=(_table(lines),),
        sentences=(HERE,) if examined is None else (),
    )


def _examined(bench: Bench) -> Trained | None:
    """What is examined, where it is of a run on this very text, with the settings that the controls are trained with."""
    record = bench.examined.record if bench.examined is not None else None
    if record is None or bench.trained is None or bench.plan.config.variant != REAL:
        return None
    return Trained(REAL, bench.trained[0]) if record.get("constitution_sha256") == content_hash(bench.plan.constitution) else None


def _of_variant(bench: Bench, trained: Trained, *, is_examined: bool) -> tuple[list[LabRow], list[Line]]:
    """The rows of an adapter under the author's text and, where that is another, under the one that it was trained on."""
    constitution, variant = bench.plan.constitution, VARIANTS[trained.variant]
    name = "" if is_examined else f", {variant.key}"
    real = [replace(row, key=f"{row.key}{name}", arm=_named(row, variant.title)) for row in _rows(bench, constitution, trained)]
    text = variant.text(constitution)
    if text == constitution:
        return real, [Line(variant.key, row, row) for row in real]
    before = _control_rows(bench, text, f", {variant.key}")
    own = [
        replace(row, key=f"{row.key}{name}, its own text", against=f"{row.against}{name}", arm=f"{_named(row, variant.title)}, under that text")
        for row in _rows(bench, text, trained)
    ]
    return [*real, *before, *own], [Line(variant.key, *each) for each in zip(own, real, strict=True)]


def _rows(bench: Bench, text: Constitution, trained: Trained) -> list[LabRow]:
    """Of the adapter, held against the base under the same text. Titles and checks of a control are those of the text."""
    answers = {arm: bench.answers(arm, text) for arm in (bench.control, trained.arm)}
    return [row for row in rows_of(text, answers, bench.control, bench.floor()) if row.against]


def _control_rows(bench: Bench, text: Constitution, name: str) -> list[LabRow]:
    found = rows_of(text, {bench.control: bench.answers(bench.control, text)}, None, bench.floor())
    return [replace(row, key=f"{row.key}{name}", arm=f"{row.arm}{name}") for row in found]


def _named(row: LabRow, title: str) -> str:
    return f"{row.arm}, trained on: {title[:1].lower()}{title[1:]}"


def upshot_of_lines(lines: Sequence[Line]) -> Upshot:
    """Against the prediction where a control takes the bound up and not the behaviour; for it where the text alone takes both up."""
    controls = [line.own_text for line in lines if line.variant != REAL]
    if any(rises(row.own_change) and not rises(row.compliance_change) for row in controls):
        return Upshot.FAILED
    learnt = any(rises(line.own_text.own_change) and rises(line.own_text.compliance_change) for line in lines if line.variant == REAL)
    return Upshot.HELD if learnt and not any(rises(row.own_change) or rises(row.compliance_change) for row in controls) else Upshot.OPEN


def _says(lines: Sequence[Line], title: str) -> str:
    found = [
        f"{VARIANTS[line.variant].title.lower()}, bound {points(line.own_text.own_change.figure, line.own_text.cap_nats)} of its cap and compliance "
        f"{points(line.own_text.compliance_change.figure)}"
        for line in lines
        if line.own_text.principle == title
    ]
    return f"“{title}”, over the base with the same text in its prompt: {'; '.join(found)}."


def _table(lines: Sequence[Line]) -> LabTable:
    return LabTable(
        title="Trained on",
        heads=(
            "Principle",
            "Trained on",
            "Bound under that text, % of cap",
            "Change",
            "Compliance under that text",
            "Change",
            "Bound under the text itself, % of cap",
            "Compliance under the text itself",
        ),
        rows=tuple(
            (
                line.own_text.principle,
                VARIANTS[line.variant].title,
                percent(line.own_text.own.figure, line.own_text.cap_nats),
                points(line.own_text.own_change.figure, line.own_text.cap_nats),
                percent(line.own_text.compliance.figure),
                points(line.own_text.compliance_change.figure),
                percent(line.real_text.own.figure, line.real_text.cap_nats),
                percent(line.real_text.compliance.figure),
            )
            for line in lines
        ),
        note="Changes are from the base with the same text in its prompt, query by query. Compliance is by the checks of the text itself: under an emptied "
        "or invented text nobody could know what they ask for.",
    )
