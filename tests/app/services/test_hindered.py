"""Pages while the database is busy, read-only, full or damaged: what reads shows what there is at once, what writes says why it cannot."""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from app.processes.store import FolderStore
from app.services import comparisons, constitutions, runs
from app.services import studio as studio_module
from app.services.condition import condition
from app.services.constitutions import DraftConflictError
from app.services.downloads import version_file
from app.services.plans import choices
from app.services.query_sets import list_query_sets, upload
from app.services.sources import list_sources
from app.services.studio import HinderedError, RefusedError, Studio, open_studio
from core.errors import DiskFullError, StudioError
from db.faults import Fault
from db.line import LONGEST_S
from tests.app.planting import make_studio, queue, settings_for, version_id

QUERIES = b"".join(b'{"query": "Q%d?", "split": "%s"}\n' % (i, b"train" if i % 2 else b"held_out") for i in range(8))
NOBODY = 65534
CHANNEL = Path(studio_module.__file__).parent.parent / "assets" / "channel.js"


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setattr(studio_module, "PATIENCE_S", 0.3)
    opened = make_studio(tmp_path / "data")
    yield opened
    opened.engine.dispose()


@contextmanager
def holding(studio: Studio) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(str(studio.engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def first_id(studio: Studio) -> int:
    """Of the first starter: what the tests make themselves stands before it in the list."""
    return next(listed.id for listed in constitutions.list_constitutions(studio) if listed.starter)


def look_at_everything(studio: Studio, run_id: int) -> None:
    """What the pages ask when they are opened."""
    here = first_id(studio)
    assert constitutions.open_draft(studio, here, "ann").rows
    assert constitutions.open_draft(studio, here, "who never was here").rows
    assert constitutions.history(studio, here)
    assert choices(studio).versions
    assert list_query_sets(studio)
    assert runs.list_runs(studio)
    assert runs.run_view(studio, run_id).line.id == run_id
    assert list_sources(studio)
    assert comparisons.list_recent(studio) == []
    assert version_file(studio, version_id(studio)).text


WRITES: list[Callable[[Studio], object]] = [
    lambda studio: constitutions.create_constitution(studio, "Mine"),
    lambda studio: constitutions.rename(studio, first_id(studio), "ann", "Another"),
    lambda studio: constitutions.archive(studio, first_id(studio), "ann"),
    lambda studio: upload(studio, QUERIES, "mine.jsonl"),
    lambda studio: queue(studio, key="another-click"),
    lambda studio: runs.stop(studio, runs.list_runs(studio)[0].id),
]


def test_reading_waits_for_nobody_who_writes(studio: Studio, tmp_path: Path) -> None:
    run_id = queue(studio)
    constitutions.open_draft(studio, first_id(studio), "ann")
    studio.engine.dispose()  # new connections, too
    with holding(studio):
        look_at_everything(studio, run_id)
        again = open_studio(studio.settings)  # a page server that starts meanwhile
        look_at_everything(again, run_id)
        again.engine.dispose()


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_would_wait_says_so(studio: Studio, write: Callable[[Studio], object]) -> None:
    queue(studio)
    with holding(studio), pytest.raises(HinderedError, match=r"busy with another program\. Try again"):
        write(studio)
    write(studio)


def test_who_waits_longest_is_told_before_the_page_gives_up() -> None:
    """In line behind others, and then first in line behind another program."""
    (answer_ms,) = re.findall(r"ANSWER_MS = (\d+);", CHANNEL.read_text())
    assert int(answer_ms) / 1000 > LONGEST_S + studio_module.PATIENCE_S


def test_a_draft_is_shown_at_once_while_another_process_writes_and_made_by_its_first_save(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_module, "PATIENCE_S", 600.0)  # who waits for the lock would never end
    here, patient = first_id(studio), open_studio(studio.settings)
    with holding(studio):
        shown = constitutions.open_draft(patient, here, "ann")
    assert (shown.revision, shown.saved_at, shown.base_number) == (1, None, 1)
    row = {**shown.rows[0], "statement": "Ann's."}
    saved = constitutions.save_draft(studio, here, "ann", shown.revision, [row], 1)
    assert saved.rows == [row] and saved.base_number == 1 and not saved.behind
    with pytest.raises(DraftConflictError):  # a second tab that saw it unwritten
        constitutions.save_draft(studio, here, "ann", shown.revision, [])
    patient.engine.dispose()


def test_a_draft_without_changes_is_shown_as_the_newest_version_while_another_process_writes(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    here = first_id(studio)
    first = constitutions.open_draft(studio, here, "ann")
    constitutions.save_draft(studio, here, "ann", first.revision, first.rows)
    publish(studio, "Bob's.")
    monkeypatch.setattr(studio_module, "PATIENCE_S", 600.0)
    patient = open_studio(studio.settings)
    with holding(studio):
        shown = constitutions.open_draft(patient, here, "ann")
    patient.engine.dispose()
    assert shown.rows[0]["statement"] == "Bob's." and not shown.changed
    with pytest.raises(RefusedError, match="Nothing changed since version 2"):  # the text of the first is not saved over Bob's
        constitutions.save_version(studio, here, "ann", "Mine", (shown.revision, 2))
    saved = constitutions.save_draft(studio, here, "ann", shown.revision, [{**shown.rows[0], "statement": "Ann's."}], 2)
    assert (saved.base_number, saved.behind) == (2, False)


def test_who_began_before_somebody_saved_a_version_is_told_after_the_first_save(studio: Studio) -> None:
    here = first_id(studio)
    shown = constitutions.open_draft(studio, here, "ann")
    publish(studio, "Bob's.")
    saved = constitutions.save_draft(studio, here, "ann", shown.revision, [{**shown.rows[0], "statement": "Ann's."}], 1)
    assert (saved.base_number, saved.behind) == (1, True)
    empty = constitutions.create_constitution(studio, "Mine")
    row = {**shown.rows[0], "id": "d" * 32}
    constitutions.save_draft(studio, empty, "bob", 1, [row])
    constitutions.save_version(studio, empty, "bob", "First", (2, None))
    assert constitutions.save_draft(studio, empty, "ann", 1, [row, {**row, "id": "e" * 32, "title": "Another"}], 0).behind


def publish(studio: Studio, statement: str) -> None:
    """Bob saves a second version."""
    draft = constitutions.open_draft(studio, first_id(studio), "bob")
    draft = constitutions.save_draft(studio, draft.constitution_id, "bob", draft.revision, [{**draft.rows[0], "statement": statement}, *draft.rows[1:]])
    constitutions.save_version(studio, draft.constitution_id, "bob", "Bob's", (draft.revision, 1))


def test_opening_a_draft_again_writes_nothing(studio: Studio) -> None:
    here = first_id(studio)
    first = constitutions.open_draft(studio, here, "ann")
    with closing(sqlite3.connect(str(studio.engine.url.database))) as looker:
        before = looker.execute("PRAGMA data_version").fetchone()
        assert constitutions.open_draft(studio, here, "ann") == first
        assert constitutions.open_draft(studio, here, "ann") == first
        assert looker.execute("PRAGMA data_version").fetchone() == before


MANY = b"".join(b'{"query": "Question number %d?", "split": "%s"}\n' % (i, b"train" if i % 2 else b"held_out") for i in range(500))
GROWING: list[Callable[[Studio], object]] = [
    lambda studio: [constitutions.create_constitution(studio, f"Number {i} {'x' * 60}") for i in range(300)],
    lambda studio: upload(studio, MANY, "mine.jsonl"),
    lambda studio: [queue(studio, key=f"another-click-{i}") for i in range(100)],
    lambda studio: [constitutions.open_draft(studio, first_id(studio), f"ann {i}") and save(studio, f"ann {i}") for i in range(100)],
]


def save(studio: Studio, editor: str) -> None:
    draft = constitutions.open_draft(studio, first_id(studio), editor)
    constitutions.save_draft(studio, draft.constitution_id, editor, draft.revision or 1, [*draft.rows, *draft.rows])


@pytest.mark.parametrize("write", GROWING)
def test_a_write_to_a_full_disk_says_so_and_what_is_there_is_shown(studio: Studio, write: Callable[[Studio], object]) -> None:
    """SQLite counts its own pages as it meets the end of a disk: no room for another one."""
    run_id = queue(studio)

    @event.listens_for(studio.engine, "connect")
    def limit(dbapi: sqlite3.Connection, _record: object) -> None:
        dbapi.execute("PRAGMA max_page_count=1")  # SQLite takes what there is for the least

    studio.engine.dispose()
    with pytest.raises(DiskFullError, match=r"disk is full.*Free some space"):
        write(studio)
    look_at_everything(studio, run_id)


@pytest.fixture
def locked_away() -> Iterator[Path]:
    """A data folder that belongs to somebody who may not write it any more. The super-user may, so it becomes nobody's."""
    folder = Path(tempfile.mkdtemp(prefix="studio-ro-"))
    yield folder
    os.seteuid(os.getuid())
    shutil.rmtree(folder)


def lock(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


def test_a_read_only_database_is_shown_and_says_that_it_is(locked_away: Path) -> None:
    studio = make_studio(locked_away / "data")
    run_id = queue(studio)
    studio.engine.dispose()
    lock(locked_away)
    assert condition(studio) == Fault.READ_ONLY.words
    look_at_everything(studio, run_id)
    for write in WRITES:
        with pytest.raises(HinderedError, match=r"read-only.*right to write.*try again"):
            write(studio)
    studio.engine.dispose()


def test_a_database_that_was_taken_away_is_told(studio: Studio, tmp_path: Path) -> None:
    studio.engine.dispose()
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert condition(studio) == Fault.AWAY.words
    with pytest.raises(HinderedError, match="cannot be reached"):
        constitutions.list_constitutions(studio)
    (tmp_path / "elsewhere").rename(tmp_path / "data")
    assert constitutions.list_constitutions(studio)
    assert condition(studio) == ""


def test_a_disk_without_room_is_told_before_anybody_writes(studio: Studio) -> None:
    @dataclass(frozen=True)
    class LittleStore(FolderStore):
        def free_bytes(self) -> int:
            return 4096

    assert condition(replace(studio, store=LittleStore(studio.settings.data))) == Fault.FULL.words


def test_a_database_that_is_none_is_told_and_left_alone(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    (tmp_path / "studio.db").write_bytes(b"Dear diary, today" * 100)
    with pytest.raises(HinderedError, match=r"damaged.*backup"):
        open_studio(settings)
    assert (tmp_path / "studio.db").read_bytes().startswith(b"Dear diary")


def test_every_fault_has_words_with_a_remedy() -> None:
    for fault in Fault:
        assert fault.words.endswith(".")
        assert any(remedy in fault.words for remedy in ("ry again", "restore a backup")), fault


def test_a_mistake_of_ours_is_not_put_into_words(studio: Studio) -> None:
    with pytest.raises(OperationalError, match="no such table"), studio_module.in_words(), studio.sessions.read() as session:
        session.execute(text("SELECT * FROM nowhere"))
    assert issubclass(HinderedError, StudioError)
