"""An old database that holds what cannot be read opens, says so, exports it, and is put right. A real file, damaged by raw SQL."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import constitutions as service
from app.services import downloads, judging, plans, query_sets, runs, sources
from app.services.comparisons import CompareForm, list_recent, open_comparison, start_comparison
from app.services.draft_views import UnreadableDraftError
from app.services.starter_queries import FILES
from app.services.stored import NotKeptError, unreadable_rows, unreadable_versions
from app.services.studio import RefusedError, Studio, open_studio
from app.services.text_files import export
from core.constitution.stored import Unreadable
from core.errors import ConfigError, ConstitutionError, QueryError, StudioError
from db.columns import UNKNOWN_TIME
from db.status import JobStatus
from tests.app.damaging import DIGITS, ONE, Damaged, damage, plant_damage, store_version
from tests.app.planting import add_plain_version, form, make_studio, settings_for, version_id


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, Damaged]]:
    """The damaged file, opened as at a start."""
    data = tmp_path_factory.mktemp("damaged")
    made = make_studio(data)
    damaged = plant_damage(made)
    made.engine.dispose()
    studio = open_studio(settings_for(data))
    yield studio, damaged
    studio.engine.dispose()


@pytest.fixture
def studio(opened: tuple[Studio, Damaged]) -> Studio:
    return opened[0]


@pytest.fixture
def damaged(opened: tuple[Studio, Damaged]) -> Damaged:
    return opened[1]


def test_it_starts_and_lists_everything_with_marks(studio: Studio, damaged: Damaged) -> None:
    cards = service.list_constitutions(studio)
    assert {card.name for card in cards if card.problem} == {"Changed", "Lost", "Warm tone"}
    assert [card.name for card in cards].count("Warm tone") == 1  # not planted a second time
    marked = {version.constitution for version in plans.choices(studio).versions if version.problem}
    assert marked == {"Changed", "Lost", "Warm tone"}
    assert {source.constitution_name for source in sources.list_sources(studio) if source.problem and source.run_id is None} == marked
    assert {s.run_id for s in sources.list_sources(studio) if s.run_id and s.problem} == {damaged.runs[name] for name in ("setting", "method", "json", "kind")}
    assert len(list_recent(studio)) == 1


def test_runs_say_what_of_them_cannot_be_read(studio: Studio, damaged: Damaged) -> None:
    views = {name: runs.run_view(studio, run_id) for name, run_id in damaged.runs.items()}
    assert [name for name, view in views.items() if view.problems] == ["setting", "method", "json", "kind", "status"]
    assert "Unknown setting 'telepathy'" in views["setting"].problems[0] and "Unknown method" in views["method"].problems[0]
    assert views["status"].line.status is JobStatus.UNREADABLE and views["status"].ended
    assert views["result"].unreadable and views["figure"].unreadable and views["time"].line.created_at == UNKNOWN_TIME
    assert len(runs.list_runs(studio)) == len(views)
    with pytest.raises(StudioError, match="Unknown setting"):
        runs.form_again(studio, damaged.runs["setting"])
    with pytest.raises(RefusedError, match="only a stopped or failed run"):
        runs.resume(studio, damaged.runs["status"])


def test_what_needs_the_text_refuses_in_words(studio: Studio, damaged: Damaged) -> None:
    lost = version_id(studio, "Lost")
    with pytest.raises(ConstitutionError, match=r"Version 1 of constitution \d+ cannot be read: its stored text was changed"):
        plans.make_plan(studio, form(studio, "Lost"))
    with pytest.raises(ConstitutionError, match="cannot be read"):
        judging.judge_file(studio, lost, b'{"response": "Yes."}', "r.jsonl")
    asked = CompareForm(run_id=None, version_id=lost, query="Why?", side="statement", seed=0, sampling={"max_new_tokens": 8, "temperature": 0, "top_p": 1})
    with pytest.raises(ConfigError, match="Version 1 of “Lost” cannot be read"):
        next(start_comparison(studio, "Ann", asked))
    with pytest.raises(ConfigError, match="This comparison cannot be read: There is no method"):
        open_comparison(studio, damaged.comparison)
    with pytest.raises(StudioError, match="Unknown check 'sentiment'"):
        plans.make_plan(studio, form(studio, "Newer"))


def test_every_row_can_be_taken_as_it_is_stored(studio: Studio, damaged: Damaged) -> None:
    (version,) = json.loads(downloads.stored_file(studio, "version", version_id(studio, "Lost")).text)["version"]
    assert version["content"].startswith('{"\\xff') and version["number"] == "1"
    run = json.loads(downloads.stored_file(studio, "run", damaged.runs["json"]).text)
    assert run["run"][0]["config"] == '{"preset": ' and run["job"][0]["status"] == "finished"
    assert json.loads(downloads.stored_file(studio, "draft", damaged.draft, "Ann").text)["draft"][0]["content"] == '{"name'
    assert "telepathy" in downloads.stored_file(studio, "comparison", damaged.comparison).text
    assert "Whom" in downloads.stored_file(studio, "query_set", damaged.queries).text
    with pytest.raises(downloads.NothingToTakeError):
        downloads.stored_file(studio, "draft", damaged.draft, "Bob")


def test_queries_that_were_changed_are_not_trained_on(studio: Studio, damaged: Damaged) -> None:
    listed = [view.id for view in query_sets.list_query_sets(studio)]
    assert (listed[0], len(listed)) == (damaged.queries, len(FILES))
    with pytest.raises(downloads.NothingToTakeError, match="were changed since they were uploaded"):
        downloads.query_set_file(studio, damaged.queries)


def test_the_doctor_names_them_all(studio: Studio, damaged: Damaged) -> None:
    with studio.sessions.read() as session:
        found = "; ".join([*unreadable_versions(session), *unreadable_rows(session)])
    for words in (f"version 2 of constitution {damaged.head}", f"settings of run {damaged.runs['json']}", f"status of run {damaged.runs['status']}"):
        assert words in found
    assert f"draft of Ann of constitution {damaged.draft}" in found and f"query set {damaged.queries}" in found


def test_an_unreadable_version_is_read_past_and_a_new_one_saved_after_it(studio: Studio, damaged: Damaged) -> None:
    assert [(v.number, bool(v.problem)) for v in service.history(studio, damaged.head)] == [(2, True), (1, False)]
    shown = service.open_version(studio, damaged.head, 2).constitution
    assert isinstance(shown, Unreadable) and "was changed since it was saved" in shown.reason and "Be grief." in shown.raw
    draft = service.open_draft(studio, damaged.head, "Bob")
    assert draft.head is not None and draft.head.number == 2 and draft.held_against is not None and draft.held_against.number == 1
    assert draft.constitution.principles[0].statement == "Say why." and draft.changed and not draft.behind
    with pytest.raises(RefusedError, match="saved version 2 meanwhile"):  # who saw only the first one is still told
        service.save_version(studio, damaged.head, "Bob", "Put right.", (draft.revision, 1))
    with pytest.raises(ConstitutionError, match="Version 2 cannot be read"):
        export(studio, damaged.head, "Bob", "yaml", 2)
    with pytest.raises(ConstitutionError, match="cannot be read"):
        service.restore_version(studio, damaged.head, "Bob", 2, (draft.revision, 2))
    saved = service.save_version(studio, damaged.head, "Bob", "Put right.", (draft.revision, 2))
    assert saved.head is not None and saved.head.number == 3 and not saved.head.problem and not saved.changed


def test_a_constitution_without_any_readable_version_begins_with_an_empty_draft(studio: Studio, damaged: Damaged) -> None:
    draft = service.open_draft(studio, damaged.lost, "Bob")
    assert draft.held_against is None and draft.constitution.principles == () and draft.head is not None and draft.head.problem
    draft = service.save_draft(studio, damaged.lost, "Bob", draft.revision, [ONE])
    saved = service.save_version(studio, damaged.lost, "Bob", "Written anew.", (draft.revision, 1))
    assert saved.head is not None and saved.head.number == 2


def test_an_unreadable_draft_stays_until_its_editor_begins_again(studio: Studio, damaged: Damaged) -> None:
    for ask in (service.open_draft, service.open_draft):
        with pytest.raises(UnreadableDraftError, match="Your draft of “Changed” cannot be read: it is no JSON"):
            ask(studio, damaged.draft, "Ann")
    begun = service.begin_again(studio, damaged.draft, "Ann")
    assert begun.constitution.principles and begun.revision == 4
    with pytest.raises(RefusedError, match="can be read"):
        service.begin_again(studio, damaged.draft, "Ann")


@pytest.mark.parametrize(("kind", "written"), [("old", str(DIGITS)), ("long", "ab|ab|ab"), ("unknown", "sentiment")])
def test_a_check_out_of_todays_bounds_opens_shows_is_exported_and_is_put_right(studio: Studio, damaged: Damaged, kind: str, written: str) -> None:
    constitution_id = getattr(damaged, kind)
    shown = service.open_version(studio, constitution_id, 1).constitution
    assert not isinstance(shown, Unreadable) and shown.principles[0].check is not None and shown.principles[0].check.kept is not None
    for form_ in ("yaml", "markdown"):
        assert written in export(studio, constitution_id, "Bob", form_, 1).text.replace("\\", "").replace("\n", "")  # type: ignore[arg-type]
    draft = service.open_draft(studio, constitution_id, "Bob")
    assert [finding.field for finding in draft.problems] == ["check"] and not draft.changed
    same = service.save_draft(studio, constitution_id, "Bob", draft.revision, draft.rows)
    assert same.revision == draft.revision  # sent back as it came it is the same text
    with pytest.raises(ConstitutionError, match=r"(of|in) principle 1"):
        service.save_version(studio, constitution_id, "Bob", "As it is.", (same.revision, 1))
    put_right = service.save_draft(studio, constitution_id, "Bob", same.revision, [same.rows[0] | {"check": {"max_words": 20}}])
    saved = service.save_version(studio, constitution_id, "Bob", "Within bounds.", (put_right.revision, 1))
    assert saved.head is not None and saved.head.number == 2 and not saved.problems


def test_a_mistake_of_ours_never_commits(tmp_path: Path) -> None:
    """A trigger stands for the mistake: what is written is not what was meant."""
    studio = make_studio(tmp_path)
    constitution_id = service.create_constitution(studio, "Mine")
    draft = service.save_draft(studio, constitution_id, "Bob", service.open_draft(studio, constitution_id, "Bob").revision, [ONE])
    damage(studio, ("CREATE TRIGGER ours AFTER INSERT ON version BEGIN UPDATE version SET content = replace(content, 'Be', 'We') WHERE id = NEW.id; END", None))
    with pytest.raises(NotKeptError, match="Nothing was saved: version 1"):
        service.save_version(studio, constitution_id, "Bob", "First.", (draft.revision, None))
    assert service.history(studio, constitution_id) == []
    on_draft = "CREATE TRIGGER ours AFTER UPDATE ON draft WHEN NEW.content LIKE '%Go%'"
    damage(studio, (f"{on_draft} BEGIN UPDATE draft SET content = replace(content, 'Go', 'No') WHERE id = NEW.id; END", None))
    with pytest.raises(NotKeptError, match="the draft"):
        service.save_draft(studio, constitution_id, "Bob", draft.revision, [ONE | {"statement": "Go on."}])
    damage(studio, ("CREATE TRIGGER ours AFTER INSERT ON run BEGIN UPDATE run SET config = '{\"a\": 1}' WHERE id = NEW.id; END", None))
    with pytest.raises(NotKeptError, match="the run"):
        runs.queue_run(studio, "Ann", form(studio), "a-mistake-of-ours")
    assert service.open_draft(studio, constitution_id, "Bob").revision == draft.revision and runs.list_runs(studio) == []
    studio.engine.dispose()


def test_ids_of_another_constitution_are_never_taken_over_and_own_ones_stay(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    add_plain_version(studio, "Theirs", "Theirs.")  # its principle has the id of c's
    mine = service.create_constitution(studio, "Mine")
    sent = [ONE, ONE | {"title": "Twin"}, ONE | {"id": "c" * 32, "title": "Foreign"}]
    draft = service.save_draft(studio, mine, "Bob", service.open_draft(studio, mine, "Bob").revision, sent)
    again = service.save_draft(studio, mine, "Bob", draft.revision, sent)
    assert again.revision == draft.revision and len({row["id"] for row in draft.rows}) == 3
    first = service.save_version(studio, mine, "Bob", "First.", (draft.revision, None))
    ids = [row["id"] for row in first.rows]
    assert ids[0] == ONE["id"] and "c" * 32 not in ids
    second = service.save_draft(studio, mine, "Bob", first.revision, [*reversed(first.rows)])
    assert [row["id"] for row in service.save_version(studio, mine, "Bob", "Turned.", (second.revision, 1)).rows] == ids[::-1]
    studio.engine.dispose()


def test_ids_that_an_older_studio_stored_do_not_keep_a_draft_from_being_written(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    mine = service.create_constitution(studio, "Mine")
    store_version(studio, mine, 1, {"name": "Mine", "principles": [ONE | {"id": "a"}, ONE | {"id": "a", "title": "Twin"}, ONE | {"id": 7, "title": "Third"}]})
    draft = service.open_draft(studio, mine, "Bob")
    assert len({row["id"] for row in draft.rows}) == 3 and not draft.changed
    saved = service.save_draft(studio, mine, "Bob", draft.revision, [draft.rows[0] | {"statement": "Else."}, *draft.rows[1:]])
    named = service.save_version(studio, mine, "Bob", "Second.", (saved.revision, 1))
    assert [row["id"] for row in named.rows] == [row["id"] for row in draft.rows]
    studio.engine.dispose()


def test_a_number_beyond_what_the_database_counts_is_an_id_of_nothing(studio: Studio) -> None:
    for ask in (
        lambda: service.open_draft(studio, 2**63, "Bob"),
        lambda: service.open_version(studio, 1, 2**64),
        lambda: runs.run_view(studio, 10**30),
        lambda: judging.judge_file(studio, 2**63, b'{"response": "x"}', "r.jsonl"),
    ):
        with pytest.raises(RefusedError, match="There is no such thing here"):
            ask()
    with pytest.raises(QueryError, match="not there any more"):
        plans.make_plan(studio, form(studio, query_set_id=2**63))
