"""Names that are nobody else's, copies, and the order of the list."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.present.constitutions import groups_html
from app.services import constitutions as service
from app.services.audit import acting
from app.services.constitution_names import free_name
from app.services.copies import duplicate
from app.services.documents import MAX_NAME_CHARS
from app.services.imports import import_file
from app.services.studio import RefusedError, Studio
from core.constitution.stored import Unreadable
from tests.app.planting import HOSTILE, add_plain_version, make_studio

FILE = "name: {}\nprinciples:\n- {{title: T, statement: Be short., antithesis: Be long.}}\n"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def named(studio: Studio, name: str) -> int:
    return next(card.id for card in service.list_constitutions(studio) if card.name == name)


@pytest.mark.parametrize("name", ["Brevity", " brevity ", "BREVITY"])
def test_a_name_that_another_has_is_refused_in_words_whatever_its_case(studio: Studio, name: str) -> None:
    before = len(service.list_constitutions(studio))
    with pytest.raises(RefusedError, match=r"There is a constitution named “Brevity” already\. Choose another name\."):
        service.create_constitution(studio, name)
    with pytest.raises(RefusedError, match="already"):
        service.rename(studio, named(studio, "Warm tone"), "ann", name)
    assert len(service.list_constitutions(studio)) == before and named(studio, "Warm tone")


def test_an_archived_one_keeps_its_name_and_one_may_be_renamed_to_what_it_is_called(studio: Studio) -> None:
    brevity = named(studio, "Brevity")
    assert service.rename(studio, brevity, "ann", "BREVITY") == "BREVITY"
    service.archive(studio, brevity, "ann")
    with pytest.raises(RefusedError, match="“BREVITY” already, which is archived"):
        service.create_constitution(studio, "Brevity")


def test_what_is_imported_under_a_name_that_is_taken_gets_a_number(studio: Studio) -> None:
    first, second = (import_file(studio, FILE.format("Brevity").encode(), "b.yaml", "Ann", f"key-of-file-{i}") for i in range(2))
    assert [card.name for card in service.list_constitutions(studio) if card.id in (first.id, second.id)] == ["Brevity 3", "Brevity 2"]
    assert import_file(studio, FILE.format("Brevity").encode(), "b.yaml", "Ann", "key-of-file-0").id == first.id
    text = service.open_version(studio, first.id, 1).constitution
    assert not isinstance(text, Unreadable) and text.name == "Brevity 2"


def test_a_number_fits_into_the_longest_name(studio: Studio) -> None:
    longest = "x" * MAX_NAME_CHARS
    service.create_constitution(studio, longest)
    with studio.sessions.read() as session:
        assert free_name(session, longest) == "x" * (MAX_NAME_CHARS - 2) + " 2"
        assert free_name(session, "Free") == "Free"
    file = f"name: {longest}\nprinciples:\n  - {{title: T, statement: S., antithesis: A.}}\n".encode()
    assert len({import_file(studio, file, "c.yaml", "Ann", "key-of-the-file").id for _ in range(2)}) == 1  # asked again: a double click makes one


def test_a_copy_has_the_newest_versions_text_and_principles_under_a_name_of_its_own(studio: Studio) -> None:
    original = named(studio, "Brevity")
    made = [duplicate(studio, original, "Ann", "key-of-the-copy") for _ in range(2)]
    assert made[0] == made[1]
    copy, text = (service.open_version(studio, each, 1) for each in (made[0], original))
    assert not isinstance(copy.constitution, Unreadable) and not isinstance(text.constitution, Unreadable)
    assert copy.constitution.name == "Brevity 2"
    assert copy.constitution.principles == text.constitution.principles  # with their identities
    assert copy.summary.message == "Duplicated from version 1 of “Brevity”." and copy.summary.author == "Ann"
    assert duplicate(studio, original, "Ann", "another-key-1") != made[0]
    draft = service.open_draft(studio, made[0], "Ann")
    rows = [{**row, "statement": "Be very short."} for row in draft.rows]
    saved = service.save_draft(studio, made[0], "Ann", draft.revision, rows)
    assert [row["id"] for row in saved.rows] == [row["id"] for row in draft.rows]


def test_a_restored_text_brings_its_name_back_unless_another_has_it_by_now(studio: Studio) -> None:
    made = duplicate(studio, named(studio, "Brevity"), "Ann")  # version 1 is called Brevity 2
    service.rename(studio, made, "ann", "Short")
    draft = service.open_draft(studio, made, "Ann")
    rows = [{**row, "statement": "Be very short."} for row in draft.rows]
    saved = service.save_draft(studio, made, "Ann", draft.revision, rows)
    second = service.save_version(studio, made, "Ann", "Second.", (saved.revision, 1))
    other = service.create_constitution(studio, "Brevity 2")
    third = service.restore_version(studio, made, "Ann", 1, (second.revision, 2))
    assert (third.name, third.changed) == ("Short", False)
    service.rename(studio, other, "ann", "Elsewhere")
    back = service.restore_version(studio, made, "Ann", 1, (third.revision, 3))
    assert (back.name, back.changed) == ("Brevity 2", False)


def test_what_has_no_version_cannot_be_duplicated(studio: Studio) -> None:
    made = service.create_constitution(studio, "Empty")
    with pytest.raises(RefusedError, match="“Empty” has no version yet, so there is nothing to duplicate"):
        duplicate(studio, made, "Ann")
    with pytest.raises(RefusedError, match="no constitution 999"):
        duplicate(studio, 999, "Ann")


def test_ones_own_stand_first_then_those_of_others_and_starters_apart(studio: Studio) -> None:
    add_plain_version(studio, "Ann wrote this", "Be brief.")
    with acting("Bob", "here"):
        service.create_constitution(studio, "Bob made this")
    listed = [(card.name, card.own, card.starter) for card in service.list_constitutions(studio, editor="Ann")]
    assert listed[:3] == [("Ann wrote this", True, False), ("Bob made this", False, False), ("Brevity", False, True)]
    assert next(card.name for card in service.list_constitutions(studio, editor="Bob")) == "Bob made this"
    html = groups_html(service.list_constitutions(studio, editor="Bob"))
    assert (
        html.index(">Yours</h2>")
        < html.index("Bob made this")
        < html.index(">Other people’s</h2>")
        < html.index("Ann wrote this")
        < html.index(">Starters</h2>")
    )


def test_one_is_found_by_its_name_or_its_line_and_what_is_not_there_is_said(studio: Studio) -> None:
    assert [card.name for card in service.list_constitutions(studio, find=" BREV ")] == ["Brevity"]
    assert [card.name for card in service.list_constitutions(studio, find="no-go")] == ["Capital letters"]
    assert service.list_constitutions(studio, find="%") == []
    assert "&lt;script&gt;" in groups_html([], HOSTILE) and "<script" not in groups_html([], HOSTILE)
