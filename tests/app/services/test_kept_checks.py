"""Checks that are kept on a real database, and what marks on their replies make of the verdict."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.services import quotas
from app.services.audit import acting
from app.services.cards import MarkWish, Source
from app.services.constitutions import archive
from app.services.kept_checks import check_found, checked_form, list_kept, open_check, read_check
from app.services.mark_files import import_marks, marks_file
from app.services.marking import Said, make_mark, marking, take_back
from app.services.stored import unreadable_rows
from app.services.studio import RefusedError, Studio, open_studio
from core.errors import StudioError
from core.measure.marked import marks_says
from db.audit import list_entries
from db.marks import marks_of_check, marks_that_count
from db.runs import versions_to_train
from tests.app.checked import GUESS, base_replies, kept_check, mark_check_whole
from tests.app.damaging import damage
from tests.app.marking import finished_run, mark_all
from tests.app.planting import form, make_studio, settings_for

FIRST = MarkWish(principle=1)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def test_one_principle_is_marked_from_the_first_card_to_the_checks_verdict(studio: Studio) -> None:
    check = kept_check(studio)
    assert check_found(studio, check).found.verdict == "unjudged"
    begun = marking(studio, "Ada", Source("check", check), MarkWish())
    assert (begun.run, begun.check, begun.done, begun.total, begun.more, begun.last, begun.says) == (None, check, 0, 32, 0, None, ())
    ended = mark_check_whole(studio, check)
    assert (ended.card, ended.done, ended.total) == (None, 32, 32)
    told = check_found(studio, check)
    (link,) = told.found.principles
    assert (told.found.verdict, link.verdict, link.by, link.replies, link.hits, link.hit_queries, link.followed.n) == ("go", "go", "Ada", 16, 10, 10, 16)
    assert link.reason.startswith("10 of 16 replies of the base follow “Only”, as marked by Ada, against 0% under its antithesis: more than chance gives")
    assert ended.says == (link.reason, "32 replies marked.")
    assert [(group.side, group.follows, group.of) for group in link.shown] == [("statement", False, 6), ("statement", True, 10), ("antithesis", False, 16)]


def test_half_of_the_cards_judge_nothing_and_say_how_many_wait(studio: Studio) -> None:
    check = kept_check(studio)
    mark_check_whole(studio, check, most=20)
    told = check_found(studio, check)
    assert (told.found.verdict, told.found.principles[0].verdict, told.found.principles[0].shown) == ("unjudged", "unjudged", ())
    assert told.marks[0] is not None and marks_says(told.marks[0]) == ("20 replies marked, 20 of them count once all that were dealt with them are marked.",)


def test_a_no_go_by_marks_stops_no_run_and_says_how_often_so_few_replies_say_it(studio: Studio) -> None:
    check = kept_check(studio, base_replies(hits=1))
    mark_check_whole(studio, check)
    told = check_found(studio, check)
    assert (told.found.verdict, told.refused) == ("no-go", False)
    assert told.found.principles[0].reason == (
        "1 of 16 replies of the base follow “Only”, as marked by Ada: there is nothing that training could make more of. Ask for something that this model "
        "sometimes does. Of a behaviour of one reply in 5 so few replies say this in 14 of 100 checks."
    )


def test_a_program_comes_first_and_the_marks_stand_beside_it(studio: Studio) -> None:
    check = kept_check(studio, check={"contains": "vase"})
    before = check_found(studio, check).found
    ended = mark_check_whole(studio, check)
    told = check_found(studio, check)
    assert told.found == before and told.found.principles[0].by == ""
    assert ended.says[-1].startswith("Agreement of marks and program: Cohen’s kappa")


def test_where_two_disagree_replies_are_left_out_and_their_agreement_is_told(studio: Studio) -> None:
    check = kept_check(studio, base_replies(hits=12))
    mark_check_whole(studio, check, "Ada")
    ended = mark_check_whole(studio, check, "Bob", answers={True: "does not", False: "does not"})
    (link,) = check_found(studio, check).found.principles
    assert (link.by, link.replies, link.hits, link.unjudged, link.verdict) == ("Ada and Bob", 4, 0, 12, "weak")
    assert "12 of 32 replies could not be judged and are left out." in link.reason
    assert any(line.startswith("Agreement of 2 people: Krippendorff’s alpha −0.21") for line in ended.says)


def test_more_replies_of_each_side_come_as_a_second_deal_and_none_that_one_side_alone_has(studio: Studio) -> None:
    """As after the second round: six under the statement, two under the antithesis."""
    two = base_replies(each=2)
    six = replace(two, statement=base_replies(each=6).statement)
    check = kept_check(studio, six)
    ended = mark_check_whole(studio, check)
    assert (ended.done, ended.total, ended.more) == (32, 32, 32)
    (first,) = check_found(studio, check).found.principles
    assert (first.replies, first.hits, first.unjudged) == (16, 10, 0)
    assert mark_check_whole(studio, check, deals=2).total == 64
    (second,) = check_found(studio, check).found.principles
    assert (second.replies, second.hits, second.unjudged) == (32, 20, 0)
    assert {card.text for deal in open_check(studio, check).deals(1) for card in deal} <= {text for side in (*two.statement, *two.flipped[0]) for text in side}


def test_what_reads_alike_is_one_card_and_what_is_empty_none(studio: Studio) -> None:
    replies = base_replies()
    same = replace(replies, statement=(("Alike.",), ("",), *replies.statement[2:]), flipped=((("Alike.",), ("",), *replies.flipped[0][2:]),))
    check = kept_check(studio, same)
    assert marking(studio, "Ada", Source("check", check), FIRST).total == 29
    mark_check_whole(studio, check)
    (link,) = check_found(studio, check).found.principles
    assert (link.replies, link.hits, link.unjudged) == (15, 8, 2)  # the first is marked for both sides; nobody was asked about the second query


def test_an_undo_shows_the_card_again_and_a_second_click_is_the_same_mark(studio: Studio) -> None:
    check = Source("check", kept_check(studio))
    begun = marking(studio, "Ada", check, FIRST)
    assert begun.card is not None
    said = Said(card=begun.card.card, answer="follows", request_key="click-number-1")
    after = make_mark(studio, "Ada", check, FIRST, said)
    assert make_mark(studio, "Ada", check, FIRST, said) == after and after.last is not None and after.done == 1
    for _ in range(2):
        assert take_back(studio, "Ada", check, FIRST, after.last).card == begun.card
    with pytest.raises(StudioError, match="You have made no mark"):
        take_back(studio, "Bob", check, FIRST, after.last)


def test_marks_of_a_run_and_of_a_check_with_the_same_number_are_kept_apart(studio: Studio) -> None:
    run, check = finished_run(studio), kept_check(studio, name="Gallery")
    assert run == check
    mark_all(studio, run, most=3)
    mark_check_whole(studio, check, most=5)
    with studio.sessions.read() as session:
        of_run, of_check = marks_that_count(session, [run]), marks_of_check(session, check)
        assert [(mark.run_id, mark.check_id) for mark in (of_run[0], of_check[0])] == [(run, None), (None, check)]
        assert (len(of_run), len(of_check)) == (3, 5)
        assert {(mark.arm, mark.side, len(mark.shown), mark.who) for mark in of_check} <= {("prompt", side, 64, "Ada") for side in ("statement", "antithesis")}
    with pytest.raises(StudioError, match=f"no mark {of_run[0].id} in check {check}"):
        take_back(studio, "Ada", Source("check", check), FIRST, of_run[0].id)


def test_a_check_and_its_marks_survive_another_process(studio: Studio) -> None:
    check = kept_check(studio)
    mark_check_whole(studio, check, most=7)
    again = open_studio(settings_for(studio.settings.data))
    assert marking(again, "Ada", Source("check", check), FIRST) == marking(studio, "Ada", Source("check", check), FIRST)
    assert marking(again, "Ada", Source("check", check), FIRST).done == 7
    again.engine.dispose()


def test_the_same_request_is_kept_once_and_another_under_its_key_is_not(studio: Studio) -> None:
    with acting("Ann", "here"):
        first = kept_check(studio, version_id=form(studio).version_id)
        assert kept_check(studio, version_id=form(studio).version_id) == first
        with pytest.raises(StudioError, match="used for another check already"):
            kept_check(studio, version_id=form(studio).version_id, seed=1)
    assert [each.check for each in list_kept(studio)] == [first]
    with studio.sessions.read() as session:
        assert [(row.what, row.subject, row.who) for row in list_entries(session)] == [("check.made", f"check {first}", "Ann")]


def test_nobody_fills_the_database_with_checks(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quotas.MOST_A_DAY, "check.made", (1, "checks"))
    with acting("Ann", "here"):
        kept_check(studio)
        with pytest.raises(RefusedError, match="You have made 1 checks within a day"):
            kept_check(studio, name="Gallery")
    assert len(list_kept(studio)) == 1


def test_a_check_of_an_archived_constitution_is_still_marked(studio: Studio) -> None:
    check = kept_check(studio)
    form_of = checked_form(studio, check)
    with studio.sessions.read() as session:
        constitution = next(each.constitution_id for each in versions_to_train(session, 10) if each.id == form_of.version_id)
    archive(studio, constitution, "Ann")
    assert mark_check_whole(studio, check).card is None
    assert check_found(studio, check).found.verdict == "go"
    assert (list_kept(studio)[0].constitution, checked_form(studio, check)) == ("Museum", form_of)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE checks SET replies = '{}'", "written by another version of the studio, or is damaged, and cannot be read. Press Check again."),
        ("UPDATE checks SET result = 'nonsense'", "written by another version of the studio, or is damaged, and cannot be read. Press Check again."),
        ("UPDATE checks SET config = '{\"unheard\": 1}'", "written by another version of the studio, or is damaged, and cannot be read. Press Check again."),
        ("UPDATE checks SET version_id = 9999", "cannot be read"),
        ("DELETE FROM checks", "There is no check 1"),
    ],
)
def test_a_check_that_cannot_be_read_says_so_and_hinders_no_other(studio: Studio, statement: str, words: str) -> None:
    check = kept_check(studio)
    damage(studio, (statement, None))
    with pytest.raises(StudioError, match=words):
        read_check(studio, check)
    with studio.sessions.read() as session:
        assert ("check 1" in unreadable_rows(session)) == ("damaged" in words)
    other = kept_check(studio, name="Gallery")
    assert other in [each.check for each in list_kept(studio)] and read_check(studio, other).constitution.name == "Gallery"


def test_marks_of_a_check_go_to_another_studio_as_a_file(studio: Studio, tmp_path: Path) -> None:
    check = kept_check(studio)
    mark_check_whole(studio, check)
    file = marks_file(studio, Source("check", check), "jsonl")
    rows = [json.loads(line) for line in file.text.splitlines()]
    assert (file.filename, len(rows), {row["check"] for row in rows}, {row["run"] for row in rows}) == (f"check-{check}-marks.jsonl", 32, {check}, {None})
    assert sum(GUESS in row["response"] for row in rows) == 10
    other = make_studio(tmp_path / "other")
    copied = kept_check(other)
    assert import_marks(other, Source("check", copied), file.text.encode(), file.filename).added == 32
    assert check_found(other, copied).found == check_found(studio, check).found
    other.engine.dispose()
