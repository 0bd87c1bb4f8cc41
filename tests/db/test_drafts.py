"""Drafts on a real SQLite file."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from db import constitutions
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
        draft = constitutions.ensure_draft(s, made.id, "ann")
        assert (draft.content, draft.base_version_id, draft.revision) == ({"name": "Brevity", "principles": []}, None, 1)


def test_a_draft_starts_as_the_newest_version_and_each_editor_has_their_own(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        version = add_version(s, "Be short.")
        mine = constitutions.ensure_draft(s, version.constitution_id, "ann")
        constitutions.save_draft(s, version.constitution_id, "ann", mine.revision, content("Be terse."))
        theirs = constitutions.ensure_draft(s, version.constitution_id, "bob")
        assert (theirs.content, theirs.base_version_id) == (content("Be short."), version.id)
        assert constitutions.ensure_draft(s, version.constitution_id, "ann").content == content("Be terse.")


def test_an_untouched_draft_follows_the_newest_version_and_a_changed_one_does_not(
    sessions: Sessions, content: Content, add_version: Callable[..., Version]
) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        constitutions.ensure_draft(s, first.constitution_id, "reader")
        constitutions.ensure_draft(s, first.constitution_id, "writer")
        constitutions.save_draft(s, first.constitution_id, "writer", 1, content("Mine."))
        second = constitutions.add_version(s, new_version(first.constitution_id, first.id, content("Theirs.")))
        reader = constitutions.ensure_draft(s, first.constitution_id, "reader")
        writer = constitutions.ensure_draft(s, first.constitution_id, "writer")
        assert (reader.content, reader.base_version_id, reader.revision) == (content("Theirs."), second.id, 2)
        assert (writer.content, writer.base_version_id, writer.revision) == (content("Mine."), first.id, 2)


def test_a_save_that_saw_an_old_revision_is_refused_with_what_is_stored(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        cid = add_version(s).constitution_id
        constitutions.ensure_draft(s, cid, "ann")
        assert constitutions.save_draft(s, cid, "ann", 1, content("From tab one.")) == 2
    with pytest.raises(DraftConflict, match="you saw revision 1, stored is 2") as caught, sessions.begin() as s:
        constitutions.save_draft(s, cid, "ann", 1, content("From tab two."))
    assert caught.value.current.content == content("From tab one.")
    assert caught.value.current.revision == 2
    with sessions.read() as s:
        stored = constitutions.get_draft(s, cid, "ann")
        assert stored is not None
        assert stored.content == content("From tab one.")


def test_of_savers_at_the_same_moment_exactly_one_wins(sessions: Sessions, content: Content, add_version: Callable[..., Version], race: Race) -> None:
    with sessions.begin() as s:
        cid = add_version(s).constitution_id
        constitutions.ensure_draft(s, cid, "ann")

    def save(text: str) -> None:
        with sessions.begin() as s:
            constitutions.save_draft(s, cid, "ann", 1, content(text))

    assert race(save, 6) == [""] + ["draft-conflict"] * 5


def test_two_tabs_that_open_a_constitution_share_one_draft(sessions: Sessions, add_version: Callable[..., Version], race: Race) -> None:
    with sessions.begin() as s:
        cid = add_version(s).constitution_id

    def open_page(name: str) -> None:
        with sessions.begin() as s:
            constitutions.ensure_draft(s, cid, "ann")

    assert race(open_page, 4) == [""] * 4
    with sessions.read() as s:
        assert s.scalar(select(func.count()).select_from(Draft)) == 1


def test_after_saving_a_version_the_draft_is_based_on_it(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        cid = first.constitution_id
        constitutions.ensure_draft(s, cid, "ann")
        typed = {"name": "Brevity", "principles": [{"title": "New", "statement": "a", "antithesis": "b"}]}
        revision = constitutions.save_draft(s, cid, "ann", 1, typed)
        second = constitutions.add_version(s, new_version(cid, first.id, typed))
        assert constitutions.rebase_draft(s, cid, "ann", revision, second) == 3
        draft = constitutions.ensure_draft(s, cid, "ann")
        assert draft.base_version_id == second.id
        assert draft.content == second.content  # with the ids that the version gave
        with pytest.raises(Unchanged):
            constitutions.add_version(s, new_version(cid, second.id, draft.content))


def test_an_editor_who_has_seen_the_new_version_may_keep_their_own_text(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        cid = first.constitution_id
        constitutions.ensure_draft(s, cid, "ann")
        constitutions.save_draft(s, cid, "ann", 1, content("Mine."))
        second = constitutions.add_version(s, new_version(cid, first.id, content("Theirs."), "bob"))
        assert constitutions.set_draft_base(s, cid, "ann", 2, second) == 3
        draft = constitutions.ensure_draft(s, cid, "ann")
        assert (draft.content, draft.base_version_id) == (content("Mine."), second.id)
        assert constitutions.add_version(s, new_version(cid, draft.base_version_id, draft.content)).number == 3
