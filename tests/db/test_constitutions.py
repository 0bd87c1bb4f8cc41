"""Constitutions and versions on a real SQLite file."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db import constitutions, drafts
from db.canonical import sha256_of
from db.constitutions import NewVersion
from db.errors import NotFound, Unchanged, VersionConflict
from db.session import Sessions
from db.tables import Principle, Run, Version

Content = Callable[[str], dict[str, Any]]
Race = Callable[[Callable[[str], object], int], list[str]]


def new_version(constitution_id: int, base_version_id: int | None, content: dict[str, Any], author: str = "ann") -> NewVersion:
    return NewVersion(constitution_id=constitution_id, base_version_id=base_version_id, content=content, message="Why not", author=author)


def test_the_list_counts_versions_and_runs_and_knows_the_last_change(sessions: Sessions, content: Content, queue_run: Callable[..., Run]) -> None:
    with sessions.begin() as s:
        run = queue_run(s, "first")
        first = constitutions.get_version_by_id(s, run.version_id)
        second = constitutions.add_version(s, new_version(first.constitution_id, first.id, content("Be brief.")))
        empty = constitutions.add_constitution(s, "Empty", "Nothing yet")
        starter = constitutions.add_constitution(s, "Starter", starter=True)
        old = constitutions.add_constitution(s, "Old")
        constitutions.set_archived(s, old.id, True)
    with sessions.read() as s:
        rows = constitutions.list_constitutions(s)
        archived = constitutions.list_constitutions(s, archived=True)
    assert [row.name for row in rows] == ["Empty", "Brevity", "Starter"]
    assert [row.id for row in rows] == [empty.id, first.constitution_id, starter.id]
    assert [(row.version_id, row.version_number, row.run_count) for row in rows] == [(None, None, 0), (second.id, 2, 1), (None, None, 0)]
    assert rows[1].updated_at == second.created_at
    assert rows[0].blurb == "Nothing yet"
    assert [row.name for row in archived] == ["Old"]
    assert archived[0].archived_at is not None


def test_saving_a_draft_counts_as_a_change_but_opening_one_does_not(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        version = add_version(s)
        drafts.ensure_draft(s, version.constitution_id, "bob")
    with sessions.read() as s:
        assert constitutions.list_constitutions(s)[0].updated_at == version.created_at
    with sessions.begin() as s:
        drafts.save_draft(s, version.constitution_id, "bob", 1, content("Be terse."))
    with sessions.read() as s:
        assert constitutions.list_constitutions(s)[0].updated_at > version.created_at


def test_the_list_is_one_statement_however_long_it_is(statements: list[str], sessions: Sessions, queue_run: Callable[..., Run]) -> None:
    with sessions.begin() as s:
        for i in range(12):
            queue_run(s, f"click {i}")
    statements.clear()
    with sessions.read() as s:
        assert len(constitutions.list_constitutions(s)) == 12
    assert len([text for text in statements if text.startswith("SELECT")]) == 1


def test_a_constitution_can_be_renamed_archived_and_taken_back(sessions: Sessions) -> None:
    with sessions.begin() as s:
        made = constitutions.add_constitution(s, "Brevty")
        constitutions.rename(s, made.id, "Brevity")
        constitutions.set_archived(s, made.id, True)
        constitutions.set_archived(s, made.id, False)
    with sessions.read() as s:
        assert [row.name for row in constitutions.list_constitutions(s)] == ["Brevity"]
        assert constitutions.list_constitutions(s, archived=True) == []


def test_what_is_not_there_is_said_in_words(sessions: Sessions) -> None:
    with sessions.begin() as s:
        made = constitutions.add_constitution(s, "Brevity")
        for call in (
            lambda: constitutions.get_constitution(s, 404),
            lambda: constitutions.rename(s, 404, "x"),
            lambda: drafts.ensure_draft(s, 404, "ann"),
            lambda: drafts.save_draft(s, made.id, "nobody", 1, {}),
            lambda: constitutions.get_version(s, made.id, 404),
            lambda: constitutions.get_version_by_id(s, 404),
            lambda: constitutions.add_version(s, new_version(404, None, {"name": "x", "principles": []})),
        ):
            with pytest.raises(NotFound, match=r"404|nobody"):
                call()
        assert drafts.get_draft(s, made.id, "ann") is None
        assert constitutions.get_head(s, made.id) is None


def test_versions_are_numbered_and_know_their_parent(sessions: Sessions, content: Content, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        first = add_version(s, "One.")
        second = constitutions.add_version(s, new_version(first.constitution_id, first.id, content("Two."), "bob"))
        restored = constitutions.add_version(s, new_version(first.constitution_id, second.id, first.content))
    with sessions.read() as s:
        rows = [constitutions.summary_of(v) for v in constitutions.versions_of(s, first.constitution_id)]
        assert constitutions.get_version(s, first.constitution_id, 3).content == content("One.")
    assert [(row.number, row.parent_id, row.author) for row in rows] == [(3, second.id, "ann"), (2, first.id, "bob"), (1, None, "ann")]
    assert rows[0].sha256 == rows[2].sha256 == restored.sha256
    assert rows[0].created_at - rows[2].created_at < timedelta(seconds=10)


def test_the_hash_is_over_the_stored_text(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        version = add_version(s, "Été.")
    assert version.sha256 == sha256_of(version.content_text)
    assert '"statement":"Été."' in version.content_text


def test_an_unchanged_draft_makes_no_version(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        first = add_version(s)
    reordered_keys = dict(reversed(list(first.content.items())))
    with pytest.raises(Unchanged, match="since version 1") as caught, sessions.begin() as s:
        constitutions.add_version(s, new_version(first.constitution_id, first.id, reordered_keys))
    assert caught.value.head.number == 1


@pytest.mark.parametrize("seen", [None, 404])
def test_a_version_on_an_old_base_is_refused_with_the_newest_one(
    sessions: Sessions, content: Content, add_version: Callable[..., Version], seen: int | None
) -> None:
    with sessions.begin() as s:
        first = add_version(s)
    with pytest.raises(VersionConflict, match="ann saved version 1") as caught, sessions.begin() as s:
        constitutions.add_version(s, new_version(first.constitution_id, seen, content("Mine."), "bob"))
    assert caught.value.head is not None
    assert caught.value.head.content == content("Be short.")


def test_of_editors_who_save_a_version_at_the_same_moment_exactly_one_wins(
    sessions: Sessions, content: Content, add_version: Callable[..., Version], race: Race
) -> None:
    with sessions.begin() as s:
        first = add_version(s)

    def save(text: str) -> None:
        with sessions.begin() as s:
            constitutions.add_version(s, new_version(first.constitution_id, first.id, content(text)))

    assert race(save, 6) == [""] + ["version-conflict"] * 5
    with sessions.read() as s:
        assert [row.number for row in constitutions.versions_of(s, first.constitution_id)] == [2, 1]


def test_principles_get_an_identity_that_lasts_across_versions_and_forks(sessions: Sessions) -> None:
    def principle(title: str, **more: str) -> dict[str, str]:
        return {"title": title, "statement": "a", "antithesis": "b", **more}

    with sessions.begin() as s:
        made = constitutions.add_constitution(s, "Original")
        fork = constitutions.add_constitution(s, "Fork")
        first = constitutions.add_version(s, new_version(made.id, None, {"name": "x", "principles": [principle("One"), principle("Two", id="given")]}))
        one, two = first.content["principles"]
        assert len(one["id"]) == 32
        assert two["id"] == "given"
        moved = {"name": "x", "principles": [{**two, "title": "Two, renamed"}, one, principle("Three")]}
        second = constitutions.add_version(s, new_version(made.id, first.id, moved))
        assert [p["id"] for p in second.content["principles"][:2]] == ["given", one["id"]]
        constitutions.add_version(s, new_version(fork.id, None, first.content))
        owners = {p.id: p.constitution_id for p in s.scalars(select(Principle))}
        assert owners == {one["id"]: made.id, "given": made.id, second.content["principles"][2]["id"]: made.id}


def test_a_copied_principle_becomes_one_of_its_own(sessions: Sessions, content: Content) -> None:
    with sessions.begin() as s:
        made = constitutions.add_constitution(s, "Twice")
        (principle,) = content("Be short.")["principles"]
        version = constitutions.add_version(s, new_version(made.id, None, {"name": "x", "principles": [principle, {**principle, "title": "Copy"}]}))
        first, second = (p["id"] for p in version.content["principles"])
        assert first == principle["id"] != second


def test_the_caller_s_content_is_left_as_it_was(sessions: Sessions) -> None:
    typed: dict[str, Any] = {"name": "x", "principles": [{"title": "t", "statement": "a", "antithesis": "b"}]}
    with sessions.begin() as s:
        made = constitutions.add_constitution(s, "x")
        constitutions.add_version(s, new_version(made.id, None, typed))
    assert "id" not in typed["principles"][0]


def test_a_damaged_version_is_noticed_on_reading(database: str, engine: Engine, sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        whole = add_version(s)
        version = add_version(s)
    with engine.begin() as connection:  # what a disk or a hand could do, past the trigger
        connection.exec_driver_sql({"sqlite": "DROP TRIGGER version_no_update", "postgresql": "DROP TRIGGER version_no_change ON version"}[database])
        connection.execute(update(Version).where(Version.id == version.id).values(content_text=version.content_text.replace("short", "shorn")))
    with sessions.read() as s:
        reads = [
            constitutions.get_version(s, version.constitution_id, 1),
            constitutions.get_version_by_id(s, version.id),
            constitutions.get_head(s, version.constitution_id),
        ]
        for read in reads:
            assert read is not None and not constitutions.is_whole(read) and "shorn" in read.content_text
        assert constitutions.is_whole(constitutions.get_version_by_id(s, whole.id))
        assert [v.id for v in constitutions.damaged_versions(s)] == [version.id]
        assert constitutions.get_version_by_id(s, whole.id).content
