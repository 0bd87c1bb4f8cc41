"""Marking on a real database and real files of replies: cards, progress, undo, and what the marks make of the result."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import quotas
from app.services.audit import acting
from app.services.came_out import newest_run
from app.services.cards import MarkWish, Source
from app.services.deleting import delete_run
from app.services.downloads import report_of_run
from app.services.marking import Said, list_markable, make_mark, marking, open_book, take_back
from app.services.runs import list_runs, run_view
from app.services.sources import list_sources
from app.services.studio import RefusedError, Studio, open_studio
from core.errors import StudioError
from core.measure.marked import marks_says
from core.measure.standings import Standing
from core.measure.verdicts import Verdict
from db.audit import list_entries
from db.marks import marks_that_count
from tests.app.marking import STATEMENT, TEXTS, finished_run, mark_all, write_end
from tests.app.planting import add_plain_version, make_studio, queue, queue_series, settings_for
from tests.app.results import CONTROL, TRAINED

FIRST = MarkWish(principle=1)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def rows(studio: Studio, run_id: int, who: str | None = None) -> list[tuple[str, str, str, bool | None]]:
    with studio.sessions.read() as session:
        return [(mark.arm, mark.side, mark.who, mark.follows) for mark in marks_that_count(session, [run_id], who)]


def said(card: str, answer: str = "follows", key: str = "click-number-1") -> Said:
    return Said(card=card, answer=answer, request_key=key)


def test_one_principle_is_marked_from_the_first_card_to_its_verdict(studio: Studio) -> None:
    run_id = finished_run(studio)
    begun = marking(studio, "Ada", Source("run", run_id), MarkWish())
    assert (begun.done, begun.total, begun.more, begun.last, begun.says) == (0, 24, 0, None, ())
    assert (begun.statement, begun.antithesis, begun.number) == ("Say whether it is known or guessed.", "The other way.", 1)
    ended = mark_all(studio, run_id)
    assert (ended.card, ended.done, ended.total) == (None, 24, 24)
    assert ended.says[0].startswith("“Only” is followed: under the statement, replies comply in 100%")
    assert ended.says[1:] == ("Judged by marks by Ada.", "24 replies marked.")
    assert {row[:2] for row in rows(studio, run_id)} == set(TEXTS)


def test_the_list_and_the_margin_of_write_say_what_the_marks_say(studio: Studio) -> None:
    run_id = finished_run(studio)
    constitution_id = run_view(studio, run_id).constitution_id

    def told() -> list[Standing]:
        newest = newest_run(studio, constitution_id)
        assert newest is not None
        (line,) = [line for line in list_runs(studio) if line.id == run_id]
        return [*line.came_out, *(each.standing for each in newest.principles)]

    assert told() == [Standing.NOT_JUDGED, Standing.NOT_JUDGED]
    mark_all(studio, run_id)
    assert told() == [Standing.FOLLOWED, Standing.FOLLOWED]


def test_the_result_everywhere_is_that_of_the_marks_and_none_before(studio: Studio) -> None:
    run_id = finished_run(studio)
    before = report_of_run(studio, run_id).principles[0]
    assert (before.verdict, before.judge) == (Verdict.UNCHECKED, None)
    mark_all(studio, run_id)
    view, report = run_view(studio, run_id), report_of_run(studio, run_id)
    assert view.result is not None and view.result.report == report and view.marks_problem == ""
    (found,) = report.principles
    assert (found.verdict, found.judge, found.compliance[TRAINED.key]["statement"].n) == (Verdict.FOLLOWED, "marks by Ada", 8)
    assert view.marks[0] is not None and (view.marks[0].marked, view.marks[0].kappa, view.marks[0].alpha) == (24, None, None)


def test_half_of_a_deal_judges_nothing_says_so_and_is_not_lost(studio: Studio) -> None:
    """A share after every mark would be looked at until it is high."""
    run_id = finished_run(studio, n=11)  # deals of 24 and 9
    at = mark_all(studio, run_id, most=12)
    assert (at.done, at.total) == (12, 24) and at.card is not None
    view = run_view(studio, run_id)
    assert view.result is not None and view.result.report.principles[0].verdict is Verdict.UNCHECKED
    assert view.marks[0] is not None and marks_says(view.marks[0]) == ("12 replies marked, 12 of them count once all that were dealt with them are marked.",)
    mark_all(studio, run_id, most=15, deals=2)  # to the end of the first deal, and three cards of the second
    (found,) = report_of_run(studio, run_id).principles
    assert [found.compliance[arm.key]["statement"].n for arm in (CONTROL, TRAINED)] == [8, 8] and found.changes[0].figure.n == 8


def test_a_run_that_is_deleted_while_somebody_marks_is_told_in_words(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = finished_run(studio)
    book = open_book(studio, Source("run", run_id))
    card = marking(studio, "Ada", Source("run", run_id), FIRST).card
    assert card is not None
    with acting("Ann", "here"):
        delete_run(studio.sessions, studio.store, run_id)
    monkeypatch.setattr("app.services.marking.open_book", lambda *_: book)  # it was opened just before
    with pytest.raises(StudioError, match=f"There is no run {run_id}"):
        make_mark(studio, "Ada", Source("run", run_id), FIRST, said(card.card))


def test_another_answer_under_the_key_of_the_first_is_refused_not_lost(studio: Studio) -> None:
    run_id = finished_run(studio)
    card = marking(studio, "Ada", Source("run", run_id), FIRST).card
    assert card is not None
    make_mark(studio, "Ada", Source("run", run_id), FIRST, said(card.card))
    with pytest.raises(StudioError, match="used for another mark already"):
        make_mark(studio, "Ada", Source("run", run_id), FIRST, said(card.card, "does not"))


def test_an_undo_shows_the_card_again_and_another_answer_counts(studio: Studio) -> None:
    run_id = finished_run(studio)
    begun = marking(studio, "Ada", Source("run", run_id), FIRST)
    assert begun.card is not None
    after = make_mark(studio, "Ada", Source("run", run_id), FIRST, said(begun.card.card))
    assert after.last is not None and after.card is not None and after.card != begun.card and after.done == 1
    for _ in range(2):  # a double click
        again = take_back(studio, "Ada", Source("run", run_id), FIRST, after.last)
        assert (again.card, again.done, again.last) == (begun.card, 0, None)
    assert rows(studio, run_id) == []
    make_mark(studio, "Ada", Source("run", run_id), FIRST, said(begun.card.card, "cannot tell", "click-number-2"))
    assert [row[3] for row in rows(studio, run_id)] == [None]


def test_a_second_click_is_the_same_mark(studio: Studio) -> None:
    run_id = finished_run(studio)
    card = marking(studio, "Ada", Source("run", run_id), FIRST).card
    assert card is not None
    assert make_mark(studio, "Ada", Source("run", run_id), FIRST, said(card.card)) == make_mark(studio, "Ada", Source("run", run_id), FIRST, said(card.card))
    assert len(rows(studio, run_id)) == 1
    with studio.sessions.read() as session:
        assert [entry.what for entry in list_entries(session)].count("reply.marked") == 1


def test_two_people_mark_the_same_cards_each_at_their_own_pace(studio: Studio) -> None:
    run_id = finished_run(studio)
    mark_all(studio, run_id, "Ada", most=5)
    begun = marking(studio, "Bob", Source("run", run_id), FIRST)
    assert begun.done == 0
    order = []
    for i in range(3):
        assert begun.card is not None
        order.append(begun.card.card)
        begun = make_mark(studio, "Bob", Source("run", run_id), FIRST, said(begun.card.card, "follows", f"bobs-click-{i}"))
    with studio.sessions.read() as session:
        assert [mark.shown for mark in marks_that_count(session, [run_id], "Ada")][:3] == order
    assert marking(studio, "Ada", Source("run", run_id), FIRST).done == 5


def test_where_two_disagree_nothing_is_judged_and_their_agreement_is_told(studio: Studio) -> None:
    run_id = finished_run(studio)
    mark_all(studio, run_id, "Ada")
    ended = mark_all(studio, run_id, "Bob", answers={True: "does not", False: "does not"})
    (found,) = report_of_run(studio, run_id).principles
    assert found.judge == "marks by Ada and Bob"
    assert (found.compliance[TRAINED.key]["statement"].n, found.compliance[CONTROL.key]["statement"].n) == (0, 8)
    assert found.verdict is Verdict.UNMEASURED
    assert ended.says[2] == "24 replies marked, 8 of them not judged: somebody cannot tell, or two disagree."
    assert re.fullmatch(r"Agreement of 2 people: Krippendorff’s alpha −0\.18 \(−0\.\d\d to −0\.\d\d\), n = 24 replies\.", ended.says[3])  # 1 − 47 × 16 / 640


def test_a_program_comes_first_and_the_marks_stand_beside_it(studio: Studio) -> None:
    run_id = finished_run(studio, check={"contains": "guess"})
    ended = mark_all(studio, run_id)
    (found,) = report_of_run(studio, run_id).principles
    assert (found.judge, found.check) == ("check", "contains: guess")
    assert ended.says[1] == "Judged by its check: the reply contains the text (or one of several, parted by |): guess."
    assert ended.says[-1].startswith("Agreement of marks and program: Cohen’s kappa 1.00 (0.69 to 1.00), n = 24 replies")


def test_the_same_answer_to_all_leaves_agreement_undefined(studio: Studio) -> None:
    run_id = finished_run(studio, check={"contains": "vase"})
    ended = mark_all(studio, run_id, answers={True: "follows", False: "follows"})
    assert ended.says[-1] == "Agreement of marks and program: Cohen’s kappa undefined: 24 replies, and the same answer to all of them."


def test_more_cards_come_on_request_and_stay_after_they_were_begun(studio: Studio) -> None:
    run_id = finished_run(studio, n=11)
    ended = mark_all(studio, run_id)
    assert (ended.total, ended.more, ended.card) == (24, 9, None)
    assert marking(studio, "Ada", Source("run", run_id), MarkWish(principle=1, deals=2)).total == 33
    mark_all(studio, run_id, most=1, deals=2)
    resumed = marking(studio, "Ada", Source("run", run_id), FIRST)
    assert (resumed.done, resumed.total, resumed.deals, resumed.more) == (25, 33, 2, 0)


def test_marks_survive_another_process(studio: Studio) -> None:
    run_id = finished_run(studio)
    mark_all(studio, run_id, most=7)
    again = open_studio(settings_for(studio.settings.data))
    assert marking(again, "Ada", Source("run", run_id), FIRST) == marking(studio, "Ada", Source("run", run_id), FIRST)
    assert marking(again, "Ada", Source("run", run_id), FIRST).done == 7
    again.engine.dispose()


def test_an_empty_reply_is_no_card_and_a_miss(studio: Studio) -> None:
    run_id = finished_run(studio, texts=TEXTS | {(TRAINED.key, "statement"): ""})
    assert mark_all(studio, run_id).total == 16
    (found,) = report_of_run(studio, run_id).principles
    assert (found.compliance[TRAINED.key]["statement"].value, found.compliance[TRAINED.key]["statement"].n) == (0.0, 8)


@pytest.mark.parametrize(
    ("wish", "what", "words"),
    [
        (FIRST, said("f" * 64), "none of the run any more"),
        (FIRST, said("", "maybe"), "known are follows, does not, cannot tell"),
        (MarkWish(principle=2), said(""), "no principle 2; the constitution has 1 “Only”"),
        (FIRST, said("", key="short"), "no usable request key"),
    ],
)
def test_what_is_no_card_and_no_answer_is_refused_in_words_and_nothing_is_kept(studio: Studio, wish: MarkWish, what: Said, words: str) -> None:
    run_id = finished_run(studio)
    with pytest.raises(StudioError, match=words):
        make_mark(studio, "Ada", Source("run", run_id), wish, what)
    assert rows(studio, run_id) == []


def test_a_mark_of_another_person_or_run_is_not_taken_back(studio: Studio) -> None:
    first, second = finished_run(studio), finished_run(studio, name="Another")
    mark = mark_all(studio, first, most=1).last
    assert mark is not None
    for who, run_id in (("Bob", first), ("Ada", second)):
        with pytest.raises(RefusedError, match=f"no mark {mark}"):
            take_back(studio, who, Source("run", run_id), FIRST, mark)
    assert len(rows(studio, first)) == 1


def test_a_run_that_has_not_finished_or_lost_its_replies_says_so(studio: Studio) -> None:
    finished = finished_run(studio)
    waiting = queue(studio)
    with pytest.raises(RefusedError, match="is queued: it has no held-out replies to mark yet"):
        marking(studio, "Ada", Source("run", waiting), FIRST)
    with pytest.raises(StudioError, match="There is no run 99"):
        marking(studio, "Ada", Source("run", 99), FIRST)
    assert [each.run for each in list_markable(studio)] == [finished]
    mark_all(studio, finished, most=3)
    (path,) = studio.settings.data.glob("runs/*/attempt-1/replies-sami-000.json")
    path.write_text(json.dumps([{"query": "Why?", "side": "statement", "text": "So."}]))
    open_again = open_studio(settings_for(studio.settings.data))
    with pytest.raises(StudioError, match="cannot be read"):
        marking(open_again, "Ada", Source("run", finished), FIRST)
    path.unlink()
    with pytest.raises(StudioError, match="stored replies of sami are not in"):
        marking(open_again, "Ada", Source("run", finished), FIRST)
    shutil.rmtree(path.parent)
    with pytest.raises(StudioError, match="not on this machine"):
        marking(open_again, "Ada", Source("run", finished), FIRST)
    view = run_view(open_again, finished)
    assert view.result is not None and "The marks cannot be counted: The files of run" in view.marks_problem
    assert len(rows(open_again, finished)) == 3
    open_again.engine.dispose()


def test_as_many_marks_a_day_as_one_person_may(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = finished_run(studio)
    monkeypatch.setitem(quotas.MOST_A_DAY, "reply.marked", (2, "marks"))
    with acting("Ada", "here"), pytest.raises(RefusedError, match="You have made 2 marks within a day"):
        mark_all(studio, run_id)
    assert len(rows(studio, run_id)) == 2


def test_a_series_pools_its_runs_as_marks_make_them_and_compare_offers_its_median(studio: Studio) -> None:
    version = add_plain_version(studio, "Museum", STATEMENT)
    members = queue_series(studio, seeds=2, version_id=version)
    for run_id in members:
        write_end(studio, run_id, version, 8, TEXTS)
    series = run_view(studio, members[0]).series
    assert series is not None and series.result is not None
    assert (series.result.principles[0].verdicts, series.result.median.by) == ((Verdict.UNCHECKED, Verdict.UNCHECKED), "MI bound")
    mark_all(studio, members[0], answers={True: "does not", False: "does not"})
    mark_all(studio, members[1])
    series = run_view(studio, members[0]).series
    assert series is not None and series.result is not None
    assert series.result.principles[0].verdicts == (Verdict.UNSHOWN, Verdict.FOLLOWED)
    assert (series.result.median.by, series.use) == ("compliance", members[0])  # of two the lower
    assert list_sources(studio)[0].run_id == series.use
