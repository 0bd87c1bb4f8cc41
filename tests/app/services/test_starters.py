"""A damaged file that comes with the studio keeps nobody from starting."""

import logging
import shutil
from pathlib import Path

import pytest

from app.services import constitutions as service
from app.services import query_sets, starter_queries
from app.services import studio as module
from app.services.starter_queries import FILES
from app.services.studio import STARTERS, open_studio, read_starters
from app.settings import prepare_data_folder
from tests.app.damaging import damage
from tests.app.planting import make_studio, settings_for

DAMAGES = [
    b"name: [",
    b"\x00\xff\xfe",
    b"",
    b"- a list",
    b"blurb: x\nname: N\nprinciples: []\n",
    b"blurb: 7\nname: N\n",
    b"name: N\nprinciples: 5\n",
    b"a: " + b"[" * 1000,
]


@pytest.mark.parametrize("data", DAMAGES)
def test_a_damaged_starter_is_logged_and_the_others_are_read(tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "starters"
    shutil.copytree(STARTERS, folder)
    (folder / "1-brevity.yaml").write_bytes(data)
    with caplog.at_level(logging.WARNING, "studio"):
        found = [starter.constitution.name for starter in read_starters(folder)]
    assert "Brevity" not in found and len(found) == len(read_starters()) - 1
    assert "The starter 1-brevity.yaml cannot be read, so it is left out" in caplog.text


def test_the_studio_opens_with_damaged_files_and_plants_them_once_they_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "starters"
    shutil.copytree(STARTERS, folder)
    (folder / "1-brevity.yaml").write_bytes(b"name: [")
    (folder / "queries.jsonl").write_bytes(b'{"query": ')
    with monkeypatch.context() as damaged, caplog.at_level(logging.WARNING, "studio"):
        damaged.setattr(module.read_starters, "__defaults__", (folder,))
        damaged.setattr(starter_queries.missing_queries, "__defaults__", (folder,))
        prepare_data_folder(settings_for(tmp_path))
        opened = open_studio(settings_for(tmp_path))  # not a copy of a database that was made of whole files
        assert "Brevity" not in {card.name for card in service.list_constitutions(opened)} and len(query_sets.list_query_sets(opened)) == len(FILES) - 1
        opened.engine.dispose()
    assert "The starter queries in queries.jsonl cannot be read" in caplog.text
    opened = open_studio(settings_for(tmp_path))
    assert [card.name for card in service.list_constitutions(opened)].count("Brevity") == 1 and [
        each.name for each in query_sets.list_query_sets(opened)
    ] == list(FILES)
    opened.engine.dispose()


def test_a_starter_whose_first_version_cannot_be_read_is_not_planted_again_even_renamed(tmp_path: Path) -> None:
    made = make_studio(tmp_path)
    before = len(service.list_constitutions(made))
    brevity = next(card.id for card in service.list_constitutions(made) if card.name == "Brevity")
    service.rename(made, brevity, "ann", "Short")
    damage(made, ("UPDATE version SET content = 'x' WHERE constitution_id = ?", brevity))
    made.engine.dispose()
    opened = open_studio(settings_for(tmp_path))
    assert len(service.list_constitutions(opened)) == before
    opened.engine.dispose()
