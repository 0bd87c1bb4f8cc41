"""A version that somebody else saved, taken into one's draft: nothing of either is dropped, and what that changes is known before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.pages.write import WritePage
from app.present.merging import taking_in_says
from app.services import constitutions
from app.services.draft_views import DraftView
from app.services.studio import RefusedError, Studio
from app.services.taking_in import take_in, taking_in
from tests.app.damaging import damage
from tests.app.pages.calling import asks
from tests.app.planting import make_studio

ROWS = [{"id": letter * 32, "title": letter.upper(), "statement": f"Do {letter}.", "antithesis": f"Never {letter}."} for letter in "abc"]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def write(studio: Studio, constitution: int, who: str, rows: list[dict[str, Any]], version: bool = False, rule: str | None = None) -> DraftView:
    draft = constitutions.open_draft(studio, constitution, who)
    saved = constitutions.save_draft(studio, constitution, who, draft.revision, rows, conflict_rule=rule)
    if version:
        saved = constitutions.save_version(studio, constitution, who, "Saved.", (saved.revision, saved.head.number if saved.head else None))
    return saved


def changed(place: int, **parts: object) -> list[dict[str, Any]]:
    return [row | (parts if i == place else {}) for i, row in enumerate(ROWS)]


@pytest.fixture
def behind(studio: Studio) -> int:
    """Ben has changed the second principle and added one; meanwhile Ann changed the first, removed the third and saved that."""
    made = constitutions.create_constitution(studio, "House rules")
    write(studio, made, "Ann", ROWS, version=True)
    added = {"id": "d" * 32, "title": "D", "statement": "Do d.", "antithesis": "Never d."}
    write(studio, made, "Ben", [*changed(1, statement="Ben's b."), added], rule="Ben's rule.")
    write(studio, made, "Ann", changed(0, statement="Ann's a.")[:2], version=True)
    return made


def test_both_texts_are_put_together_after_what_that_changes_was_told(studio: Studio, behind: int) -> None:
    found = taking_in(studio, behind, "Ben")
    assert (found.number, found.author, found.clashes) == (2, "Ann", ())
    assert taking_in_says(found) == "Ann saved version 2 since you began. This is what taking it in changes in your draft. What you changed stays."
    before = constitutions.open_draft(studio, behind, "Ben")
    assert before.behind and before.revision == found.draft.revision and before.rows[0]["statement"] == "Do a."  # nothing is written yet
    after = take_in(studio, behind, "Ben", (before.revision, 2), "mine")
    assert [(p.title, p.statement) for p in after.constitution.principles] == [("A", "Ann's a."), ("B", "Ben's b."), ("D", "Do d.")]
    assert after.constitution == found.together and after.constitution.conflict_rule == "Ben's rule."
    assert (after.behind, after.base_number, after.changed) == (False, 2, True)
    saved = constitutions.save_version(studio, behind, "Ben", "Both.", (after.revision, 2))
    assert saved.head is not None and saved.head.number == 3
    with pytest.raises(RefusedError, match="Nobody has saved a version since you began"):
        taking_in(studio, behind, "Ben")


@pytest.mark.parametrize(("prefer", "statement"), [("mine", "Ben's b."), ("theirs", "Ann's b.")])
def test_where_both_changed_the_same_whoever_writes_says_which_stays(studio: Studio, behind: int, prefer: Any, statement: str) -> None:
    write(studio, behind, "Ann", [*changed(0, statement="Ann's a.")[:1], *changed(1, statement="Ann's b.")[1:2]], version=True)
    found = taking_in(studio, behind, "Ben")
    assert [(clash.part, clash.theirs, clash.mine) for clash in found.clashes] == [("statement", "Ann's b.", "Ben's b.")]
    assert "Ann saved version 3 since you began. Both texts can be put together, but one place was changed in both." in taking_in_says(found)
    after = take_in(studio, behind, "Ben", (found.draft.revision, 3), prefer)
    assert [p.statement for p in after.constitution.principles] == ["Ann's a.", statement, "Do d."]


def test_what_changed_since_it_was_shown_is_refused_and_nothing_is_written(studio: Studio, behind: int) -> None:
    found = taking_in(studio, behind, "Ben")
    write(studio, behind, "Ann", changed(0, statement="Ann's a again.")[:2], version=True)
    with pytest.raises(RefusedError, match="Ann saved version 3 meanwhile"):
        take_in(studio, behind, "Ben", (found.draft.revision, 2), "mine")
    write(studio, behind, "Ben", changed(1, statement="Ben's b, once more."))
    with pytest.raises(RefusedError, match="The draft was changed elsewhere"):
        take_in(studio, behind, "Ben", (found.draft.revision, 3), "mine")
    assert constitutions.open_draft(studio, behind, "Ben").constitution.principles[1].statement == "Ben's b, once more."
    with pytest.raises(RefusedError, match="You have changed nothing yet"):
        taking_in(studio, behind, "Cleo")


def test_a_draft_from_before_the_first_version_keeps_all_of_its_own(studio: Studio) -> None:
    made = constitutions.create_constitution(studio, "Two beginnings")
    write(studio, made, "Ben", ROWS[:1])
    write(studio, made, "Ann", ROWS[1:], version=True)
    found = taking_in(studio, made, "Ben")
    after = take_in(studio, made, "Ben", (found.draft.revision, 1), "mine")
    assert {p.title for p in after.constitution.principles} == {"A", "B", "C"} and found.clashes == ()


def test_a_beginning_that_cannot_be_read_is_told(studio: Studio, behind: int) -> None:
    damage(studio, ("UPDATE version SET content = 'x' WHERE constitution_id = ? AND number = 1", behind))
    with pytest.raises(RefusedError, match="begun from version 1, which cannot be read"):
        taking_in(studio, behind, "Ben")


def test_every_answer_on_a_draft_says_whether_it_is_behind_and_whose_version_that_is(studio: Studio, behind: int) -> None:
    page = WritePage(studio)
    ben, ann = ({**page.draft({"constitution": behind}, asks(who))} for who in ("Ben", "Ann"))
    assert (ben["behind"], ben["behind_by"], ann["behind"], ann["behind_by"]) == (2, "Ann", None, "")
    shown = page.behind({"constitution": behind}, asks("Ben"))
    assert (shown["kind"], shown["number"], shown["clashes"]) == ("taking_in", 2, 0) and "<ins>Ann's</ins>" in shown["changes"].replace("&#x27;", "'")
    taken = page.take_in({"constitution": behind, "revision": shown["revision"], "number": 2}, asks("Ben"))
    assert (taken["kind"], taken["behind"]) == ("saved", None)
    assert page.take_in({"constitution": behind, "revision": shown["revision"], "number": 2}, asks("Ben"))["kind"] == "problem"
