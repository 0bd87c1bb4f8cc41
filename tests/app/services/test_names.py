"""Names, messages and numbers that come in are made normal first, and then refused or kept, never half of each."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from app.present.constitutions import entries_html
from app.services import constitutions as service
from app.services.imports import import_file
from app.services.studio import RefusedError, Studio
from app.web.actors import is_name
from core.errors import ConstitutionError
from tests.app.damaging import ONE, damage
from tests.app.planting import make_studio
from tests.core.constitution.test_normal import UNSEEN

DIGITS = "9" * 20


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    made = make_studio(tmp_path_factory.mktemp("names"))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("name", UNSEEN)
def test_a_name_of_nothing_that_can_be_seen_is_refused_as_an_empty_one_is(studio: Studio, name: str) -> None:
    with pytest.raises(ConstitutionError, match=r"needs a name|nothing that can be seen"):
        service.create_constitution(studio, name)
    with pytest.raises(ConstitutionError, match=r"needs a name|nothing that can be seen"):
        service.rename(studio, 1, "ann", name)
    assert not is_name(name.strip())
    draft = service.open_draft(studio, 1, "Ann")
    with pytest.raises(ConstitutionError, match="needs a message"):
        service.save_version(studio, 1, "Ann", name, (draft.revision, 1))


@pytest.mark.parametrize("name", ["a\u202eb", "\u2066a", "a\x07b", "\u202aa\u202c"])
def test_a_name_that_disturbs_what_stands_beside_it_is_refused_with_the_character(studio: Studio, name: str) -> None:
    code = next(f"U+{ord(c):04X}" for c in name if not c.isalpha())
    with pytest.raises(ConstitutionError, match=rf"The name holds {code.replace('+', '[+]')}, which is no letter"):
        service.create_constitution(studio, name)


def test_a_name_is_kept_as_it_is_told(studio: Studio) -> None:
    made = service.create_constitution(studio, " Half \ud83d\u2028 a  character\x85")
    assert service.rename(studio, made, "ann", "One\u2029 \ud800 name") == "One \ufffd name"
    assert next(card.name for card in service.list_constitutions(studio) if card.id == made) == "One \ufffd name"


def test_a_stored_name_turns_nothing_that_stands_beside_it(tmp_path: Path) -> None:
    """As older studios kept it."""
    made = make_studio(tmp_path)
    damage(made, ("UPDATE constitution SET name = ? WHERE id = 1", "evil \u202egnp.exe"))
    html = entries_html(service.list_constitutions(made))
    assert html.count("\u202e") == html.count("evil \u202egnp.exe\u202c") > 0
    made.engine.dispose()


@pytest.mark.parametrize("check", [{"max_words": int(DIGITS)}, {"max_words": DIGITS}, {"min_words": 10**300}, {"max_sentences": -1}, f"max_words: {DIGITS}"])
def test_a_number_out_of_bounds_is_said_and_the_draft_stays_open(studio: Studio, check: object) -> None:
    made = service.create_constitution(studio, f"Numbers {uuid4().hex}")
    draft = service.save_draft(studio, made, "Ann", service.open_draft(studio, made, "Ann").revision, [ONE | {"check": check}])
    assert [finding.field for finding in draft.problems] == ["check"] and "up to 1,000,000" in draft.problems[0].message
    with pytest.raises(ConstitutionError, match="up to 1,000,000"):
        service.save_version(studio, made, "Ann", "First.", (draft.revision, None))
    assert service.open_draft(studio, made, "Ann").rows == draft.rows and service.history(studio, made) == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (5, "is 5, not an object"),
        ({key: ONE[key] for key in ONE if key != "id"}, "has the id None; it needs one of 32 digits"),
        (ONE | {"id": "A" * 32}, "has the id 'AAA.*32 digits"),
        (ONE | {"title": None}, "has no text as its title"),
        (ONE | {"antithesis": ["b"]}, "has no text as its antithesis"),
        (ONE | {"checks": {"max_words": 5}}, "has 'checks', which is no part of one; known are id, title, statement, antithesis, check, written_by"),
    ],
)
def test_a_principle_that_is_none_is_told_what_is_wrong_with_it(studio: Studio, row: object, says: str) -> None:
    made = service.create_constitution(studio, f"Parts {uuid4().hex}")
    with pytest.raises(ConstitutionError, match=rf"Principle 2 did not arrive whole: it {says}"):
        service.save_draft(studio, made, "Ann", service.open_draft(studio, made, "Ann").revision, [ONE, row])


@pytest.mark.parametrize("pattern", ["\ud800", "a\udc00+", "\ud83d\ude00"])
def test_half_a_character_in_a_pattern_is_made_whole_before_the_pattern_is_read(studio: Studio, pattern: str) -> None:
    made = service.create_constitution(studio, f"Patterns {uuid4().hex}")
    draft = service.save_draft(studio, made, "Ann", service.open_draft(studio, made, "Ann").revision, [ONE | {"check": {"regex": pattern}}])
    saved = service.save_version(studio, made, "Ann", "First.", (draft.revision, None))
    kept = "😀" if "\ude00" in pattern else pattern.replace("\ud800", "\ufffd").replace("\udc00", "\ufffd")
    assert saved.rows[0]["check"] == {"regex": kept} and service.open_draft(studio, made, "Ann").problems == ()


def test_a_check_that_is_nested_beyond_measure_is_refused_in_words(studio: Studio) -> None:
    made = service.create_constitution(studio, "Nested")
    deep: object = 1
    for _ in range(2_000):
        deep = [deep]
    with pytest.raises(ConstitutionError, match="nested too deeply"):
        service.save_draft(studio, made, "Ann", service.open_draft(studio, made, "Ann").revision, [ONE | {"check": {"max_words": deep}}])


@pytest.mark.parametrize("ids", [["c" * 32, "c" * 32], ["1", 2], ["'; DROP TABLE principle; --", None], [{"a": 1}, [1]], ["\ud83d", "Ä"]])
def test_ids_in_a_file_are_dropped_whatever_they_are(studio: Studio, ids: list[object]) -> None:
    rows = [ONE | {"id": ids[0]}, ONE | {"id": ids[1], "title": "Twin"}]
    data = json.dumps({"name": f"Imported {ids!r}", "principles": rows}).encode()
    if "\ud83d" in ids:
        with pytest.raises(ConstitutionError, match="half a character"):
            import_file(studio, data, "c.json", "Ann")
        return
    first, second = import_file(studio, data, "c.json", "Ann"), import_file(studio, data, "c.json", "Ann")
    found = [{row["id"] for row in service.open_draft(studio, made.id, "Ann").rows} for made in (first, second)]
    assert len(found[0] | found[1]) == 4 and not {str(i) for i in ids} & (found[0] | found[1])


def test_a_key_that_made_something_makes_nothing_else_in_silence(studio: Studio) -> None:
    made = service.create_constitution(studio, "First", "k" * 32)
    assert service.create_constitution(studio, "First", "k" * 32) == made
    file = b"name: Third\nprinciples: [{title: T, statement: a, antithesis: b}]"
    for ask in (lambda: service.create_constitution(studio, "Second", "k" * 32), lambda: import_file(studio, file, "c.yaml", "Ann", "k" * 32)):
        with pytest.raises(RefusedError, match="With this request key “First” was made already"):
            ask()
    assert service.history(studio, made) == [] and {card.name for card in service.list_constitutions(studio)}.isdisjoint({"Second", "Third"})


def test_no_version_yet_can_be_told_as_nothing_or_as_zero_and_what_there_never_was_is_said(studio: Studio) -> None:
    made = service.create_constitution(studio, "Heads")
    draft = service.save_draft(studio, made, "Ann", service.open_draft(studio, made, "Ann").revision, [ONE])
    with pytest.raises(RefusedError, match="There is no version 7, nor any other yet"):
        service.save_version(studio, made, "Ann", "First.", (draft.revision, 7))
    assert service.save_version(studio, made, "Ann", "First.", (draft.revision, 0)).base_number == 1
    with pytest.raises(RefusedError, match="Ann saved version 1 meanwhile"):
        service.save_version(studio, made, "Ann", "Again.", (draft.revision, 0))
