"""People as readers, counted into what a battery found: as the probe of readers would count them, and nothing is asked of a model. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.lab.cards import PersonCard
from core.lab.lines import ALONE, BASE_READER, SIDES_TITLE, WHO_TITLE, lines_say, lines_table, upshot_of_lines, who_table
from core.lab.results import LabResult, lab_result
from core.lab.values import LabRow, Line, ProbeResult, measured
from core.measure.readers import Option, ReaderCard, Reading, figures_of

READERS = "readers"  # the probe's key
NOT_SHOWN = "it was not shown"

Picks = Mapping[int, int | None]  # by the number of the card the option that was picked; None: none fits better


def with_people(found: LabResult, cards: Sequence[PersonCard], picks: Mapping[str, Picks]) -> LabResult:
    """The same with what people picked as readers of their own names; verdict and words are made anew.

    Args:
        found: Of a battery in which the probe of readers made the cards.
        cards: Those cards.
        picks: What was picked, by the name of who did. Who picked nothing is no reader.
    """
    named = {f"{who}, {len(made)} cards": made for who, made in picks.items() if made}
    record = next((each for each in found.records if each.key == READERS), None)
    if record is None or record.result is None or not record.result.lines or not named:
        return found
    row = next((row for row in record.result.rows if row.key == found.about.arm), None)
    if row is None:
        return found
    told = [line for reader, made in named.items() for line in person_lines(row.arm, reader, cards, made)]
    is_trained = found.about.adapter_sha256 is not None
    counted = replace(record, result=_counted(record.result, row, told, is_trained=is_trained), readers=(*record.readers, *named))
    return lab_result(found.about, [counted if each is record else each for each in found.records])


def person_lines(arm: str, reader: str, cards: Sequence[PersonCard], picks: Picks) -> list[Line]:
    """What a person makes of each principle's sides."""
    lines = []
    for title in dict.fromkeys(card.principle for card in cards):
        mine = [(number, card) for number, card in enumerate(cards) if card.principle == title]
        shown = [_ordered(card) for _, card in mine]
        lines.append(Line(principle=title, arm=arm, reader=reader, figures=figures_of(shown, [_reading(card, number, picks) for number, card in mine])))
    return lines


def _ordered(card: PersonCard) -> ReaderCard:
    """With its options in an order that all cards of the principle have."""
    texts = sorted(card.options)
    return ReaderCard(query=card.query, reply=card.reply, options=tuple(Option(text=text, title="") for text in texts), own=texts.index(card.options[card.own]))


def _reading(card: PersonCard, number: int, picks: Picks) -> Reading:
    if number not in picks:
        return Reading(failure=NOT_SHOWN)
    pick = picks[number]
    return Reading(pick=None if pick is None else sorted(card.options).index(card.options[pick]))


def _counted(result: ProbeResult, of: LabRow, told: Sequence[Line], *, is_trained: bool) -> ProbeResult:
    lines, people = (*result.lines, *told), tuple(dict.fromkeys(line.reader for line in told))
    anew = {WHO_TITLE: who_table(lines, of.arm, people), SIDES_TITLE: lines_table(lines)}
    return replace(
        result,
        upshot=upshot_of_lines(lines, is_trained=is_trained),
        said=lines_say(lines, of.arm),
        rows=tuple(_read_by_person(row, of.key, told) for row in result.rows),
        tables=tuple(anew.get(table.title, table) for table in result.tables),
        sentences=tuple(sentence for sentence in result.sentences if sentence != ALONE),
        lines=lines,
    )


def _read_by_person(row: LabRow, key: str, told: Sequence[Line]) -> LabRow:
    """Where nobody else from outside read but the base, the first person stands in its place, as any reader who is asked does."""
    line = next((line for line in told if line.principle == row.principle and line.figures.bound_nats.value is not None), None)
    if line is None or row.key != key or row.reader.by != BASE_READER:
        return row
    return replace(row, reader=measured(line.figures.bound_nats, NOT_SHOWN, line.reader))
