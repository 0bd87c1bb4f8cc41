"""How much one person may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import constitutions, imports, query_sets, quotas, runs
from app.services.audit import acting
from app.services.studio import RefusedError, Studio
from db.status import JobStatus
from tests.app.planting import form, make_studio, queue


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def test_nobody_fills_the_queue_for_the_others(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MOST_WAITING", 2)
    first, _ = (queue(studio, key=f"a-click-of-ann-{i}") for i in range(2))
    with pytest.raises(RefusedError, match="You have 2 runs waiting"):
        queue(studio, key="a-click-of-ann-3")
    runs.queue_run(studio, "Bob", form(studio), "a-click-of-bob")
    runs.stop(studio, first)
    queue(studio, key="a-click-of-ann-4")


def test_nobody_fills_the_database_for_the_others_and_commands_are_not_counted(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MOST_A_DAY", {what: (2, things) for what, (_, things) in quotas.MOST_A_DAY.items()})
    for number in range(3):
        constitutions.create_constitution(studio, f"By a command {number}")
    with acting("Ann", "203.0.113.5"):
        for number in range(2):
            constitutions.create_constitution(studio, f"Mine {number}")
            query_sets.upload(studio, b"\n".join(b"What is %d of %d?" % (i, number) for i in range(40)), "q.txt")
        with pytest.raises(RefusedError, match="You have made 2 constitutions within a day"):
            constitutions.create_constitution(studio, "One more")
        with pytest.raises(RefusedError, match="You have made 2 query sets within a day"):
            query_sets.upload(studio, b"\n".join(b"Who is %d?" % i for i in range(40)), "q.txt")
    with acting("Bob", "203.0.113.6"):
        constitutions.create_constitution(studio, "Bob's")


def test_at_the_limit_the_second_click_is_answered_with_what_the_first_made(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MOST_WAITING", 1)
    monkeypatch.setattr(quotas, "MOST_A_DAY", {what: (2, things) for what, (_, things) in quotas.MOST_A_DAY.items()})
    queries = b"\n".join(b"What is %d?" % i for i in range(40))
    file, draft = (b"name: N\nprinciples:\n- {title: T, statement: Say a., antithesis: '%s'}\n" % antithesis for antithesis in (b"Say b.", b""))
    with acting("Ann", "203.0.113.5"):
        assert queue(studio, key="a-click-of-ann-1") == queue(studio, key="a-click-of-ann-1")
        made = [imports.import_file(studio, data, "c.yaml", "Ann", key * 32) for data, key in ((file, "a"), (draft, "b"))]
        again = [imports.import_file(studio, data, "c.yaml", "Ann", key * 32) for data, key in ((file, "a"), (draft, "b"))]
        assert [(each.id, each.number) for each in again] == [(each.id, each.number) for each in made]
        assert (
            query_sets.upload(studio, queries, "q.txt")[0] == query_sets.upload(studio, queries, "q.txt")[0] == query_sets.upload(studio, queries, "q.txt")[0]
        )
        with pytest.raises(RefusedError, match="2 constitutions within a day"):
            constitutions.create_constitution(studio, "Another", "c" * 32)
    with acting("Bob", "203.0.113.6"):
        for _ in range(2):
            mine = {constitutions.create_constitution(studio, name, key * 32) for name, key in (("Mine", "d"), ("Mine, too", "e"))}
        assert len(mine) == 2
    names = [card.name for card in constitutions.list_constitutions(studio)]
    assert "Another" not in names and names.count("Mine") == 1


def test_who_stops_runs_to_queue_more_cannot_resume_them_all(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MOST_WAITING", 1)
    first = queue(studio, key="a-click-of-ann-1")
    runs.stop(studio, first)
    second = queue(studio, key="a-click-of-ann-2")
    with pytest.raises(RefusedError, match="You have 1 runs waiting"):
        runs.resume(studio, first)
    assert runs.run_view(studio, first).line.status == JobStatus.STOPPED
    runs.stop(studio, second)
    runs.resume(studio, first)
