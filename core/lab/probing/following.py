"""Which of some principles an adapter follows with nothing in its prompt, read from its replies beside the base's: a stranger's adapter too."""

from collections.abc import Sequence

from core.lab.bench import Bench
from core.lab.prior import percent
from core.lab.reading import decoys, sides_of
from core.lab.values import LabTable
from core.measure.readers import Option, Reader, ReaderCard, Reading
from core.measure.statistics import LEVEL, Pairs, holm, pairs_of, share
from core.measure.values import MeasuredReply
from core.methods.arms import Arm


def follows_table(bench: Bench, alone: Arm, readers: Sequence[Reader]) -> LabTable:
    """How often each text is picked for the adapter's replies and for the base's to the same queries; the difference is corrected for their number."""
    options = tuple(option for principle in decoys(bench.plan.constitution, bench.plan.others) for option in sides_of(principle))
    trained, base = bench.answers(alone), bench.floor()
    rows = []
    for reader in readers:
        picked = [_picks(bench, reader, replies, options) for replies in (base, trained)]
        rows += _rows(reader.name, options, picked[0], picked[1])
    return LabTable(
        title="Which principle does the adapter follow with none in its prompt?",
        heads=("Reader", "Text", "Picked for the base’s replies", "Picked for the adapter’s", "Difference", "How sure"),
        rows=tuple(rows),
        note="To the same queries. How sure: p of no difference, corrected for the number of texts (Holm); below 0.05 it is shown. A reader picks the "
        "likeliest of these texts, whether or not it is any of them: the base’s replies say how often that is without training.",
    )


def _picks(bench: Bench, reader: Reader, replies: Sequence[MeasuredReply], options: tuple[Option, ...]) -> list[Reading]:
    return bench.readings(reader, [ReaderCard(query=reply.query, reply=reply.text, options=options, own=0) for reply in replies])


def _rows(reader: str, options: Sequence[Option], base: Sequence[Reading], trained: Sequence[Reading]) -> list[tuple[str, ...]]:
    pairs = [pairs_of(_is(base, i), _is(trained, i)) for i in range(len(options))]
    if not pairs[0].n:
        return [(reader, "all", "could not be measured", "could not be measured", "", "")]
    corrected = holm([each.p_value for each in pairs])
    return [
        (reader, option.title, percent(share(_is(base, i))), percent(share(_is(trained, i))), _change(pairs[i]), _sure(corrected[i]))
        for i, option in enumerate(options)
    ]


def _is(readings: Sequence[Reading], option: int) -> list[bool | None]:
    return [None if reading.failure else reading.pick == option for reading in readings]


def _change(pairs: Pairs) -> str:
    low, high = pairs.interval()
    return f"{100 * pairs.value:+.0f} points ({100 * low:+.0f} to {100 * high:+.0f})"


def _sure(p: float) -> str:
    return f"{'shown' if p <= LEVEL else 'not shown'}, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
