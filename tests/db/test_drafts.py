"""Drafts on a real SQLite file."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from db import constitutions, drafts
from db.constitutions import NewVersion
from db.errors import DraftConflict, Unchanged
from db.session import Sessions
from db.tables import Draft, Version

Content = Callable[[str], dict[str, Any]]
Race = Callable[[Callable[[str], object], int], list[str]]


def new_version(constitution_id: int, base_version_id: int | None, content: dict[str, Any], author: str = "ann") -> NewVersion:
    return NewVersion(constitution_id=constitution_id, base_version_id=base_version_id, content=content, message="Why not", author=author)


def test_a_first_draft_has_the_name_and_no_principle(sessions: Sessions) -> None:
    with sessions.begin() as s:
        made = constitutions.add_constitution(s, "Brevity")
        draft = drafts.ensure_draft(s, made.id, "ann")
        assert (draft.content, draft.base_version_id, draft.revision) == ({"name": "Brevity", "principles": []}, None, 1)


def test_a_draft_starts_as_the_newest_version_and_each_editor_has_their_own(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        version = add_version(s, "Be short.")
        mine = drafts.ensure_draft(s, version.constitution_id, "ann")
        drafts.save_draft(s, version.constitution_id, "ann", mine.revision, content("Be terse."))
        theirs = drafts.ensure_draft(s, version.constitution_id, "bob")
        assert (theirs.content, theirs.base_version_id) == (content("Be short."), version.id)
        assert drafts.ensure_draft(s, version.constitution_id, "ann").content == content("Be terse.")


def test_an_untouched_draft_follows_the_newest_version_and_a_changed_one_does_not(
    sessions: Sessions, content: Content, add_version: Callable[..., Version]
) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        drafts.ensure_draft(s, first.constitution_id, "reader")
        drafts.ensure_draft(s, first.constitution_id, "writer")
        drafts.save_draft(s, first.constitution_id, "writer", 1, content("Mine."))
        second = constitutions.add_version(s, new_version(first.constitution_id, first.id, content("Theirs.")))
        reader = drafts.ensure_draft(s, first.constitution_id, "reader")
        writer = drafts.ensure_draft(s, first.constitution_id, "writer")
        assert (reader.content, reader.base_version_id, reader.revision) == (content("Theirs."), second.id, 2)
        assert (writer.content, writer.base_version_id, writer.revision) == (content("Mine."), first.id, 2)


def test_a_save_that_saw_an_old_revision_is_refused_with_what_is_stored(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        cid = add_version(s).constitution_id
        drafts.ensure_draft(s, cid, "ann")
        assert drafts.save_draft(s, cid, "ann", 1, content("From tab one.")) == 2
    with pytest.raises(DraftConflict, match="you saw revision 1, stored is 2") as caught, sessions.begin() as s:
        drafts.save_draft(s, cid, "ann", 1, content("From tab two."))
    assert caught.value.current.content == content("From tab one.")
    assert caught.value.current.revision == 2
    with sessions.read() as s:
        stored = drafts.get_draft(s, cid, "ann")
        assert stored is not None
        assert stored.content == content("From tab one.")


def test_of_savers_at_the_same_moment_exactly_one_wins(sessions: Sessions, content: Content, add_version: Callable[..., Version], race: Race) -> None:
    with sessions.begin() as s:
        cid = add_version(s).constitution_id
        drafts.ensure_draft(s, cid, "ann")

    def save(text: str) -> None:
        with sessions.begin() as s:
            drafts.save_draft(s, cid, "ann", 1, content(text))

    assert race(save, 6) == [""] + ["draft-conflict"] * 5


def test_two_tabs_that_open_a_constitution_share_one_draft(sessions: Sessions, add_version: Callable[..., Version], race: Race) -> None:
    with sessions.begin() as s:
        cid = add_version(s).constitution_id

    def open_page(name: str) -> None:
        with sessions.begin() as s:
            drafts.ensure_draft(s, cid, "ann")

    assert race(open_page, 4) == [""] * 4
    with sessions.read() as s:
        assert s.scalar(select(func.count()).select_from(Draft)) == 1


def test_after_saving_a_version_the_draft_is_based_on_it(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        cid = first.constitution_id
        drafts.ensure_draft(s, cid, "ann")
        typed = {"name": "Brevity", "principles": [{"title": "New", "statement": "a", "antithesis": "b"}]}
        revision = drafts.save_draft(s, cid, "ann", 1, typed)
        second = constitutions.add_version(s, new_version(cid, first.id, typed))
        assert drafts.rebase_draft(s, cid, "ann", revision, second) == 3
        draft = drafts.ensure_draft(s, cid, "ann")
        assert draft.base_version_id == second.id
        assert draft.content == second.content  # with the ids that the version gave
        with pytest.raises(Unchanged):
            constitutions.add_version(s, new_version(cid, second.id, draft.content))


def test_an_editor_who_has_seen_the_new_version_may_keep_their_own_text(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        cid = first.constitution_id
        drafts.ensure_draft(s, cid, "ann")
        drafts.save_draft(s, cid, "ann", 1, content("Mine."))
        second = constitutions.add_version(s, new_version(cid, first.id, content("Theirs."), "bob"))
        draft = drafts.ensure_draft(s, cid, "ann")
        assert (draft.content, draft.base_version_id) == (content("Mine."), first.id)
        assert constitutions.add_version(s, new_version(cid, second.id, draft.content)).number == 3


def test_who_gives_themselves_a_name_takes_their_drafts_along(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        cid = add_version(s, "Be short.").constitution_id
        empty = constitutions.add_constitution(s, "Empty").id
        for each in (cid, empty):
            drafts.ensure_draft(s, each, "you")
        drafts.save_draft(s, cid, "you", 1, content("Be terse."))
        drafts.ensure_draft(s, cid, "ann")  # opened once under this name, and left as it was
        assert drafts.take_over_drafts(s, "you", "ann") == 1
    with sessions.read() as s:
        taken = drafts.get_draft(s, cid, "ann")
        assert taken is not None and (taken.content, taken.revision) == (content("Be terse."), 2)
        assert drafts.get_draft(s, empty, "ann") is not None
        assert drafts.get_draft(s, cid, "you") is None and drafts.get_draft(s, empty, "you") is None


def test_where_both_names_have_written_both_drafts_stay(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        cid = add_version(s, "Be short.").constitution_id
        for editor, text in (("you", "Mine."), ("ann", "Hers.")):
            drafts.ensure_draft(s, cid, editor)
            drafts.save_draft(s, cid, editor, 1, content(text))
        assert drafts.take_over_drafts(s, "you", "ann") == 0
    with sessions.read() as s:
        stored = [drafts.get_draft(s, cid, editor) for editor in ("you", "ann")]
        assert [draft and draft.content for draft in stored] == [content("Mine."), content("Hers.")]
