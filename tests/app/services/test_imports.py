"""Constitutions from files, on a real SQLite file: a first version, a draft that says what is missing, or a refusal that makes nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.present.readings import constitution_reading_data, constitution_reading_lines
from app.services import constitutions as service
from app.services.imports import import_file, read_file
from app.services.studio import Studio, open_studio
from app.services.text_files import export
from app.settings import Settings
from core.constitution.findings import problems
from core.errors import ConstitutionError


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = open_studio(Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db"))
    yield opened
    opened.engine.dispose()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe\x00", "not UTF-16 text"),
        (b"name: \xe4", "not UTF-8 text"),
        (b"x" * 1_000_001, "1,000,001 bytes"),
        (b"a: [", "not a YAML file"),
        (b"- [a]\n- b", "mapping"),
        (b"name: N\nprinciples: [{title: T, statement: same, statement: other}]", "stands in line 2 already"),
        (b"", "is empty"),
        (b"%PDF-1.7 x", "a PDF document"),
        (b"[" * 5000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_constitution_is_refused_and_makes_nothing(studio: Studio, data: bytes, says: str) -> None:
    before = len(service.list_constitutions(studio))
    with pytest.raises(ConstitutionError, match=says):
        import_file(studio, data, "c.yaml", "ann")
    assert len(service.list_constitutions(studio)) == before


@pytest.mark.parametrize(
    ("data", "filename", "rules"),
    [
        (b"name: N\nprinciples:\n- title: Honest\n  statement: Say what you do not know.\n", "c.yaml", ["no-text"]),
        (b'["Be the kinder one.", "Be the calmer one."]', "kind ones.json", ["no-text", "no-text"]),
        (b"name: N\nprinciples: [{title: T, statement: same, antithesis: Same, id: q9}]", "c.yaml", ["same-texts"]),
        (b"# Ours\n\n## Honesty\n\nSay what is so.\n\n## Care\n\nMind the other.\n", "ours.md", ["no-text", "no-text"]),
    ],
)
def test_a_file_in_which_something_is_missing_becomes_a_draft_that_says_what(studio: Studio, data: bytes, filename: str, rules: list[str]) -> None:
    imported = import_file(studio, data, filename, "ann")
    draft = service.open_draft(studio, imported.id, "ann")
    assert imported.number is None and draft.head is None
    assert [finding.rule for finding in draft.problems] == rules == [finding.rule for finding in problems(imported.reading.findings)]
    saved = service.save_draft(studio, imported.id, "ann", draft.revision, [row | {"antithesis": f"Not so {i}."} for i, row in enumerate(draft.rows)])
    assert not saved.problems


def test_the_same_request_once_more_leaves_a_draft_as_it_is(studio: Studio) -> None:
    file = (b'["Be the kinder one."]', "kind.json", "ann", "a" * 32)
    draft = service.open_draft(studio, import_file(studio, *file).id, "ann")
    service.save_draft(studio, draft.constitution_id, "ann", draft.revision, [row | {"antithesis": "Be cruel."} for row in draft.rows])
    assert import_file(studio, *file).id == draft.constitution_id
    assert service.open_draft(studio, draft.constitution_id, "ann").rows[0]["antithesis"] == "Be cruel."


def test_ids_of_another_database_are_left_out_and_the_constitution_can_be_opened_and_saved(studio: Studio) -> None:
    rows = [{"title": "A", "statement": "a", "antithesis": "b", "id": 7}, {"title": "B", "statement": "c", "antithesis": "d", "id": "x"}]
    data = json.dumps({"name": "N", "principles": rows}).encode()
    imported = import_file(studio, data, "c.json", "ann")
    assert imported.reading.ignored == ("id of 2 principles: ids belong to one database",) and imported.number == 1
    draft = service.open_draft(studio, imported.id, "ann")
    edited_ = service.save_draft(studio, imported.id, "ann", draft.revision, [row | {"title": row["title"] * 2} for row in draft.rows])
    seen = (edited_.revision, 1)
    head = service.save_version(studio, imported.id, "ann", "Second", seen).head
    assert head is not None and head.number == 2


def test_what_the_write_page_gives_as_markdown_or_yaml_is_imported_as_it_was(studio: Studio) -> None:
    """As a first version, where the draft could be one; else as a draft."""
    constitution_id = service.create_constitution(studio, "Mine: *ours*")
    row = {"id": "1" * 32, "title": "Be brief", "statement": "Be brief.\n\n- *Really*.", "antithesis": "Be long.", "check": {"contains": "a | b"}}
    lacking = {"id": "2" * 32, "title": "Ask", "statement": "Ask back.", "antithesis": ""}
    revision = service.open_draft(studio, constitution_id, "ann").revision
    for rows, number in (([row], 1), ([row, lacking], None), ([], None)):
        draft = service.save_draft(studio, constitution_id, "ann", revision, rows)
        revision = draft.revision
        for form in ("yaml", "markdown"):
            file = export(studio, constitution_id, "ann", form)
            made = import_file(studio, file.text.encode(), file.filename, "ann")
            assert made.number == number, (form, rows)
            again = service.open_draft(studio, made.id, "ann")
            assert re.fullmatch(r"Mine: \*ours\* \d", again.name)  # the name itself is taken
            assert [{**kept, "id": ""} for kept in again.rows] == [{**kept, "id": ""} for kept in draft.rows]


def test_a_reading_is_told_as_data_and_as_lines() -> None:
    reading = read_file(b'{"constitutions": [{"critic": "Is it loud?", "revision": "Make it quiet."}]}', "pairs.json")
    data = json.loads(json.dumps(constitution_reading_data(reading)))
    assert (data["kind"], data["used"], data["ignored"]) == ("constitution", {"statement": "revision"}, ["critic of 1 principle"])
    assert data["constitution"]["principles"][0]["statement"] == "Make it quiet."
    assert data["findings"][0] == {"rule": "no-text", "severity": "must", "principle": 0, "field": "antithesis", "message": reading.findings[0].message}
    lines = constitution_reading_lines(reading)
    assert lines[0] == "Pairs: 1 principle" and any("statement from `revision`" in line for line in lines) and any("must: " in line for line in lines)
