"""Readers from outside: who else can tell from the replies which principle they were written under."""

from collections.abc import Sequence
from dataclasses import replace

from core.engine.checkpoints import write_json
from core.lab.bench import Bench
from core.lab.cards import CARDS, cards_to_data, person_cards
from core.lab.lines import ALONE, BASE_READER, lines_say, lines_table, says, upshot_of_lines, who_table
from core.lab.probing.following import follows_table
from core.lab.reading import alone, decoy_cards, decoys, of_option, side_cards, side_lines
from core.lab.rows import Replies, compared, floor_of, row_of
from core.lab.values import LabRow, LabTable, Line, Measured, ProbeResult, measured
from core.measure.likelihoods import LikelihoodReader
from core.measure.readers import GivenReader, Reader, ReaderCard, Reading, figures_of
from core.methods.arms import Arm, arm_title


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    constitution = bench.plan.constitution
    arms = [bench.control, *([bench.trained[0]] if bench.trained is not None else [])]
    readers = [LikelihoodReader(BASE_READER, bench.model), *bench.readers]
    answered = {arm: Replies(constitution, True, bench.answers(arm)) for arm in arms}
    lines = [line for arm in arms for i in range(len(constitution.principles)) for line in _lines(bench, answered[arm], (i, arm_title(arm)), readers)]
    examined = arms[-1]
    offered = person_cards({p.title: side_cards(answered[examined], i) for i, p in enumerate(constitution.principles)}, bench.plan.config.seed)
    write_json(bench.folder / CARDS, cards_to_data(offered))
    people = [reader.name for reader in readers if isinstance(reader, GivenReader)]
    tables = [who_table(lines, arm_title(examined), people), lines_table(lines), _decoy_table(bench, examined, readers)]
    if bench.trained is not None:
        tables.append(follows_table(bench, bench.trained[1], readers))
    foreign = (bench.readers[0] if bench.readers else readers[0]).name
    return ProbeResult(
        upshot=upshot_of_lines(lines, is_trained=bench.trained is not None),
        said=lines_say(lines, arm_title(examined)),
        rows=tuple(_rows(bench, answered, lines, foreign)),
        tables=tuple(tables),
        sentences=(ALONE,) if not bench.readers else (),
        lines=tuple(lines),
    )


def _lines(bench: Bench, replies: Replies, of: tuple[int, str], readers: Sequence[Reader]) -> list[Line]:
    position, arm = of
    cards = side_cards(replies, position)
    return side_lines(replies, position, arm, {reader.name: bench.readings(reader, cards) for reader in readers})


def _rows(bench: Bench, answered: dict[Arm, Replies], lines: Sequence[Line], foreign: str) -> list[LabRow]:
    """The rows of the laboratory with the last reader's bound in the place of the base's."""
    floor, rows = bench.floor(), []
    for position, principle in enumerate(bench.plan.constitution.principles):
        chance = floor_of(principle, floor)
        for arm, replies in answered.items():
            held = bench.control.key if arm != bench.control else ""
            row = row_of(replies, position, (arm.key, arm_title(arm), held), chance)
            row = compared(row, answered[bench.control], replies, position) if held else row
            line = next(line for line in lines if (line.principle, line.arm, line.reader) == (principle.title, arm_title(arm), foreign))
            rows.append(replace(row, reader=_bound(line)))
    return rows


def _bound(line: Line) -> Measured:
    return measured(line.figures.bound_nats, "; ".join(line.figures.failed) or "it read nothing", line.reader)


def _decoy_table(bench: Bench, arm: Arm, readers: Sequence[Reader]) -> LabTable:
    """Among the principles of several constitutions."""
    principles = decoys(bench.plan.constitution, bench.plan.others)
    texts = {principle.statement: alone(bench.plan.constitution, principle) for principle in principles}
    replies = {statement: Replies(text, True, bench.answers(arm, text)) for statement, text in texts.items()}
    cards = decoy_cards(principles, replies)
    rows = [row for reader in readers for row in _decoy_rows(reader.name, cards, bench.readings(reader, cards))]
    return LabTable(
        title="Which principle was the reply written under?",
        heads=("Reader", "Principle", "Given back to it", "Bound of all together, % of cap"),
        rows=tuple(rows),
        note=f"Each principle stood alone in the prompt ({arm_title(arm)}); a reader picks among {2 * len(principles)} texts, so guessing is right once in "
        f"{2 * len(principles)}.",
    )


def _decoy_rows(reader: str, cards: Sequence[ReaderCard], readings: Sequence[Reading]) -> list[tuple[str, ...]]:
    figures = figures_of(cards, readings)
    told, bound = says(figures)
    rows: list[tuple[str, ...]] = [(reader, "all", told, bound)]
    if not figures.read:
        return rows
    for i, option in enumerate(cards[0].options):
        share = of_option(cards, readings, i)
        rows.append((reader, option.title, says(replace(figures, accuracy=share))[0], ""))
    return rows
