"""Writing constitutions, on a real SQLite file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.services import constitutions as service
from app.services.constitutions import DraftConflictError, DraftView
from app.services.imports import import_file
from app.services.studio import STARTERS, RefusedError, Studio, journal_mode, open_studio, read_starters
from app.services.text_files import export
from app.settings import Settings
from core.constitution.files import parse_yaml
from core.errors import ConfigError, ConstitutionError, StudioError
from db.constitutions import NewVersion, add_version

ONE = {"id": "1" * 32, "title": "Brief", "statement": "Be brief.", "antithesis": "Be long."}
TWO = {"id": "2" * 32, "title": "Ask", "statement": "Ask back.", "antithesis": "Never ask.", "check": "ends_with_question"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db")


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    opened = open_studio(settings)
    yield opened
    opened.engine.dispose()


def written(studio: Studio, *rows: dict[str, Any], editor: str = "ann") -> DraftView:
    constitution_id = service.create_constitution(studio, "Mine")
    draft = service.open_draft(studio, constitution_id, editor)
    return service.save_draft(studio, constitution_id, editor, draft.revision, list(rows or (ONE, TWO)))


def versioned(studio: Studio, draft: DraftView, message: str = "First") -> DraftView:
    seen = (draft.revision, draft.head.number if draft.head else None)
    return service.save_version(studio, draft.constitution_id, draft.editor, message, seen)


def edited(studio: Studio, draft: DraftView, *rows: dict[str, Any]) -> DraftView:
    return service.save_draft(studio, draft.constitution_id, draft.editor, draft.revision, list(rows))


def test_starters_are_planted_once_in_the_order_of_their_files(settings: Settings, studio: Studio) -> None:
    names = [starter.constitution.name for starter in read_starters()]
    assert len(names) >= 3 and [card.name for card in service.list_constitutions(studio)] == names
    again = open_studio(settings)
    assert [card.name for card in service.list_constitutions(again)] == names
    again.engine.dispose()


def test_the_same_request_twice_makes_one_constitution(studio: Studio) -> None:
    file = b"name: Read\nprinciples:\n- {title: T, statement: Be short., antithesis: Be long.}\n"
    before = len(service.list_constitutions(studio))
    made = [service.create_constitution(studio, "Mine", "key-of-a-click") for _ in range(3)]
    read = [import_file(studio, file, "r.yaml", "ann", "key-of-a-file").id for _ in range(2)]
    assert len({*made}) == len({*read}) == 1
    assert len(service.list_constitutions(studio)) == before + 2
    assert [version.number for version in service.history(studio, read[0])] == [1]
    service.archive(studio, made[0], "ann")
    assert service.create_constitution(studio, "Mine", "key-of-a-click") == made[0]  # whatever became of it
    with pytest.raises(RefusedError, match="“Mine” already, which is archived"):  # who sends no key, or another one, asks anew
        service.create_constitution(studio, "Mine")
    assert service.create_constitution(studio, "Mine, too", "another-click") != made[0]


@pytest.mark.parametrize("key", ["short", "with a blank in it", "x" * 65, None])
def test_a_key_that_is_none_is_refused(studio: Studio, key: Any) -> None:
    with pytest.raises(ConfigError, match="request key"):
        service.create_constitution(studio, "Mine", key)


def test_a_renamed_or_archived_starter_stays_so_after_a_restart(settings: Settings, studio: Studio) -> None:
    first, second = service.list_constitutions(studio)[:2]
    service.rename(studio, first.id, "ann", "My own name")
    service.archive(studio, second.id, "ann")
    again = open_studio(settings)
    assert [card.id for card in service.list_constitutions(again, archived=True)] == [second.id]
    cards = service.list_constitutions(again)
    assert cards[0].name == "My own name" and len(cards) == len(read_starters()) - 1
    again.engine.dispose()


def test_a_starter_that_is_new_in_this_release_is_planted_in_an_old_database(settings: Settings, studio: Studio) -> None:
    from app.services.studio import Starter, plant_starters

    new = Starter("Shows more.", parse_yaml("name: New\nprinciples: [{title: T, statement: a, antithesis: b}]"))
    with studio.sessions.begin() as session:
        plant_starters(session, [*read_starters(), new])
    assert [card.name for card in service.list_constitutions(studio)].count("New") == 1
    assert len(service.list_constitutions(studio)) == len(read_starters()) + 1


def test_every_starter_can_be_trained_and_checked() -> None:
    for starter in read_starters():
        assert starter.blurb and all(principle.check for principle in starter.constitution.principles)
    assert len(list(STARTERS.glob("*.yaml"))) == len(read_starters())


def test_the_journal_mode_is_asked_of_the_database(studio: Studio) -> None:
    assert journal_mode(studio) in ("truncate", "wal")


@pytest.mark.parametrize(("name", "says"), [("", "needs a name"), ("   ", "needs a name"), (None, "needs a name"), ("x" * 121, "121 characters")])
def test_a_name_that_cannot_be_is_refused_with_the_remedy(studio: Studio, name: object, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        service.create_constitution(studio, name)


def test_a_draft_is_kept_as_typed_with_its_problems_named(studio: Studio) -> None:
    draft = written(studio, {**ONE, "statement": "  "}, {**TWO, "antithesis": "Ask back."})
    assert [(p.principle, p.field) for p in draft.problems] == [(0, "statement"), (1, "antithesis")]
    assert service.open_draft(studio, draft.constitution_id, "ann").rows[0]["statement"] == "  "


def test_a_draft_keeps_scenarios_and_names_what_is_wrong_with_them(studio: Studio) -> None:
    scenarios = [{"query": "Why?\r\nHow?", "use": "test", "fails": ""}, {"query": "Where?", "follows": "A place.", "use": "train"}]
    kept = [{"query": "Why?\nHow?"}, {"query": "Where?", "follows": "A place.", "use": "train"}]
    draft = written(studio, {**ONE, "scenarios": scenarios}, {**TWO, "scenarios": []})
    assert draft.problems == () and draft.rows[0]["scenarios"] == kept and "scenarios" not in draft.rows[1]
    saved = versioned(studio, draft)
    assert saved.head_constitution is not None and [s.query for s in saved.head_constitution.principles[0].scenarios] == ["Why?\nHow?", "Where?"]
    without = edited(studio, saved, ONE, TWO)
    assert without.changed and not edited(studio, without, {**ONE, "scenarios": kept}, TWO).changed
    wrong = edited(studio, service.open_draft(studio, draft.constitution_id, "ann"), {**ONE, "scenarios": [{"query": "", "follows": "x"}]}, TWO)
    assert [(p.principle, p.field) for p in wrong.problems] == [(0, "scenarios.0.query")]


@pytest.mark.parametrize(
    ("scenarios", "says"),
    [
        ({}, "its scenarios are {}, not a list"),
        ([{"query": 7}], "`query` of scenario 1 of principle 1 must be text, but it is 7"),
        ([{"query": "a", "weight": 2}], "Unknown key 'weight' in scenario 1 of principle 1"),
        ([{"query": "a"}] * 401, "Principle 1 has 401 scenarios; a draft holds 400 of each principle"),
        ([{"query": "x" * 900_000, "follows": "y" * 200_000}], "The draft has 1,1.* characters; it can hold 1,000,000"),
    ],
)
def test_scenarios_that_did_not_arrive_whole_are_refused(studio: Studio, scenarios: object, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        written(studio, {**ONE, "scenarios": scenarios})


def test_a_hundred_thousand_characters_are_kept_and_named_as_a_problem(studio: Studio) -> None:
    draft = written(studio, {**ONE, "statement": "x" * 100_000})
    assert draft.problems[0].message == "The statement of principle 1 has 100,000 characters; the limit is 4,000. Shorten it."
    assert len(service.open_draft(studio, draft.constitution_id, "ann").rows[0]["statement"]) == 100_000


def test_more_than_a_draft_can_hold_is_refused_and_the_stored_draft_stays(studio: Studio) -> None:
    draft = written(studio, ONE)
    with pytest.raises(ConstitutionError, match=r"1,000,0.. characters; it can hold 1,000,000"):
        edited(studio, draft, {**ONE, "statement": "x" * 1_000_000})
    assert service.open_draft(studio, draft.constitution_id, "ann").rows == [ONE]


@pytest.mark.parametrize("given", [{"max_words": ""}, {"max_words": "many"}, {"regex": "("}, "no_such_check", {"a": 1, "b": 2}, 7, {"max_words": "9" * 5000}])
def test_a_check_that_cannot_be_read_is_a_problem_and_not_a_loss(studio: Studio, given: object) -> None:
    draft = written(studio, {**ONE, "check": given})
    assert [(p.principle, p.field) for p in draft.problems] == [(0, "check")]
    assert draft.changed and draft.rows[0]["check"]


def test_a_typed_number_is_kept_as_a_number(studio: Studio) -> None:
    assert written(studio, {**ONE, "check": {"max_words": "20"}}).rows[0]["check"] == {"max_words": 20}


@pytest.mark.parametrize("rows", [None, "text", [None], [{}], [{**ONE, "id": "x"}], [{**ONE, "title": 3}], [ONE] * 201])
def test_what_is_no_list_of_principles_is_refused(studio: Studio, rows: object) -> None:
    draft = written(studio, ONE)
    with pytest.raises(ConstitutionError):
        service.save_draft(studio, draft.constitution_id, "ann", draft.revision, rows)


def test_a_save_from_a_second_tab_is_a_conflict_that_carries_the_stored_text(studio: Studio) -> None:
    draft = written(studio, ONE)
    edited(studio, draft, {**ONE, "statement": "First tab."})
    with pytest.raises(DraftConflictError) as conflict:
        edited(studio, draft, {**ONE, "statement": "Second tab."})
    assert conflict.value.current.rows[0]["statement"] == "First tab."
    kept = service.save_draft(studio, draft.constitution_id, "ann", conflict.value.current.revision, [{**ONE, "statement": "Second tab."}])
    assert kept.rows[0]["statement"] == "Second tab."


def test_saving_the_stored_text_again_is_no_conflict(studio: Studio) -> None:
    draft = written(studio, ONE)
    now = edited(studio, draft, {**ONE, "statement": "Once."})
    assert edited(studio, draft, {**ONE, "statement": "Once."}).revision == now.revision


def test_a_version_that_names_its_writer_in_a_sentence_opens_and_is_not_saved_again_for_its_form(studio: Studio) -> None:
    """As versions were stored before `written_by` became data: their bytes are hashed, so they stay as they are."""
    constitution_id = service.create_constitution(studio, "Mine")
    content = {"name": "Mine", "principles": [{**ONE, "written_by": "a-model (antithesis)"}]}
    with studio.sessions.begin() as session:
        new = NewVersion(constitution_id=constitution_id, base_version_id=None, content=content, message="Old", author="ann")
        add_version(session, new)
    draft = service.open_draft(studio, constitution_id, "ann")
    assert draft.rows == [{**ONE, "written_by": {"model": "a-model", "texts": ["antithesis"]}}] and not draft.changed
    assert service.open_version(studio, constitution_id, 1).constitution == draft.constitution
    assert edited(studio, draft, *draft.rows).revision == draft.revision
    with pytest.raises(RefusedError, match="Nothing changed since version 1"):
        versioned(studio, draft)
    with pytest.raises(RefusedError, match="nothing to restore"):
        service.restore_version(studio, constitution_id, "ann", 1, (draft.revision, 1))


def test_each_editor_has_a_draft(studio: Studio) -> None:
    draft = versioned(studio, written(studio, ONE))
    other = service.open_draft(studio, draft.constitution_id, "bob")
    edited(studio, other, {**ONE, "statement": "Bob's."})
    assert service.open_draft(studio, draft.constitution_id, "ann").rows == [ONE]


def test_a_version_is_numbered_and_keeps_author_and_message(studio: Studio) -> None:
    draft = versioned(studio, written(studio), "  Why  ")
    assert draft.head is not None and (draft.head.number, draft.head.author, draft.head.message) == (1, "ann", "Why")
    assert not draft.changed and draft.base_number == 1


def test_an_unchanged_draft_makes_no_version_and_says_so(studio: Studio) -> None:
    draft = versioned(studio, written(studio))
    with pytest.raises(RefusedError, match="Nothing changed since version 1"):
        versioned(studio, draft)
    assert len(service.history(studio, draft.constitution_id)) == 1


@pytest.mark.parametrize("message", ["", "  ", None, "x" * 501])
def test_a_version_needs_a_message(studio: Studio, message: Any) -> None:
    with pytest.raises(ConstitutionError, match="message"):
        versioned(studio, written(studio), message)


def test_a_draft_with_problems_makes_no_version(studio: Studio) -> None:
    draft = written(studio, {**ONE, "antithesis": ""})
    with pytest.raises(ConstitutionError, match="has no antithesis"):
        versioned(studio, draft)
    with pytest.raises(ConstitutionError, match="no principle"):
        versioned(studio, edited(studio, draft, *[]))


def test_a_version_is_refused_when_the_draft_changed_since_it_was_shown(studio: Studio) -> None:
    draft = written(studio)
    edited(studio, draft, ONE)
    with pytest.raises(RefusedError, match="look again"):
        versioned(studio, draft)


def test_a_version_is_refused_when_someone_saved_one_meanwhile_and_goes_on_top_once_seen(studio: Studio) -> None:
    ann = versioned(studio, written(studio, ONE))
    bob = service.open_draft(studio, ann.constitution_id, "bob")
    ann = edited(studio, ann, {**ONE, "statement": "Ann's."})
    versioned(studio, edited(studio, bob, {**ONE, "statement": "Bob's."}), "Bob's")
    with pytest.raises(RefusedError, match="bob saved version 2 meanwhile"):
        versioned(studio, ann, "Ann's")
    seen = service.open_draft(studio, ann.constitution_id, "ann")
    assert seen.behind and seen.rows[0]["statement"] == "Ann's."
    assert [v.author for v in service.history(studio, versioned(studio, seen, "On top").constitution_id)] == ["ann", "bob", "ann"]


def test_restoring_makes_a_new_version_with_the_old_text(studio: Studio) -> None:
    draft = versioned(studio, written(studio, ONE))
    draft = versioned(studio, edited(studio, draft, ONE, TWO), "Second")
    draft = service.restore_version(studio, draft.constitution_id, "ann", 1, (draft.revision, 2))
    assert draft.head is not None and (draft.head.number, draft.head.message) == (3, "Restored version 1.")
    assert draft.rows == [ONE] and not draft.changed
    old, new = (service.open_version(studio, draft.constitution_id, number) for number in (1, 3))
    assert old.constitution == new.constitution
    with pytest.raises(RefusedError, match="nothing to restore"):
        service.restore_version(studio, draft.constitution_id, "ann", 3, (draft.revision, 3))


def test_a_draft_is_discarded_for_the_newest_version_and_for_nothing_else(studio: Studio) -> None:
    draft = written(studio, ONE)
    with pytest.raises(RefusedError, match="There is no version to go back to yet"):
        service.discard_draft(studio, draft.constitution_id, "ann", (draft.revision, None))
    draft = versioned(studio, edited(studio, draft, ONE, TWO))
    with pytest.raises(RefusedError, match="has the principles of version 1, so there is nothing to discard"):
        service.discard_draft(studio, draft.constitution_id, "ann", (draft.revision, 1))
    typed = edited(studio, draft, {**ONE, "statement": "Twice."})
    with pytest.raises(RefusedError, match="changed elsewhere"):
        service.discard_draft(studio, draft.constitution_id, "ann", (draft.revision, 1))
    with pytest.raises(RefusedError, match="ann saved version 1 meanwhile"):
        service.discard_draft(studio, draft.constitution_id, "ann", (typed.revision, None))
    again = service.discard_draft(studio, draft.constitution_id, "ann", (typed.revision, 1))
    assert again.rows == [ONE, TWO] and not again.changed and again.revision > typed.revision
    assert typed.discardable and not again.discardable
    assert len(service.history(studio, draft.constitution_id)) == 1


def test_a_name_is_part_of_a_version_and_versions_keep_theirs(studio: Studio) -> None:
    draft = versioned(studio, written(studio, ONE))
    service.rename(studio, draft.constitution_id, "ann", " Another   name ")
    draft = service.open_draft(studio, draft.constitution_id, "ann")
    assert draft.changed and draft.name == "Another name"
    assert not draft.discardable  # a name is everybody's at once, and no draft's
    assert service.open_version(studio, draft.constitution_id, 1).constitution.name == "Mine"


def test_a_file_goes_out_and_comes_back_the_same(studio: Studio) -> None:
    draft = versioned(studio, written(studio))
    file = export(studio, draft.constitution_id, "ann", "yaml", 1)
    assert file.filename == "mine-v1.yaml"
    again = service.open_draft(studio, import_file(studio, file.text.encode(), file.filename, "bob").id, "bob")
    assert again.head is not None and again.head.author == "bob"
    assert export(studio, again.constitution_id, "bob", "yaml").text == file.text.replace("name: Mine\n", "name: Mine 2\n")  # that name is taken
    assert export(studio, draft.constitution_id, "ann", "markdown").text.startswith("# Mine\n")


def test_what_does_not_exist_is_said_in_words(studio: Studio) -> None:
    for act in (
        lambda: service.open_draft(studio, 99_999, "ann"),
        lambda: service.save_draft(studio, 99_999, "ann", 1, []),
        lambda: service.rename(studio, 99_999, "ann", "N"),
        lambda: service.archive(studio, 99_999, "ann"),
        lambda: service.history(studio, 99_999),
        lambda: service.open_version(studio, 1, 99),
    ):
        with pytest.raises(StudioError, match="no"):
            act()


def test_a_starter_file_can_be_given_to_the_command_line_as_it_is() -> None:
    read = [parse_yaml(path.read_text()) for path in sorted(STARTERS.glob("*.yaml"))]
    assert read == [starter.constitution for starter in read_starters()]
