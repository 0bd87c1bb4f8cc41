"""People as readers, counted into what a battery found without asking a model."""

from dataclasses import replace

from core.lab.cards import PersonCard, cards_in
from core.lab.lines import ALONE, BASE_READER, SIDES_TITLE, WHO_TITLE, lines_table, who_table
from core.lab.meaning import Meaning
from core.lab.people import person_lines, with_people
from core.lab.reading import POLICY, PROGRAM
from core.lab.results import LabAbout, lab_result, result_from_data, result_to_data
from core.lab.values import Line, ProbeResult, Upshot, measured
from core.measure.readers import ReaderFigures
from tests.core.lab.benches import ONE
from tests.core.lab.found import CAP, figure, record, row

TEXTS = ("Answer at length.", "Answer in one word.")


def line(reader, told, low, principle="Brief"):
    figures = ReaderFigures(accuracy=figure(told, low, 1.0), bound_nats=figure(told * CAP, 0.0, CAP), chance=0.5, cap_nats=CAP, read=24, failed={})
    return Line(principle=principle, arm="Prompt", reader=reader, figures=figures)


def card(i, side, turned=False):
    """A reply under the side with this place; in a turned card the texts stand the other way round."""
    options = TEXTS[::-1] if turned else TEXTS
    return PersonCard(query=f"Q{i}", reply=f"R{i}{side}", options=options, own=1 - side if turned else side, principle="Brief")


CARDS = [card(i, side, turned=bool(i % 2)) for i in range(6) for side in (0, 1)]
RIGHT = {number: each.own for number, each in enumerate(CARDS)}


def found(*lines, hollow=True):
    """A code by the figures: own bound at its cap, done as often as by chance; the base cannot tell."""
    read = measured(figure(0.0, -0.1, 0.1), "", BASE_READER)
    of = row(bound=0.95 if hollow else 0.1, compliance=0.1, reader=read)
    lines = lines or (line(POLICY, 1.0, 0.9), line(BASE_READER, 0.5, 0.3), line(PROGRAM, 0.5, 0.3))
    tables = (who_table(lines, "Prompt", ()), lines_table(lines))
    read_by = record(of, key="readers")
    result = ProbeResult(upshot=Upshot.OPEN, said="Said.", rows=(of,), tables=tables, sentences=(ALONE,), lines=lines)
    about = LabAbout(constitution=ONE, model="m", adapter_sha256=None, arm="prompt", n_queries=24, seed=0)
    return lab_result(about, [replace(read_by, result=result)])


def readers_of(result):
    (probed,) = result.records
    return probed


def test_a_person_who_tells_all_right_has_a_line_of_their_own_name_and_stands_in_the_reader_s_column():
    counted = with_people(found(), CARDS, {"Ada": RIGHT})
    probed = readers_of(counted)
    (who,) = [table for table in probed.result.tables if table.title == WHO_TITLE]
    assert who.rows[0][0] == "Brief" and who.rows[0][3].startswith("Ada, 12 cards: 100%") and who.heads[3] == "Person"
    assert who.rows[0][2].startswith(f"{BASE_READER}: 50%")
    (sides,) = [table for table in probed.result.tables if table.title == SIDES_TITLE]
    assert ("Brief", "Prompt", "Ada, 12 cards") in [cells[:3] for cells in sides.rows]
    assert probed.result.rows[0].reader.by == "Ada, 12 cards" and probed.readers == ("Ada, 12 cards",)
    assert probed.result.upshot is Upshot.HELD and ALONE not in probed.result.sentences


def test_what_a_person_can_tell_is_no_private_code_any_more():
    assert found().principles[0].meaning is Meaning.CODE
    assert with_people(found(), CARDS, {"Ada": RIGHT}).principles[0].meaning is Meaning.FORM
    guessed = with_people(found(), CARDS, {"Ada": dict.fromkeys(RIGHT, 0)})
    assert guessed.principles[0].meaning is Meaning.CODE and readers_of(guessed).result.upshot is Upshot.FAILED


def test_only_cards_that_were_seen_count_and_no_pick_is_a_miss():
    """Of six cards that were picked, of three queries, the pick was right of four and there was none for two: 4 of 6."""
    picks = {number: RIGHT[number] if number < 4 else None for number in range(6)}
    (told,) = person_lines("Prompt", "Ada", CARDS, picks)
    assert told.figures.read == 6 and told.figures.accuracy.value == 4 / 6 and told.figures.failed == {"it was not shown": 6}


def test_where_nobody_picked_or_nothing_was_read_all_stays_as_it_is():
    as_it_was = found()
    assert with_people(as_it_was, CARDS, {}) is as_it_was and with_people(as_it_was, CARDS, {"Ada": {}}) is as_it_was
    other = lab_result(as_it_was.about, [record(row(), key="prompt")])
    assert with_people(other, CARDS, {"Ada": RIGHT}) is other


def test_another_reader_from_outside_keeps_the_column():
    read = measured(figure(0.2, 0.1, 0.3), "", "a model")
    as_it_was = found()
    probed = readers_of(as_it_was)
    result = replace(probed.result, rows=(replace(probed.result.rows[0], reader=read),))
    counted = with_people(lab_result(as_it_was.about, [replace(probed, result=result)]), CARDS, {"Ada": RIGHT})
    assert readers_of(counted).result.rows[0].reader.by == "a model"


def test_lines_go_to_data_and_back_and_a_record_without_them_is_read():
    counted = with_people(found(), CARDS, {"Ada": RIGHT})
    data = result_to_data(counted)
    assert result_from_data(data).records == counted.records
    del data["probes"][0]["result"]["lines"]
    assert readers_of(result_from_data(data)).result.lines == ()


def test_a_card_is_known_by_what_is_seen_alone():
    assert card(1, 0).shown == replace(card(1, 0), own=1, principle="Other").shown != card(2, 0).shown
    assert cards_in(b'[{"query": "Q", "reply": "R", "options": ["a", "b"], "own": 1, "principle": "P"}]')[0].options == ("a", "b")
